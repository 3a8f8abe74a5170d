"""Thumbs on the page: kept with what was wrong and what is right, and made cases of."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from footnote.evals.feedback import FeedbackEntry, cases_from_feedback, read_feedback
from footnote.index.library import Library
from footnote.ui.storage.conversations import Conversations
from tests.pages import LOOPS, PPO, TOOLS, act, ask, desk_of, served, toast, visit, visited

pytestmark = LOOPS


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of all tests here."""
    return tmp_path_factory.mktemp("votes") / "beside" / "feedback.jsonl"


@pytest.fixture(scope="module")
def address(demo_library: Library, beside: Path) -> Iterator[str]:
    with (
        Conversations.open(beside.parent.with_name("kept.sqlite3")) as kept,
        served(desk_of(demo_library, conversations=kept, feedback=beside)) as address,
    ):
        yield address


@pytest.fixture
def feedback(beside: Path) -> Path:
    """The file, not there yet."""
    if beside.parent.exists():
        shutil.rmtree(beside.parent)
    return beside


@pytest.fixture
def page(feedback: Path, address: str, browser: Browser) -> Iterator[Page]:
    with visited(browser, address) as page:
        yield page


def entries(feedback: Path) -> list[FeedbackEntry]:
    found, problems = read_feedback(feedback)
    assert problems == []
    return list(found)


def test_a_thumb_up_confirms_what_the_answer_cites(page: Page, feedback: Path) -> None:
    turn = ask(page, PPO)
    quotes = turn.locator("button.fn-marker").count()
    turn.get_by_role("button", name="Good answer").click()
    expect(toast(page)).to_have_text("Thank you; kept for the evals.")
    expect(turn.get_by_role("button", name="Good answer")).to_have_attribute("aria-pressed", "true")
    [entry] = entries(feedback)
    assert (entry.question, entry.thumb, entry.fault, entry.history) == (PPO, "up", None, ())
    cases = cases_from_feedback([entry])
    [row] = cases.rows
    assert (row["type"], row["question"]) == ("confirmed", PPO)
    assert 0 < len(row["evidence"]) <= quotes


def test_a_thumb_down_keeps_the_fault_and_what_is_right(page: Page, feedback: Path) -> None:
    ask(page, TOOLS)
    turn = ask(page, PPO, turn=2)
    turn.get_by_role("button", name="Bad answer").click()
    turn.get_by_label("Wrong paper").check()
    turn.get_by_label("The right answer, if you know it").fill("To keep each step small.")
    turn.get_by_label("Papers that answer it").fill("  Trust Region Policy Optimization \n\n")
    turn.get_by_role("button", name="Send").click()
    expect(toast(page)).to_have_text("Thank you; kept for the evals.")
    expect(turn.get_by_role("button", name="Bad answer")).to_have_attribute("aria-pressed", "true")
    expect(turn.locator("form")).to_have_count(0)
    [entry] = entries(feedback)
    assert (entry.thumb, entry.fault) == ("down", "wrong_paper")
    assert entry.correction == "To keep each step small."
    assert entry.right_papers == ("Trust Region Policy Optimization",)
    assert [message.content for message in entry.history][:1] == [TOOLS]
    [row] = cases_from_feedback([entry]).rows
    assert (row["type"], row["question"]) == ("corrected", PPO)
    assert row["gold"] == ["Trust Region Policy Optimization"]
    assert row["reference"] == "To keep each step small."
    assert row["history"][0] == {"role": "user", "content": TOOLS}


def test_a_form_is_put_away_by_the_thumb_that_opened_it(page: Page, feedback: Path) -> None:
    turn = ask(page, PPO)
    turn.get_by_role("button", name="Bad answer").click()
    expect(turn.locator("form")).to_be_visible()
    turn.get_by_role("button", name="Bad answer").click()
    expect(turn.locator("form")).to_have_count(0)
    assert not feedback.exists()


def test_a_later_thumb_is_the_one_that_counts(page: Page, feedback: Path) -> None:
    turn = ask(page, PPO)
    turn.get_by_role("button", name="Good answer").click()
    expect(toast(page)).to_be_visible()
    turn.get_by_role("button", name="Bad answer").click()
    turn.get_by_label("It should have refused").check()
    turn.get_by_role("button", name="Send").click()
    expect(turn.get_by_role("button", name="Bad answer")).to_have_attribute("aria-pressed", "true")
    expect(turn.get_by_role("button", name="Good answer")).to_have_attribute(
        "aria-pressed", "false"
    )
    [row] = cases_from_feedback(entries(feedback)).rows
    assert (row["type"], row["answerable"]) == ("refused", False)


def test_a_vote_that_does_not_fit_is_refused_and_not_kept(page: Page, feedback: Path) -> None:
    ask(page, PPO)
    for sent in (
        {"thumb": "up", "fault": "wrong_paper", "place": 1},
        {"thumb": "sideways", "place": 1},
        {"thumb": "down", "fault": "ugly", "place": 1},
        {"thumb": "up", "place": 9},
        {"thumb": "up", "place": -1},
        {"place": 1},
    ):
        reply = act(page, "vote", **sent)
        assert reply["error"], sent
        assert "\n" not in reply["error"], sent
        assert not feedback.exists(), sent


def test_a_vote_of_two_lines_stays_one_line_of_the_file(page: Page, feedback: Path) -> None:
    ask(page, PPO)
    for text in ("one\ntwo", "three\u2028four"):
        act(page, "vote", thumb="down", correction=text, place=1)
    assert [entry.correction for entry in entries(feedback)] == ["one\ntwo", "three\u2028four"]
    visit(page, page.url)
    expect(page.locator(".fn-turn")).to_have_count(1)
