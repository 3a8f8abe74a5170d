"""A bibliography says what the records say, to whoever reads it."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
import rispy
from hypothesis import given
from hypothesis import strategies as st
from pybtex.database import Entry, Person, parse_string

from footnote.index.library import Library
from footnote.index.models import Paper, make_paper
from footnote.ui.export.bibliography import FORMS, bibliography
from footnote.ui.export.citation_data import entries, one_line, split_name
from footnote.ui.export.styles import STYLES, citation, styled
from tests.command import Start, inside
from tests.scripted import HOSTILE_PAPER, ISOTOPES, PAPERS, SPONGES, WARM

# MuZero has 12 authors, of whom the record names two.
MUZERO = make_paper(
    "Mastering Atari by planning",
    "It plans.",
    ["arxiv:1911.08265"],
    authors=("Julian Schrittwieser", "Aäron van den Oord"),
    author_count=12,
    published="2019-11-19",
    venue="NeurIPS 2019",
    url="https://arxiv.org/abs/1911.08265",
)
NASTY = st.one_of(
    st.text(max_size=40),
    st.lists(
        st.sampled_from(
            ["{", "}", "\\", "%", "&", "$", "#", "_", "~", "^", '"', "'", "`", "-", "--", "and",
             "\n", "\r\n", "\u2028", "王伟", "😀", "é", "e\u0301", "TY  - JOUR", "ER  - ", ",", "@",
             "\\alpha", "</span>", '<span class="nocase">', "others", "\ue000", "\x00", " ", "O"]
        ),
        max_size=12,
    ).map(" ".join),
)  # fmt: skip
NAMES = st.one_of(
    NASTY,
    st.sampled_from(
        ["Mara Lindqvist", "Plato", "Aäron van den Oord", "King, Martin Luther", "Barnes and Noble",
         "Martin Luther King Jr.", "OpenAI", "and", "others", "王伟", "émile o'neil",
         "Google, Inc."]
    ),
)  # fmt: skip


@st.composite
def papers(draw: st.DrawFn) -> Paper:
    """A paper of which every text is hostile."""
    return make_paper(
        draw(NASTY),
        "Text.",
        draw(st.lists(st.sampled_from(["arxiv:2403.01234", "doi:10.5555/a_b{c}", "pmid:7"])))
        or ["id:1"],
        authors=tuple(draw(st.lists(NAMES, max_size=4))),
        author_count=draw(st.none() | st.integers(0, 30)),
        published=draw(st.none() | st.sampled_from(["2021", "2021-13", "2021-02-30", "--05-01"])),
        venue=draw(st.none() | NASTY),
        url=draw(st.none() | st.sampled_from(["https://x.org/a_b%20~c?d={e}\\&f=#g", "no url"])),
    )


def plain(latex: str) -> str:
    """Returns what TeX prints for the LaTeX that we write."""
    names = {"backslash": "\\", "braceleft": "\0", "braceright": "\1", "asciitilde": "~",
             "asciicircum": "^"}  # fmt: skip
    latex = re.sub(r"\\text(\w+?)\{\}", lambda found: names[found[1]], latex)
    latex = re.sub(r"\\([%&$#_])", r"\1", latex)
    return latex.replace("{", "").replace("}", "").replace("\0", "{").replace("\1", "}")


def field(entry: Entry, name: str) -> str:
    """Returns a field as TeX prints it, which must find no command of its own there."""
    latex = entry.fields.get(name, "")
    assert not re.search(r"(?<!\\)[%&$#_~^]", latex), latex
    assert not re.search("--|``|''|[?!]`", latex), "TeX would make one character of two"
    return plain(latex)


def spoken(person: Person) -> str:
    """Returns a parsed name in the order in which it is said."""
    parts = (person.first_names, person.middle_names, person.prelast_names, person.last_names,
             person.lineage_names)  # fmt: skip
    return " ".join(plain(word) for part in parts for word in part)


def said(author: str) -> str:
    """Returns a name as it is said, "Family, Given" turned round."""
    name = split_name(author)
    return " ".join(p for p in (name.given, name.particle, name.family, name.suffix) if p)


def unquoted(address: str) -> str:
    return address.replace("%7B", "{").replace("%7D", "}").replace("%5C", "\\")


def identifiers(paper: Paper, kind: str) -> list[str]:
    return [a.partition(":")[2] for a in paper.aliases if a.startswith(f"{kind}:")]


@pytest.mark.parametrize(
    ("author", "parts"),
    [
        ("Mara Lindqvist", ("Lindqvist", "Mara", "", "")),
        ("Aäron van den Oord", ("Oord", "Aäron", "van den", "")),
        ("van den Oord, Aäron", ("Oord", "Aäron", "van den", "")),
        ("Martin Luther King Jr.", ("King", "Martin Luther", "", "Jr.")),
        ("Martin Luther King, Jr.", ("King", "Martin Luther", "", "Jr.")),
        ("Plato", ("Plato", "", "", "")),
        ("Barnes and Noble", ("Barnes and Noble", "", "", "")),
        ("Gemini Team, Google", ("Gemini Team, Google", "", "", "")),
        ("王 伟", ("王 伟", "", "", "")),
        ("van Gogh", ("Gogh", "van", "", "")),
        ("", ("", "", "", "")),
    ],
)
def test_a_name_is_parted_as_people_write_names(
    author: str, parts: tuple[str, str, str, str]
) -> None:
    name = split_name(author)
    assert (name.family, name.given, name.particle, name.suffix) == parts


@given(NAMES)
def test_no_word_of_a_name_is_lost(author: str) -> None:
    kept = one_line(author)
    if "," not in kept:
        assert said(author) == kept
    assert sorted(said(author).replace(",", " ").split()) == sorted(kept.replace(",", " ").split())


@given(papers())
def test_bibtex_that_pybtex_reads_says_what_the_record_says(paper: Paper) -> None:
    (entry,) = parse_string(bibliography([paper], "bibtex"), "bibtex").entries.values()
    assert field(entry, "title") == one_line(paper.title)
    named = [said(author) for author in paper.authors if one_line(author)]
    unnamed = bool(named) and (paper.author_count or 0) > len(named)
    assert [spoken(p) for p in entry.persons.get("author", [])] == named + ["others"] * unnamed
    assert entry.fields.get("year") == (str(paper.year) if paper.year else None)
    venue = [field(entry, name) for name in ("journal", "booktitle", "howpublished")]
    assert "".join(venue) == one_line(paper.venue or "")
    address = paper.url if paper.url != "no url" else None
    assert unquoted(entry.fields.get("url", "")) == (address or "")
    assert [unquoted(entry.fields.get("doi", ""))] == (identifiers(paper, "doi") or [""])
    assert [entry.fields.get("eprint", "")] == (identifiers(paper, "arxiv") or [""])


def test_what_tex_would_obey_is_written_by_its_name() -> None:
    title = r"100% of \alpha {x} & $y_1$ ~ ^ #1 -- --- ``q'' ?`"
    assert (
        r"title = {{100\% of \textbackslash{}alpha \textbraceleft{}x\textbraceright{} \& \$y\_1\$ "
        r"\textasciitilde{} \textasciicircum{} \#1 -{}- -{}-{}- `{}`q'{}' ?{}`}},"
    ) in bibliography([make_paper(title, "Text.")], "bibtex")


def test_a_text_is_brought_on_one_line() -> None:
    assert one_line(" a\r\nb\u2028c\td\x00\ud800\ue000 é王😀 ") == "a b c d é王😀"


@given(papers())
def test_ris_that_rispy_reads_says_what_the_record_says(paper: Paper) -> None:
    (entry,) = rispy.loads(bibliography([paper], "ris"))
    assert entry.get("title", "") == one_line(paper.title)
    named = [author for author in paper.authors if one_line(author)]
    assert [sorted(re.findall(r"[^\s,]+", a)) for a in entry.get("authors", [])] == [
        sorted(re.findall(r"[^\s,]+", one_line(a))) for a in named
    ]
    assert entry.get("year") == (str(paper.year) if paper.year else None)
    assert entry.get("secondary_title", "") == one_line(paper.venue or "")
    assert entry.get("urls", ["no url"]) == [paper.url or "no url"]
    assert [entry.get("doi", "")] == (identifiers(paper, "doi") or [""])
    for number in identifiers(paper, "arxiv"):
        assert entry["accession_number"] == f"arXiv:{number}"


@given(papers())
def test_csl_json_says_what_the_record_says(paper: Paper) -> None:
    (item,) = json.loads(bibliography([paper], "csl-json"))
    assert item.get("title", "") == one_line(paper.title)
    assert [csl_name(name) for name in item.get("author", [])] == [
        said(author) for author in paper.authors if one_line(author)
    ]
    assert item.get("issued", {"date-parts": [[None]]})["date-parts"][0][0] == paper.year
    venue = one_line(paper.venue or "")
    assert venue == item.get("container-title", item.get("publisher", "") if venue else "")
    assert item.get("URL", "no url") == (paper.url or "no url")
    assert [item.get("DOI", "")] == (identifiers(paper, "doi") or [""])
    assert [item.get("archive_location", "")] == (identifiers(paper, "arxiv") or [""])


def csl_name(name: dict[str, str]) -> str:
    parts = ("literal", "given", "non-dropping-particle", "family", "suffix")
    return " ".join(name[part] for part in parts if part in name)


@given(papers())
def test_a_reference_in_a_style_is_one_line_with_the_title_whole(paper: Paper) -> None:
    for style in STYLES:
        told = citation(paper, style)
        assert len(told.splitlines()) == 1
        assert (one_line(paper.title) or "[untitled]") in told
        assert not re.search("[\ue000-\uf8ff]", told)
        assert paper.year is None or str(paper.year) in told


def test_apa_and_ieee_look_as_their_books_say() -> None:
    assert citation(SPONGES, "apa") == (
        "Lindqvist, M., Tanabe, K., & Adeyemi, O. (2024). Growth rings in the spicules of deep "
        "glass sponges. Journal of Deep-Sea Biology. https://arxiv.org/abs/2403.01234"
    )
    assert citation(WARM, "ieee") == (
        "I. Brandt and L. Ferreira, “Warm-water limits of hexactinellid growth,” Marine Ecology "
        "Letters, 2021, doi: 10.5555/warm.2021."
    )
    assert citation(replace(SPONGES, venue=None, title="Why rings?"), "ieee") == (
        "M. Lindqvist, K. Tanabe, and O. Adeyemi, “Why rings?” Mar. 02, 2024, arXiv: 2403.01234. "
        "[Online]. Available: https://arxiv.org/abs/2403.01234"
    )
    assert citation(replace(SPONGES, venue=None, title="Why rings?"), "apa") == (
        "Lindqvist, M., Tanabe, K., & Adeyemi, O. (2024). Why rings? (arXiv:2403.01234). arXiv. "
        "https://arxiv.org/abs/2403.01234"
    )


def test_the_venue_keeps_its_capitals() -> None:
    assert ". eLife. " in citation(replace(SPONGES, venue="eLife"), "apa")


def test_a_paper_without_authors_or_date_is_cited_by_its_title() -> None:
    bare = make_paper("Bare", "Text.")
    assert [citation(bare, style) for style in STYLES] == ["Bare. (n.d.).", "“Bare.”"]


def test_authors_that_are_not_named_are_not_passed_over() -> None:
    assert citation(MUZERO, "apa").startswith("Schrittwieser, J., van den Oord, A., et al. (2019).")
    assert citation(MUZERO, "ieee").startswith("J. Schrittwieser, A. van den Oord, et al., “")
    many = replace(MUZERO, authors=tuple(f"Ann {letter}o" for letter in "ABCDEFGHIJKLMNOPQRSTUVW"))
    assert "Ann" not in citation(many, "apa")
    assert ", et al. (2019)" in citation(replace(many, author_count=99), "apa")
    assert "and others}" in bibliography([MUZERO], "bibtex")
    assert "N1  - 2 of 12 authors are named here" in bibliography([MUZERO], "ris")
    assert (
        json.loads(bibliography([MUZERO], "csl-json"))[0]["note"]
        == "2 of 12 authors are named here"
    )
    assert "et al" not in citation(replace(MUZERO, author_count=2), "apa")


@pytest.mark.parametrize(
    ("venue", "kinds"),
    [
        ("NeurIPS 2019", ("inproceedings", "CPAPER", "paper-conference")),
        ("Transactions of the ACL", ("article", "JOUR", "article-journal")),
        ("Nature", ("article", "JOUR", "article-journal")),
        ("arXiv preprint", ("misc", "UNPB", "article")),
        (None, ("misc", "UNPB", "article")),
    ],
)
def test_the_kind_follows_from_the_venue(venue: str | None, kinds: tuple[str, ...]) -> None:
    paper = replace(MUZERO, venue=venue)
    (entry,) = parse_string(bibliography([paper], "bibtex"), "bibtex").entries.values()
    found: tuple[Any, ...] = (
        entry.type,
        rispy.loads(bibliography([paper], "ris"))[0]["type_of_reference"],
        json.loads(bibliography([paper], "csl-json"))[0]["type"],
    )
    assert found == kinds


def test_a_key_says_who_when_and_what() -> None:
    assert [entry.key for entry in entries([SPONGES, MUZERO])] == [
        "lindqvist2024growth", "schrittwieser2019mastering",
    ]  # fmt: skip
    assert entries([replace(SPONGES, authors=("Łukasz Ødegård",))])[0].key == "odegard2024growth"
    assert entries([replace(SPONGES, authors=("王伟",), title="深海", published=None)])[0].key


def test_keys_are_unique_and_do_not_hang_on_the_order() -> None:
    alike = [replace(SPONGES, id=f"arxiv:2403.{n:05}", title=f"Growth, part {n}") for n in range(9)]
    keys = {e.title: e.key for e in entries(alike)}
    assert len(set(keys.values())) == 9
    assert {e.title: e.key for e in entries(alike[::-1])} == keys
    assert len(parse_string(bibliography(alike, "bibtex"), "bibtex").entries) == 9


@given(st.lists(papers(), max_size=5))
def test_keys_of_any_papers_are_unique_and_ascii(some: list[Paper]) -> None:
    some = [replace(paper, id=f"id:{n}") for n, paper in enumerate(some)]
    keys = [entry.key for entry in entries(some)]
    assert len(set(keys)) == len(some)
    assert all(re.fullmatch("[a-z0-9]+", key) for key in keys)


@pytest.mark.parametrize("form", FORMS)
def test_a_paper_given_twice_stands_once_and_order_is_kept(form: Any) -> None:
    text = bibliography([WARM, SPONGES, WARM, ISOTOPES], form)
    assert text.count(WARM.title) == 1
    assert text.index(WARM.title) < text.index(SPONGES.title) < text.index(ISOTOPES.title)
    assert text.endswith("\n")


def test_no_papers_make_an_empty_bibliography() -> None:
    assert [bibliography([], form) for form in FORMS] == ["", "", "", "", "[]\n"]


def test_ieee_numbers_its_references() -> None:
    told = styled(PAPERS, "ieee").splitlines()
    assert [line.partition(" ")[0] for line in told] == ["[1]", "[2]", "[3]", "[4]"]


def test_an_address_that_is_none_is_left_out() -> None:
    assert not any("pwned=1" in e.url for e in entries([HOSTILE_PAPER]))
    assert "URL" not in json.loads(bibliography([HOSTILE_PAPER], "csl-json"))[0]


def test_cite_prints_papers_of_the_library(demo_library: Library) -> None:
    paper = next(iter(demo_library.papers()))
    number = paper.id.removeprefix("arxiv:")
    done = inside("cite", number, paper.title, "--style", "bibtex", "--library", demo_library.path)
    assert (done.status, done.err) == (0, "")
    assert done.out == bibliography([paper], "bibtex")


def test_cite_of_an_unknown_paper_is_one_line(demo_library: Library) -> None:
    done = inside("cite", "no such paper", "--library", demo_library.path)
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith("footnote: no paper 'no such paper' in ")
    assert "footnote search" in done.err
    assert done.err.count("\n") == 1


def test_cite_starts_on_its_own(start: Start, demo_library: Library) -> None:
    paper = next(iter(demo_library.papers()))
    done = start("cite", paper.id, "--library", demo_library.path).result()
    assert done.out == styled([paper], "apa")
