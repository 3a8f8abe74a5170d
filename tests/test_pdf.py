"""The title and the abstract of a PDF, read from its first pages; else a clear no."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from pypdf import PdfReader, PdfWriter

from footnote.index import SourceError
from footnote.index.embeddings.base import MiniLM
from footnote.index.library import Library
from footnote.index.models import Paper
from footnote.index.readers.formats import read_papers
from footnote.index.readers.pdf import find_abstract, read_draft
from tests.pages import LOOPS, agree, desk_of, enter, served, toast, visited

pytestmark = LOOPS

ABSTRACT = (
    "We measure the tide in eleven harbours with one buoy and no wire. The buoy is efficient and "
    "finds the flow within four minutes. It floats for a year and costs less than a bicycle."
)
BODY = """<h1 style="font-size:22px">Tides of Eleven Harbours: <i>A Buoy Without a Wire</i></h1>
<p>Ada Lund and Bo Vik</p><h2 style="font-size:13px">{heading}</h2>
<p>{abstract}</p><h2>1 Introduction</h2><p>Harbours are old, and their tides are older.</p>
<p>{more}</p>"""


@pytest.fixture(scope="module")
def printed(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """Prints HTML as a PDF, as browsers and word processors do."""
    context, folder = browser.new_context(), tmp_path_factory.mktemp("pdf")
    page = context.new_page()

    def write(html: str, name: str = "paper.pdf") -> Path:
        page.set_content(f"<title></title>{html}")
        path = folder / name
        path.write_bytes(page.pdf())
        return path

    yield write
    context.close()


def paper(heading: str = "Abstract", abstract: str = ABSTRACT, more: str = "") -> str:
    return BODY.format(heading=heading, abstract=abstract, more=more)


@pytest.mark.parametrize("heading", ["Abstract", "ABSTRACT", "A BSTRACT"])
def test_title_and_abstract_are_read_from_the_first_page(heading: str, printed: object) -> None:
    (found,) = read_papers(printed(paper(heading)))  # type: ignore[operator]
    assert isinstance(found, Paper)
    assert found.title == "Tides of Eleven Harbours: A Buoy Without a Wire"
    assert found.abstract == ABSTRACT
    assert found.source == "PDF"


def test_a_stamp_and_a_doi_name_the_paper(printed: object) -> None:
    stamp = "arXiv:2105.00001v2 [cs.RO] 4 May 2021"
    html = f"<p style='font-size:9px'>{stamp}. doi:10.1000/tide.7</p>{paper()}"
    draft = read_draft(printed(html))  # type: ignore[operator]
    assert draft.ids == {"arxiv_id": "2105.00001", "doi": "10.1000/tide.7"}
    assert draft.published == "2021-05-04"


@pytest.mark.parametrize(
    ("text", "abstract"),
    [
        (f"Abstract—{ABSTRACT}\nIndex Terms—buoys", ABSTRACT),
        (f"ABSTRACT\n{ABSTRACT}\nI. INTRODUCTION\nText", ABSTRACT),
        (f"Abstract\n{ABSTRACT}\nKeywords: tide", ABSTRACT),
        ("Abstract\n" + ABSTRACT.replace("effi", "eﬃ-\n") + "\n1 Introduction", ABSTRACT),
        (f"Abstract\n{ABSTRACT} And so", ABSTRACT),
        ("Abstract\nToo short.\n1 Introduction\n", ""),
        (f"This paper is abstract. {ABSTRACT}", ""),
        ("", ""),
    ],
)
def test_an_abstract_ends_where_the_next_heading_begins(text: str, abstract: str) -> None:
    assert find_abstract(text) == abstract


def test_what_has_no_abstract_no_text_or_a_password_is_refused_in_one_line(
    printed: object, tmp_path: Path
) -> None:
    plain = printed(paper())  # type: ignore[operator]
    locked, blank, cut = tmp_path / "locked.pdf", tmp_path / "blank.pdf", tmp_path / "cut.pdf"
    writer = PdfWriter(clone_from=PdfReader(plain))
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(locked)
    empty = PdfWriter()
    empty.add_blank_page(200, 200)
    empty.write(blank)
    cut.write_bytes(plain.read_bytes()[:300])
    for path, told in (
        (printed("<h1>A poster of tides</h1><p>Come.</p>", "none.pdf"), "no abstract is found"),  # type: ignore[operator]
        (locked, "has a password"),
        (blank, "has no text, only pictures of it"),
        (cut, "cannot be read as a PDF"),
    ):
        with pytest.raises(SourceError, match=told) as error:
            list(read_papers(path))
        assert "\n" not in str(error.value)


def test_a_dropped_pdf_is_looked_at_before_it_goes_in(
    printed: object, browser: Browser, embedder: MiniLM, tmp_path: Path
) -> None:
    paths = [printed(paper(), name) for name in ("tides.pdf", "again.pdf")]  # type: ignore[operator]
    uploads = tmp_path / "sent"
    with (
        Library.open(tmp_path / "library", embedder=embedder, create=True) as library,
        served(desk_of(library, uploads=uploads)) as address,
        visited(browser, address) as page,
    ):
        room = enter(page, "Library")
        room.locator("input[type=file]").set_input_files(paths)
        form = page.get_by_role("form", name="Check tides.pdf")
        expect(form.get_by_label("Title")).to_have_value(
            "Tides of Eleven Harbours: A Buoy Without a Wire", timeout=30_000
        )
        expect(room).to_contain_text("A PDF waits below until you have looked")
        assert library.size == 0
        form.get_by_label("Authors").fill("Ada Lund, Bo Vik")
        form.get_by_label("Date").fill("the 4th")
        form.get_by_role("button", name="Add this paper").click()
        expect(toast(page)).to_contain_text("expected YYYY-MM-DD")
        form.get_by_label("Date").fill("2021")
        form.get_by_role("button", name="Add this paper").click()
        expect(toast(page)).to_have_text("Added to the library.")
        expect(room).to_contain_text("tides.pdf: added to the library.")
        expect(room.locator(".fn-roomhead")).to_contain_text("1 paper, 2021")
        # The other one still waits.
        expect(room.locator(".fn-waiting")).to_be_visible()
        expect(page.get_by_role("form", name="Check again.pdf")).to_be_visible()
        expect(page.locator(".fn-paper")).to_contain_text("Ada Lund, Bo Vik · 2021")
        assert library.size == 1


def test_a_pdf_that_is_looked_at_later_is_undone_with_what_was_dropped_beside_it(
    printed: object, browser: Browser, embedder: MiniLM, tmp_path: Path
) -> None:
    reef = tmp_path / "reef.bib"
    reef.write_text("@article{reef, title={Reefs that hum}, abstract={They hum at night.}}")
    paths = [printed(paper(), "tides.pdf"), reef]  # type: ignore[operator]
    with (
        Library.open(tmp_path / "library", embedder=embedder, create=True) as library,
        served(desk_of(library, uploads=tmp_path / "sent")) as address,
        visited(browser, address) as page,
    ):
        room = enter(page, "Library")
        room.locator("input[type=file]").set_input_files(paths)
        form = page.get_by_role("form", name="Check tides.pdf")
        form.get_by_role("button", name="Add this paper").click(timeout=30_000)
        expect(toast(page)).to_have_text("Added to the library.")
        expect(room.locator(".fn-waiting")).to_be_hidden()
        latest = room.locator(".fn-import")
        expect(latest).to_contain_text("from reef.bib, tides.pdf: 2 new, 0 changed.")
        assert library.size == 2
        latest.get_by_role("button", name="Undo").click()
        assert "2 papers go." in agree(page, "Undo the import")
        expect(room.locator(".fn-roomhead")).to_contain_text("No papers yet")
        assert library.size == 0
        room.get_by_role("button", name="Redo").click()
        expect(room.locator(".fn-roomhead")).to_contain_text("2 papers")
