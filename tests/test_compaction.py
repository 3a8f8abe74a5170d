"""Vectors take few bytes, and those of an earlier version are stored again without loss."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote.evals.lab.bench import disk
from footnote.index.embeddings.base import MiniLM
from footnote.index.embeddings.protocols import Matrix
from footnote.index.embeddings.tokens.codes import Codebook
from footnote.index.embeddings.tokens.vectors import TITLE, PackedTokens, Tokens, stored_forms
from footnote.index.library import CATALOG, Library
from footnote.index.models import make_paper
from footnote.index.storage import vectors as table
from footnote.index.storage.catalog import Catalog
from footnote.index.storage.database import pays_to_vacuum
from footnote.index.storage.health import compaction
from footnote.index.storage.ingest.known import find_known
from footnote.index.storage.ingest.pipeline import Added
from footnote.index.storage.vectors import pack_vector, unpack_vectors
from footnote.ui.maintenance.doctor import examine, repair
from footnote.ui.maintenance.findings import count_wrong
from tests.conftest import HashedWords, holds, invented

PAPERS = [invented(number) for number in range(1, 6)]


@pytest.fixture(scope="module", autouse=True)
def large() -> Iterator[pytest.MonkeyPatch]:
    """Any library is large here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(table, "LARGE", 0)
        yield patch


