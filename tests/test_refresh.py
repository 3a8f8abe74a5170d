"""A stored answer, a shared link, a collection and a note follow their papers through changes."""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from starlette.applications import Starlette
from starlette.testclient import TestClient

from footnote.index.library import Library
from footnote.index.models import Correction, Paper, make_paper
from footnote.index.search.filters import EVERYTHING
from footnote.rag.answer import Answer, AnswerTrace, Statement
from footnote.ui.storage.annotations import Annotation
from footnote.ui.storage.conversations import Conversations
from footnote.ui.storage.refresh import CHANGED, GONE, refresh, since
from footnote.ui.storage.shelf import Shelf
from footnote.ui.web.context import AppContext
from footnote.ui.web.handlers import act
from footnote.ui.web.routes import add_links
from footnote.ui.web.security.limits import Limits
from tests.conftest import HashedWords
from tests.pages import LOOPS, served, visit, visited
from tests.scripted import ScriptedAsk, cite, hits

TITLE = "Kelp shelters young crabs from cold water"
QUOTE = "Twice as many lived there as on bare rock."
TEXT = (
    f"We counted crabs under kelp for five summers. {QUOTE} More of them came through the winter."
)
KELP = make_paper(TITLE, TEXT, ["arxiv:2101.00001"], authors=("Ada Lund",), published="2021")
PRINTED = make_paper(TITLE, TEXT, ["doi:10.1000/kelp"], authors=("Ada Lund",), venue="Tides")
COOL = "Roofs with moss were cooler at noon than roofs of slate."
MOSS = make_paper(
    "Moss keeps roofs cool", f"{COOL} In every month that was measured. Rain did not matter.",
    ["pmid:7"], published="2020",
)  # fmt: skip
# Longer than what it takes the place of.
REWRITTEN = (
    "Young crabs were counted under kelp and on bare rock along a cold coast during five summers "
    "and four winters. Those under kelp were more, and more of them lived to the next spring."
)
USER = "x" * 22


def said(paper: Paper, quote: str, text: str, marker: int) -> Statement:
    return Statement(text, (cite(marker, paper, quote),), "supported", 1.0)


ANSWER = Answer(
    question="Where do crabs live?",
    standalone_question="Where do crabs live?",
    text="They live under kelp [1]. Moss cools roofs [2].",
    statements=(
        said(KELP, QUOTE, "They live under kelp.", 1), said(MOSS, COOL, "Moss cools roofs.", 2),
    ),
    papers=(KELP, MOSS),
    hits=hits((KELP, MOSS)),
    abstained=False,
    mode="extractive",
    receipt=AnswerTrace({"total": 1.0}),
)  # fmt: skip


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    folder = tmp_path / "library"
    with Library.open(folder, embedder=HashedWords("words", 8), create=True) as library:
        library.add([KELP, MOSS])
        yield library


@pytest.fixture
def desk(library: Library, tmp_path: Path) -> Iterator[AppContext]:
    with (
        Shelf.open(tmp_path) as shelf,
        Conversations.open(tmp_path / "talks.sqlite3") as talks,
    ):
        yield AppContext(library, {"quotes": ScriptedAsk()}, conversations=talks, shelf=shelf)


def told(library: Library, answer: Answer = ANSWER) -> list[tuple[str, tuple[str, ...]]]:
    """Returns what is said of each paper, and of the sentence that cites it."""
    now = refresh(answer, library)
    assert [s.citations for s in now.statements] == [s.citations for s in answer.statements]
    assert [p.abstract for p in now.papers] == [p.abstract for p in answer.papers]
    return [(since(p), s.notes) for p, s in zip(now.papers, now.statements, strict=True)]


NOTHING: tuple[str, tuple[str, ...]] = ("", ())


def test_nothing_is_said_where_nothing_changed(library: Library) -> None:
    assert refresh(ANSWER, library) == ANSWER


def test_a_quote_that_the_abstract_lost_is_said_and_one_it_still_has_is_not(
    library: Library,
) -> None:
    library.add([replace(KELP, abstract=f"Before all. {TEXT} After all.")])
    assert told(library) == [NOTHING, NOTHING]
    library.add([replace(KELP, abstract=REWRITTEN * 2)])
    assert told(library) == [("changed since", ("its source has changed since",)), NOTHING]


def test_a_paper_that_left_is_said_until_it_is_back(library: Library) -> None:
    library.remove(["2101.00001"])
    gone = ("no longer in the library", ("its source is no longer in the library",))
    assert told(library) == [gone, NOTHING]
    assert refresh(ANSWER, library).hits[0].paper.note == GONE
    library.restore(library.removals()[0].number)
    assert told(library) == [NOTHING, NOTHING]


