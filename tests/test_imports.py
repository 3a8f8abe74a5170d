"""What loads when: a command imports what it needs, and every module under one name."""

import json
import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from footnote.index.library import Library
from tests.command import ROOT

PROJECT = (ROOT / "pyproject.toml").read_text("utf-8")
OURS = ("footnote.index.library", "footnote.index.search.chroma", "footnote.rag.engine")
ENGINE = ("llama_index", "chromadb", "tantivy", "onnxruntime", "tokenizers", "openai", "tiktoken")
# What writes papers, serves the page, asks a model or measures answers.
NOT_TO_ANSWER = (
    *"gradio fastapi uvicorn starlette pandas sklearn scipy nltk openai onnx safetensors".split(),
    *"huggingface_hub ir_measures citeproc feedgen latex2mathml pybtex lxml rispy".split(),
    *"footnote.index.readers.formats footnote.evals".split(),
)
ASK = """
import sys
from footnote.ui.cli.main import main
sys.argv = ["footnote", "ask", "What is dense passage retrieval trained on?", "--json"]
try:
    main()
except SystemExit as done:
    assert not done.code
print()
"""


def loaded(code: str, **environ: str) -> dict[str, str | None]:
    """Returns every module that a program has imported at its end, with its file."""
    told = (
        "import json, sys\n"
        "print(json.dumps({n: getattr(m, '__file__', None) for n, m in sys.modules.items()}))"
    )
    command = [sys.executable, "-c", f"{code}\n{told}"]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, check=True)
    found: dict[str, str | None] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.fixture(scope="module")
def asked(demo_library: Library, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str | None]:
    """What `footnote ask` has imported once it has answered."""
    return loaded(ASK, FOOTNOTE_LIBRARY=str(demo_library.path), HOME=str(Path.home()))


@pytest.mark.parametrize("module", ["compare", "report", "runs.run_folder"])
def test_results_are_read_without_what_answers(module: str) -> None:
    found = loaded(f"import footnote.evals.{module}")
    assert [name for name in (*OURS, *ENGINE) if name in found] == []


def test_a_question_imports_only_what_answers_it(asked: dict[str, str | None]) -> None:
    assert "footnote.rag.engine" in asked
    assert [name for name in NOT_TO_ANSWER if name in asked] == []


def test_an_index_with_nothing_to_do_loads_nothing_that_embeds_or_searches(
    demo_library: Library,
) -> None:
    code = f"""
import sys
from footnote.index.demo import demo_papers
from footnote.ui.cli.main import main
sys.argv = ["footnote", "index", str(demo_papers()), "--library", {str(demo_library.path)!r}]
try:
    main()
except SystemExit as done:
    assert not done.code
"""
    found = loaded(code, HOME=str(Path.home()))
    heavy = ("llama_index", "chromadb", "onnxruntime", "tokenizers", "openai", "nltk", "sklearn")
    assert "footnote.index.storage.ingest.known" in found
    assert [name for name in heavy if name in found] == []


def test_no_module_is_imported_under_two_names(asked: dict[str, str | None]) -> None:
    files = [
        Path(file).resolve().relative_to(ROOT)
        for file in asked.values()
        if file and Path(file).resolve().is_relative_to(ROOT)
    ]
    # The environment may stand in the same folder, with aliases of its own.
    ours = [file for file in files if file.parts[0] in ("footnote", "index", "rag", "evals", "ui")]
    assert len(ours) > 50
    assert sorted(ours) == sorted(set(ours))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (("ui.cli", "--version"), "python -m footnote", "footnote 0."),
        (("evals.bench.patterns", "none"), "python -m footnote.evals.lab.*", "0 patterns, each"),
    ],
)
def test_an_old_name_of_a_command_still_works_with_one_line_of_warning(
    old: tuple[str, ...], new: str, said: str
) -> None:
    command = [sys.executable, "-m", *old]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(said)
    assert done.stderr.endswith(f" is now {new}\n")
    assert done.stderr.count("\n") == 1


def test_the_command_looks_for_no_garbage_while_it_loads_and_ends() -> None:
    entry = EntryPoint("footnote", tomllib.loads(PROJECT)["project"]["scripts"]["footnote"], "")
    code = (
        "import atexit, gc, sys\n"
        "atexit.register(lambda: print(gc.get_threshold()[0], gc.get_freeze_count() > 10_000))\n"
        f"from {entry.module} import {entry.attr}\n"
        f"sys.argv = ['footnote', '--version']\n{entry.attr}()"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.splitlines()[1:] == ["50000 True"]
