"""A library: what is added is found, by words and by meaning, whatever becomes of derived files."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import HashedWords, invented

from footnote.index import EmbedderMismatch, FootnoteError, LibraryError, LibraryNotFound
from footnote.index.library import CATALOG, EVERYTHING, SNAPSHOTS, WORDS, Filters, Library
from footnote.index.models import Hit, Paper, make_paper
from footnote.index.storage.ingest.pipeline import Added
from tests.copies import copy_library, replace_file

PAPERS = [invented(n, f"{2000 + n}-01-31") for n in range(12)]


@pytest.fixture
def words() -> HashedWords:
    return HashedWords()


@pytest.fixture(scope="module")
def shelf(tmp_path_factory) -> Iterator[Library]:
    """Twelve papers, the n-th of the year 2000 + n, to be read only."""
    folder = tmp_path_factory.mktemp("shelf") / "library"
    with Library.open(folder, embedder=HashedWords(), create=True) as library:
        library.add(PAPERS)
        yield library


@pytest.fixture
def library(shelf, tmp_path, words) -> Iterator[Library]:
    """A copy of the shelf, to be written, damaged and closed."""
    copy_library(shelf.path, tmp_path / "library")
    with Library.open(tmp_path / "library", embedder=words) as library:
        yield library


def found(hits: list[Hit]) -> list[str]:
    return [hit.paper.id for hit in hits]


def assert_finds_all(library: Library, papers: list[Paper]) -> None:
    """Every paper is the first that its own text finds, by words and by meaning."""
    for paper in papers:
        text = f"{paper.title}. {paper.abstract}"
        assert library.search(text, k=1, by="bm25")[0].paper == paper
        assert library.search(text, k=1)[0].paper == paper


# Adding.


def test_every_paper_that_was_added_is_found(shelf):
    assert shelf.size == len(PAPERS)
    assert list(shelf.papers()) == PAPERS
    assert_finds_all(shelf, PAPERS)


def test_what_was_added_is_there_when_the_library_is_opened_again(library, words):
    library.close()
    with Library.open(library.path, embedder=words) as again:
        assert list(again.papers()) == PAPERS
        assert words.texts == []
        assert_finds_all(again, PAPERS)


def test_adding_again_embeds_nothing_and_publishes_nothing(library, words):
    before = library.status()
    assert library.add(PAPERS) == Added(unchanged=len(PAPERS))
    assert words.texts == []
    assert library.status() == before


def test_a_changed_abstract_is_embedded_alone_and_its_old_text_is_not_found(library, words):
    longer = replace(PAPERS[3], abstract="Nothing on the water. " * 9)
    assert library.add([*PAPERS, longer]) == Added(changed=1, unchanged=11)
    assert words.texts == [f"{longer.title}. {longer.abstract.strip()}"]
    assert library.search("nothing on the water", k=1)[0].paper == longer
    assert library.paper(longer.id).abstract == longer.abstract
    assert longer.id not in found(library.search("rose measured", k=12, by="bm25"))
    assert library.status().passages == len(PAPERS)


def test_a_new_fact_about_a_paper_embeds_nothing_and_is_kept(library, words):
    assert library.add([replace(PAPERS[3], venue="Tides")]) == Added(changed=1)
    assert words.texts == []
    assert library.search("harbour3", k=1, by="bm25")[0].paper.venue == "Tides"
    assert library.sentences(PAPERS[3]) == [(0, 41), (42, 88)]


def test_progress_counts_every_record(tmp_path, words):
    steps: list[int] = []
    with Library.open(tmp_path / "library", embedder=words, create=True) as library:
        library.add([invented(n) for n in range(150)] + [invented(0)], on_progress=steps.append)
    assert sum(steps) == 151
    assert len(steps) > 3


def test_two_papers_that_turn_out_to_be_one_are_found_once(library):
    twin = make_paper("A tide table", "Longer than the other one. " * 9, ["doi:10.1000/twin"])
    library.add([twin])
    library.add([make_paper(PAPERS[3].title, "Short.", [PAPERS[3].id, "doi:10.1000/twin"])])
    assert (library.size, library.status().passages) == (12, 12)
    assert library.paper("10.1000/twin").id == PAPERS[3].id
    assert found(library.search("tide table", k=99)).count(PAPERS[3].id) == 1


def test_an_empty_library_answers_with_nothing(tmp_path, words):
    with Library.open(tmp_path / "library", embedder=words, create=True) as library:
        assert library.search("tides", k=5) == library.search("tides", k=5, by="bm25") == []
        assert (library.size, library.status().first_year) == (0, None)


def test_a_paper_without_an_abstract_is_found_by_its_words(tmp_path, words):
    bare = make_paper("On lighthouses", "")
    with Library.open(tmp_path / "library", embedder=words, create=True) as library:
        library.add([bare])
        assert found(library.search("lighthouses", k=5, by="bm25")) == [bare.id]
        assert library.similar(bare.id, k=5) == library.sentences(bare) == []


def test_odd_text_goes_in_and_comes_out_as_it_is(tmp_path, words):
    odd = make_paper("Ω\0漢 'quoted\"", "It\u2028says \U0001f600.\0 \r\n And 漢字。", note="\0'")
    with Library.open(tmp_path / "library", embedder=words, create=True) as library:
        library.add([odd])
        assert library.paper(odd.id) == odd
        assert library.add([odd]).unchanged == 1


# Searching.


def test_ranks_start_at_one_and_scores_fall(shelf):
    for by in ("cosine", "bm25"):
        hits = shelf.search("tide of harbour3", k=8, by=by)
        assert [hit.rank for hit in hits] == list(range(1, 9))
        assert [hit.score for hit in hits] == sorted((h.score for h in hits), reverse=True)
        assert {hit.scale for hit in hits} == {by}


def test_a_cosine_is_the_cosine(shelf):
    (hit,) = shelf.search("tide of harbour3", k=1)
    text = f"{hit.paper.title}. {hit.paper.abstract[hit.passage.start : hit.passage.end]}"
    query, passage = HashedWords().embed(["tide of harbour3", text])
    assert hit.score == pytest.approx(float(query @ passage), abs=1e-5)


def test_a_hit_shows_a_verbatim_span_of_its_paper(demo_library):
    for hit in demo_library.search("experience replay for Atari games", k=20):
        assert hit.passage.paper_id == hit.paper.id
        assert 0 <= hit.passage.start < hit.passage.end <= len(hit.paper.abstract)


@pytest.mark.parametrize("k", [0, 1, 5, 12, 500])
def test_there_are_k_hits_or_as_many_as_there_are_papers(shelf, k):
    for by in ("cosine", "bm25"):
        assert len(shelf.search("tides", k=k, by=by)) == min(k, 12)


def test_meaning_finds_what_shares_no_word_with_the_question(demo_library):
    hits = demo_library.search("software that beats people at board games", k=3)
    assert "AlphaZero" in " ".join(hit.paper.abstract for hit in hits)


@pytest.mark.parametrize(
    "query",
    [
        "",
        " ",
        "?!",
        "the of and",
        "AND OR NOT",
        '"',
        "tides AND (",
        "title:x",
        "a\0b",
        "+-*/^~[]{}",
        "ünïcödé",
    ],
)
def test_no_query_is_taken_for_syntax(shelf, query):
    for by in ("cosine", "bm25"):
        assert isinstance(shelf.search(query, k=3, by=by), list)


def test_words_are_found_in_every_script_and_case(tmp_path, words):
    papers = [
        make_paper("Straße", "Maße."),
        make_paper("Η Θάλασσα", "Κύμα."),
        make_paper("Tide", "x."),
    ]
    with Library.open(tmp_path / "library", embedder=words, create=True) as library:
        library.add(papers)
        for query, paper in zip(["STRASSE straße", "θάλασσα", "TIDES"], papers, strict=True):
            assert found(library.search(query, k=3, by="bm25")) == [paper.id]


# Filters.


@pytest.mark.parametrize(
    ("filters", "years"),
    [
        (EVERYTHING, range(2000, 2012)),
        (Filters(since=2009), range(2009, 2012)),
        (Filters(until=2001), range(2000, 2002)),
        (Filters(since=2004, until=2004), range(2004, 2005)),
        (Filters(since=2012), range(0)),
        (Filters(since=2005, until=2004), range(0)),
    ],
)
def test_years_are_inclusive_by_words_and_by_meaning(shelf, filters, years):
    for by in ("cosine", "bm25"):
        hits = shelf.search("tide of the harbour", k=12, filters=filters, by=by)
        assert sorted(hit.paper.year for hit in hits) == list(years)


def test_a_paper_without_a_year_passes_no_filter_of_years(library):
    undated = [invented(90, None), invented(91, "--03-01")]
    library.add(undated)
    for by in ("cosine", "bm25"):
        every = library.search("tide", k=99, by=by)
        assert {paper.id for paper in undated} < set(found(every))
        for years in (Filters(since=1), Filters(until=9999)):
            assert len(library.search("tide", k=99, by=by, filters=years)) == 12


def cosines(query: str, papers: list[Paper]) -> list[float]:
    """Returns the cosines of papers of one passage each to a query, highest first."""
    texts = [f"{paper.title}. {paper.abstract}" for paper in papers]
    vectors = HashedWords().embed([query, *texts])
    return sorted(map(float, vectors[1:] @ vectors[0]), reverse=True)


def test_a_filter_that_few_of_the_nearest_pass_still_finds_every_paper(tmp_path, words):
    near = [make_paper(f"Tide {n}", f"The tide at quay {n}.", published="2020") for n in range(260)]
    far = [make_paper(f"Tar {'x' * n}", f"On tar{n}, moss{n}.", published="1999") for n in range(7)]
    query, old = "The tide at the quay", Filters(until=1999)
    with Library.open(tmp_path / "library", embedder=words, create=True) as library:
        library.add([*near, *far])
        nearest = found(library.search(query, k=200))
        assert not {paper.id for paper in far} & set(nearest)
        five = library.search(query, k=5, filters=old)
        assert [h.score for h in five] == pytest.approx(cosines(query, far)[:5], abs=1e-5)
        assert len(library.search(query, k=50, filters=old)) == 7


def test_a_paper_of_many_passages_does_not_crowd_out_the_others(tmp_path, words):
    # Few characters and many tokens, so that each sentence is a passage of its own.
    sentence = f"The tide {'🌊' * 110} ebbs."
    book = make_paper("A book of tides", " ".join([sentence] * 300))
    with Library.open(tmp_path / "library", embedder=words, create=True) as library:
        library.add([book, PAPERS[0]])
        assert library.status().passages > 300
        assert found(library.search(sentence, k=2)) == [book.id, PAPERS[0].id]


def test_papers_nearly_alike_are_all_found_though_the_graph_loses_some(tmp_path, words):
    papers = [
        make_paper(f"Log of day {n}", f"On day {n} the tide rose {n} times.") for n in range(384)
    ]
    with Library.open(tmp_path / "library", embedder=words, create=True) as library:
        library.add(papers)
        assert len(library.search("tide", k=384)) == 384


# Papers by name, and by likeness.


def test_a_paper_is_known_by_every_name(library):
    named = make_paper(
        "Of Tides & Men", "Text.", ["arxiv:2301.00001", "doi:10.1000/a", "pmid:5", "id:x1"]
    )
    library.add([named])
    names = "arxiv:2301.00001 2301.00001v3 arXiv:2301.00001 10.1000/A doi:10.1000/a 5 pmid:5 x1"
    for name in [
        *names.split(),
        "https://arxiv.org/abs/2301.00001v2",
        " Of Tides & Men ",
        "of tides men",
    ]:
        assert library.paper(name) == named, name


@pytest.mark.parametrize("name", ["", " ", "2301.99999", "title:", "nobody wrote this", "\0"])
def test_an_unknown_name_is_no_paper(shelf, name):
    assert shelf.paper(name) is None


def test_similar_papers_leave_out_the_paper_itself(shelf):
    hits = shelf.similar("2105.00003", k=5)
    assert PAPERS[3].id not in found(hits)
    assert [hit.rank for hit in hits] == [1, 2, 3, 4, 5]


def test_similar_papers_are_about_the_same_thing(demo_library):
    titles = [hit.paper.title for hit in demo_library.similar("1312.5602", k=5)]
    assert any("reinforcement" in title.lower() for title in titles)


def test_similar_to_an_unknown_paper_is_refused_with_the_next_step(shelf):
    with pytest.raises(
        LibraryError, match=r"no paper 'x9' in .*; find its id with: footnote search"
    ):
        shelf.similar("x9", k=5)


def test_sentences_are_spans_of_the_abstract(demo_library):
    paper = demo_library.paper("1312.5602")
    sentences = [paper.abstract[start:end] for start, end in demo_library.sentences(paper)]
    assert " ".join(sentences) == paper.abstract
    assert len(sentences) > 4


def test_status_counts_what_is_there(library):
    library.add([invented(90, None)])
    status = library.status()
    assert (status.name, status.papers, status.passages, status.undated) == ("library", 13, 13, 1)
    assert (status.first_year, status.last_year) == (2000, 2011)
    assert (status.embedder, status.dimensions) == ("hashed-words", 256)
    assert status.bytes > (library.path / CATALOG).stat().st_size


# Opening.


def test_no_library_is_refused_with_the_command_that_makes_one(tmp_path, words):
    with pytest.raises(LibraryNotFound, match="create one with: footnote index PATH --library"):
        Library.open(tmp_path / "none", embedder=words)
    assert not (tmp_path / "none").exists()


def test_no_library_is_made_in_a_folder_that_holds_something_else(tmp_path, words):
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(LibraryError, match="is not a library, and not empty; give another folder"):
        Library.open(tmp_path, embedder=words, create=True)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_library_under_a_file_cannot_be_made(tmp_path, words):
    (tmp_path / "file").write_text("x")
    with pytest.raises(LibraryError, match="cannot be created"):
        Library.open(tmp_path / "file" / "library", embedder=words, create=True)


def one_line(error: BaseException) -> str:
    assert len(str(error).splitlines()) == 1
    return str(error)


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(
            b"this is no database, but long enough to be read as one" * 99
        ),
        lambda path: path.write_bytes(path.read_bytes()[:200]),
        lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
        lambda path: (path.unlink(), sqlite3.connect(path).execute("CREATE TABLE a (b)")),
    ],
    ids=["text", "head", "half", "another program's"],
)
def test_a_file_that_is_no_catalog_is_one_line_with_the_next_step(library, words, damage):
    library.close()
    damage(library.path / CATALOG)
    with pytest.raises(LibraryError, match=r"catalog\.sqlite3 is not a usable catalog") as caught:
        Library.open(library.path, embedder=words).search("tide", k=3)
    assert "index again" in one_line(caught.value)


def test_a_catalog_of_another_version_is_refused(library, words):
    library.close()
    with sqlite3.connect(library.path / CATALOG) as catalog:
        catalog.execute("UPDATE meta SET value = '99' WHERE key = 'schema'")
    catalog.close()
    with pytest.raises(LibraryError, match="has schema 99, this version reads 1; index"):
        Library.open(library.path, embedder=words)


@pytest.mark.parametrize("other", [HashedWords("other"), HashedWords(dimensions=32)])
def test_another_embedder_is_refused_with_the_command_to_change(library, other):
    with pytest.raises(EmbedderMismatch, match="footnote index --rebuild --library") as caught:
        Library.open(library.path, embedder=other)
    said = one_line(caught.value)
    assert "built with hashed-words (256)" in said
    assert f"but opened with {other.name} ({other.dimensions})" in said


def test_every_error_of_the_package_is_one_that_a_caller_can_catch():
    assert issubclass(LibraryNotFound, LibraryError)
    assert issubclass(EmbedderMismatch, LibraryError)
    assert issubclass(LibraryError, FootnoteError)


# Rebuilding with another embedder.


def test_rebuilding_embeds_every_passage_once_and_changes_over(library):
    library.close()
    other = HashedWords("other", 32)
    steps: list[tuple[int, int]] = []
    with Library.rebuild(
        library.path, embedder=other, on_progress=lambda *step: steps.append(step)
    ) as rebuilt:
        assert (len(other.texts), steps[-1]) == (12, (12, 12))
        assert_finds_all(rebuilt, PAPERS)
        assert (rebuilt.status().embedder, rebuilt.status().dimensions) == ("other", 32)
    with Library.open(library.path, embedder=other) as again:
        assert_finds_all(again, PAPERS)


def test_the_old_vectors_serve_until_the_last_new_one_is_there(library):
    answers: list[int] = []
    Library.rebuild(
        library.path,
        embedder=HashedWords("other", 32),
        on_progress=lambda *_: answers.append(len(library.search("tide", k=5))),
    ).close()
    assert answers == [5]
    with pytest.raises(EmbedderMismatch, match="changed to other while it was open"):
        library.search("tide", k=5)


class Failing(HashedWords):
    """Gives up after as many texts as asked for."""

    def __init__(self, after: int) -> None:
        super().__init__("other", 32)
        self.after = after

    def embed(self, texts):
        if len(self.texts) + len(texts) > self.after:
            raise ConnectionError("the endpoint is gone")
        return super().embed(texts)


def test_a_rebuild_that_broke_off_goes_on_where_it_was(tmp_path, words):
    papers = [invented(n) for n in range(150)]
    with Library.open(tmp_path / "library", embedder=words, create=True) as library:
        library.add(papers)
        with pytest.raises(ConnectionError):
            Library.rebuild(library.path, embedder=Failing(after=130))
        assert len(library.search("tide", k=5)) == 5
    other = HashedWords("other", 32)
    with Library.rebuild(tmp_path / "library", embedder=other) as rebuilt:
        assert len(other.texts) == 150 - 128
        assert len(rebuilt.search("tide", k=150)) == 150


def interrupt(_: int) -> None:
    raise KeyboardInterrupt


def test_a_change_that_was_committed_and_not_published_is_published_on_opening(library, words):
    longer = replace(PAPERS[3], abstract="Nothing on the water. " * 9)
    with pytest.raises(KeyboardInterrupt):
        library.add([longer], on_progress=interrupt)
    library.close()
    with Library.open(library.path, embedder=words) as again:
        for by in ("cosine", "bm25"):
            assert again.search("nothing on the water", k=1, by=by)[0].paper == longer


def test_where_the_embedder_fails_papers_are_found_by_words_and_the_next_call_goes_on(tmp_path):
    papers = [invented(n) for n in range(150)]
    with Library.open(tmp_path / "library", embedder=Failing(130), create=True) as library:
        with pytest.raises(ConnectionError):
            library.add(papers)
        assert (library.size, library.status().waiting) == (150, 22)
        assert library.search("harbour149", k=1, by="bm25")[0].paper == papers[149]
        assert library.sentences(papers[149]) == [(0, 47), (48, 100)]
        assert len(library.search("tide", k=200)) == 128
    other = HashedWords("other", 32)
    with Library.open(tmp_path / "library", embedder=other) as again:
        assert again.add(papers) == Added(unchanged=150)
        assert len(other.texts) == again.size - 128
        assert again.status().waiting == 0
        assert len(again.search("tide", k=200)) == 150


def left_waiting(path: Path) -> None:
    """Makes a library of 150 papers, 22 of which are not embedded."""
    library = Library.open(path, embedder=Failing(130), create=True)
    with library, pytest.raises(ConnectionError):
        library.add([invented(n) for n in range(150)])


def test_what_waits_is_embedded_by_whoever_tidies(tmp_path):
    left_waiting(tmp_path / "library")
    with Library.open(tmp_path / "library", embedder=HashedWords("other", 32)) as again:
        assert again.needs_tidying()
        again.tidy(stopped=lambda: True)
        assert again.status().waiting == 22
        again.tidy()
        assert again.status().waiting == 0
        assert not again.needs_tidying()


def test_a_rebuild_embeds_what_waits_too(tmp_path):
    left_waiting(tmp_path / "library")
    with Library.rebuild(tmp_path / "library", embedder=HashedWords()) as again:
        assert again.status().waiting == 0
        assert len(again.search("tide", k=200)) == 150


# Healing: whatever is derived can go; the catalog makes it again, and nothing is embedded.


def collection(path: Path) -> Path:
    """Returns the folder of the only collection of a library."""
    (folder,) = (path / SNAPSHOTS).iterdir()
    return folder


def truncated(to: int = 5000) -> Callable[[Path], None]:
    def cut(path: Path) -> None:
        file = collection(path) / "vectors" / "chroma.sqlite3"
        replace_file(file, file.read_bytes()[:to])

    return cut


def segments_emptied(path: Path) -> None:
    for file in (path / WORDS).glob("*.term"):
        replace_file(file, b"")


def emptied(path: Path) -> None:
    folder = collection(path)
    shutil.rmtree(folder)
    folder.mkdir()


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: shutil.rmtree(collection(path)),
        emptied,
        lambda path: shutil.rmtree(path / SNAPSHOTS),
        lambda path: shutil.rmtree(collection(path) / "vectors"),
        truncated(),
        truncated(to=0),
        truncated(to=100_000),
        lambda path: replace_file(collection(path) / "vectors" / "chroma.sqlite3", b"junk" * 4000),
        lambda path: shutil.rmtree(path / WORDS),
        lambda path: (path / WORDS / "meta.json").write_text("garbage"),
        lambda path: (path / WORDS / "meta.json").unlink(),
        segments_emptied,
    ],
    ids=[
        "collection deleted",
        "collection emptied",
        "all collections deleted",
        "vectors deleted",
        "chroma cut",
        "chroma emptied",
        "chroma cut late",
        "chroma overwritten",
        "words deleted",
        "tantivy meta overwritten",
        "tantivy meta deleted",
        "tantivy terms emptied",
    ],
)
def test_a_damaged_index_heals_on_opening_without_embedding(library, words, damage):
    library.close()
    damage(library.path)
    with Library.open(library.path, embedder=words) as healed:
        assert words.texts == []
        generation = healed.status().generation
        assert_finds_all(healed, PAPERS)
    with Library.open(library.path, embedder=words) as again:
        assert again.status().generation == generation
        assert_finds_all(again, PAPERS)


def test_a_snapshot_with_the_vectors_of_another_library_is_noticed(library, tmp_path, words):
    other = tmp_path / "other"
    with Library.open(other, embedder=words, create=True) as library_of_tar:
        library_of_tar.add([make_paper(f"Tar{n}", f"Boil the tar{n}.") for n in range(12)])
    generation = str(library.status().generation)
    library.close()
    words.texts.clear()
    shutil.rmtree(library.path / SNAPSHOTS / generation)
    shutil.copytree(other / SNAPSHOTS / generation, library.path / SNAPSHOTS / generation)
    with Library.open(library.path, embedder=words) as healed:
        assert words.texts == []
        assert_finds_all(healed, PAPERS)


def test_a_collection_damaged_while_open_is_mended_by_the_next_opening(library, words):
    shutil.rmtree(collection(library.path))
    library.add([invented(90)])
    with Library.open(library.path, embedder=words) as again:
        assert_finds_all(again, [*PAPERS, invented(90)])


def test_old_collections_and_leftovers_are_swept_away(library):
    leftover = library.path / SNAPSHOTS / "99.making"
    leftover.mkdir()
    for number in range(90, 93):
        library.add([invented(number)])
        library.fold(always=True)
    generation = library.status().generation
    kept = {path.name for path in (library.path / SNAPSHOTS).iterdir()}
    assert kept == {str(generation), str(generation - 1)}