def test_papers_that_became_one_are_both_found_and_so_are_their_records(library: Library) -> None:
    # One more that is named by both numbers.
    both = make_paper(
        TITLE, TEXT, ["arxiv:2101.00001", "pmid:7"], authors=("Ada Lund",), venue="Tides"
    )
    library.add([both])
    assert library.size == 1
    now = refresh(ANSWER, library)
    assert [paper.venue for paper in now.papers] == ["Tides", "Tides"]
    # Of the two abstracts one stayed.
    assert [since(paper) for paper in now.papers] == ["", "changed since"]
    assert [paper.id for paper in now.papers] == [KELP.id, MOSS.id]
    titles = [part.title for part in library.parts(KELP.id)]
    library.split(KELP.id, [titles.index(MOSS.title)])
    assert told(library) == [NOTHING, NOTHING]


def test_a_paper_that_gained_a_stronger_number_or_another_title_is_the_same(
    library: Library,
) -> None:
    listed = make_paper("Bells drift out of tune", f"{QUOTE} {COOL} Frost explains it.")
    answer = replace(
        ANSWER, papers=(listed, MOSS),
        statements=(said(listed, QUOTE, "They drift.", 1), *ANSWER.statements[1:]),
        hits=(),
    )  # fmt: skip
    library.add([listed])
    assert library.correct(listed.id, Correction(title="Old bells", authors=("Bo Ek",)))
    library.add([make_paper("Old bells", listed.abstract, ["doi:10.1000/bells"], venue="Sound")])
    assert told(library, answer) == [NOTHING, NOTHING]
    bells = refresh(answer, library).papers[0]
    assert (bells.title, bells.authors, bells.venue) == ("Old bells", ("Bo Ek",), "Sound")


def test_another_paper_of_the_title_is_not_the_one_that_left(library: Library) -> None:
    library.add([make_paper(TITLE, REWRITTEN, ["doi:10.1000/other"], authors=("Bo Ek",))])
    assert library.size == 3
    library.remove(["2101.00001"])
    assert told(library)[0][0] == "no longer in the library"


def test_a_paper_that_was_retracted_since_is_said(library: Library) -> None:
    library.add([replace(KELP, status="retracted")])
    assert told(library) == [("", ("its source was retracted",)), NOTHING]


# Where it is said.


def frames(desk: AppContext, id: str) -> dict[str, Any]:
    (frame,) = act(desk, {"user": USER, "action": "open", "id": id})["frames"]
    return dict(frame)


def kept(desk: AppContext) -> str:
    assert desk.conversations is not None
    id = desk.conversations.start(USER)
    desk.conversations.append(USER, id, ANSWER)
    return id


def test_a_conversation_that_is_opened_again_and_its_files_say_it(
    desk: AppContext, library: Library
) -> None:
    id = kept(desk)
    before = json.dumps(frames(desk, id))
    for words in ("changed since", "longer in the library"):
        assert words not in before
    library.add([replace(KELP, abstract=REWRITTEN * 2)])
    library.remove(["pmid:7"])
    page = json.dumps(frames(desk, id), ensure_ascii=False)
    assert "Changed since</p>" in page
    assert "No longer in the library</p>" in page
    # The quotes stand as they were, and what is gone offers nothing that needs it.
    assert f">{QUOTE}</mark>" in page
    assert f">{COOL}</mark>" in page
    assert page.count("Similar papers") == before.count("Similar papers") - 1
    for form in ("markdown", "html", "json"):
        got = act(desk, {"user": USER, "action": "export", "form": form, "id": id})
        text = got["file"]["text"]
        assert CHANGED in text
        assert GONE in text
        assert QUOTE in text
        assert "its source is no longer in the library" in text
    # What is stored stays as it was.
    assert desk.conversations is not None
    assert desk.conversations.load(USER, id).answers == (ANSWER,)


def test_shared_links_say_it(desk: AppContext, library: Library) -> None:
    assert desk.conversations is not None
    assert desk.shelf is not None
    app = Starlette()
    add_links(app, desk, Limits(), lambda: False)
    talk = desk.conversations.share(USER, kept(desk))
    id = desk.shelf.collections.create("local", "Shore")
    desk.shelf.collections.add("local", id, [KELP.id, MOSS.id])
    papers = desk.shelf.collections.share("local", id)
    library.remove(["pmid:7"])
    library.add([replace(PRINTED, aliases=(*KELP.aliases, *PRINTED.aliases), status="withdrawn")])
    client = TestClient(app)
    page = client.get(f"/shared/{talk}").text
    assert f"<blockquote>{COOL}</blockquote>" in page
    assert GONE in page
    assert "WITHDRAWN · Ada Lund · 2021 · Tides" in page
    page = client.get(f"/shared/{papers}").text
    assert "1 paper, 1 not in the library any more" in page
    assert "WITHDRAWN · Ada Lund" in page


