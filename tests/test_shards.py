"""Shards: several libraries answer, paper for paper and score for score, as one of all papers."""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from conftest import HashedWords, invented
from hypothesis import given
from hypothesis import strategies as st

from footnote.index import LibraryError, LibraryNotFound
from footnote.index.embeddings.base import MiniLM
from footnote.index.library import EVERYTHING, Filters, Library, LibraryReader
from footnote.index.library.shards.library import ShardedLibrary
from footnote.index.library.shards.manifest import read_manifest, shard_folders
from footnote.index.library.shards.words import kept_length
from footnote.index.models import Hit, Paper
from footnote.rag.answer import Answer, Turn
from footnote.rag.engine import CitedQueryEngine
from tests.command import inside

# Tantivy's scores are of single precision: what is reckoned again differs by that, and no more.
SCORES = 1e-5
PAPERS = 120
WORDS = "tide gull crab quay boat storm harbour wave sand lighthouse rope_ladder café".split()
QUESTIONS = (
    "What did gull7 say about harbour7?",
    "How many times did the tide of harbour31 rise?",
    "Does the tide rise in harbour12?",
    "What does LTM mean?",
    "Which papers are about storms and sand?",
    "What do the papers say about lighthouses?",
    "harbour3 vs harbour80",
    "Which papers are from 2014?",
    "How many papers mention gulls?",
    "How many papers have harbour9 in the title?",
    "Who wrote Tides of harbour5?",
    "Which papers are by Curie?",
    "What are the newest papers?",
    "What are the oldest papers?",
    "Where are the records from?",
    "What does the library hold?",
    "Which papers by Curie since 2015 measure waves?",
    "Does any lighthouze stand on the sand?",
    "hello",
    "tell me more",
)


def varied(number: int) -> Paper:
    """Returns an invented paper of its own length, year, authors and venue."""
    chance = random.Random(number)
    sentences = [
        f"The {' '.join(chance.choices(WORDS, k=chance.randint(3, 12)))} of {number} was seen."
        for _ in range(chance.randint(0, 9))
    ]
    known = invented(
        number, chance.choice([None, f"{2010 + number % 9}", f"2015-0{1 + number % 9}"])
    )
    measure = ["A long tide measure (LTM) tells it."] if number % 11 == 0 else []
    return replace(
        known,
        abstract=" ".join([known.abstract, *measure, *sentences]),
        authors=tuple(chance.sample(["Marie Curie", "Ada Lovelace", "Émile Noether"], number % 3)),
        venue=chance.choice([None, "Journal of Harbours", "TideConf 2015"]),
        source=chance.choice(["one", "two"]),
    )


@pytest.fixture(scope="module", params=[1, 2, 3, 4])
def both(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Library, ShardedLibrary]]:
    """One library and the same papers in shards, of which later ones repeat some of earlier."""
    folder, count = tmp_path_factory.mktemp("shards"), int(request.param)
    chance, papers = random.Random(count), [varied(n) for n in range(PAPERS)]
    cuts = [0, *sorted(chance.sample(range(1, PAPERS), count - 1)), PAPERS]
    embedder = HashedWords()
    for at, (first, last) in enumerate(pairwise(cuts)):
        with Library.open(folder / f"{at}", embedder=embedder, create=True) as shard:
            repeated = chance.sample(papers[:first], min(first, 9))
            shard.add([*papers[first:last], *repeated])
    folders = [folder / f"{at}" for at in range(count)]
    with (
        Library.open(folder / "one", embedder=embedder, create=True) as one,
        ShardedLibrary.open(folders, embedder=embedder) as sharded,
    ):
        one.add(papers)
        yield one, sharded


def told(answer: Answer) -> dict[str, Any]:
    """Returns an answer without its own id, times and scores, which are compared apart."""
    plain = asdict(answer)
    for name in ("id", "hits", "confidence"):
        del plain[name]
    receipt = plain.pop("receipt")
    read = [(one["paper_id"], one["title"]) for one in receipt["papers_read"]]
    kept = ("searched", "query", "language", "leaned", "filters", "read")
    support = [statement.pop("support") for statement in plain["statements"]]
    return {**plain, "read": read, **{name: receipt[name] for name in kept}} | {
        "supported": [one is not None for one in support]
    }


