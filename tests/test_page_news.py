"""What is new: papers since the last visit, and topics answered from new papers alone."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import httpx
import pytest
from conftest import invented
from lxml import etree
from playwright.sync_api import Browser, Page, expect

from footnote.index.demo import demo_papers
from footnote.index.embeddings.base import MiniLM
from footnote.index.library import Library
from footnote.index.models import make_paper
from footnote.index.readers.gathering import read_sources
from footnote.ui.digests.arrivals import OF_ALL, OF_ONE, recent_arrivals
from footnote.ui.rendering.panels import age
from footnote.ui.storage.conversations import Conversations
from footnote.ui.storage.topics import LOCAL, Topics
from tests.pages import LOOPS, agree, ask, desk_of, go, served, tool, visited

pytestmark = LOOPS

QUESTION = "How do robots learn to fold laundry?"
FOLDING = make_paper(
    "Robots that fold laundry from video",
    "We show that robots learn to fold laundry from 20 hours of video of people. The policy folds "
    "91 percent of unseen shirts.",
    ["arxiv:2603.00001"],
    published="2026-03-01",
)


@pytest.fixture
def library(tmp_path: Path, embedder: MiniLM) -> Iterator[Library]:
    with Library.open(tmp_path / "library", embedder=embedder, create=True) as library:
        library.add(read_sources([demo_papers()]).papers)
        yield library


@pytest.fixture
def topics(tmp_path: Path) -> Iterator[Topics]:
    with Topics.open(tmp_path / "topics.sqlite3") as topics:
        yield topics


@pytest.fixture
def address(library: Library, topics: Topics, tmp_path: Path) -> Iterator[str]:
    with (
        Conversations.open(tmp_path / "conversations.sqlite3") as kept,
        served(desk_of(library, topics=topics, conversations=kept)) as at,
    ):
        yield at


@pytest.fixture
def page(address: str, browser: Browser) -> Iterator[Page]:
    with visited(browser, address) as page:
        yield page


def news(page: Page) -> None:
    go(page, "What’s new")
    expect(page.locator("#fn-room-news h2")).to_be_visible()


def test_a_saved_topic_is_answered_from_new_papers_alone(page: Page, library: Library) -> None:
    news(page)
    page.get_by_label("Question or topic").fill(QUESTION)
    page.get_by_role("button", name="Follow").click()
    topic = page.locator(".fn-topic")
    expect(topic).to_contain_text("no new papers")
    library.add([FOLDING])
    news(page)
    expect(page.locator("#fn-room-news")).to_contain_text("1 new paper since")
    expect(topic.locator("blockquote").first).to_contain_text("fold laundry")
    assert topic.locator("ol li").count() == 1
    page.get_by_role("button", name="Mark as seen").click()
    expect(topic).to_contain_text("no new papers")
    expect(page.locator("#fn-room-news .fn-hits li")).to_have_count(0)


def test_what_came_is_told_by_import_though_no_topic_is_followed(
    page: Page, library: Library
) -> None:
    news(page)
    room = page.locator("#fn-room-news")
    # Never here before: the library's own first papers are what came.
    came = room.locator("section.fn-came")
    expect(came).to_have_count(1)
    expect(came.locator("h4")).to_have_text("70 papers · just now")
    expect(came.locator(".fn-hits li")).to_have_count(OF_ONE)
    expect(came).to_contain_text("and 50 more, in the Library")
    library.add([FOLDING], names=["laundry.bib"])
    library.add([invented(1), invented(2)], names=["<b>tides</b>.ris"])
    news(page)
    expect(room).to_contain_text("3 new papers since")
    expect(came.locator("h4")).to_have_text(
        ["2 papers of <b>tides</b>.ris · just now", "1 paper of laundry.bib · just now"]
    )
    # The latest first.
    expect(room.locator(".fn-hits .fn-title")).to_have_text(
        [invented(2).title, invented(1).title, FOLDING.title]
    )
    room.locator(".fn-hits .fn-title").last.click()
    expect(page.locator(".fn-card:not([hidden])")).to_contain_text("91 percent")
    seen = room.locator("details.fn-came")
    expect(seen.locator("summary")).to_have_text("70 papers · just now")
    page.keyboard.press("Escape")
    room.get_by_role("button", name="Mark as seen").click()
    expect(room).to_contain_text("No new papers since")
    expect(room.locator(".fn-hits li")).to_have_count(0)
    # Seen, but never gone: the last import stands open.
    expect(seen).to_have_count(3)
    expect(seen.first.locator(".fn-title").first).to_be_visible()
    expect(seen.last.locator(".fn-title").first).to_be_hidden()


def test_what_came_into_a_library_that_was_seen_empty_is_new(
    tmp_path: Path, embedder: MiniLM, topics: Topics, browser: Browser
) -> None:
    with (
        Library.open(tmp_path / "empty", embedder=embedder, create=True) as empty,
        served(desk_of(empty, topics=topics)) as address,
        visited(browser, address) as page,
    ):
        news(page)
        expect(page.locator("#fn-room-news")).to_contain_text("Nothing was added yet.")
        empty.add([FOLDING])
        news(page)
        expect(page.locator("#fn-room-news")).to_contain_text("1 new paper since")
        expect(page.locator("#fn-room-news .fn-hits li")).to_have_count(1)


def test_arrivals_are_the_latest_imports_that_still_have_papers(library: Library) -> None:
    library.add([FOLDING], names=["laundry.bib"])
    for n in range(1, 8):
        library.add([invented(n)], names=[f"{n}.bib"])
    last = library.newest()
    library.remove([invented(7).id])
    library.undo(library.imports()[0].number)
    found = recent_arrivals(library, last - 3)
    assert [(one.names, one.seen) for one in found] == [
        (("6.bib",), False), (("5.bib",), False), *((((f"{n}.bib",), True)) for n in (4, 3, 2, 1)),
        (("laundry.bib",), True),
    ]  # fmt: skip
    # One import that a reader saw a part of: the rest alone is new.
    (*_, first) = recent_arrivals(library, 60)
    assert (first.count, first.seen, len(first.papers)) == (10, False, 10)
    assert sum(len(one.papers) for one in recent_arrivals(library, None)) <= OF_ALL


NOW = datetime(2026, 3, 2, 12, 0, tzinfo=timezone(timedelta(hours=2)))


@pytest.mark.parametrize(
    ("before", "told"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(seconds=61), "1 minute ago"),
        (timedelta(minutes=59), "59 minutes ago"),
        (timedelta(minutes=60), "1 hour ago"),
        (timedelta(hours=23), "23 hours ago"),
        (timedelta(hours=25), "1 March 2026, 11:00"),
    ],
)
def test_how_long_ago_is_told_by_the_readers_clock(before: timedelta, told: str) -> None:
    assert age((NOW - before).astimezone(UTC), NOW) == told


def test_the_question_of_an_answer_can_be_watched_and_let_go(page: Page, topics: Topics) -> None:
    asked = "How do language models learn to use tools?"
    tool(ask(page, asked), "Watch").click()
    expect(page.locator("#fn-toast")).to_contain_text("Saved")
    assert [topic.text for topic in topics.list(LOCAL)] == [asked]
    news(page)
    page.get_by_role("button", name="Ask it of all papers").click()
    expect(page.locator("#fn-turn-2[data-state=done] .fn-asked")).to_have_text(asked)
    news(page)
    page.get_by_role("button", name=f"Remove topic {asked}").click()
    assert f"Remove the topic “{asked}”?" in agree(page, "Remove")
    expect(page.locator(".fn-topic")).to_have_count(0)
    assert topics.list(LOCAL) == []


def test_an_empty_topic_is_one_line(page: Page, topics: Topics) -> None:
    news(page)
    page.get_by_label("Question or topic").fill("   ")
    page.get_by_role("button", name="Follow").click()
    expect(page.locator("#fn-toast.fn-bad")).to_contain_text("The topic is empty")
    assert topics.list(LOCAL) == []


def test_the_feed_tells_what_the_page_tells(address: str, library: Library, topics: Topics) -> None:
    topics.add(LOCAL, QUESTION, mark=library.newest())
    library.add([FOLDING])
    got = httpx.get(f"{address.rstrip('/')}/feed.atom")
    assert got.headers["content-type"].startswith("application/atom+xml")
    tree = etree.fromstring(got.content)
    atom = "{http://www.w3.org/2005/Atom}"
    assert [entry.findtext(f"{atom}title") for entry in tree.iter(f"{atom}entry")] == [QUESTION]
    assert "fold laundry" in got.text
