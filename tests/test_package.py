"""What is installed: one package, whole, beside whatever else somebody has."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from footnote.index.chunking import _bundled_path
from tests.command import ROOT

OURS = ("index", "rag", "evals", "ui")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built of a copy, since a build writes beside its source."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    left = shutil.ignore_patterns(".*", "__pycache__", "build", "*.egg-info", "tests", "docs")
    shutil.copytree(ROOT, source, symlinks=True, ignore=left)
    build = ["pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", folder, source]
    subprocess.run([sys.executable, "-m", *build], check=True, capture_output=True)
    (made,) = folder.glob("*.whl")
    return made


def test_a_wheel_holds_one_package_and_all_of_it(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"footnote"}
    shipped = {
        str(Path("footnote") / path.relative_to(ROOT))
        for ours in OURS
        for path in (ROOT / ours).rglob("*")
        if path.is_file() and not {"lab", "__pycache__"} & set(path.parts)
    }
    assert shipped <= set(names)
    assert not [name for name in names if "/lab/" in name]


def test_other_distributions_with_our_folders_names_change_nothing(
    wheel: Path, tmp_path: Path
) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    for ours in OURS:
        (tmp_path / f"{ours}.py").write_text("raise SystemExit('not ours')\n")
    code = (
        "import footnote.ui.cli.main, footnote.evals.compare, footnote.rag.answer, sys\n"
        "print(footnote.__file__); print(set(sys.modules) & {'index', 'rag', 'evals', 'ui'})\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert ran.stdout.split("\n")[:2] == [str(tmp_path / "footnote" / "__init__.py"), "set()"]


def test_sentences_are_cut_where_an_installer_links_files_to_its_cache(tmp_path: Path) -> None:
    # As uv does; NLTK's own reading takes a second name for an attack.
    data = "llama_index/core/_static/nltk_cache"
    shutil.copytree(_bundled_path("nltk_cache"), tmp_path / "cache")
    shutil.copytree(tmp_path / "cache", tmp_path / "site" / data, copy_function=os.link)
    code = (
        "from footnote.index import chunking\n"
        "print(chunking._bundled_path('nltk_cache'), chunking.sentence_spans('It rose. We left.'))"
    )
    environ = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environ, capture_output=True)
    assert ran.stdout.decode() == f"{tmp_path / 'site' / data} [(0, 8), (9, 17)]\n"