@pytest.fixture(scope="module")
def made(embedder: MiniLM, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five papers, as this version stores them; to be copied."""
    folder = tmp_path_factory.mktemp("compact") / "library"
    with Library.open(folder, embedder=embedder, create=True) as library:
        library.add(PAPERS)
    return folder


@pytest.fixture
def earlier(made: Path, embedder: MiniLM, tmp_path: Path) -> Path:
    """The same as the version before stored it: 32 bits a number, and 8 of a token's."""
    with Library.open(tmp_path / "library", embedder=embedder, create=True) as library:
        library.add(PAPERS)
    with sqlite3.connect(tmp_path / "library" / CATALOG) as db:
        for number, vector in db.execute("SELECT number, vector FROM passages").fetchall():
            whole = unpack_vectors([vector], embedder.dimensions)[0].tobytes()
            db.execute("UPDATE passages SET vector = ? WHERE number = ?", (whole, number))
        for passage, *row in db.execute(
            "SELECT passage, reader, sentences, vectors FROM tokens"
        ).fetchall():
            vectors, sentences = PackedTokens(*row).unpack()
            small = np.round(vectors * 127).astype(np.int8).tobytes()
            db.execute(
                "UPDATE tokens SET reader = ?, sentences = ?, vectors = ? WHERE passage = ?",
                (embedder.reader, sentences.tobytes(), small, passage),
            )
        db.execute("CREATE INDEX tokens_by_reader ON tokens (reader)")
        db.execute("DELETE FROM meta WHERE key IN ('compacted', 'coded')")
        db.execute(f"PRAGMA user_version = {db.execute('PRAGMA user_version').fetchone()[0] - 1}")
    db.close()
    return tmp_path / "library"


def stored(folder: Path) -> Counter[tuple[str, int]]:
    """Counts the passages of each form of tokens and length of vector."""
    with sqlite3.connect(folder / CATALOG) as db:
        rows = db.execute(
            "SELECT reader, length(vector) FROM tokens JOIN passages ON number = passage"
        ).fetchall()
    db.close()
    return Counter(rows)


# Codes.


def test_codes_take_a_quarter_and_point_where_the_vectors_do(embedder: MiniLM) -> None:
    book = Codebook.load()
    assert book.reader == embedder.reader
    (reading,) = embedder.read(["Kelp shelters crabs. Bells drift out of tune by .3 Hz a year."])
    codes = book.encode(reading.tokens)
    assert codes.nbytes * 4 == reading.tokens.astype(np.int8).nbytes
    again = book.decode(codes)
    assert np.linalg.norm(again, axis=1) == pytest.approx(1.0, abs=1e-5)
    assert (again * reading.tokens).sum(axis=1).mean() > 0.93
    # What codes stand for is coded as itself.
    assert (book.encode(again * np.linalg.norm(again[0])) == book.encode(again)).all()


@given(st.lists(st.integers(1, 300), max_size=5), st.booleans())
def test_the_sentence_of_each_token_is_kept(counts: list[int], titled: bool) -> None:
    numbers = range(TITLE if titled else 0, len(counts))
    sentences = np.repeat(np.array([*numbers], np.int16), [*[2] * titled, *counts])
    vectors = np.ones((len(sentences), 64), np.float32)
    packed = Tokens(Codebook.load().reader, vectors, sentences).pack(coded=True)
    assert len(packed.vectors) == 16 * len(sentences)
    assert len(packed.sentences) == 4 * len(np.unique(sentences))
    assert (packed.unpack()[1] == sentences).all()


def test_tokens_of_another_reader_are_no_codes() -> None:
    tokens = Tokens("another", np.eye(3, dtype=np.float32), np.zeros(3, np.int16))
    packed = tokens.pack(coded=True)
    assert packed.form == "another"
    assert packed.recode() == packed == tokens.pack(coded=False)
    assert stored_forms("another") == ["another"]


def test_stop_words_and_marks_have_no_vector_unless_a_sentence_is_nothing_else(
    embedder: MiniLM, tmp_path: Path
) -> None:
    paper = make_paper("Tides of the moon", "Water, too, rises with it. So we do. Crabs hide.")
    with Library.open(tmp_path / "library", embedder=embedder, create=True) as library:
        library.add([paper])
        kept = library.searcher.tokens([paper])[paper.id]
    # Tides, moon; water, rises; so, we, do and the mark; crabs, hide.
    assert Counter(kept.sentences.tolist()) == {TITLE: 2, 0: 2, 1: 4, 2: 2}


# Vectors.


def test_vectors_of_both_versions_are_read_side_by_side() -> None:
    rows: Matrix = np.random.default_rng(3).normal(size=(3, 8)).astype(np.float32)
    packed = [rows[0].tobytes(), pack_vector(rows[1]), rows[2].tobytes()]
    for some in ([0, 1, 2], [0, 2], [1]):
        found = unpack_vectors([packed[at] for at in some], 8)
        # Half a step of 20 bits, of numbers below 4.
        assert np.abs(found - rows[some]).max() <= 4 / 2**20
        assert found.dtype == np.float32
    assert len(pack_vector(rows[0])) == 1 + 8 * 20 / 8
    assert (unpack_vectors([pack_vector(np.zeros(8, np.float32))], 8) == 0).all()
    odd = np.array([-1.0, 0.5, 3e-4], np.float32)
    assert unpack_vectors([pack_vector(odd)], 3)[0] == pytest.approx(odd, abs=2e-6)


# Libraries of an earlier version.


def test_a_new_library_has_nothing_to_be_stored_again(made: Path, embedder: MiniLM) -> None:
    assert stored(made) == {(Codebook.load().form, 961): 5}
    with Library.open(made, embedder=embedder) as library:
        library.tidy()
        assert not library._catalog.compaction.is_due()


def test_a_library_keeps_whole_tokens_until_it_is_large(
    embedder: MiniLM, tmp_path: Path, large: pytest.MonkeyPatch
) -> None:
    form = Codebook.load().form
    with large.context() as patch:
        patch.setattr(table, "LARGE", 7)
        with Library.open(tmp_path / "library", embedder=embedder, create=True) as library:
            library.add(PAPERS)
            assert stored(library.path) == {(embedder.reader, 961): 5}
            assert not library._catalog.compaction.is_due()
            whole = library.searcher.tokens(PAPERS)
            library.add([invented(6)])
            library.add([invented(7)])
            assert stored(library.path)[form, 961] == 1
            assert library.needs_tidying()
            library.tidy()
            assert stored(library.path) == {(form, 961): 7}
            assert not library._catalog.compaction.is_due()
            # Every token is there still, also one that says nothing.
            for id, tokens in library.searcher.tokens(PAPERS).items():
                assert (tokens.sentences == whole[id].sentences).all()
                assert (tokens.vectors * whole[id].vectors).sum(axis=1).mean() > 0.9


def test_a_library_of_before_is_read_as_it_is_and_then_stored_again(
    earlier: Path, made: Path, embedder: MiniLM
) -> None:
    assert stored(earlier) == {(embedder.reader, 1536): 5}
    with (
        Library.open(made, embedder=embedder) as new,
        Library.open(earlier, embedder=embedder) as library,
    ):
        assert library.searcher.has_token_vectors
        before = library.search("gull5 and crab5", k=5)
        assert library.needs_tidying()
        # So an index that adds nothing opens the library, and tidies it.
        known = [(0, paper) for paper in PAPERS]
        assert find_known(earlier / CATALOG, embedder.name, known) is None
        library.tidy()
        assert not library.needs_tidying()
        assert find_known(earlier / CATALOG, embedder.name, known) == (Added(unchanged=5), 5)
        assert stored(earlier) == stored(made)
        assert holds(library._catalog) == holds(new._catalog)
        assert library.search("gull5 and crab5", k=5) == before
        assert library.searcher.has_token_vectors


def test_doctor_sees_what_takes_more_room_and_stores_it_again(
    earlier: Path, embedder: MiniLM
) -> None:
    with closing(Catalog(earlier / CATALOG)):
        # Brought up to date, as whoever opens it does.
        pass
    (found,) = [one for one in examine(earlier, embedder.name) if one.part == "room"]
    assert found.mendable
    assert "more of the disk" in found.line
    after = repair(earlier, [found], lambda: embedder)
    assert ("room", "repaired") in {(one.part, one.state) for one in after}
    assert stored(earlier) == {(Codebook.load().form, 961): 5}
    assert count_wrong(examine(earlier, embedder.name)) == 0


def test_storing_again_goes_on_where_it_was_killed(
    earlier: Path, embedder: MiniLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "BATCH", 2)
    form = Codebook.load().form
    with Library.open(earlier, embedder=embedder) as library:
        assert library._catalog.compaction.run()
    assert stored(earlier) == {(embedder.reader, 961): 2, (embedder.reader, 1536): 3}
    with Library.open(earlier, embedder=embedder) as library:
        # Both kinds are searched, and what is added is stored as it is now.
        assert library.searcher.has_token_vectors
        assert len(library.searcher.tokens(PAPERS)) == 5
        library.add([invented(6)])
        library.tidy()
        assert not library._catalog.compaction.is_due()
    assert stored(earlier) == {(form, 961): 6}


def test_what_was_removed_before_comes_back_as_it_was_stored(
    earlier: Path, embedder: MiniLM
) -> None:
    with Library.open(earlier, embedder=embedder) as library:
        library.remove([PAPERS[0].id])
        library.tidy()
        library.restore(library.removals()[0].number)
        assert stored(earlier)[embedder.reader, 1536] == 1
        assert library.searcher.has_token_vectors
        assert library.search("harbour1", k=1, by="cosine")[0].paper == PAPERS[0]
        assert len(library.searcher.tokens(PAPERS)) == 5


def test_a_file_that_is_mostly_free_is_written_anew(tmp_path: Path) -> None:
    with Library.open(tmp_path / "library", embedder=HashedWords(), create=True) as library:
        library.add(PAPERS)
        before, file = holds(library._catalog), tmp_path / "library" / CATALOG
        library._catalog._db.execute("CREATE TABLE much AS SELECT zeroblob(2000000) AS room")
        library._catalog._db.execute("DROP TABLE much")
        assert pays_to_vacuum(file)
        with Library.open(library.path, embedder=HashedWords()) as reader:
            assert library.needs_tidying()
            library.tidy()
            assert file.stat().st_size < 1_000_000
            assert not library.needs_tidying()
            assert holds(reader._catalog) == holds(library._catalog) == before


def test_the_bench_counts_every_byte_of_a_library_once(made: Path) -> None:
    found = disk.count_bytes(made)
    files = [one.stat().st_size for one in made.rglob("*") if one.is_file()]
    log = made / f"{CATALOG}-shm"
    beside = log.stat().st_size if log.exists() else 0
    assert sum(found.values()) == sum(files) - beside
    assert min(found[part] for part in disk.PARTS if part != "map") > 0