def check_hits(ours: Sequence[Hit], theirs: Sequence[Hit]) -> None:
    """Compares hits; those whose scores differ by rounding alone may have changed places."""
    scores, expected = [hit.score for hit in ours], [hit.score for hit in theirs]
    assert scores == pytest.approx(expected, rel=SCORES, abs=SCORES)
    assert [hit.rank for hit in ours] == [hit.rank for hit in theirs]
    known = {hit.paper.id: hit for hit in theirs}
    for hit, same in zip(ours, theirs, strict=True):
        other = known.get(hit.paper.id)
        if hit.paper.id != same.paper.id:
            # The last may be another one of as many that are alike.
            at = other.score if other else expected[-1]
            assert hit.score == pytest.approx(at, rel=SCORES, abs=SCORES)
        if other:
            assert (hit.paper, hit.passage) == (other.paper, other.passage)


def check_answers(ours: LibraryReader, theirs: LibraryReader, questions: Sequence[str]) -> set[str]:
    """Compares two libraries' answers to questions; returns the kinds that these had."""
    engine, other = CitedQueryEngine(ours), CitedQueryEngine(theirs)
    kinds, history = set[str](), list[Turn]()
    for question in [*questions, "And which of them are the oldest?"]:
        said, expected = engine.ask(question, history), other.ask(question, history)
        assert told(said) == told(expected), question
        check_hits(said.hits, expected.hits)
        assert said.confidence == pytest.approx(expected.confidence, abs=SCORES)
        kinds.add(said.kind)
        history = [Turn("user", question), Turn("assistant", said.text)]
    return kinds


def test_shards_answer_every_kind_of_question_as_one_library(
    both: tuple[Library, ShardedLibrary],
) -> None:
    one, sharded = both
    kinds = check_answers(sharded, one, QUESTIONS)
    assert kinds >= {"fact", "number", "yesno", "define", "list", "overview", "compare", "metadata"}


FILTERS = st.builds(
    Filters,
    since=st.none() | st.integers(2009, 2019),
    until=st.none() | st.integers(2009, 2019),
    author=st.sampled_from([None, None, "Curie"]),
    papers=st.none() | st.frozensets(st.integers(0, 200).map(lambda n: invented(n).id)),
)


ASKED = st.sampled_from([*WORDS, "the", "of", "tides", "harbour8", "nowhere"])


@given(
    words=st.lists(ASKED, max_size=6),
    k=st.integers(0, 200),
    filters=FILTERS,
    by=st.sampled_from(["bm25", "cosine"]),
)
def test_shards_find_the_same_with_the_same_scores(
    both: tuple[Library, ShardedLibrary], words: list[str], k: int, filters: Filters, by: Any
) -> None:
    one, sharded = both
    query = " ".join(words)
    check_hits(
        sharded.search(query, k=k, filters=filters, by=by),
        one.search(query, k=k, filters=filters, by=by),
    )
    assert sharded.count(filters) == one.count(filters)
    assert sharded.select(filters, most=k) == one.select(filters, most=k)


def test_shards_tell_of_all_papers_what_one_library_tells(
    both: tuple[Library, ShardedLibrary],
) -> None:
    one, sharded = both
    assert list(sharded.papers()) == list(one.papers())
    assert (sharded.size, sharded.waiting) == (one.size, one.waiting)
    assert list(sharded.years().items()) == list(one.years().items())
    assert list(sharded.sources().items()) == list(one.sources().items())
    assert sharded.count_without_authors() == one.count_without_authors()
    for order in ("added", "year", "title"):
        assert sharded.page(order, 7, 60) == one.page(order, 7, 60)  # type: ignore[arg-type]
    for oldest in (True, False):
        assert sharded.dated(50, oldest=oldest) == one.dated(50, oldest=oldest)
    for kind in ("venue", "author", "source"):
        assert sharded.searcher.names.counts(kind) == one.searcher.names.counts(kind)  # type: ignore[arg-type]
    names = [invented(3).title, invented(70).id, "nowhere"]
    assert sharded.find(names) == one.find(names)
    assert sharded.names_of(names) == one.names_of(names)
    assert sharded.owners(names) == one.owners(names)
    assert sharded.ids(names) == one.ids(names)
    assert sharded.sentences(invented(70)) == one.sentences(invented(70))
    check_hits(sharded.similar(invented(110).id, k=9), one.similar(invented(110).id, k=9))
    for word in ("harbuor", "lighthouze", "tides"):
        assert sharded.searcher.find_respelling(word) == one.searcher.find_respelling(word)
    drawn, expected = sharded.map(), one.map()
    assert drawn.ids == expected.ids
    assert drawn.labels == expected.labels
    assert drawn.positions == pytest.approx(expected.positions)
    status, expected_status = sharded.status(), one.status()
    assert (status.papers, status.passages) == (expected_status.papers, expected_status.passages)


