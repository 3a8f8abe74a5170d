"""The evals room: a run is started, followed and compared, a case becomes a conversation."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from footnote.evals.dataset.cases import read_cases
from footnote.evals.demo import demo_set
from footnote.index.library import Library
from footnote.ui.storage.conversations import Conversations
from tests.pages import LOOPS, act, desk_of, enter, served, shadow, visited

pytestmark = LOOPS

FOLLOW_UP = {
    "id": "f1", "type": "follow-up", "question": "And which methods use tools?", "answerable": True,
    "gold": [], "evidence": [], "nuggets": [],
    "history": [
        {"role": "user", "content": "How do language models learn?"},
        {"role": "assistant", "content": "From text that people wrote."},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs") / "runs"


@pytest.fixture(scope="module")
def address(
    demo_library: Library, runs: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("sets") / "small"
    folder.mkdir()
    lines = (demo_set() / "questions.jsonl").read_text("utf-8").splitlines()[:3]
    (folder / "questions.jsonl").write_text(
        "\n".join([*lines, json.dumps(FOLLOW_UP)]) + "\n", "utf-8"
    )
    sets = {"demo": demo_set(), "small": folder}
    with (
        Conversations.open(folder.parent / "kept.sqlite3") as kept,
        served(desk_of(demo_library, conversations=kept, runs=runs, sets=sets)) as address,
    ):
        yield address


@pytest.fixture
def page(address: str, browser: Browser) -> Iterator[Page]:
    with visited(browser, address) as page:
        yield page


def run(page: Page) -> str:
    """Starts a run of the small set, waits for its end and returns its name."""
    room = enter(page, "Evals")
    room.get_by_label("Set").select_option("small")
    room.get_by_role("button", name="Start a run").click()
    done = room.locator("#fn-progress-eval", has_text="Done: small-")
    expect(done).to_be_visible(timeout=60_000)
    return done.inner_text().removeprefix("Done: ").strip()


def test_a_room_without_runs_says_how_to_begin(
    demo_library: Library, browser: Browser, tmp_path: Path
) -> None:
    desk = desk_of(demo_library, runs=tmp_path / "none")
    with served(desk) as address, visited(browser, address) as page:
        expect(enter(page, "Evals")).to_contain_text("No runs yet.")


def test_a_set_is_made_of_the_library_then_listed_as_made_and_run(
    demo_library: Library, browser: Browser, tmp_path: Path
) -> None:
    desk = desk_of(demo_library, runs=tmp_path / "runs", made_sets=tmp_path / "sets")
    with served(desk) as address, visited(browser, address) as page:
        room = enter(page, "Evals")
        expect(room.locator("p.fn-lead")).to_contain_text("make a set of such questions.")
        expect(room.get_by_label("Set")).to_have_count(0)
        room.get_by_role("button", name="Make a set of this library").click()
        expect(room.locator("#fn-progress-eval")).to_contain_text("Made: made-", timeout=60_000)
        (made,) = (tmp_path / "sets").iterdir()
        cases = read_cases(made)
        assert {case.made for case in cases} == {"rules"}
        assert {case.answerable for case in cases} == {True, False}
        told = "Made from this library by rules: easier than the questions that people ask."
        expect(room.get_by_text(f"{made.name}: {told}")).to_be_visible()
        # The same papers give the same set, not another one.
        room.get_by_role("button", name="Make a set of this library").click()
        expect(room.locator("#fn-progress-eval")).to_contain_text("Made: made-", timeout=60_000)
        assert [one.name for one in (tmp_path / "sets").iterdir()] == [made.name]
        keep = (made / "questions.jsonl").read_text("utf-8").splitlines()[-2:]
        (made / "questions.jsonl").write_text("\n".join(keep) + "\n", "utf-8")
        room.get_by_role("button", name="Start a run").click()
        done = room.locator("#fn-progress-eval", has_text="Done: made-")
        expect(done).to_be_visible(timeout=60_000)
        page.get_by_role("button", name=done.inner_text().removeprefix("Done: ").strip()).click()
        expect(page.locator("#fn-run")).to_contain_text(told)


def test_an_empty_library_offers_no_set(
    demo_library: Library, browser: Browser, tmp_path: Path
) -> None:
    with Library.open(tmp_path / "empty", embedder=demo_library.embedder, create=True) as library:
        desk = desk_of(library, runs=tmp_path / "runs", made_sets=tmp_path / "sets")
        with served(desk) as address, visited(browser, address) as page:
            room = enter(page, "Evals")
            expect(room).to_contain_text("Once the library has papers")
            expect(room.get_by_role("button")).to_have_count(0)
            job = act(page, "eval-make")["job"]
            while not (said := act(page, "job", job=job))["done"]:
                page.wait_for_timeout(50)
            assert "no question can be made" in said["error"]


def test_a_run_is_started_followed_and_opened(page: Page, runs: Path) -> None:
    enter(page, "Evals")
    page.evaluate(
        """() => {
          window.seen = [];
          const line = document.getElementById("fn-progress-eval");
          new MutationObserver(() => window.seen.push(line.textContent)).observe(
            line, {childList: true, subtree: true, characterData: true});
        }"""
    )
    room = page.get_by_role("region", name="Evals", exact=True)
    room.get_by_label("Set").select_option("small")
    room.get_by_role("button", name="Start a run").click()
    expect(room.locator("#fn-progress-eval")).to_contain_text("Done: small-", timeout=60_000)
    assert any("of 4 questions" in line for line in page.evaluate("window.seen"))
    name = room.locator("#fn-progress-eval").inner_text().removeprefix("Done: ").strip()
    assert (runs / name).is_dir()
    listed = room.locator(".fn-figures tbody tr", has_text=name)
    expect(listed.locator("td").nth(1)).to_have_text("4")
    listed.get_by_role("button", name=name).click()
    detail = page.locator("#fn-run")
    expect(detail.locator("h3")).to_have_text(name)
    expect(detail).to_be_focused()
    expect(detail.locator(".fn-figures").first).to_contain_text("R@1")
    expect(detail.locator(".fn-hits li")).to_have_count(4)


def test_runs_that_start_at_once_have_folders_of_their_own(page: Page, runs: Path) -> None:
    before = len(list(runs.glob("small-*")))
    jobs = [act(page, "eval-start", set="small")["job"] for _ in range(2)]
    for job in jobs:
        while not (said := act(page, "job", job=job))["done"]:
            page.wait_for_timeout(100)
        assert "Done: small-" in said["result"]
    assert len(list(runs.glob("small-*"))) == before + 2


def test_what_is_chosen_in_a_room_stays_when_it_is_entered_again(page: Page) -> None:
    room = enter(page, "Evals")
    room.get_by_label("Set").select_option("small")
    chosen = room.get_by_label("Compare").evaluate("it => it.value")
    room.evaluate("it => it.firstElementChild.remove()")
    expect(enter(page, "Evals").get_by_label("Set")).to_have_value("small")
    assert room.get_by_label("Compare").evaluate("it => it.value") == chosen
    library = enter(page, "Library")
    library.get_by_label("Search the library").fill("zebrafish")
    expect(library.locator("#fn-shelf")).not_to_contain_text("PaLM-E")
    enter(page, "Evals")
    expect(enter(page, "Library").get_by_label("Search the library")).to_have_value("zebrafish")
    expect(library.locator("#fn-shelf")).not_to_contain_text("PaLM-E")


def test_the_runs_show_that_they_go_on_beyond_a_narrow_screen(page: Page) -> None:
    run(page)
    page.set_viewport_size({"width": 390, "height": 844})
    runs = page.get_by_role("region", name="Runs")
    assert shadow(page, runs, "right") > 20
    runs.evaluate("one => (one.scrollLeft = one.scrollWidth)")
    assert shadow(page, runs, "right") < 5
    assert shadow(page, runs, "left") > 20


def test_two_runs_are_compared_and_one_with_itself_is_not(page: Page, runs: Path) -> None:
    run(page)
    run(page)
    room = page.get_by_role("region", name="Evals", exact=True)
    room.get_by_role("button", name="Compare").click()
    detail = page.locator("#fn-run")
    expect(detail).to_contain_text("4 cases in both")
    # The same engine over the same questions: no measure moved.
    expect(detail.locator("tbody tr").first).to_contain_text("+0.000")
    assert set(detail.locator("tbody tr td:last-child").all_inner_texts()) == {
        "no difference shown"
    }
    name = room.get_by_label("with").input_value()
    room.get_by_label("Compare").select_option(name)
    room.get_by_role("button", name="Compare").click()
    expect(page.locator("#fn-toast")).to_contain_text("These are one and the same run")


def test_a_case_is_opened_as_a_conversation_and_asked_anew(page: Page) -> None:
    name = run(page)
    page.get_by_role("button", name=name).click()
    page.get_by_role("button", name="Open f1 as a conversation").click()
    second = page.locator("#fn-turn-2[data-state=done]")
    expect(second).to_be_visible(timeout=20_000)
    expect(page.locator(".fn-turn .fn-asked")).to_have_text(
        ["How do language models learn?", "And which methods use tools?"]
    )
    expect(page.locator("#fn-turn-1")).to_contain_text("From text that people wrote.")
    expect(page.locator(".fn-talks li")).to_have_count(1)


def test_a_case_without_a_past_begins_a_conversation(page: Page) -> None:
    name = run(page)
    page.get_by_role("button", name=name).click()
    page.get_by_role("button", name="Open q01 as a conversation").click()
    expect(page.locator("#fn-turn-1[data-state=done]")).to_be_visible(timeout=20_000)
    expect(page.locator(".fn-turn")).to_have_count(1)
    expect(page.locator("#fn-turn-1 .fn-asked")).to_contain_text("Atari")


@pytest.mark.parametrize(
    ("action", "args"),
    [
        ("eval-open", {"run": "../.."}),
        ("eval-open", {"run": "no such run"}),
        ("eval-open", {}),
        ("eval-compare", {"a": "x", "b": "y"}),
        ("eval-start", {"set": "/etc"}),
        ("eval-make", {}),
        ("eval-case", {"run": "no such run", "case": "q01"}),
        ("job", {"job": "no such job"}),
    ],
)
def test_what_is_not_of_the_list_is_refused_in_one_line(
    page: Page, action: str, args: dict[str, str]
) -> None:
    reply = act(page, action, **args)
    assert reply["error"]
    assert "\n" not in reply["error"]
