"""What ``import footnote`` gives: a small, fixed surface, each name loaded on first use."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from llama_index.core import MockEmbedding
from llama_index.core.llms import CompletionResponse, CustomLLM, LLMMetadata

import footnote
from tests.command import ROOT

PUBLIC = [
    "Answer",
    "CheckedSentence",
    "Citation",
    "CitedQueryEngine",
    "ComposerError",
    "Delta",
    "EmbedderMismatch",
    "Filters",
    "Footnote",
    "FootnoteError",
    "Hit",
    "Library",
    "LibraryError",
    "LibraryLocked",
    "LibraryNotFound",
    "ModelError",
    "Paper",
    "QuestionError",
    "RerankError",
    "SourceError",
    "Statement",
    "Turn",
    "open",
]
DEPTH = {"title": "Deep nets", "abstract": "Depth helps. Shortcuts make deep networks trainable."}


def test_the_public_names_are_these_and_sorted() -> None:
    assert footnote.__all__ == PUBLIC == sorted(PUBLIC)
    assert set(PUBLIC) <= set(dir(footnote))


def test_a_type_checker_sees_each_public_name_in_its_home() -> None:
    tree = ast.parse((ROOT / "footnote" / "__init__.py").read_text("utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    seen = {
        alias.name: node.module
        for node in ast.walk(block)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == footnote._HOMES
    for name in PUBLIC:
        assert getattr(footnote, name) is getattr(sys.modules[seen[name]], name)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Librarry'"):
        _ = footnote.Librarry  # type: ignore[attr-defined]


def test_importing_the_package_loads_nothing_else() -> None:
    code = "import footnote, sys; print([m for m in sys.modules if m.startswith('footnote')])"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert ran.stdout == "['footnote']\n"


def test_papers_come_as_records_as_objects_and_from_files(tmp_path: Path) -> None:
    (tmp_path / "refs.bib").write_text(
        "@article{a, title={Sparse nets}, abstract={Most weights can be removed.}, year={2019}}"
    )
    with footnote.open(tmp_path / "papers") as papers:
        assert papers.add([DEPTH]).new == 1
        assert papers.add([*papers.library.papers()]).unchanged == 1
        assert papers.add_files(tmp_path / "refs.bib").new == 1
        found = papers.search("pruning", k=1, filters=footnote.Filters(since=2018))
        assert [hit.paper.title for hit in found] == ["Sparse nets"]


def test_a_bad_record_is_one_line_and_adds_nothing(tmp_path: Path) -> None:
    with footnote.open(tmp_path / "papers") as papers:
        with pytest.raises(footnote.SourceError, match='paper 2: missing "abstract"'):
            papers.add([DEPTH, {"title": "No abstract"}])
        with pytest.raises(footnote.SourceError, match=r"absent\.bib"):
            papers.add_files(tmp_path / "absent.bib")
        assert papers.library.size == 0


def test_asking_and_streaming_end_in_one_answer(tmp_path: Path) -> None:
    with footnote.open(tmp_path / "papers") as papers:
        papers.add([DEPTH])
        answer = papers.ask("What makes deep networks trainable?")
        *shown, last = papers.stream("What makes deep networks trainable?")
    assert isinstance(last, footnote.Answer)
    assert answer.text == last.text
    assert "".join(getattr(event, "text", "") for event in shown) == last.text
    assert answer.statements[0].citations[0].quote in DEPTH["abstract"]


class Scripted(CustomLLM):
    """A LlamaIndex model that says what it is told to, word by word, or fails."""

    says: str = ""

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(model_name="scripted")

    def complete(self, prompt: str, formatted: bool = False, **kwargs: object):
        raise NotImplementedError

    def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: object):
        if not self.says:
            raise ConnectionError("key sk-secret refused")
        assert "Shortcuts make deep networks trainable." in prompt
        for word in re.findall(r"\S+\s*", self.says):
            yield CompletionResponse(text="", delta=word)


def test_any_llamaindex_model_writes_the_answers(tmp_path: Path) -> None:
    llm = Scripted(says="Shortcuts make deep networks trainable [2].")
    with footnote.open(tmp_path / "papers", llm=llm) as papers:
        papers.add([DEPTH])
        answer = papers.ask("What makes deep networks trainable?")
    assert (answer.mode, answer.receipt.model) == ("llm", "scripted")
    assert answer.statements[0].citations[0].quote in DEPTH["abstract"]


def test_a_llamaindex_model_that_fails_is_told_without_its_words(tmp_path: Path) -> None:
    with footnote.open(tmp_path / "papers", llm=Scripted()) as papers:
        papers.add([DEPTH])
        answer = papers.ask("What makes deep networks trainable?")
    assert answer.mode == "extractive"
    assert answer.reason is not None
    assert "failed (ConnectionError)" in answer.reason
    assert "sk-secret" not in answer.reason


def test_any_llamaindex_embedding_makes_a_library_and_no_other_opens_it(tmp_path: Path) -> None:
    with footnote.open(tmp_path / "papers", embedder=MockEmbedding(embed_dim=8)) as papers:
        papers.add([DEPTH])
        assert papers.search("shortcuts", k=1)[0].paper.title == DEPTH["title"]
    with pytest.raises(footnote.EmbedderMismatch):
        footnote.open(tmp_path / "papers")


def test_each_snippet_of_the_readme_runs(tmp_path: Path) -> None:
    section = (ROOT / "README.md").read_text("utf-8").partition("## As a library")[2]
    snippets = re.findall(r"```python\n(.*?)```", section.partition("\n## ")[0], re.DOTALL)
    assert snippets
    (tmp_path / "refs.bib").write_text(
        "@article{a, title={Sparse nets}, abstract={Most weights can be removed.}, year={2019}}"
    )
    script = tmp_path / "readme.py"
    script.write_text("\n".join(snippets), "utf-8")
    ran = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:footnote", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