def test_the_demo_library_in_three_answers_as_the_whole_one(
    demo_library: Library, embedder: MiniLM, tmp_path: Path
) -> None:
    papers = list(demo_library.papers())
    folders = []
    for at in range(3):
        folders.append(tmp_path / f"{at}")
        with Library.open(folders[-1], embedder=embedder, create=True) as shard:
            shard.add(papers[at * 25 : at * 25 + 25])
    lines = (Path(__file__).parent.parent / "evals/demo/questions.jsonl").read_text("utf-8")
    questions = [json.loads(line)["question"] for line in lines.splitlines()][::8]
    with ShardedLibrary.open(folders, embedder=embedder) as sharded:
        check_answers(sharded, demo_library, [*questions, "What does PPO mean?", "Octo vs OpenVLA"])
    (tmp_path / "all.toml").write_text('shards = ["0", "1", "2"]\n', "utf-8")
    ran = inside("search", "reward models", "--shard", tmp_path / "all.toml", "-k", "5", "--json")
    assert [row["paper_id"] for row in ran.data] == [
        hit.paper.id
        for hit in CitedQueryEngine(demo_library).retriever.search("reward models", k=5)
    ]


def test_what_is_added_to_a_shard_is_found_and_what_it_repeats_is_hidden(tmp_path: Path) -> None:
    embedder = HashedWords()
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder, number in zip(folders, (1, 2), strict=True):
        with Library.open(folder, embedder=embedder, create=True) as shard:
            shard.add([invented(number)])
    with (
        ShardedLibrary.open(folders, embedder=embedder) as sharded,
        Library.open(folders[1], embedder=embedder) as later,
    ):
        assert [hit.paper.id for hit in sharded.search("gull5", k=5, by="bm25")] == []
        later.add([invented(5), replace(invented(1), abstract="Another text about quay99.")])
        assert [hit.paper.id for hit in sharded.search("gull5", k=5, by="bm25")] == [invented(5).id]
        assert sharded.size == 3
        # The first shard's record stands.
        assert sharded.known(invented(1).id).abstract == invented(1).abstract
        assert sharded.search("quay99", k=5, by="bm25") == []
        assert len(sharded.searcher.catalog.passages.numbers_of(invented(1).id)) == 1
        assert {hit.paper.id for hit in sharded.search("harbour", k=9)} == {
            invented(n).id for n in (1, 2, 5)
        }
        # Whoever asks for a paper by what only the hidden record calls it gets the one that stands.
        later.add([replace(invented(1), aliases=(*invented(1).aliases, "doi:10.1/tide"))])
        assert sharded.known("doi:10.1/tide").id == invented(1).id


def test_shards_of_short_and_of_long_papers_are_scored_by_one_average(tmp_path: Path) -> None:
    # Of its own shard a short paper is long: what is best there is not what is best of all.
    embedder, chance = HashedWords(), random.Random(7)
    papers = [
        replace(
            invented(n),
            abstract=" ".join(chance.choices(["crab", "sand", "rope"], k=length))
            + " gull" * chance.randint(1, length),
        )
        for n in range(60)
        for length in [chance.randint(1, 30) if n < 30 else chance.randint(300, 600)]
    ]
    with (
        Library.open(tmp_path / "one", embedder=embedder, create=True) as one,
        Library.open(tmp_path / "short", embedder=embedder, create=True) as short,
        Library.open(tmp_path / "long", embedder=embedder, create=True) as long,
    ):
        one.add(papers)
        short.add(papers[:30])
        long.add(papers[30:])
    folders = [tmp_path / "short", tmp_path / "long"]
    with (
        Library.open(tmp_path / "one", embedder=embedder) as one,
        ShardedLibrary.open(folders, embedder=embedder) as sharded,
    ):
        for query in ("gull", "crab gull", "sand rope", "tides gull rope"):
            for k in range(1, 20):
                found = sharded.search(query, k=k, by="bm25")
                check_hits(found, one.search(query, k=k, by="bm25"))


