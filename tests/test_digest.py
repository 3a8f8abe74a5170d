"""A digest answers from new papers alone, and what was not delivered is delivered again."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import invented

from footnote.index.library import Library
from footnote.index.models import make_paper
from footnote.rag.engine import CitedQueryEngine
from footnote.rag.serialization import answer_json
from footnote.ui.digests.build import Digest, make_digest, make_digests, mark_delivered
from footnote.ui.digests.format import (
    digest_html,
    digest_json,
    digests_html,
    digests_text,
    headline,
)
from footnote.ui.storage.topics import Topics
from tests.command import CONFIGURATION, ROOT, Ran, inside
from tests.digesting import NOON, digest, harbours, nothing
from tests.scripted import HOSTILE, HOSTILE_QUESTION, hostile

TOPIC = "What of gull7, crab7, boat7 and harbour7?"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[CitedQueryEngine]:
    made = harbours(tmp_path, 10)
    yield made
    made.library.close()


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Topics]:
    with Topics.open(tmp_path / "topics.sqlite3", clock=lambda: NOON) as opened:
        yield opened


def told(engine: CitedQueryEngine, kept: Topics) -> list[Digest]:
    return make_digests(engine, kept.list("ada"))


def test_only_papers_that_are_new_since_the_mark_answer(
    engine: CitedQueryEngine, kept: Topics
) -> None:
    kept.add("ada", TOPIC, mark=engine.library.newest())
    kept.add("ada", TOPIC.rstrip("?"))
    engine.library.add(map(invented, range(7, 13)))
    seven, all_of_them = told(engine, kept)
    # Harbour 7 was there before: the one topic has seen it, the other has not.
    assert (seven.new, all_of_them.new) == (3, 13)
    assert seven.found is None
    assert all_of_them.found is not None
    assert invented(7).id in {paper.id for paper in all_of_them.found.papers}
    engine.library.add(
        [make_paper("Harbour7 again", "The tide of harbour7 fell, say gull7 and crab7.", ["id:a"])]
    )
    (again, _) = told(engine, kept)
    assert again.found is not None
    assert [paper.id for paper in again.found.papers] == ["id:a"]
    assert {hit.paper.id for hit in again.found.hits} <= {
        paper.id for paper in engine.library.since(again.topic.mark)
    }
    assert "among the 4 chosen" in again.found.receipt.filters


def test_where_nothing_is_new_nothing_is_asked_and_nothing_listed(
    engine: CitedQueryEngine, kept: Topics
) -> None:
    kept.add("ada", TOPIC, mark=engine.library.newest())
    (none,) = told(engine, kept)
    assert (none.new, none.answer, none.found) == (0, None, None)
    engine.library.add([invented(20)])
    (unanswered,) = told(engine, kept)
    assert (unanswered.new, unanswered.found) == (1, None)
    text = digests_text([unanswered])
    assert "1 new paper, but none answers it" in text
    assert invented(20).title not in text + digests_html([unanswered])
    assert digest_json(unanswered)["answer"] is None


def test_marks_move_only_once_digests_were_delivered(
    engine: CitedQueryEngine, kept: Topics
) -> None:
    kept.add("ada", TOPIC)
    first = told(engine, kept)
    engine.library.add([invented(30)])
    again = told(engine, kept)
    # It was not delivered: all of it comes again, under the same name.
    assert [d.new for d in first + again] == [10, 11]
    assert first[0].key == again[0].key
    mark_delivered(kept, "ada", first)
    # What came after the digest was made is still new.
    (later,) = told(engine, kept)
    assert (later.new, later.key == first[0].key) == (1, False)


def test_a_topic_that_is_removed_while_its_digest_is_made_stays_removed(
    engine: CitedQueryEngine, kept: Topics
) -> None:
    id = kept.add("ada", TOPIC)
    made = told(engine, kept)
    kept.remove("ada", id)
    mark_delivered(kept, "ada", made)
    assert kept.list("ada") == []


def test_a_mark_of_a_library_that_was_made_anew_comes_down(
    engine: CitedQueryEngine, kept: Topics
) -> None:
    kept.add("ada", TOPIC, mark=9999)
    mark_delivered(kept, "ada", told(engine, kept))
    engine.library.add([invented(40)])
    assert told(engine, kept)[0].new == 1


# In words.


def test_a_digest_says_each_quote_and_its_paper() -> None:
    made = digest()
    assert made.found is not None
    for shown in (digests_text([made]), digests_html([made])):
        assert "2 new papers" in shown
        for citation in (c for s in made.found.statements for c in s.citations):
            assert citation.quote in shown
        for paper in made.found.papers:
            assert paper.title in shown
            assert str(paper.url) in shown
        assert "contradicted" in shown or "no source" in shown
    assert digest_json(made)["answer"] == answer_json(made.found)


def test_an_answer_of_quotes_tells_each_quote_once(engine: CitedQueryEngine, kept: Topics) -> None:
    kept.add("ada", TOPIC)
    (made,) = told(engine, kept)
    assert made.found is not None
    for shown in (digests_text([made]), digest_html(made)):
        for statement in made.found.statements:
            assert shown.count(statement.text) == 1


@pytest.mark.parametrize(
    ("digests", "said"),
    [
        ([], "Nothing new"),
        ([nothing()], "Nothing new"),
        ([nothing(), digest()], "New: Glass sponges"),
        ([digest("a"), digest("b")], "2 topics with something new"),
    ],
)
def test_the_headline_says_what_is_new(digests: list[Digest], said: str) -> None:
    assert headline(digests) == said


def test_hostile_text_becomes_no_element_and_no_control() -> None:
    evil = f"{HOSTILE}\x1b[2J\x9b31m\u202e\ufffe{HOSTILE_QUESTION}"
    made = digest(text=evil, answer=hostile(evil))
    html = digests_html([made])
    assert "<img" not in html
    assert "<script" not in html
    assert 'href="javascript' not in html
    for shown in (html, digests_text([made]), headline([made])):
        assert not {"\x1b", "\x9b", "\u202e", "\ufffe"} & set(shown)


# The commands.

PAPERS = [
    ("Glass sponges grow old", "The oldest glass sponge had lived for about 11,000 years. Rings in "
     "its spicules were counted."),
    ("Tides of a small harbour", "We measured the tide of a harbour from its quay for a year."),
    ("Sourdough at altitude", "Bread rises faster at altitude. We baked 90 loaves of sourdough."),
]  # fmt: skip
NEW = ("Warm water and glass sponges", "Above eight degrees every glass sponge stopped growing "
       "within a month.")  # fmt: skip
ASKED = "At what temperature does a glass sponge stop growing?"


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Ran]:
    """Runs a command over a library of three papers."""

    def command(*arguments: str | Path, **environ: str) -> Ran:
        return inside(*arguments, "--library", tmp_path / "library", **environ)

    assert index(run=command, folder=tmp_path, papers=PAPERS).status == 0
    return command


def index(run: Callable[..., Ran], folder: Path, papers: list[tuple[str, str]]) -> Ran:
    records = [json.dumps({"title": title, "abstract": told}) for title, told in papers]
    (folder / "papers.jsonl").write_text("\n".join(records), "utf-8")
    return run("index", folder / "papers.jsonl")


def saved(run: Callable[..., Ran]) -> str:
    """Returns the id of a topic saved now."""
    assert run("topics", "add", ASKED).status == 0
    return str(run("topics", "--json").data[-1]["id"])


def marks(run: Callable[..., Ran]) -> list[int]:
    return [topic["mark"] for topic in run("topics", "--json").data]


def test_topics_are_added_listed_and_removed(run: Callable[..., Ran]) -> None:
    assert run("topics").out.startswith("No topics yet; save one with")
    id = saved(run)
    assert run("topics", "list").out == f"{id}  {ASKED}\n"
    assert run("topics", "remove", id).out == "Removed.\n"
    gone = run("topics", "remove", id)
    assert (gone.status, gone.out, gone.err.count("\n")) == (1, "", 1)
    assert id in gone.err
    assert run("topics", "--json").data == []


@pytest.mark.parametrize(
    ("arguments", "status"),
    [(["add"], 2), (["remove"], 2), (["list", "x"], 2), (["add", " "], 2), (["mend", "x"], 2),
     (["remove", "x"], 1)],
)  # fmt: skip
def test_misuse_of_topics_is_one_line(
    run: Callable[..., Ran], arguments: list[str], status: int
) -> None:
    ran = run("topics", *arguments)
    assert (ran.status, ran.out, ran.err.count("\n")) == (status, "", 1)


def test_topics_make_no_library_where_there_is_none(tmp_path: Path) -> None:
    for arguments in (["topics"], ["topics", "remove", "x"], ["topics", "add", "x"], ["digest"]):
        ran = inside(*arguments, "--library", tmp_path / "none")
        assert (ran.status, ran.err.count("\n")) == (1, 1)
        assert "no library at" in ran.err
    assert inside("topics", "--library", tmp_path).status == 0
    assert list(tmp_path.iterdir()) == []


def test_a_digest_tells_what_is_new_once(run: Callable[..., Ran], tmp_path: Path) -> None:
    assert run("digest").out.startswith("No topics")
    saved(run)
    quiet = run("digest")
    assert (quiet.status, quiet.err) == (0, "")
    assert quiet.out.startswith("Nothing new.")
    index(run, tmp_path, [NEW, *PAPERS])
    told = run("digest")
    assert told.status == 0
    assert "1 new paper;" in told.out
    assert NEW[1] in told.out
    assert "11,000" not in told.out
    assert run("digest").out == quiet.out


def test_a_digest_as_json_is_json_alone(run: Callable[..., Ran], tmp_path: Path) -> None:
    id = saved(run)
    index(run, tmp_path, [NEW])
    (made,) = run("digest", "--json").data
    assert (made["topic"], made["new"]) == ({"id": id, "text": ASKED}, 1)
    assert [paper["title"] for paper in made["answer"]["papers"]] == [NEW[0]]
    (made,) = run("digest", "--json").data
    assert (made["new"], made["answer"]) == (0, None)


def test_a_digest_into_a_feed_says_so_in_one_line(run: Callable[..., Ran], tmp_path: Path) -> None:
    saved(run)
    index(run, tmp_path, [NEW])
    feed = tmp_path / "news.xml"
    ran = run("digest", "--feed", feed)
    assert (ran.status, ran.out) == (0, f"New: {ASKED}; feed written to {feed}\n")
    assert NEW[1] in feed.read_text("utf-8")
    assert run("digest", "--feed", feed).out == f"Nothing new; feed written to {feed}\n"


def test_a_feed_that_cannot_be_written_leaves_the_marks(
    run: Callable[..., Ran], tmp_path: Path
) -> None:
    saved(run)
    before = marks(run)
    index(run, tmp_path, [NEW])
    (tmp_path / "notes.xml").write_text("<notes/>")
    for feed, status in ((tmp_path / "notes.xml", 1), (tmp_path, 2), (tmp_path / "no" / "f", 2)):
        ran = run("digest", "--feed", feed)
        assert (ran.status, ran.out, ran.err.count("\n")) == (status, "", 1)
    assert (tmp_path / "notes.xml").read_text() == "<notes/>"
    assert marks(run) == before
    assert NEW[1] in run("digest").out


def test_a_reader_that_goes_away_has_read_nothing(run: Callable[..., Ran], tmp_path: Path) -> None:
    saved(run)
    before = marks(run)
    index(run, tmp_path, [NEW])
    read, write = os.pipe()
    os.close(read)
    command = [
        sys.executable,
        "-m",
        "footnote.ui.cli.main",
        "digest",
        "--library",
        tmp_path / "library",
    ]
    buffered = {
        k: v for k, v in os.environ.items() if k not in ("PYTHONUNBUFFERED", *CONFIGURATION)
    }
    done = subprocess.run(
        command, cwd=ROOT, env=buffered, stdout=write, stderr=subprocess.PIPE, timeout=100
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (1, b"")
    assert marks(run) == before


def test_a_digest_is_made_of_one_topic_at_a_time(engine: CitedQueryEngine, kept: Topics) -> None:
    kept.add("ada", TOPIC)
    (topic,) = kept.list("ada")
    made = make_digest(engine, topic, clock=lambda: NOON)
    assert (made.topic, made.until, made.made) == (topic, engine.library.newest(), NOON)
    assert isinstance(engine.library, Library)
