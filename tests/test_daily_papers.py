"""Saved listing pages: the seeds, and the three layouts on pages invented here."""

import gzip
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from footnote.index import SourceError
from footnote.index.models import Listing, Paper, Problem
from footnote.index.readers import daily_papers
from footnote.index.readers.formats import NothingUsable, read_papers
from footnote.index.readers.gathering import read_sources
from footnote.index.storage.catalog import Catalog
from footnote.index.storage.ingest.pipeline import add_records

PAGE = "page.txt"


@dataclass(frozen=True)
class Shown:
    """A listing to be written into a page; ``metadata`` as the page's lines give it."""

    title: str
    abstract: str
    metadata: tuple[str, ...] = ()


def about(subject: str, end: str = ".") -> str:
    """Returns an abstract of some 300 characters."""
    return (
        f"Little is known about {subject}, although every harbour has some. We counted {subject} "
        f"on nine quays for two winters, by day and by night, and asked the harbour masters for "
        f"their logs. Most {subject} prefer the lee side (8 of 10). Our counts are public, and a "
        f"map of {subject} comes with them{end}"
    )


GULLS = Shown("Gulls on the Quay", about("gulls"))
ROPES = Shown("Why Do Ropes Fray?", about("ropes"))
CRABS = Shown("Crabs: A Census", about("crabs"))
DATED = (
    Shown(GULLS.title, GULLS.abstract, ("  • 4 authors", "·", "Sep 27, 2024")),
    Shown(ROPES.title, ROPES.abstract, ("  • 1 author", "·", "Jan 26")),
    Shown(CRABS.title, CRABS.abstract, ("  • 12 authors", "·", "May 3, 2025\t7")),
)


def flat(*shown: Shown) -> str:
    """Writes title and abstract on alternating lines, "Subscribe" glued to the first."""
    body = "".join(f"{s.title}\n{s.abstract}\n" for s in shown)
    return (
        "Get trending papers in your email inbox once a day!\n"
        f"Get trending papers in your email inbox!\nSubscribe{body}"
    )


def spaced(*shown: Shown) -> str:
    """Writes blank lines between, and metadata where a listing has some."""
    blocks = [b for s in shown for b in (s.title, s.abstract, "\n".join(s.metadata)) if b]
    return "\n\n".join(
        [
            "new",
            "Get trending papers in your email inbox!",
            "Subscribe",
            "byAK and the research community",
            "Feb 19",
            *blocks,
            "",
        ]
    )


def read(text: str) -> tuple[list[Paper], list[Problem]]:
    found = list(daily_papers.read(text, PAGE))
    papers = [f for f in found if isinstance(f, Paper)]
    return papers, [f for f in found if isinstance(f, Problem)]


def pairs(papers: list[Paper]) -> list[tuple[str, str]]:
    return [(paper.title, paper.abstract) for paper in papers]


def shown_pairs(*shown: Shown) -> list[tuple[str, str]]:
    return [(s.title, s.abstract) for s in shown]


def test_a_nul_refuses_its_listing_and_no_other() -> None:
    papers, problems = read(flat(GULLS, CRABS).replace("counted gulls on", "counted\0gulls on"))
    assert [paper.title for paper in papers] == [CRABS.title]
    assert "NUL" in problems[0].message


# The seeds.


def test_the_seeds_give_602_records_and_no_problem(seeds):
    sources = read_sources([seeds])
    assert (len(sources.papers), sources.problems) == (602, ())


def test_the_seeds_are_512_papers(seeds):
    catalog = Catalog(Path(":memory:"))
    added = add_records(catalog, enumerate(read_sources([seeds]).papers))
    assert (added.new, catalog.counts()[0]) == (512, 512)
    catalog.close()


def test_one_page_of_the_seeds_has_metadata_and_one_listing_of_it_has_none(seeds):
    papers = read_sources([seeds]).papers
    dated_pages = {p.listings[0].page for p in papers if p.published}
    (page,) = dated_pages
    of_page = [p for p in papers if p.listings[0].page == page]
    assert len(of_page) == 39
    for field in ("published", "author_count"):
        assert sum(getattr(p, field) is not None for p in papers) == 38
        assert sum(getattr(p, field) is None for p in of_page) == 1