def test_a_length_is_kept_as_tantivy_keeps_it() -> None:
    # From Tantivy's table: exact up to 40, then in steps of 2, of 4 and so on.
    assert [kept_length(n) for n in (0, 24, 25, 39, 40, 41, 42, 55, 56, 57, 59, 60)] == [
        0, 24, 25, 39, 40, 40, 42, 54, 56, 56, 56, 60,
    ]  # fmt: skip
    assert kept_length(2_013_265_944) == 2_013_265_944


def test_a_manifest_lists_folders_beside_itself(tmp_path: Path) -> None:
    for name, text in (
        ("toml", '# Two.\nshards = ["one", "deep/two"]'),
        ("json", '{"shards": ["one", "deep/two"]}'),
        ("list", ' ["one", "deep/two"]'),
    ):
        (tmp_path / name).write_text(text, "utf-8")
        assert read_manifest(tmp_path / name) == [tmp_path / "one", tmp_path / "deep" / "two"]


BROKEN = ("", "{", "shards = 3", '{"shards": []}', "[1]", '["  "]', "[" * 5000, "\x00", "one\ntwo")


@pytest.mark.parametrize("text", BROKEN)
def test_what_is_no_manifest_is_told_in_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "shards").write_text(text, "utf-8")
    with pytest.raises(LibraryError, match="shards") as told:
        read_manifest(tmp_path / "shards")
    assert "\n" not in str(told.value)


def test_a_shard_that_cannot_be_used_is_named_in_one_line(tmp_path: Path) -> None:
    for name, embedder in (("a", HashedWords()), ("b", HashedWords("another"))):
        with Library.open(tmp_path / name, embedder=embedder, create=True) as shard:
            shard.add([invented(1)])
    a, b, none = tmp_path / "a", tmp_path / "b", tmp_path / "none"
    with pytest.raises(LibraryNotFound, match=f"no library at {none}, which is given as a shard"):
        shard_folders([a, none])
    with pytest.raises(LibraryError, match="given twice"):
        shard_folders([a, tmp_path / "b" / ".." / "a"])
    with pytest.raises(LibraryError, match=f"another .* opened with hashed-words .*{b}"):
        ShardedLibrary.open([a, b], embedder=HashedWords())
    with pytest.raises(LibraryError, match="no shard is given"):
        ShardedLibrary.open([], embedder=HashedWords())
    (b / "catalog.sqlite3").write_bytes(b"no database at all" * 99)
    with pytest.raises(LibraryError, match=f"{b}/catalog.sqlite3 is not a usable catalog"):
        ShardedLibrary.open([a, b], embedder=HashedWords())
    # What was opened before is closed again: it can be moved away.
    with Library.open(a, embedder=HashedWords()) as library:
        assert library.count(EVERYTHING) == 1
    ran = inside("ask", "What rose?", "--shard", a, "--shard", none)
    assert (ran.status, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert str(none) in ran.err


def test_shards_are_exported_as_one(tmp_path: Path) -> None:
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder, numbers in zip(folders, ((1, 2), (2, 3)), strict=True):
        with Library.open(
            folder, embedder=HashedWords("all-MiniLM-L6-v2", 384), create=True
        ) as one:
            one.add(map(invented, numbers))
    shards = [word for folder in folders for word in ("--shard", str(folder))]
    lines = inside("export", *shards).out.splitlines()
    assert [json.loads(line)["title"] for line in lines] == [invented(n).title for n in (1, 2, 3)]
    assert inside("export", "--format", "bibtex", *shards).out.count("@") == 3
    assert inside("status", "--json", *shards).data["papers"] == 3
    # Nothing is written beside the papers.
    assert not list(tmp_path.rglob("annotations*"))
