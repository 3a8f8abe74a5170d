"""The library room: papers dropped in, found, removed and taken back."""

import gzip
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from footnote.index.embeddings.base import MiniLM
from footnote.index.library import Library
from tests.conftest import invented
from tests.pages import LOOPS, act, agree, desk_of, enter, served, toast, visit, visited

pytestmark = LOOPS

KNOWN = 50
ColorScheme = Literal["light", "dark"]
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
    expect(told).to_contain_text("4 papers new, 0 changed, 0 unchanged.", timeout=30_000)
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
    asked = agree(page, "Undo the import")
    assert "Undo the import of reef.bib, eels.jsonl?" in asked
    assert "4 papers go. Until more papers are added, it can be put back." in asked
    expect(toast(page)).to_have_text("4 papers taken back, 0 as before.")
    expect(room.locator(".fn-roomhead")).to_contain_text(f"{KNOWN} papers")
    expect(page.locator("#fn-extent")).to_have_text(f"All {KNOWN} papers")
    expect(latest.first).to_contain_text("from harbours")
    assert library.size == KNOWN


def test_one_broken_file_keeps_no_other_out_and_each_is_told_by_its_own_name(
    library: Library, browser: Browser, tmp_path: Path
) -> None:
    files, sent = tmp_path / "files", tmp_path / "sent"
    files.mkdir()
    (files / "Reef & <kelp>.bib").write_text(BIBTEX, "utf-8")
    (files / "broken.bin").write_bytes(b"\x89PNG" * 40)
    lines = "".join(json.dumps(record) + "\n" for record in RECORDS)
    (files / "eels.jsonl").write_text(lines, "utf-8")
    names = ["Reef & <kelp>.bib", "broken.bin", "eels.jsonl"]
    desk = desk_of(library, uploads=sent)
    with served(desk) as address, visited(browser, address) as page:
        room = enter(page, "Library")
        room.locator("input[type=file]").set_input_files([files / name for name in names])
        told = room.locator("#fn-progress")
        expect(told).to_contain_text("4 papers new, 0 changed, 0 unchanged.", timeout=30_000)
        expect(told).to_contain_text("1 record could not be used. 1 file could not be read.")
        rows = told.locator("dl.fn-files > div")
        expect(rows.locator("dt")).to_have_text(names)
        expect(rows.nth(0).locator("dd")).to_have_text("2 added")
        expect(rows.nth(1).locator("dd")).to_have_text(
            "Not read: this is a picture; give a list of papers as BibTeX, RIS, CSV or JSON."
        )
        expect(rows.nth(2).locator("dd")).to_contain_text("2 added, 1 could not be used")
        assert "/" not in told.inner_text()
        picture(page, "import-report")
        assert [path for path in sent.rglob("*") if path.is_file()] == []
    assert next(one.names for one in library.imports()) == ("Reef & <kelp>.bib", "eels.jsonl")


def test_a_file_that_the_server_does_not_take_is_told_beside_the_others(
    library: Library, browser: Browser, tmp_path: Path
) -> None:
    sent = []

    def refuse_the_first(route: Route) -> None:
        sent.append(route)
        if len(sent) == 1:
            route.fulfill(status=413, body="too large")
        else:
            route.continue_()

    (tmp_path / "large.jsonl").write_text("{}\n", "utf-8")
    (tmp_path / "reef.bib").write_text(BIBTEX, "utf-8")
    # Not ``visited``: the browser's console tells of the refusal too.
    with served(desk_of(library)) as address:
        context = browser.new_context()
        page = context.new_page()
        page.route("**/upload*", refuse_the_first)
        visit(page, address)
        room = enter(page, "Library")
        room.locator("input[type=file]").set_input_files(
            [tmp_path / "large.jsonl", tmp_path / "reef.bib"]
        )
        told = room.locator("#fn-progress")
        expect(told).to_contain_text("2 papers new", timeout=30_000)
        expect(told.locator("dl")).to_contain_text("Not read: it did not arrive")
        context.close()
    assert library.size == KNOWN + 2