def test_the_seeds_keep_comments_and_give_no_year_that_they_do_not_print(seeds):
    papers = read_sources([seeds]).papers
    assert sorted(p.comments for p in papers if p.comments is not None) == [1, 2, 2, 2, 4]
    without_year = [p for p in papers if p.published and p.published.startswith("--")]
    assert [(p.published, p.year) for p in without_year] == [("--01-26", None)]
    assert {p.listings[0].page_date for p in papers} == {None, "--02-19", "--03-11"}


def test_the_seeds_say_nothing_about_urls_venues_and_names(seeds):
    for paper in read_sources([seeds]).papers:
        assert (paper.url, paper.venue, paper.authors, paper.note) == (None, None, (), None)


def test_every_abstract_of_the_seeds_stands_in_its_page(seeds):
    for paper in read_sources([seeds]).papers:
        (listing,) = paper.listings
        lines = (seeds / listing.page).read_text().splitlines()
        assert lines[listing.line - 1].endswith(paper.title)
        assert paper.abstract in (line.strip() for line in lines[listing.line :])


# The three layouts.


def test_a_flat_page_with_glued_subscribe_is_read():
    papers, problems = read(flat(GULLS, ROPES, CRABS))
    assert pairs(papers) == shown_pairs(GULLS, ROPES, CRABS)
    assert not problems
    assert papers[0].listings == (Listing(PAGE, 3),)


def test_a_spaced_page_is_read():
    papers, problems = read(spaced(GULLS, ROPES, CRABS))
    assert pairs(papers) == shown_pairs(GULLS, ROPES, CRABS)
    assert not problems
    assert papers[1].listings == (Listing(PAGE, 15, page_date="--02-19"),)


def test_metadata_are_read_as_the_page_gives_them():
    papers, _ = read(spaced(*DATED))
    assert [p.published for p in papers] == ["2024-09-27", "--01-26", "2025-05-03"]
    assert [p.year for p in papers] == [2024, None, 2025]
    assert [p.author_count for p in papers] == [4, 1, 12]
    assert [p.comments for p in papers] == [None, None, 7]


def test_a_listing_without_metadata_in_the_middle_gets_none():
    papers, problems = read(spaced(DATED[0], ROPES, DATED[2]))
    assert [p.published for p in papers] == ["2024-09-27", None, "2025-05-03"]
    assert [p.author_count for p in papers] == [4, None, 12]
    assert not problems


def test_a_listing_with_a_date_and_no_authors_keeps_the_date():
    papers, _ = read(spaced(Shown("Quays", about("quays"), ("·", "Mar 1, 2020"))))
    assert (papers[0].published, papers[0].author_count) == ("2020-03-01", None)


def test_the_same_listing_on_two_lines_is_two_listings_of_one_paper():
    papers, _ = read(flat(GULLS, ROPES, GULLS))
    assert [p.id for p in papers].count(papers[0].id) == 2
    assert [p.listings[0].line for p in papers] == [3, 5, 7]


subjects = st.sampled_from(["eels", "moorings", "tar", "buoys", "nets"])
metadata = st.tuples(
    st.integers(1, 40).map(lambda n: f"  • {n} author{'s' * (n > 1)}"),
    st.just("·"),
    st.sampled_from(["Feb 9", "Dec 31, 2023", "Jul 14, 2025\t12"]),
)
shown = st.builds(
    lambda subject, tail, lines: Shown(f"On {subject} {tail}".strip(), about(subject), lines),
    subjects,
    st.text("abcß漢-:? ", max_size=12),
    st.just(()) | metadata,
)


@given(st.lists(shown, min_size=1, max_size=6), st.sampled_from(["\n", "\r\n", "\r"]))
def test_every_listing_comes_back_whatever_the_layout_and_line_ends(listings, line_end):
    for layout in (flat, spaced):
        papers, problems = read(layout(*listings).replace("\n", line_end))
        assert pairs(papers) == shown_pairs(*listings)
        assert not problems


