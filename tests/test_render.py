"""What a reader sees of an answer: safe, complete, and quoted to the letter."""

import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote.index.models import make_paper
from footnote.rag.answer import SECTION_MISSING, Constraint
from footnote.ui.rendering.answer import (
    answer_html,
    draft_html,
    error_html,
    source_cards_html,
    stage_html,
    turn_html,
)
from footnote.ui.rendering.cards import byline, marked, web_address, web_links
from footnote.ui.rendering.panels import header_html, library_html, talks_html
from footnote.ui.storage.models import Conversation, parse_time
from tests.scripted import (
    HOSTILE,
    ISOTOPES,
    NOTE,
    OLDEST,
    SPONGES,
    WARM,
    ScriptedLibrary,
    abstained,
    answered,
    hostile,
    quoted,
)

ALLOWED = set(
    "a aside button code details div footer form h1 h2 h3 header input label li mark ol p path "
    "section span summary svg ul".split()
)


class Page(HTMLParser):
    """Collects the elements, their attributes and the text of a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(str(html))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str, kind: str = "") -> list[dict[str, str | None]]:
        return [a for t, a in self.elements if t == tag and kind in (a.get("class") or "")]


def hostile_pieces() -> list[str]:
    answer = hostile()
    return [
        answer_html(answer, 1),
        source_cards_html(answer, 1),
        answer_html(replace(answer, abstained=True, text=HOSTILE), 1),
        turn_html(HOSTILE, ""),
        draft_html(f"**{HOSTILE}**\n{HOSTILE} [1]"),
        stage_html(HOSTILE),
        error_html(HOSTILE),
        library_html(replace(ScriptedLibrary().status(), name=HOSTILE, notes=(HOSTILE,))),
        answer_html(replace(answer, scope=(Constraint("venue", HOSTILE, HOSTILE),)), 1),
        talks_html([Conversation(HOSTILE, HOSTILE, parse_time(0), parse_time(0), 1)], "", ""),
    ]


@pytest.mark.parametrize("html", hostile_pieces())
def test_hostile_text_is_shown_literally(html: str) -> None:
    page = Page(html)
    assert HOSTILE in page.text
    assert {tag for tag, _ in page.elements} <= ALLOWED
    for _, attributes in page.elements:
        assert not any(name.startswith("on") or name in {"src", "style"} for name in attributes)
        assert not (attributes.get("href") or "").startswith("javascript:")


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://arxiv.org/abs/1", True),
        ("HTTP://example.org/x?a=1&b=2", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("//example.org", False),
        ("https://example.org/ onclick=x", False),
        ("https://example.org/\njavascript:x", False),
        (None, False),
    ],
)
def test_only_a_web_address_becomes_a_link(url: str | None, allowed: bool) -> None:
    paper = replace(SPONGES, url=url)
    assert web_address(paper) == (url if allowed else None)


def test_a_link_opens_apart_and_tells_nothing_of_us() -> None:
    links = Page(source_cards_html(answered(), 1)).all("a")
    record = "https://pubmed.ncbi.nlm.nih.gov/39990001"
    assert [link["href"] for link in links] == [SPONGES.url, WARM.url, record]
    assert all(link["rel"] == "noopener noreferrer" for link in links)
    assert all(link["target"] == "_blank" for link in links)


def test_a_paper_without_an_address_is_looked_for_by_its_title() -> None:
    bare = replace(SPONGES, id="title:x", aliases=("title:x",), url=None, title="A & B <i>")
    assert [(label, url) for label, url, _ in web_links(bare)] == [
        ("Find on arXiv", "https://arxiv.org/search/?searchtype=title&query=A+%26+B+%3Ci%3E"),
        ("Scholar", "https://scholar.google.com/scholar?q=A+%26+B+%3Ci%3E"),
    ]
    known = replace(
        bare, aliases=("doi:10.1/a(b)<c>", "title:x"), url="https://doi.org/10.1/A(b)<c>"
    )
    assert [url for _, url, _ in web_links(known)] == ["https://doi.org/10.1/a(b)%3Cc%3E"]
    assert web_links(replace(bare, title=" ")) == []


def test_markers_are_buttons_that_name_their_source() -> None:
    markers = Page(answer_html(answered(), 3)).all("button", "fn-marker")
    assert [m["data-card"] for m in markers] == ["t3-s1", "t3-s1", "t3-s2"]
    assert markers[0]["aria-label"] == f"Open source 1: {SPONGES.title}"
    assert markers[0]["type"] == "button"


def test_every_button_has_its_card_and_each_id_is_given_once() -> None:
    answer = answered()
    cards = [c["id"] for c in Page(source_cards_html(answer, 2)).all("section")]
    buttons = Page(answer_html(answer, 2)).all("button")
    opened = {b["data-card"] for b in buttons if "data-card" in b}
    assert len(cards) == len(set(cards))
    assert opened == set(cards)


def test_two_turns_share_no_id() -> None:
    one, two = (re.findall(r' id="([^"]+)"', source_cards_html(answered(), n)) for n in (1, 2))
    assert not set(one) & set(two)


def test_the_quote_is_marked_exactly_at_its_span() -> None:
    citation = answered().statements[0].citations[0]
    html = source_cards_html(answered(), 1)
    name = f"{citation.start}-{citation.end}"
    pieces = re.findall(r'<mark data-quotes="([^"]*)">(.*?)</mark>', html)
    assert "".join(text for names, text in pieces if name in names.split()) == OLDEST


@given(st.text(max_size=60), st.lists(st.tuples(st.integers(-5, 70), st.integers(-5, 70))))
def test_marking_keeps_the_text_and_marks_each_span_whole(
    text: str, spans: list[tuple[int, int]]
) -> None:
    html = marked(text, spans)
    assert unescape(re.sub(r"<[^>]*>", "", html)) == unescape(html_of(text))
    pieces = re.findall(r'<mark data-quotes="([^"]*)">(.*?)</mark>', html, re.DOTALL)
    for start, end in spans:
        if 0 <= start < end <= len(text):
            whole = "".join(t for names, t in pieces if f"{start}-{end}" in names.split())
            assert whole == html_of(text[start:end])


def html_of(text: str) -> str:
    return marked(text, [])


def test_a_supported_sentence_carries_no_mark_and_others_say_why() -> None:
    marks = Page(answer_html(answered(), 1)).all("span", "fn-verdict")
    html = answer_html(answered(), 1)
    assert len(marks) == 2
    assert "contradicted" in html
    assert "no source" in html
    assert "says otherwise" in (marks[0]["title"] or "")
    assert "[9]" in (marks[1]["title"] or "")


def test_what_is_not_settled_has_a_small_open_mark_that_says_so() -> None:
    answer = answered()
    open_ = replace(answer.statements[0], verdict="unsettled", support=0.3)
    (mark,) = Page(answer_html(replace(answer, statements=(open_,)), 1)).all("span", "fn-open")
    assert mark["aria-label"] == "not settled"


def test_a_sentence_about_the_evidence_has_no_mark() -> None:
    answer = answered()
    told = replace(answer.statements[0], verdict=None, citations=())
    assert "fn-verdict" not in answer_html(replace(answer, statements=(told,)), 1)


def test_an_abstention_shows_its_reason_and_the_nearest_papers() -> None:
    html = answer_html(abstained(), 1)
    page = Page(html)
    assert page.all("div", "fn-refusal")
    assert "The library does not hold an answer" in page.text
    assert "Nothing that was read answers it." in page.text
    assert ISOTOPES.title in page.text
    assert not page.all("button", "fn-marker")
    assert not page.all("ol", "fn-sources")


def test_uncited_hits_are_listed_without_a_score_that_says_nothing_to_a_reader() -> None:
    text = Page(answer_html(answered(), 1)).text
    assert "Also retrieved" in text
    assert "rrf" not in text
    assert "0.030" not in text
    assert ISOTOPES.title in text


def test_the_receipt_tells_mode_model_and_time() -> None:
    assert "Written by scripted-7b" in answer_html(answered(), 1)
    assert "1,284 ms" in answer_html(answered(), 1)
    slow = replace(answered().receipt, timings_ms={"total": 83_400.0})
    assert "· 83 s" in answer_html(replace(answered(), receipt=slow), 1)


def test_what_is_done_and_what_it_may_spend_are_two_lines() -> None:
    assert "fn-spending" not in stage_html("reading")
    told = stage_html("writing: 2 of 6; 9 calls left", "Up to 24 calls")
    assert ">Writing: 2 of 6…<" in told
    assert ">Up to 24 calls. 9 calls left<" in told


def test_a_section_that_is_missing_looks_unlike_what_was_written() -> None:
    text = f"## Tides\n\n{SECTION_MISSING}the model slept."
    assert '<p class="fn-gap">This section is missing: the model slept.</p>' in answer_html(
        replace(answered(), text=text, statements=()), 1
    )


def test_a_rewritten_question_is_shown() -> None:
    assert "Searched for" not in answer_html(answered(), 1)
    assert "Searched for: a whole question" in answer_html(
        answered(standalone="a whole question"), 1
    )
    asked = answered(standalone="a whole question")
    of_group = replace(asked, receipt=replace(asked.receipt, asked_of=6))
    assert "a whole question (only in the 6 of the answer before)" in answer_html(of_group, 1)


def test_filters_of_the_question_are_shown_each_to_be_taken_away() -> None:
    answer = answered()
    scope = (
        Constraint("since", 2020, "since 2020"),
        Constraint("author", "<b>", "by <b>"),
    )
    html = answer_html(replace(answer, scope=scope), 1)
    chips = Page(html).all("button", "fn-chip")
    assert [chip["data-ignore"] for chip in chips] == ["since", "author"]
    assert [chip["aria-label"] for chip in chips] == [
        "Search without: since 2020",
        "Search without: by <b>",
    ]
    assert "Only papers" in html
    assert "by &lt;b&gt;" in html
    assert "Only papers" not in answer_html(answer, 1)


def test_a_note_goes_wherever_its_abstract_goes() -> None:
    card = source_cards_html(answered(), 1).split("<section")[2]
    assert WARM.title in card
    assert unescape(card).count(NOTE) == 1


def test_quoted_sentences_stand_under_their_papers_title() -> None:
    page = Page(answer_html(quoted(), 1))
    assert len(page.all("h3", "fn-group")) == 2
    assert "Growth rings in the spicules of deep glass sponges (2024)The oldest" in page.text


def test_a_draft_and_its_answer_read_alike() -> None:
    draft = Page(draft_html(quoted().text)).text
    assert Page(answer_html(quoted(), 1)).text.startswith(draft)


def test_words_without_statements_are_shown_as_they_are() -> None:
    said = replace(answered(), statements=(), papers=(), text="Said <b>before</b> [1].")
    page = Page(answer_html(said, 1))
    assert page.text.startswith("Said <b>before</b>")
    assert not page.all("ol", "fn-sources")


def test_list_items_and_paragraphs_are_kept() -> None:
    answer = answered()
    one, two, three, four = answer.statements
    text = f"- {one.text} [1]\n- {two.text} [1]\n\n{three.text} [2] {four.text}"
    page = Page(answer_html(replace(answer, text=text), 1))
    assert len(page.all("ul", "fn-list")) == 1
    elsewhere = len(Page(answer_html(replace(answer, text=three.text), 1)).all("li"))
    assert len(page.all("li")) == elsewhere + 2


@pytest.mark.parametrize(
    ("papers", "first", "last", "shown"),
    [(1, 2020, 2020, "1 paper · 2020"), (512, 2013, 2025, "512 papers · 2013–2025"),
     (3, None, None, "3 papers")],
)  # fmt: skip
def test_the_header_counts_the_library(
    papers: int, first: int | None, last: int | None, shown: str
) -> None:
    status = replace(ScriptedLibrary(papers).status(), first_year=first, last_year=last)
    assert f">{shown}<" in header_html(status)


def test_an_empty_library_says_how_to_fill_it() -> None:
    assert "drop them in the Library" in library_html(ScriptedLibrary(0).status())


def test_a_byline_leaves_nothing_out_in_silence() -> None:
    many = replace(SPONGES, authors=tuple(f"A{n}" for n in range(10)), author_count=12)
    assert byline(many).startswith("A0, A1, A2, A3, A4, A5, A6, A7 and 4 more · 2024")
    assert byline(many, shown=1).startswith("A0 et al. · 2024")
    assert byline(replace(SPONGES, authors=(), author_count=7)).startswith("7 authors")
    assert byline(make_paper("Bare", "Text.")) == ""
