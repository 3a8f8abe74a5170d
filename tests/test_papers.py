"""What makes two records one paper, and what is left of both."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote.index.models import (
    Listing,
    Paper,
    Problem,
    arxiv_number,
    identifier,
    make_paper,
    normal_title,
)
from footnote.index.readers.gathering import FileReading
from footnote.index.storage.catalog import Catalog
from footnote.index.storage.ingest.duplicates.merging import (
    MOST_IDENTIFIERS,
    MOST_LISTINGS,
    merge,
    own_name,
    same_paper,
)
from footnote.index.storage.ingest.pipeline import Added, add_records
from footnote.ui.rendering.import_report import report_html
from tests.command import inside

NOTE = "A summary, not the authors' abstract."

ids = st.lists(
    st.sampled_from(["arxiv:2101.00001", "arxiv:2101.00002", "doi:10.1/a", "doi:10.1/b", "pmid:7"]),
    max_size=2,
)
listings = st.builds(
    Listing, page=st.sampled_from("ab"), line=st.integers(1, 2), comments=st.none() | st.just(3)
)
records = st.builds(
    make_paper,
    st.sampled_from(["Kelp", "Moss", "KELP!"]),
    st.sampled_from(["Short.", "Rather long.", "The longest of them."]),
    ids,
    authors=st.sampled_from([(), ("Ann",), ("Ann", "Bo")]),
    published=st.sampled_from([None, "--03-01", "2020", "2020-05-01"]),
    note=st.sampled_from([None, NOTE]),
    listings=st.lists(listings, max_size=2, unique_by=lambda n: (n.page, n.line)).map(
        lambda found: tuple(sorted(found, key=lambda n: (n.page, n.line)))
    ),
)

# Two works, mentioned by some of their identifiers, in titles that differ in case only.
mentions = st.sampled_from([("kelp", "1"), ("moss", "2")]).flatmap(
    lambda work: st.builds(
        make_paper,
        st.sampled_from([work[0], work[0].title()]),
        st.sampled_from(["Short.", "Rather long."]),
        st.sets(st.sampled_from([f"arxiv:2101.0000{work[1]}", f"doi:10.1/{work[1]}"])),
        published=st.sampled_from([None, "--03-01", "2020"]),
    )
)


@pytest.mark.parametrize(
    "text",
    [
        "2401.01234",
        "2401.01234v3",
        "arXiv:2401.01234",
        "arxiv: 2401.01234v1",
        "https://arxiv.org/abs/2401.01234v2",
        "http://arxiv.org/pdf/2401.01234",
        "https://www.arxiv.org/pdf/2401.01234v2.pdf",
        "https://export.arxiv.org/abs/2401.01234",
        " 2401.01234 ",
    ],
)
def test_every_way_to_write_an_arxiv_number_is_one_identifier(text):
    assert identifier("arxiv", text) == "arxiv:2401.01234"


def test_an_arxiv_number_from_before_2007_keeps_its_archive():
    assert arxiv_number("https://arxiv.org/abs/hep-th/9901001v2") == "hep-th/9901001"
    assert arxiv_number("math.GT/0309136") == "math.gt/0309136"


@pytest.mark.parametrize(
    "text", ["", "2401", "2401.123", "24010.12345", "٢٤٠١.٠١٢٣٤", "x2401.01234"]
)
def test_what_is_no_arxiv_number_is_none(text):
    assert identifier("arxiv", text) is None


@pytest.mark.parametrize(
    "text",
    [
        "10.1000/AbC",
        "doi:10.1000/abc",
        "https://doi.org/10.1000/aBc",
        "http://dx.doi.org/10.1000/abc",
    ],
)
def test_every_way_to_write_a_doi_is_one_identifier(text):
    assert identifier("doi", text) == "doi:10.1000/abc"


@pytest.mark.parametrize("text", ["", "10.1000", "11.1000/x", "doi"])
def test_what_is_no_doi_is_none(text):
    assert identifier("doi", text) is None


@given(st.text())
def test_a_normal_title_is_its_own_normal_title(title):
    assert normal_title(normal_title(title)) == normal_title(title)


def test_titles_are_compared_without_case_punctuation_and_spacing():
    assert normal_title("  Kelp:\tA  Re-View! ") == normal_title("kelp a re view")


def test_a_paper_is_named_by_its_strongest_identifier():
    paper = make_paper("Kelp", "Text.", ["doi:10.1/a", "arxiv:2101.00001", "id:9"])
    assert paper.id == "arxiv:2101.00001"
    assert paper.aliases == ("arxiv:2101.00001", "doi:10.1/a", "id:9", "title:kelp")


def test_a_paper_without_identifier_and_title_is_refused():
    with pytest.raises(ValueError, match="needs an identifier or a title"):
        make_paper(" ?! ", "Text.")


def test_a_date_without_a_year_gives_no_year():
    assert make_paper("Kelp", "Text.", published="--03-01").year is None
    assert make_paper("Kelp", "Text.", published="2020-03-01").year == 2020


def test_two_arxiv_numbers_under_one_title_are_two_papers():
    one, other = (make_paper("Kelp", "Text.", [f"arxiv:2101.0000{n}"]) for n in "12")
    assert not same_paper(one, other)


def test_one_arxiv_number_under_two_dois_is_one_paper():
    one, other = (
        make_paper(f"Kelp {n}", "Text.", ["arxiv:2101.00001", f"doi:10.1/{n}"]) for n in "ab"
    )
    assert same_paper(one, other)
    assert {"doi:10.1/a", "doi:10.1/b"} < set(merge(one, other).aliases)


@given(records, records)
def test_same_paper_looks_both_ways(one, other):
    assert same_paper(one, other) == same_paper(other, one)
    assert same_paper(one, one)


@given(records, records)
def test_merging_twice_changes_nothing(one, other):
    merged = merge(one, other)
    assert merge(one, one) == one
    assert merge(merged, other) == merged
    assert merge(merged, one) == merged


@given(records, records)
def test_identifiers_listings_and_the_longer_text_do_not_depend_on_order(one, other):
    left, right = merge(one, other), merge(other, one)
    assert (left.id, left.aliases) == (right.id, right.aliases)
    assert [(n.page, n.line) for n in left.listings] == [(n.page, n.line) for n in right.listings]
    assert left.abstract == right.abstract
    assert (len(left.authors), left.year is None) == (len(right.authors), right.year is None)


@given(records, records)
def test_merging_says_nothing_that_no_record_said(one, other):
    merged = merge(one, other)
    for field in ("title", "abstract", "authors", "published", "note"):
        assert getattr(merged, field) in (getattr(one, field), getattr(other, field))
    assert set(merged.aliases) == {*one.aliases, *other.aliases}


@given(records, records)
def test_a_year_that_is_known_is_not_lost(one, other):
    assert (merge(one, other).year is None) == (one.year is None and other.year is None)


def test_a_date_with_a_year_wins_over_one_without_in_either_order():
    dated, undated = (make_paper("Kelp", "Text.", published=d) for d in ("2020-03-02", "--03-01"))
    for merged in (merge(dated, undated), merge(undated, dated)):
        assert merged.published == "2020-03-02"


def test_a_note_goes_with_the_abstract_it_is_about():
    summary = make_paper("Kelp", "In short.", note=NOTE)
    abstract = make_paper("Kelp", "What the authors wrote.")
    for merged in (merge(summary, abstract), merge(abstract, summary)):
        assert (merged.abstract, merged.note) == (abstract.abstract, None)


def test_the_first_word_on_venue_and_url_stands():
    one = make_paper("Kelp", "Text.", venue="Tides", url=None)
    other = make_paper("Kelp", "Text.", venue="Waves", url="https://example.org/kelp")
    merged = merge(one, other)
    assert (merged.venue, merged.url) == ("Tides", "https://example.org/kelp")


def test_comments_are_the_highest_count_that_a_listing_showed():
    shown = tuple(Listing("page", n, comments=c) for n, c in enumerate((None, 2, 5), 1))
    assert make_paper("Kelp", "Text.", listings=shown).comments == 5
    assert make_paper("Kelp", "Text.").comments is None


def test_a_problem_says_where_it_stands():
    assert str(Problem("page.txt", 4, "no title")) == "page.txt:4: no title"
    assert str(Problem("page.txt", None, "empty")) == "page.txt: empty"


# Adding to a catalog, where merging happens.


def added(*calls: list[Paper]) -> dict[str, Paper]:
    """Returns what a catalog holds by identifier, after calls with these papers."""
    catalog = Catalog(Path(":memory:"))
    for papers in calls:
        add_records(catalog, enumerate(papers))
    held = [paper for _, paper in catalog.papers.all()]
    catalog.close()
    assert len({paper.id for paper in held}) == len(held)
    return {paper.id: paper for paper in held}


@given(st.lists(records, max_size=7))
def test_papers_come_out_the_same_one_at_a_time_and_all_at_once(papers):
    assert added(papers) == added(*([paper] for paper in papers))


@given(st.lists(records, max_size=7))
def test_every_identifier_that_was_added_is_found_again(papers):
    held = {alias for paper in added(papers).values() for alias in paper.aliases}
    wanted = {alias for paper in papers for alias in paper.aliases}
    assert wanted <= held
    # Of two papers with one title the second has a name of its own.
    assert held - wanted <= {own_name(paper) for paper in papers}


@given(st.lists(mentions, min_size=1, max_size=7), st.randoms())
def test_mentions_of_one_work_become_one_paper_in_any_order(papers, random):
    held = added(papers)
    assert len(held) == len({paper.title.lower() for paper in papers})
    assert held == added(papers, papers)
    random.shuffle(papers)
    assert held.keys() == added(papers).keys()


def test_a_title_that_meets_its_arxiv_number_later_becomes_one_paper_named_by_it():
    held = added([make_paper("Kelp", "Text.")], [make_paper("KELP", "Text.", ["arxiv:2101.00001"])])
    assert list(held) == ["arxiv:2101.00001"]
    assert held["arxiv:2101.00001"].title == "Kelp"


def test_two_numbers_that_meet_their_title_in_one_call_stay_two_papers():
    numbers = ["arxiv:2101.00001", "arxiv:2101.00002"]
    held = added([make_paper("Kelp", "Text.")], [make_paper("Kelp", "Text.", [n]) for n in numbers])
    assert sorted(held) == numbers


def test_a_record_with_both_identifiers_joins_two_papers():
    by_doi = make_paper("Kelp", "Text.", ["doi:10.1/a"])
    by_number = make_paper("On kelp", "Longer text.", ["arxiv:2101.00001"])
    both = make_paper("Kelp forests", "Text.", ["doi:10.1/a", "arxiv:2101.00001"])
    held = added([by_doi], [by_number], [both])
    assert list(held) == ["arxiv:2101.00001"]
    assert held == added([by_doi, by_number, both])


def test_a_call_counts_each_paper_once():
    catalog = Catalog(Path(":memory:"))
    kelp, moss = make_paper("Kelp", "Text."), make_paper("Moss", "Text.")
    longer = make_paper("Kelp", "Longer text.")
    first = add_records(catalog, enumerate([kelp, moss, kelp, longer]))
    second = add_records(catalog, enumerate([make_paper("Kelp", "The longest text."), moss]))
    assert (first.new, first.changed, first.unchanged) == (2, 0, 0)
    assert (second.new, second.changed, second.unchanged) == (0, 1, 1)
    catalog.close()


# One paper, named again and again.


def renamed(count: int) -> list[Paper]:
    """Returns records of one paper, each under a DOI of its own."""
    ids = (["arxiv:2401.00001", f"doi:10.1234/x{n:06}"] for n in range(count))
    return [make_paper("T", "b", one) for one in ids]


def relisted(count: int) -> list[Paper]:
    """Returns records of one paper, each from a line of its own."""
    return [make_paper("T", "b", listings=(Listing("page.txt", n),)) for n in range(count)]


@pytest.mark.parametrize("records", [renamed, relisted])
def test_adding_one_paper_again_and_again_takes_time_in_proportion(
    records: Callable[[int], list[Paper]],
) -> None:
    def seconds(count: int) -> float:
        papers, catalog, started = records(count), Catalog(Path(":memory:")), time.process_time()
        added = add_records(catalog, ((0, paper) for paper in papers))
        took = time.process_time() - started
        catalog.close()
        room = MOST_IDENTIFIERS if records is renamed else MOST_LISTINGS
        assert (added.new, added.left_out, added.files[0].left_out) == (1, *[count - room] * 2)
        return took

    # Each at its best of several: what else the machine does makes either slower.
    assert min(seconds(4000) for _ in range(4)) / min(seconds(1000) for _ in range(4)) <= 6


def test_a_paper_with_its_fill_of_identifiers_keeps_those_it_has_and_takes_other_kinds() -> None:
    (held,) = added(renamed(MOST_IDENTIFIERS + 5)).values()
    dois = [alias for alias in held.aliases if alias.startswith("doi:")]
    assert dois == [f"doi:10.1234/x{n:06}" for n in range(MOST_IDENTIFIERS)]
    more = make_paper("T", "b", ["arxiv:2401.00001", "doi:10.1234/a", "pmid:7"])
    assert set(merge(held, more).aliases) - set(held.aliases) == {"pmid:7"}
    assert merge(merge(held, more), more) == merge(held, more)


def test_what_a_full_paper_did_not_take_is_said(tmp_path: Path) -> None:
    rows = [
        {"arxiv_id": "2401.00001", "doi": f"10.1234/x{n}", "title": "T", "abstract": "b"}
        for n in range(MOST_IDENTIFIERS + 2)
    ]
    path = tmp_path / "one.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    ran = inside("index", path, "--library", tmp_path / "library", "--json")
    told = "2 identifiers or listings were left out; a paper keeps 50 identifiers of a kind and 100"
    assert (ran.status, ran.err) == (0, f"{path}: {told} listings\n")
    assert [file["left_out"] for file in ran.data["files"]] == [2]
    shown = report_html(
        [FileReading("one.jsonl", "one.jsonl", len(rows))],
        Added(1, left_out=2, files={0: Added(1, left_out=2)}),
    )
    assert told in shown
