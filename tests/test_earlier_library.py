"""A library that an earlier version of this code made opens, and all of it goes on working."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from footnote.index.embeddings.protocols import TokenEmbedder, TokenEmbedding
from footnote.index.library import CATALOG, Library
from footnote.index.models import Paper, make_paper
from tests.conftest import HashedWords, holds, invented

# Written by `dump` of a library that `build` made with the code of November 2026.
DUMP = Path(__file__).parent / "earlier_library.sql"
KELP = make_paper(
    "Kelp shelters young crabs",
    "We counted crabs under kelp. Twice as many lived there as on bare rock.",
    ["arxiv:2101.00001"],
    published="2021-01-05",
)
MOSS = make_paper(
    "Moss keeps roofs cool",
    "Roofs with moss stayed cooler at noon. The effect was small in winter.",
    ["arxiv:2102.00002"],
    published="2021-02-03",
)
BELLS = make_paper(
    "Bells drift out of tune",
    "Old bells sound lower each decade. Frost explains most of the drift.",
    ["arxiv:2103.00003"],
    published="2022-03-04",
)


class TokenWords(HashedWords):
    """Counts words in eight buckets, and gives each word a vector of its own."""

    reader = "token-words"

    def __init__(self) -> None:
        super().__init__("token-words", 8)

    def read(self, texts: Sequence[str]) -> list[TokenEmbedding]:
        return [self._read(text) for text in texts]

    def _read(self, text: str) -> TokenEmbedding:
        spans, at = [], 0
        for word in text.split():
            at = text.index(word, at)
            spans.append((at, at + len(word)))
            at += len(word)
        tokens = np.stack([self.embed([text[start:end]])[0] for start, end in spans])
        return TokenEmbedding(self.reader, self.embed([text])[0], tokens, spans)


def build(folder: Path) -> None:
    """Makes a library with imports, one of them undone, a removed paper and a staged vector."""
    with Library.open(folder, embedder=TokenWords(), create=True) as library:
        library.add([KELP, MOSS], names=["first.jsonl"])
        library.add([BELLS], names=["second.jsonl"])
        library.add([invented(1)], names=["third.jsonl"])
        library.undo(3)
        library.remove([MOSS.id])
    with sqlite3.connect(folder / CATALOG) as catalog:
        catalog.execute("INSERT INTO staged VALUES (1, 'another', x'00000000')")
    catalog.close()


def dump(folder: Path) -> str:
    with sqlite3.connect(folder / CATALOG) as catalog:
        text = "\n".join(catalog.iterdump())
    catalog.close()
    return text + "\n"


def restore(folder: Path, *, without: Sequence[str] = ()) -> Path:
    """Makes the library of the dump, less some tables, as one of a still earlier version."""
    folder.mkdir()
    with sqlite3.connect(folder / CATALOG) as catalog:
        catalog.executescript(DUMP.read_text())
        for table in without:
            catalog.execute(f"DROP TABLE {table}")
    catalog.close()
    return folder


@pytest.fixture
def library(tmp_path: Path):
    assert isinstance(TokenWords(), TokenEmbedder)
    with Library.open(restore(tmp_path / "library"), embedder=TokenWords()) as opened:
        yield opened


def ids(papers: Sequence[Paper]) -> list[str]:
    return [paper.id for paper in papers]


def test_a_library_of_an_earlier_version_opens_and_is_searched(library):
    assert ids(list(library.papers())) == [KELP.id, BELLS.id]
    for by in ("cosine", "bm25"):
        assert library.search("bells out of tune", k=1, by=by)[0].paper == BELLS
    assert [one.undone for one in library.imports()] == [True, False, False]


def test_what_an_earlier_version_took_is_put_back_and_its_imports_undone(library):
    for size in (3, 4):
        library.restore(max(removed.number for removed in library.removals()))
        assert library.size == size
    assert library.paper(MOSS.id) == MOSS
    assert library.undo(3).removed == library.undo(2).removed == 1
    assert ids(list(library.papers())) == [KELP.id, MOSS.id]


def test_an_earlier_library_takes_papers_and_is_embedded_again(library):
    assert library.add([KELP, invented(2)]).new == 1
    library.close()
    with Library.rebuild(library.path, embedder=HashedWords()) as again:
        assert again.size == 3
        assert again.search("bells out of tune", k=1)[0].paper == BELLS


# The tables that came later, one group a version; a library of those had none of them.
TAKEN = ["takings", *(f"taken_{t}" for t in ("numbers", "papers", "aliases", "passages", "tokens"))]
LATER = [["map"], [*TAKEN, "taken_changes"], ["changes", "imports"], ["tokens"]]


@pytest.mark.parametrize("count", range(1, 5))
def test_a_library_of_before_a_table_was_made_gets_it(tmp_path, count):
    gone = [table for group in LATER[:count] for table in group]
    with Library.open(
        restore(tmp_path / "library", without=gone), embedder=TokenWords()
    ) as library:
        before = holds(library._catalog) if count < 4 else None
        assert len(library.map().ids) == 2
        library.add([MOSS])
        library.undo(library.imports()[0].number)
        library.restore(library.removals()[0].number)
        assert library.size == 3
        library.remove([MOSS.id])
        assert before is None or holds(library._catalog) == before