def test_a_small_file_that_opens_to_too_much_is_refused_beside_the_others(
    library: Library, browser: Browser, tmp_path: Path
) -> None:
    (tmp_path / "bomb.jsonl.gz").write_bytes(gzip.compress(b"\n" * 10**7))
    (tmp_path / "reef.bib").write_text(BIBTEX, "utf-8")
    desk = desk_of(library, unpacked=100_000)
    with served(desk) as address, visited(browser, address) as page:
        room = enter(page, "Library")
        room.locator("input[type=file]").set_input_files(
            [tmp_path / "bomb.jsonl.gz", tmp_path / "reef.bib"]
        )
        told = room.locator("#fn-progress")
        expect(told).to_contain_text("2 papers new", timeout=30_000)
        expect(told.locator("dl")).to_contain_text("Not read: unpacks to more than 100,000 bytes")
    assert library.size == KNOWN + 2


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.long)])
def test_a_double_click_undoes_nothing_and_what_was_undone_can_be_redone(
    library: Library, browser: Browser, scheme: ColorScheme
) -> None:
    changed = [replace(invented(n), venue="Tides") for n in range(3)]
    library.add([*changed, *(invented(n) for n in range(KNOWN, KNOWN + 12))], names=["demo.bib"])
    with (
        served(desk_of(library)) as address,
        visited(browser, address, color_scheme=scheme) as page,
    ):
        room, dialog = enter(page, "Library"), page.get_by_role("dialog")
        undo = room.get_by_role("button", name="Undo")
        undo.dblclick()
        expect(dialog).to_have_accessible_name("Undo the import of demo.bib?")
        expect(dialog).to_contain_text("12 papers go, 3 are as they were before.")
        # The second of two quick clicks may fall on the button that says yes.
        page.evaluate("document.querySelector('[data-confirm]').click()")
        page.wait_for_timeout(700)
        expect(dialog).to_be_visible()
        assert library.size == KNOWN + 12
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 844})
            picture(page, f"undo-{scheme}-{width}")
            assert page.evaluate("document.documentElement.scrollWidth") == width
        # By keys alone: Cancel is first, Tab stays within, Escape leaves, and focus comes back.
        for name in ("Cancel", "Undo the import", "Cancel"):
            expect(dialog.get_by_role("button", name=name)).to_be_focused()
            page.keyboard.press("Tab")
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        expect(undo).to_be_focused()
        page.keyboard.press("Enter")
        agree(page, "Undo the import")
        expect(toast(page)).to_have_text("12 papers taken back, 3 as before.")
        redo = room.get_by_role("button", name="Redo")
        expect(redo).to_be_focused()
        assert library.size == KNOWN
        picture(page, f"redo-{scheme}")
        page.keyboard.press("Enter")
        expect(toast(page)).to_have_text("12 papers put back.")
        expect(room.locator(".fn-roomhead")).to_contain_text(f"{KNOWN + 12} papers")
        expect(room.get_by_role("button", name="Redo")).to_have_count(0)
        assert library.size == KNOWN + 12


def picture(page: Page, name: str) -> None:
    if folder := os.environ.get("FOOTNOTE_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def test_a_file_is_dropped_by_hand_and_its_progress_is_told(
    page: Page, library: Library, browser: Browser
) -> None:
    enter(page, "Library")
    lines = "".join(
        json.dumps({"title": f"Note {n}", "abstract": f"Gulls were counted {n} times by us."})
        + "\n"
        for n in range(400)
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
    expect(page.locator("#fn-progress")).to_contain_text("400 papers new", timeout=60_000)
    seen = page.evaluate("window.seen")
    assert seen[0] == "Receiving notes.jsonl…"
    assert any("papers · " in line and " a second" in line for line in seen)
    assert library.size == KNOWN + 400


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
    expect(room.locator("#fn-shelf")).to_have_text("No papers contain these words.")


def test_a_paper_is_removed_only_when_it_is_asked_twice(page: Page, library: Library) -> None:
    room = enter(page, "Library")
    title = f"Tides of harbour{KNOWN - 1}"
    remove = room.locator("#fn-shelf li").first.get_by_text("Remove")
    remove.click()
    assert library.size == KNOWN
    assert f"Remove “{title}” from the library?" in agree(page, "Remove")
    expect(toast(page)).to_have_text("1 paper removed.")
    expect(room.locator("#fn-shelf .fn-title", has_text=title)).to_have_count(0)
    assert library.size == KNOWN - 1
    expect(page.locator("#fn-extent")).to_have_text(f"All {KNOWN - 1} papers")
    expect(room.locator(".fn-taken")).to_contain_text(f"Removed: “{title}”.")
    room.get_by_role("button", name="Put back").click()
    expect(toast(page)).to_have_text("1 paper put back.")
    expect(room.locator("#fn-shelf .fn-title").first).to_have_text(title)
    assert library.size == KNOWN


def test_what_is_asked_holds_no_markup_of_others_and_knows_no_other_action(page: Page) -> None:
    told = act(page, "confirm", about="remove", papers=["<b>x</b>"])
    assert told["error"].startswith("No paper '<b>x</b>' in ")
    for about in ("add", "library", "undo", "delete", "topic-remove"):
        assert "\n" not in act(page, "confirm", about=about, id="x")["error"]
    expect(page.get_by_role("dialog")).to_have_count(0)


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


def test_pasted_references_and_identifiers_are_added(library: Library, browser: Browser) -> None:
    nowhere = dict.fromkeys(("arxiv", "doi", "pmid"), "http://127.0.0.1:9/nothing")
    with (
        served(desk_of(library, services=nowhere)) as address,
        visited(browser, address) as page,
    ):
        room = enter(page, "Library")
        for pasted, told in (
            (BIBTEX, "papers new, 0 changed"),
            ("10.1000/tide", "could not be asked (ConnectError)"),
        ):
            room.get_by_text("Paste references, or look papers up").click()
            room.get_by_label("References or identifiers").fill(pasted)
            room.get_by_role("button", name="Add", exact=True).click()
            expect(room.locator("#fn-progress")).to_contain_text(told, timeout=30_000)