# Damage.


@given(st.data(), st.sampled_from([flat(*DATED), spaced(*DATED)]))
def test_a_page_cut_anywhere_gives_whole_listings_or_says_so(data, page):
    cut = data.draw(st.integers(0, len(page)))
    papers, problems = read(page[:cut])
    for paper, original in zip(papers, DATED, strict=False):
        assert paper.title == original.title
        assert original.abstract.startswith(paper.abstract)
    assert len(problems) <= 1


def test_a_page_cut_in_a_title_reports_the_title():
    papers, (problem,) = read(flat(GULLS) + "Why Do Ro")
    assert pairs(papers) == shown_pairs(GULLS)
    assert str(problem) == (
        f"{PAGE}:5: listing without an abstract: 'Why Do Ro'; the page seems to be cut off here"
    )


@pytest.mark.parametrize("layout", [flat, spaced])
def test_a_page_cut_in_an_abstract_reports_it_and_keeps_no_half_of_it(layout):
    papers, (problem,) = read(layout(GULLS, ROPES)[:-100])
    assert pairs(papers) == shown_pairs(GULLS)
    assert "stops inside a sentence" in problem.message


@pytest.mark.parametrize("layout", [flat, spaced])
def test_a_missing_abstract_is_reported_and_the_next_listing_read(layout):
    papers, (problem,) = read(layout(GULLS, Shown("Lost at Sea", ""), CRABS))
    assert pairs(papers) == shown_pairs(GULLS, CRABS)
    assert "listing without an abstract: 'Lost at Sea'" in problem.message


@pytest.mark.parametrize("layout", [flat, spaced])
def test_an_abstract_without_a_title_is_reported_and_the_next_listing_read(layout):
    page = layout(GULLS, ROPES, CRABS).replace(f"{ROPES.title}\n", "")
    papers, (problem,) = read(page)
    assert pairs(papers) == shown_pairs(GULLS, CRABS)
    assert "abstract without a title: 'Little is known about ropes" in problem.message


def test_metadata_without_a_listing_are_reported():
    papers, problems = read(spaced(Shown("·", "Mar 1, 2020"), GULLS))
    assert pairs(papers) == shown_pairs(GULLS)
    assert [p.message for p in problems] == [
        "metadata without a listing: '·'",
        "metadata without a listing: 'Mar 1, 2020'",
    ]


def test_a_title_without_a_word_is_reported():
    papers, (problem,) = read(flat(GULLS, Shown("* * *", about("stars")), CRABS))
    assert pairs(papers) == shown_pairs(GULLS, CRABS)
    assert problem.message == "title without a word: '* * *'"


@given(st.lists(st.sampled_from([*flat(*DATED).split("\n"), *spaced(*DATED).split("\n"), "?"])))
def test_lines_in_any_order_never_crash_the_reader(lines):
    papers, problems = read("\n".join(lines))
    page = " ".join(line.strip() for line in lines)
    assert all(paper.title in page and paper.abstract in page for paper in papers)
    assert all("\n" not in str(problem) for problem in problems)


# White space and encodings.


@pytest.mark.parametrize("layout", [flat, spaced])
@pytest.mark.parametrize("blank", ["\n", " \n\t\n"])
def test_blank_lines_at_the_ends_change_nothing(layout, blank):
    page = layout(GULLS, ROPES, CRABS)
    papers, problems = read(blank * 30 + page + blank * 30)
    assert pairs(papers) == shown_pairs(GULLS, ROPES, CRABS)
    assert not problems


def wrapped(text: str, width: int) -> str:
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)


@given(st.integers(40, 500))
@example(80)
def test_an_abstract_broken_into_lines_is_one_abstract(width):
    broken = (Shown(s.title, wrapped(s.abstract, width), s.metadata) for s in DATED)
    papers, problems = read(spaced(*broken))
    assert pairs(papers) == shown_pairs(*DATED)
    assert not problems


