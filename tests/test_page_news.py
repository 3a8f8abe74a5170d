"""What is new: papers since the last visit, and topics answered from new papers alone."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from lxml import etree
from playwright.sync_api import Browser, Page, expect

from footnote.index.demo import demo_papers
from footnote.index.embeddings.base import MiniLM
from footnote.index.library import Library
from footnote.index.models import make_paper
from footnote.index.readers.gathering import read_sources
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
    page.get_by_role("button", name="Save topic").click()
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


def test_the_question_of_an_answer_can_be_watched_and_let_go(page: Page, topics: Topics) -> None:
    asked = "How do language models learn to use tools?"
    tool(ask(page, asked), "Watch").click()
    expect(page.locator("#fn-toast")).to_contain_text("Saved")
    assert [topic.text for topic in topics.list(LOCAL)] == [asked]
    news(page)
    page.get_by_role("button", name=f"Remove topic {asked}").click()
    assert f"Remove the topic “{asked}”?" in agree(page, "Remove")
    expect(page.locator(".fn-topic")).to_have_count(0)
    assert topics.list(LOCAL) == []


def test_an_empty_topic_is_one_line(page: Page, topics: Topics) -> None:
    news(page)
    page.get_by_label("Question or topic").fill("   ")
    page.get_by_role("button", name="Save topic").click()
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
