"""A conversation taken along: complete, safe, and quoted to the letter."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from playwright.sync_api import Browser

from footnote.rag.answer import Answer, Constraint
from footnote.rag.serialization import answer_json
from footnote.ui.export.transcripts import (
    footnotes,
    text_markdown,
    transcript_html,
    transcript_json,
    transcript_markdown,
)
from footnote.ui.storage.models import Transcript
from tests.conftest import complaints_of
from tests.scripted import (
    HOSTILE,
    HOSTILE_PAPER,
    NOTE,
    OLDEST,
    SPONGES,
    WARM,
    abstained,
    answered,
    cite,
    hostile,
    quoted,
)

CREATED = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
# What a reader of Markdown may make of it: no html_inline, html_block, image, link or table.
MARKDOWN = {
    "heading_open", "heading_close", "paragraph_open", "paragraph_close", "inline", "text",
    "text_special", "em_open", "em_close", "bullet_list_open", "bullet_list_close",
    "list_item_open", "list_item_close",
}  # fmt: skip
ELEMENTS = set(
    "html head meta title style body header h1 p main article h2 h3 sup a span ol li blockquote"
    .split()
)  # fmt: skip


def talk(*answers: Answer, title: str = "Sponges") -> Transcript:
    return Transcript(title, CREATED, answers)


ALL = talk(answered(), abstained(), quoted(), hostile(), title=HOSTILE)


class Page(HTMLParser):
    """Collects the elements, their attributes and the text outside of the style."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(str(html))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.elements and self.elements[-1][0] != "style":
            self.text += data


def read(markdown: str) -> tuple[set[str], str, list[str]]:
    """Returns the kinds of token, the text, and the addresses, as a reader makes them."""
    reader = MarkdownIt("commonmark", {"html": True}).enable(["strikethrough", "table"])
    tokens = [t for token in reader.parse(markdown) for t in (token, *(token.children or ()))]
    text = " ".join(t.content for t in tokens if t.type in ("text", "text_special", "inline"))
    kinds, links = set(), []
    for token in tokens:
        if token.type in ("link_open", "link_close") and token.info == "auto":
            links += [str(token.attrs["href"])] if token.attrs else []
        else:
            kinds.add(token.type)
    return kinds, text, links


def shown(markdown: str) -> str:
    """Returns the text that a reader of one line of Markdown sees."""
    (token,) = (t for t in MarkdownIt("commonmark").parse(markdown) if t.type == "inline")
    return "".join(child.content for child in token.children or ())


# Markdown.


def test_hostile_markdown_becomes_no_element_image_or_foreign_link() -> None:
    kinds, _, links = read(transcript_markdown(ALL))
    assert kinds <= MARKDOWN
    assert set(links) == {SPONGES.url, WARM.url}


HOSTILE_LINES = st.one_of(
    st.text(),
    st.lists(
        st.sampled_from(
            ["<b>", "</b>", "![x](http://e.x/y.png)", "[a](b)", "[a]: b", "*", "_", "`", "# ", "- ",
             "1. ", "> ", "\n", "\\", "&lt;", "&amp;", "<!--", "http://e.x", "www.e.x", "a@b.c",
             "| a |", "---", "===", "~~~", "[^1]", "[^1]: x", "$", "+ ", "<http://e.x>", "2)"]
        ),
        min_size=1,
    ).map("".join),
)  # fmt: skip


@given(HOSTILE_LINES)
def test_markdown_shows_any_text_literally(text: str) -> None:
    line = text_markdown(text)
    assert not line or not re.search("[\n\r]", line)
    kinds, _, links = read(line)
    assert not links
    assert kinds <= {"paragraph_open", "paragraph_close", "inline", "text", "text_special"}
    if line:
        assert shown(line).split() == re.sub(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ue000-\uf8ff"
            r"\U000f0000-\U0010ffff]", "", text).split()  # fmt: skip


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("<b>&lt; & &amp;", "&lt;b&gt;&amp;lt; & &amp;amp;"),
        ("- a - b", "\\- a - b"),
        ("+ a", "\\+ a"),
        ("=== a", "\\=== a"),
        ("12. a 3. b", "12\\. a 3. b"),
        ("7) a", "7\\) a"),
        ("12.5 a", "12\\.5 a"),
        ("# a\n# b", "\\# a \\# b"),
        ("[^1]: a", "\\[^1\\]: a"),
        ("![a](b)", "!\\[a\\](b)"),
        ("$a_1$ `x` **y** ~~z~~", "\\$a\\_1\\$ \\`x\\` \\*\\*y\\*\\* \\~\\~z\\~\\~"),
    ],
)
def test_what_markdown_would_obey_is_escaped(text: str, line: str) -> None:
    assert text_markdown(text) == line
    assert read(line)[0] <= MARKDOWN - {"heading_open", "bullet_list_open"}


def test_a_bare_address_is_no_link() -> None:
    line = text_markdown("see http://e.x/y, www.e.x and a@b.c")
    assert line == "see http:\\//e.x/y, www\\.e.x and a\\@b.c"


def test_every_footnote_of_markdown_is_given_once_and_called() -> None:
    text = transcript_markdown(ALL)
    given_ = re.findall(r"^\[\^(\d+-\d+)\]: ", text, re.M)
    called = re.findall(r"\[\^(\d+-\d+)\](?!:)", text)
    assert len(given_) == len(set(given_))
    assert set(given_) == set(called)
    assert given_[:5] == ["1-1", "1-2", "1-3", "1-4", "3-1"]