# What readers keep.


def test_notes_tags_and_collections_follow_papers_that_become_one(
    desk: AppContext, library: Library
) -> None:
    shelf = desk.own_shelf
    id = shelf.collections.create("local", "Shore")
    shelf.collections.add("local", id, [KELP.id, MOSS.id])
    shelf.annotations.tag("local", [KELP.id, MOSS.id], "later")
    shelf.annotations.tag("local", [MOSS.id], "roofs")
    shelf.write(KELP.id, "Which crabs?", library)
    shelf.write(MOSS.id, "Which moss?", library)
    library.add([make_paper(TITLE, TEXT, ["arxiv:2101.00001", "pmid:7"], authors=("Ada Lund",))])
    (paper,) = library.papers()
    both = Annotation(("later", "roofs"), "Which crabs?\n\nWhich moss?")
    assert desk.annotations_of([paper]) == {paper.id: both}
    assert [(p.name, p.papers) for p in desk.parts] == [("Shore", 1), ("#later", 1), ("#roofs", 1)]
    me = {"user": USER, "papers": [paper.id], "paper": paper.id}
    again = act(desk, {**me, "action": "collect", "name": "Shore"})
    assert again["told"] == "Already in “Shore”."
    act(desk, {**me, "action": "untag", "tag": "roofs"})
    act(desk, {**me, "action": "note", "note": "Both."})
    assert desk.annotations_of([paper]) == {paper.id: Annotation(("later",), "Both.")}
    gone = act(desk, {**me, "action": "uncollect", "id": id})
    assert gone["told"] == "1 paper taken out of “Shore”."
    assert shelf.collections.members("local", id) == []


def test_what_was_written_to_papers_is_their_own_again_after_an_undo(
    desk: AppContext, library: Library
) -> None:
    desk.own_shelf.write(KELP.id, "Which crabs?", library)
    desk.own_shelf.write(MOSS.id, "Which moss?", library)
    library.add([make_paper(TITLE, TEXT, ["arxiv:2101.00001", "pmid:7"], authors=("Ada Lund",))])
    assert library.size == 1
    library.undo(library.imports()[0].number)
    written = desk.annotations_of(library.papers())
    assert {id: one.note for id, one in written.items()} == {
        KELP.id: "Which crabs?", MOSS.id: "Which moss?",
    }  # fmt: skip


def test_a_question_within_a_collection_finds_the_paper_under_its_new_name(
    desk: AppContext, library: Library
) -> None:
    listed = make_paper("Old bells", "Frost explains most of the drift of bells.")
    library.add([listed])
    shelf = desk.own_shelf
    id = shelf.collections.create("local", "Sound")
    shelf.collections.add("local", id, [listed.id])
    library.add([make_paper("Old bells", listed.abstract, ["doi:10.1000/bells"])])
    filters = desk.narrow(EVERYTHING, f"c:{id}")
    assert [hit.paper.id for hit in library.search("bells", k=3, filters=filters)] == [
        "doi:10.1000/bells"
    ]


# On the page.

pytestmark = LOOPS


def test_the_page_shows_the_quote_of_a_paper_that_left(
    desk: AppContext, library: Library, browser: Browser
) -> None:
    kept(desk)
    library.remove(["pmid:7"])
    library.add([replace(KELP, status="retracted")])
    with served(desk) as address, visited(browser, address) as page:
        page.evaluate("user => localStorage.setItem('footnote-user', JSON.stringify(user))", USER)
        visit(page, address)
        page.locator(".fn-talks li").first.get_by_role("button").first.click()
        turn = page.locator(".fn-turn").first
        expect(turn.locator(".fn-verdict")).to_have_text(["retracted", "no longer in the library"])
        sources = turn.locator(".fn-sources li")
        expect(sources.nth(0)).to_contain_text("RETRACTED · Ada Lund")
        expect(sources.nth(1)).to_contain_text("No longer in the library")
        sources.nth(1).locator(".fn-title").click()
        card = page.locator(".fn-card:visible")
        expect(card.locator("mark")).to_have_text(COOL)
        expect(card).to_contain_text(GONE)
        expect(card.get_by_role("button", name="Similar papers")).to_have_count(0)
        if folder := os.environ.get("FOOTNOTE_PICTURES"):
            for width, scheme in product((1440, 390), ("light", "dark")):
                page.set_viewport_size({"width": width, "height": 900})
                page.emulate_media(color_scheme=scheme)
                page.screenshot(path=f"{folder}/gone-{width}-{scheme}.png")
