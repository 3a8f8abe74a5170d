"""What tests share: the real embedder, a library of the demo papers, and a tiny embedder."""

import gc
import multiprocessing
import os
import re
import shutil
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from playwright.sync_api import Browser, Page, sync_playwright

from footnote.index.demo import demo_papers
from footnote.index.embeddings.base import MiniLM
from footnote.index.embeddings.protocols import Matrix
from footnote.index.library import Library
from footnote.index.models import Paper, make_paper
from footnote.index.readers.gathering import read_sources
from footnote.index.storage.catalog import Catalog
from tests.command import ROOT, footnote

# A process that a test starts would compile the whole product again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# What is chosen on the page, and what a day takes, is kept beside the settings: not in one's own.
_CONFIGURATION = TemporaryDirectory(prefix="footnote-tests-")
os.environ["XDG_CONFIG_HOME"] = _CONFIGURATION.name

# Scripted endpoints share ports and names: none may be remembered for the next.
os.environ["FOOTNOTE_REMEMBER"] = "0"

CHROMIUM = Path(shutil.which("chromium") or "chromium is not on the path")

# The first example of a property pays for loading what it tests.
settings.register_profile("footnote", deadline=None, max_examples=60, derandomize=True)
settings.load_profile("footnote")


def pytest_collection_finish() -> None:
    """Spares every later collection of garbage the half million objects of the imports."""
    gc.collect()
    gc.freeze()


# A fork of a process with threads of Chroma and ONNX Runtime may hang; the server of forks has none
# of them, only the imports, which would take seconds for each.
_WAYS = multiprocessing.get_all_start_methods()
processes: Any = multiprocessing.get_context("forkserver" if "forkserver" in _WAYS else "spawn")
processes.set_forkserver_preload(["conftest", "footnote.index.library"])


class HashedWords:
    """An embedder that counts words in buckets: quick, and the same in every process."""

    def __init__(self, name: str = "hashed-words", dimensions: int = 256) -> None:
        self.name = name
        self.dimensions = dimensions
        self.texts: list[str] = []

    def embed(self, texts: Sequence[str]) -> Matrix:
        self.texts += texts
        counts = np.full((len(texts), self.dimensions), 0.01, np.float32)
        for row, text in enumerate(texts):
            for word in re.findall(r"\w+", text.lower()):
                counts[row, zlib.crc32(word.encode()) % self.dimensions] += 1
        return counts / np.linalg.norm(counts, axis=1, keepdims=True)


def invented(number: int, published: str | None = "2021-05-04") -> Paper:
    """Returns one of as many papers as wanted, each about its own harbour."""
    return make_paper(
        f"Tides of harbour{number}",
        f"We measured harbour{number} from quay{number} by boat{number}. "
        f"Its tide rose {number} times, as gull{number} and crab{number} say.",
        [f"arxiv:2105.{number:05d}"],
        published=published,
    )


def holds(catalog: Catalog) -> dict[str, Any]:
    """Returns all that a catalog says about papers, by their numbers and not by passages'."""
    return {
        "papers": catalog._db.rows(
            "SELECT number, id, year, record, sentences FROM papers ORDER BY 1"
        ),
        "aliases": catalog._db.rows("SELECT * FROM aliases ORDER BY 1"),
        "passages": catalog._db.rows(
            "SELECT paper, first, last, vector FROM passages ORDER BY paper, first"
        ),
        "tokens": catalog._db.rows(
            "SELECT paper, sentences, vectors FROM tokens ORDER BY paper, passage"
        ),
    }


@pytest.fixture(scope="session")
def embedder() -> MiniLM:
    return MiniLM()


@pytest.fixture(scope="session")
def demo_library(embedder: MiniLM, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """The demo papers, to be read only."""
    folder = tmp_path_factory.mktemp("demo") / "library"
    with Library.open(folder, embedder=embedder, create=True) as library:
        library.add(read_sources([demo_papers()]).papers)
        yield library


@pytest.fixture(scope="module")
def start() -> Any:
    """Starts a command beside the others: most of its time is spent on imports."""
    with ThreadPoolExecutor(4) as pool:
        yield lambda *arguments, **environ: pool.submit(footnote, *arguments, **environ)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The chromium on the path."""
    if not CHROMIUM.exists():
        missing = pytest.fail if os.environ.get("CI") else pytest.skip
        missing(f"{CHROMIUM} is missing; install it with: apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"]
        )
        yield chromium
        chromium.close()


def complaints_of(page: Page, own: str | Callable[[], str]) -> list[str]:
    """Returns a growing list of a page's errors, and of requests to what is not its own.

    Args:
        page: To be listened to before it is opened.
        own: How the addresses start that it may ask for, or what tells it at the time.
    """
    complaints: list[str] = []
    starts = own if callable(own) else lambda: own
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request",
        lambda r: None if r.url.startswith((starts(), "data:")) else complaints.append(r.url),
    )
    return complaints


@pytest.fixture(scope="session")
def seeds() -> Path:
    """The first pages that the product was made for; they are not ours to ship."""
    folder = Path(os.environ.get("FOOTNOTE_SEEDS") or ROOT.parent / "shared" / "seeds")
    if not folder.is_dir():
        pytest.skip(f"no pages at {folder}; set FOOTNOTE_SEEDS to their folder")
    return folder