def test_a_footnote_of_markdown_has_quote_title_byline_and_address() -> None:
    assert (
        f"[^1-1]: “{OLDEST}” — *{SPONGES.title}* · Mara Lindqvist, Ken Tanabe, Oyelaran Adeyemi · "
        f"2024 · Journal of Deep-Sea Biology · <{SPONGES.url}>\n"
    ) in transcript_markdown(talk(answered()))


def test_markdown_says_which_sentences_are_not_carried() -> None:
    text = transcript_markdown(talk(answered()))
    assert "within a month.[^1-4] *(contradicted)*" in text
    assert "*(no source; the model cited \\[9\\], which is not in the evidence)*" in text


# HTML.


def test_hostile_text_is_shown_literally_in_html() -> None:
    page = Page(transcript_html(ALL))
    assert {tag for tag, _ in page.elements} == ELEMENTS
    assert page.text.count(HOSTILE) > 5
    for _, attributes in page.elements:
        assert not any(name.startswith("on") or name in {"src", "style"} for name in attributes)
    links = {a["href"] or "" for tag, a in page.elements if tag == "a"}
    assert {link for link in links if not link.startswith("#n")} == {SPONGES.url, WARM.url}


def test_html_forbids_itself_scripts_and_requests() -> None:
    metas = [a for tag, a in Page(transcript_html(ALL)).elements if tag == "meta"]
    policy = [a["content"] for a in metas if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'; font-src data:"]
    assert {"name": "referrer", "content": "no-referrer"} in metas
    html = transcript_html(talk(answered()))
    assert not re.search(r'url\((?!"data:font/woff2;base64,)|@import|<script', html)


def test_html_brings_its_fonts_in_less_than_150_kilobytes(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "talk.html"
    file.write_text(transcript_html(talk(answered())), "utf-8")
    assert file.stat().st_size < 150_000
    page = browser.new_page()
    complaints = complaints_of(page, file.as_uri())
    page.goto(file.as_uri())
    loaded = "document.fonts.ready.then(all => [...all].map(one => `${one.family} ${one.status}`))"
    assert sorted(page.evaluate(loaded)) == ["Inter loaded", "Source Serif 4 loaded"]
    assert not complaints
    page.close()


def test_every_call_of_html_leads_to_its_footnote() -> None:
    page = Page(transcript_html(ALL))
    ids = [a["id"] for tag, a in page.elements if tag == "li"]
    calls = [a["href"] or "" for tag, a in page.elements if tag == "a"]
    assert len(ids) == len(set(ids))
    assert {f"#{id}" for id in ids} == {call for call in calls if call.startswith("#")}


def test_html_asks_for_nothing_in_a_browser(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "talk.html"
    file.write_text(transcript_html(ALL), "utf-8")
    page = browser.new_page(color_scheme="dark")
    complaints = complaints_of(page, file.as_uri())
    page.goto(file.as_uri())
    assert page.evaluate("window.pwned") is None
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(23, 22, 20)"
    page.emulate_media(color_scheme="light")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(251, 250, 247)"
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.title() == HOSTILE
    assert not complaints
    page.close()


# Both.


@pytest.mark.parametrize("write", [transcript_markdown, transcript_html])
def test_nothing_of_a_conversation_is_left_out(write: type) -> None:
    answer = replace(
        answered("Since 2020?", "A whole question"), reason="the endpoint was busy",
        scope=(Constraint("since", 2020, "Since 2020"),),
        receipt=replace(answered().receipt, filters="since 2020"),
    )  # fmt: skip
    text = str(write(talk(answer, abstained(), quoted())))
    for told in (
        "Sponges", "2026-03-04 · 3 questions", "Since 2020?", "Searched for: A whole question",
        "Only papers since 2020", "the endpoint was busy",
        "Written by scripted-7b · 512 papers searched",
        OLDEST, SPONGES.title, WARM.title, "The library does not hold an answer",
        "nothing that was read answers it",
        f"{SPONGES.title} (2024)", "no source", "contradicted",
        *(s.text for s in answer.statements),
        *(c.quote for s in answer.statements for c in s.citations),
    ):  # fmt: skip
        assert told in text, told
    # The summary is nobody's abstract, wherever a quote of it goes.
    assert (
        text.count(text_markdown(NOTE) if write is transcript_markdown else "Summary written") == 2
    )


def test_one_quote_has_one_footnote() -> None:
    answer = answered()
    again = replace(answer.statements[0], text="Again.")
    numbers = [n.number for n in footnotes(replace(answer, statements=(again, again))).values()]
    assert numbers == [1]
    assert [n.number for n in footnotes(answer).values()] == [1, 2, 3, 4]


@given(st.text(max_size=60))
def test_a_quote_of_html_is_verbatim(text: str) -> None:
    kept = f"x{text}x".replace("\x00", "").replace("\r", "")
    paper = replace(HOSTILE_PAPER, abstract=kept)
    statement = replace(hostile().statements[0], citations=(cite(1, paper, kept),))
    html = transcript_html(talk(replace(hostile(), statements=(statement,), papers=(paper,))))
    assert kept in Page(html).text


# JSON.


def test_json_is_version_1_with_answer_json() -> None:
    data = json.loads(transcript_json(ALL))
    assert list(data) == ["version", "title", "created", "answers"]
    assert (data["version"], data["title"]) == (1, HOSTILE)
    assert data["created"] == "2026-03-04T05:06:07+00:00"
    assert data["answers"] == [answer_json(answer) for answer in ALL.answers]


@pytest.mark.parametrize("write", [transcript_markdown, transcript_html, transcript_json])
def test_every_file_can_be_written(write: type) -> None:
    strange = "half \ud800 of \x00 one"
    text = str(write(talk(answered(strange), title=strange)))
    assert text.encode("utf-8")
    assert "\x00" not in text
    assert str(write(talk())).encode("utf-8")