def test_a_title_right_above_its_abstract_is_not_taken_for_a_broken_line():
    papers, _ = read(spaced(*(Shown(f"{s.title}\n{s.abstract}", "") for s in DATED)))
    assert pairs(papers) == shown_pairs(*DATED)


def test_a_line_separator_inside_an_abstract_is_left_there():
    odd = Shown("Tar", about("tar").replace("winters, ", "winters,\u2028\x0c"))
    papers, problems = read(flat(GULLS, odd, CRABS))
    assert pairs(papers) == shown_pairs(GULLS, odd, CRABS)
    assert not problems


def saved(folder: Path, content: bytes) -> list[Paper | Problem]:
    (folder / PAGE).write_bytes(content)
    return list(read_papers(folder / PAGE))


@pytest.mark.parametrize("around", [lambda b: b, gzip.compress])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_byte_order_mark_and_gzip_change_nothing(tmp_path, mark, around):
    found = saved(tmp_path, around(mark + flat(GULLS, ROPES).encode()))
    assert pairs(found) == shown_pairs(GULLS, ROPES)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_page_cut_inside_a_character_is_cut_off_and_not_in_another_encoding(tmp_path, mark):
    whole, (last,) = saved(tmp_path, mark + flat(GULLS, ROPES).encode()), "漢"
    page = mark + flat(GULLS, ROPES).rstrip().encode() + last.encode()[:2]
    assert saved(tmp_path, page) == whole


def test_a_page_in_another_encoding_is_read(tmp_path):
    whole = saved(tmp_path, flat(GULLS).encode())
    assert saved(tmp_path, flat(GULLS).encode("utf-16")) == whole


@pytest.mark.parametrize("content", [b"", b" \r\n\n", b"\xef\xbb\xbf", gzip.compress(b"", mtime=0)])
def test_an_empty_file_is_refused(tmp_path, content):
    with pytest.raises(SourceError, match=r"page\.txt: the file is empty; give saved Daily Papers"):
        saved(tmp_path, content)


@pytest.mark.parametrize(
    "content",
    [
        b"\x1f\x8b",
        gzip.compress(b"x" * 99, mtime=0)[:-9],
        gzip.compress(b"x" * 99, mtime=0)[:12] + b"\xff" * 40,
    ],
)
def test_a_damaged_gzip_file_is_refused(tmp_path, content):
    with pytest.raises(SourceError, match=r"page\.txt: cannot be read"):
        saved(tmp_path, content)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(SourceError, match="No such file or directory"):
        list(read_papers(tmp_path / "gone.txt"))


# Folders.


def test_a_folder_is_read_in_order_of_names_and_a_bad_file_is_a_problem(tmp_path):
    (tmp_path / "b.txt").write_text(flat(ROPES))
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "deep.txt").write_text(spaced(GULLS))
    (tmp_path / "c: d.txt").write_text("")
    (tmp_path / ".hidden").write_text(flat(CRABS))
    found = read_sources([tmp_path])
    (problem,) = found.problems
    assert [p.listings[0].page for p in found.papers] == [str(Path("a", "deep.txt")), "b.txt"]
    assert problem == Problem("c: d.txt", None, problem.message)
    assert problem.message.startswith("the file is empty")


def test_a_folder_without_a_usable_file_is_refused(tmp_path):
    (tmp_path / "notes.md").write_text("# Not papers\n")
    with pytest.raises(SourceError, match="none of its 1 files can be read as papers"):
        read_sources([tmp_path])


def test_sources_without_a_usable_record_are_refused_with_every_problem(tmp_path):
    (tmp_path / PAGE).write_text(flat(Shown("Lost at Sea", "")))
    with pytest.raises(NothingUsable, match=r"none of 1 records can be used") as caught:
        read_sources([tmp_path / PAGE])
    assert [str(p) for p in caught.value.problems] == [
        str(p) for p in read_papers(tmp_path / PAGE) if isinstance(p, Problem)
    ]
    assert "page.txt:3: listing without an" in str(caught.value.problems[0])
