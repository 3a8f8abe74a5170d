"""The demo papers: whole, dated, named, and marked as summaries."""

import pytest

from footnote.index.demo import demo_papers, demo_version
from footnote.index.models import Paper
from footnote.index.readers.gathering import Sources, read_sources


@pytest.fixture(scope="module")
def demo() -> Sources:
    return read_sources([demo_papers()])


def test_every_record_is_read(demo):
    assert demo.problems == ()
    assert len(demo.papers) >= 60


def test_every_paper_has_its_own_identifier_and_title(demo):
    assert len({paper.id for paper in demo.papers}) == len(demo.papers)
    assert len({paper.title for paper in demo.papers}) == len(demo.papers)


@pytest.mark.parametrize("field", ["title", "abstract", "authors", "year", "url"])
def test_every_paper_has_the_field(demo, field):
    assert [paper.id for paper in demo.papers if not getattr(paper, field)] == []


def test_every_paper_says_that_its_abstract_is_a_summary(demo):
    assert {paper.note for paper in demo.papers} == {
        "Summary written for this demo in our own words; not the authors' abstract."
    }


def test_every_paper_links_to_its_arxiv_page(demo):
    for paper in demo.papers:
        assert paper.url == f"https://arxiv.org/abs/{paper.id.removeprefix('arxiv:')}"


def first_seen(paper: Paper) -> str:
    """Returns the year and month that an arXiv number of 2007 or later spells."""
    number = paper.id.removeprefix("arxiv:")
    return f"20{number[:2]}-{number[2:4]}"


def test_an_arxiv_number_agrees_with_the_date(demo):
    wrong = [p.id for p in demo.papers if not (p.published or "").startswith(first_seen(p))]
    assert wrong == []


def test_no_more_authors_are_named_than_counted(demo):
    wrong = [p.id for p in demo.papers if p.author_count and len(p.authors) > p.author_count]
    assert wrong == []


def test_abstracts_are_long_enough_to_quote_from(demo):
    assert min(len(paper.abstract) for paper in demo.papers) >= 400


def test_the_version_is_short_and_the_same_twice():
    assert demo_version() == demo_version()
    assert len(demo_version()) == 12


def test_the_library_holds_every_demo_paper(demo_library, demo):
    assert {p.id for p in demo_library.papers()} == {p.id for p in demo.papers}
    assert demo_library.status().notes == (demo.papers[0].note,)
