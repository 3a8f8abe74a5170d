"""The library room: papers dropped in, found, removed and taken back."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from index.embedders import MiniLM
from index.library import Library
from tests.conftest import invented
from tests.pages import LOOPS, act, desk_of, enter, served, toast, visited

pytestmark = LOOPS

KNOWN = 50
BIBTEX = """@article{reef2024, title = {Corals that hear the reef}, author = {Brandt, Ida},
  journal = {Marine Sounds}, year = {2024},
  abstract = {We played reef sounds to coral larvae. They swam towards the louder reef.}}

@article{kelp2023, title = {Kelp forests after a heat wave}, author = {Wei, Chen},
  journal = {Marine Sounds}, year = {2023},
  abstract = {We mapped kelp for six years. A third of it did not come back after the heat.}}
"""
RECORDS = [
    {"title": "Eels on the move", "abstract": "We tagged 40 eels. They left on dark nights."},
    {"abstract": "This record has no title at all."},
    {"title": "Lobsters in lines", "abstract": "Lobsters walked in lines of twenty each fall."},
]


@pytest.fixture
def library(embedder: MiniLM, tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "shelf", embedder=embedder, create=True) as library:
        library.add([invented(n, f"{1980 + n}-01-01") for n in range(KNOWN)], names=["harbours"])
        yield library


@pytest.fixture
def uploads(tmp_path: Path) -> Path:
    return tmp_path / "uploads"


@pytest.fixture
def page(library: Library, browser: Browser, uploads: Path) -> Iterator[Page]:
    desk = desk_of(library, uploads=uploads)
    with served(desk) as address, visited(browser, address) as page:
        yield page


def titles(page: Page) -> list[str]:
    return page.locator("#fn-shelf .fn-title").all_inner_texts()


def test_dropped_files_are_added_counted_and_taken_back(
    page: Page, library: Library, tmp_path: Path
) -> None:
    (tmp_path / "reef.bib").write_text(BIBTEX, "utf-8")
    lines = "".join(json.dumps(record) + "\n" for record in RECORDS)
    (tmp_path / "eels.jsonl").write_text(lines, "utf-8")
    room = enter(page, "Library")
    room.locator("input[type=file]").set_input_files(
        [tmp_path / "reef.bib", tmp_path / "eels.jsonl"]
    )
    told = room.locator("#fn-progress")
    expect(told).to_contain_text("4 papers new, 0 changed, 0 known.", timeout=30_000)
    expect(told).to_contain_text("1 record could not be used")
    expect(told.locator("li")).to_have_count(1)
    expect(told.locator("li")).to_contain_text("eels.jsonl:2")
    assert str(tmp_path) not in told.inner_text()
    expect(page.locator(".fn-count")).to_contain_text(f"{KNOWN + 4} papers")
    expect(room.locator(".fn-roomhead")).to_contain_text(f"{KNOWN + 4} papers")
    assert set(titles(page)[:4]) == {
        "Corals that hear the reef", "Kelp forests after a heat wave", "Eels on the move",
        "Lobsters in lines",
    }  # fmt: skip
    latest = room.locator(".fn-import")
    expect(latest).to_contain_text("reef.bib, eels.jsonl: 4 new, 0 changed.")
    expect(latest).to_contain_text(f"Last import {datetime.now(UTC):%d %B %Y}, ")
    latest.get_by_role("button", name="Undo").click()
    assert library.size == KNOWN + 4
    latest.get_by_role("button", name="Undo this import?").click()
    expect(toast(page)).to_have_text("4 papers taken back, 0 as before.")
    expect(room.locator(".fn-roomhead")).to_contain_text(f"{KNOWN} papers")
    expect(page.locator("#fn-extent")).to_have_text(f"All {KNOWN} papers")
    expect(latest).to_contain_text("from harbours")
    assert library.size == KNOWN


def test_a_file_is_dropped_by_hand_and_its_progress_is_told(
    page: Page, library: Library, browser: Browser
) -> None:
    enter(page, "Library")
    lines = "".join(
        json.dumps({"title": f"Note {n}", "abstract": f"Gulls were counted {n} times by us."})
        + "\n"
        for n in range(150)
    )
    page.evaluate(
        """text => {
          const seen = (window.seen = []);
          const line = document.getElementById("fn-progress");
          new MutationObserver(() => seen.push(line.textContent)).observe(
            line, {childList: true, subtree: true, characterData: true});
          const files = new DataTransfer();
          files.items.add(new File([text], "notes.jsonl"));
          document.querySelector(".fn-drop").dispatchEvent(
            new DragEvent("drop", {dataTransfer: files, bubbles: true, cancelable: true}));
        }""",
        lines,
    )
    expect(page.locator("#fn-progress")).to_contain_text("150 papers new", timeout=60_000)
    seen = page.evaluate("window.seen")
    assert seen[0] == "Receiving notes.jsonl…"
    assert any("papers · " in line and " a second" in line for line in seen)
    assert library.size == KNOWN + 150


def test_a_file_of_nothing_usable_says_why(page: Page, library: Library, tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text('{"abstract": "No title."}\n', "utf-8")
    room = enter(page, "Library")
    room.locator("input[type=file]").set_input_files([tmp_path / "bad.jsonl"])
    told = room.locator("#fn-progress")
    expect(told).to_contain_text("Nothing could be used.", timeout=30_000)
    expect(told.locator("li")).to_contain_text("bad.jsonl:1")
    assert library.size == KNOWN


def test_papers_are_browsed_searched_and_put_in_order(page: Page) -> None:
    room = enter(page, "Library")
    assert len(titles(page)) == 40
    assert titles(page)[0] == f"Tides of harbour{KNOWN - 1}"
    room.get_by_role("button", name="More").click()
    expect(room.locator("#fn-shelf .fn-title")).to_have_count(KNOWN - 40)
    expect(room.get_by_role("button", name="More")).to_have_count(0)
    room.get_by_role("button", name="Earlier").click()
    expect(room.locator("#fn-shelf .fn-title")).to_have_count(40)
    room.get_by_label("Order").select_option("Title")
    expect(room.locator("#fn-shelf .fn-title").first).to_have_text("Tides of harbour0")
    room.get_by_role("searchbox").fill("harbour7")
    expect(room.locator("#fn-shelf .fn-title")).to_have_text(["Tides of harbour7"])
    expect(room.get_by_role("searchbox")).to_be_focused()
    room.locator("#fn-shelf .fn-title").click()
    card = page.locator(".fn-card:not([hidden])")
    expect(card.locator(".fn-abstract")).to_contain_text("We measured harbour7")
    page.keyboard.press("Escape")
    expect(card).to_have_count(0)
    room.get_by_role("searchbox").fill("nosuchword")
    expect(room.locator("#fn-shelf")).to_have_text("No paper has these words.")


def test_a_paper_is_removed_only_when_it_is_asked_twice(page: Page, library: Library) -> None:
    room = enter(page, "Library")
    title = f"Tides of harbour{KNOWN - 1}"
    remove = room.locator("#fn-shelf li").first.get_by_text("Remove")
    remove.click()
    assert library.size == KNOWN
    sure = room.locator("#fn-shelf li").first.get_by_text(f"Remove “{title}” from the library?")
    sure.click()
    expect(toast(page)).to_have_text("1 paper removed.")
    expect(room.locator("#fn-shelf .fn-title", has_text=title)).to_have_count(0)
    assert library.size == KNOWN - 1
    expect(page.locator("#fn-extent")).to_have_text(f"All {KNOWN - 1} papers")


def test_a_paper_of_the_room_is_asked_about_alone(page: Page) -> None:
    room = enter(page, "Library")
    room.get_by_role("button", name=f"Ask only about Tides of harbour{KNOWN - 1}").click()
    expect(page.locator("#fn-question textarea")).to_be_focused()
    expect(page.locator("#fn-extent")).to_have_text(f"Only 1 chosen paper of {KNOWN}")


@pytest.mark.parametrize("path", ["/etc/passwd", "../../etc/passwd", "", "nowhere.bib"])
def test_a_path_that_no_reader_dropped_is_refused_in_one_line(page: Page, path: str) -> None:
    reply = act(page, "add", paths=[path])
    assert reply["error"] == "No file came with that; drop it again."
    expect(toast(page)).to_have_text("No file came with that; drop it again.")


def test_a_link_out_of_the_upload_folder_is_refused(
    page: Page, library: Library, uploads: Path
) -> None:
    outside = library.path.parent / "secret.bib"
    outside.write_text(BIBTEX, "utf-8")
    uploads.mkdir(exist_ok=True)
    (uploads / "link.bib").symlink_to(outside)
    for path in ("link.bib", str(uploads / "link.bib")):
        assert "error" in act(page, "add", paths=[path])
    assert outside.exists()


def test_the_room_says_that_the_indexes_agree(page: Page) -> None:
    expect(enter(page, "Library").locator(".fn-health")).to_contain_text("Everything agrees")
