"""Duplicates: which records are one paper by title and first author, and which stay apart."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote.index.models import ID_KINDS, Correction, Paper, identifier, make_paper
from footnote.index.storage.catalog import Catalog
from footnote.index.storage.history.removals import Removal
from footnote.index.storage.ingest.corrections import store_correction
from footnote.index.storage.ingest.duplicates.likeness import (
    EQUAL_TEXT,
    fold_words,
    like_paper,
    text_likeness,
    title_keys,
)
from footnote.index.storage.ingest.duplicates.merging import merge, same_paper
from footnote.index.storage.ingest.known import count_known
from footnote.index.storage.ingest.pipeline import add_records
from tests.conftest import HashedWords

KELP = (
    "We counted young crabs under kelp along a cold coast for five summers. Twice as many lived "
    "there as on bare rock, and more of them came through the first winter."
)
MOSS = (
    "Roofs with moss were cooler at noon than roofs of slate in every month that was measured. "
    "The effect was small in winter and large where the roof faced south."
)
TITLE = "Kelp forests shelter young crabs from cold water"
ANN, BO = ("Ann Lind", "Bo Ek"), ("Bo Ek",)


def record(title: str = TITLE, text: str = KELP, *ids: str, **rest: object) -> Paper:
    return make_paper(title, text, ids, **rest)


def held(*calls: list[Paper]) -> list[Paper]:
    """Returns what a catalog holds after calls with these records."""
    catalog = Catalog(Path(":memory:"))
    for papers in calls:
        add_records(catalog, enumerate(papers))
    found = [paper for _, paper in catalog.papers.all()]
    catalog.close()
    return found


def both_ways(one: Paper, other: Paper) -> int:
    """Returns how many papers two records are, together and apart, in either order."""
    (count,) = {
        len(held(*calls))
        for first, second in ((one, other), (other, one))
        for calls in ([[first, second]], [[first], [second]], [[first], [second], [first, second]])
    }
    return count


@pytest.mark.parametrize(
    ("kind", "ways"),
    [
        ("doi", ["10.1000/AbC", "https://doi.org/10.1000/abc", "doi.org/10.1000/ABC",
                 "doi: 10.1000/abc.", "https://doi.org/10.1000%2Fabc", "DOI 10.1000/abc"]),
        ("arxiv", ["2401.01234", "2401.01234v3", "arXiv:2401.01234v1 [cs.CL]"]),
        ("pmid", ["12345", "PMID: 12345", "0012345", "12345.0"]),
    ],
)  # fmt: skip
def test_every_way_to_write_an_identifier_is_one(kind: str, ways: list[str]) -> None:
    assert len({identifier(kind, way) for way in ways}) == 1
    assert identifier(kind, ways[0]) is not None


def test_the_doi_that_arxiv_gives_is_its_number() -> None:
    assert identifier("doi", "10.48550/arXiv.2401.01234") == "arxiv:2401.01234"
    assert identifier("doi", "https://doi.org/10.48550/ARXIV.2401.01234v2") == "arxiv:2401.01234"


@pytest.mark.parametrize("text", ["", "0", "PMC123", "12a", "12345678901"])
def test_what_is_no_number_of_pubmed_is_none(text: str) -> None:
    assert identifier("pmid", text) is None


ALIKE = [
    ("Kelp forests shelter young crabs, from cold water!", ANN, "punctuation"),
    ("KELP FORESTS SHELTER YOUNG CRABS FROM COLD WATER", ANN, "case"),
    ("Kelp-forests shelter young crabs from cold-water", ANN, "hyphens"),
    ("Kelpforests shelter young crabs from cold water", ANN, "a space"),
    ("{K}elp \\textbf{forests} shelter young crabs from cold water", ANN, "LaTeX"),
    ("Kelp <i>forests</i> shelter young crabs from cold water", ANN, "markup"),
    ("Kelp forests shelter young crabs: from cold water", ANN, "a colon"),
    ("Kelp forests shelter yonug crabs from cold water", ANN, "turned letters"),
    ("Kelp forests sheltr young crabs from cold water", ANN, "a letter left out"),
    ("Kelp forests shelteer young crabs from cold water", ANN, "a letter too many"),
    ("Kelp forests shelter young crabs from cold water: Five summers on a coast", ANN, "subtitle"),
    ("RETRACTED: Kelp forests shelter young crabs from cold water", ANN, "taken back"),
    (TITLE, (), "no authors"),
    (TITLE, ("Lind, Ann",), "last name first"),
    (TITLE, ("A. Lind",), "an initial"),
    (TITLE, ("Lind A",), "an initial behind"),
    (TITLE, ("Lind Ann",), "turned names"),
]


@pytest.mark.parametrize(("title", "authors", "why"), ALIKE, ids=[one[2] for one in ALIKE])
def test_a_preprint_and_its_printing_are_one(title: str, authors: tuple[str, ...], why: str):
    preprint = record(TITLE, KELP, "arxiv:2101.00001", authors=ANN, published="2021-01-05")
    printed = record(title, KELP, "doi:10.1/kelp", authors=authors, published="2022")
    assert both_ways(preprint, printed) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Modelling the behaviour of coloured fibres", "Modeling the behavior of colored fibers"),
        ("Decay of $\\alpha$ particles in haemoglobin", "Decay of α particles in hemoglobin"),
        ("Schr{\\\"o}dinger's cat", "Schrödinger’s Cat"),
        ("Fish &amp; chips", "Fish and Chips"),
    ],
)
def test_spellings_of_one_title_are_one(one: str, other: str) -> None:
    assert "".join(fold_words(one)) == "".join(fold_words(other))
    assert both_ways(record(one, KELP, "doi:10.1/a"), record(other, KELP, "pmid:7")) == 1


APART = [
    (record(authors=ANN), record(authors=BO, text=MOSS), "authors"),
    (record(authors=("Ann Lind",)), record(authors=("Carl Lind",)), "initials"),
    (record(TITLE, KELP, "doi:10.1/a"), record(TITLE, KELP, "doi:10.1/b"), "DOIs"),
    (record(TITLE, KELP, "arxiv:2101.00001"), record(TITLE, KELP, "arxiv:2101.00002"), "numbers"),
    (record("Editorial", KELP, authors=ANN), record("Editorial", MOSS, authors=BO), "editorials"),
    (record("Editorial", KELP, authors=ANN), record("Editorial", MOSS, authors=ANN), "two of one"),
    (record("Introduction", KELP), record("Introduction", MOSS), "chapters"),
    (record("Discussion of: Kelp", KELP, authors=ANN), record("Discussion of: Kelp", KELP),
     "discussions"),
    (record(f"{TITLE}: Part I", authors=ANN), record(f"{TITLE}: Part II", authors=ANN), "parts"),
    (record(f"{TITLE}: Part I", authors=ANN), record(authors=ANN), "part and whole"),
    (record(f"{TITLE} 1", authors=ANN), record(f"{TITLE} 2", authors=ANN), "sequels"),
    (record(authors=ANN), record(f"Correction to: {TITLE}", authors=ANN), "corrections"),
    (record(authors=ANN), record(f"Erratum: {TITLE}", authors=ANN), "errata"),
    (record(authors=ANN), record(f"Retraction: {TITLE}", authors=ANN), "a notice"),
    (record("BERT for crabs", authors=ANN), record("BART for crabs", MOSS, authors=ANN), "a name"),
    (record("Programming in C", authors=ANN), record("Programming in C++", authors=ANN), "signs"),
    (record(authors=ANN, published="2010"), record(authors=ANN, published="2020", text=MOSS),
     "years"),
    (record(f"{TITLE}: The deep", MOSS, authors=ANN), record(authors=ANN), "another subtitle"),
    (record("Adsorption of salt and sand on cold kelp", authors=ANN),
     record("Absorption of salt and sand on cold kelp", MOSS, authors=ANN), "a letter"),
    (record("Cold kelp", KELP), record("Cold kelp", MOSS, authors=ANN), "short titles"),
    (record("Cold kelp", ""), record("Cold kelp", KELP, authors=ANN), "a short title alone"),
    (record(authors=ANN, text=MOSS), record(authors=ANN), "two works of one author"),
    (record(text=f"{KELP[:90]} {MOSS[:70]}"), record(authors=ANN), "another text"),
    (record(text="", published="2010"), record(authors=ANN, published="2020"), "no text to tell"),
    (record(TITLE.replace("shelter", "sheltxr"), f"{KELP[:90]} {MOSS}", authors=ANN),
     record(authors=ANN), "a letter and another text"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other", "why"), APART, ids=[pair[2] for pair in APART])
def test_different_papers_stay_apart(one: Paper, other: Paper, why: str) -> None:
    assert both_ways(one, other) == 2


def test_a_listing_gains_authors_a_link_and_a_year() -> None:
    listed = record(text="", source="A page", published="--03-04")
    full = record(authors=ANN, published="2021-03-04", url="https://example.org/kelp")
    (paper,) = held([listed], [full])
    assert (paper.authors, paper.url, paper.year) == (ANN, "https://example.org/kelp", 2021)
    assert paper.source == "A page"


def test_papers_of_one_title_and_no_number_each_have_an_id_and_keep_it() -> None:
    papers = [record("Editorial", text, authors=who) for text, who in ((KELP, ANN), (MOSS, BO))]
    first = held(papers)
    assert len({paper.id for paper in first}) == 2
    assert held(papers, papers[::-1]) == first


def test_of_several_papers_of_a_title_a_record_joins_the_one_that_says_the_same() -> None:
    one, other = record(authors=ANN), record(authors=BO, text=MOSS)
    found = held([one, other], [record(text=MOSS, venue="Roofs")])
    assert [(p.authors, p.venue) for p in found] == [(ANN, None), (BO, "Roofs")]
    unlike = record(text="Nothing of the sort was ever counted. " * 5)
    assert len(held([one, other], [unlike], [unlike])) == 3


def test_a_record_whose_author_was_corrected_is_its_paper_when_it_is_read_again() -> None:
    catalog, embedder = Catalog(Path(":memory:")), HashedWords("words", 8)
    add_records(catalog, [(0, record(authors=ANN)), (0, record("Cold kelp", MOSS, authors=ANN))])
    for _, paper in list(catalog.papers.all()):
        assert store_correction(catalog, embedder, paper, Correction(authors=("Carl Ask",)))
    first, again = (add_records(catalog, [(0, record("Cold kelp", MOSS, authors=ANN))])
                    for _ in range(2))  # fmt: skip
    assert (first.new, again.changed, catalog.papers.count()) == (0, 0, 2)
    catalog.close()


def test_papers_of_one_title_are_their_own_when_read_after_a_correction() -> None:
    catalog, embedder = Catalog(Path(":memory:")), HashedWords("words", 8)
    twins = [record("Editorial", KELP, authors=ANN), record("Editorial", MOSS, authors=BO)]
    add_records(catalog, enumerate(twins))
    second = catalog.papers.by_number([2])[2]
    assert store_correction(catalog, embedder, second, Correction(authors=("Carl Ask",)))
    first, again = (add_records(catalog, enumerate(twins)) for _ in range(2))
    assert (first.new, again.changed, catalog.papers.count()) == (0, 0, 2)
    catalog.close()


# Laws.

titles = st.sampled_from([TITLE, TITLE.upper(), f"{TITLE}: Notes", "Editorial", "Cold kelp"])
numbers = st.sets(
    st.sampled_from(["arxiv:2101.00001", "arxiv:2101.00002", "doi:10.1/a", "doi:10.1/b", "pmid:7"]),
    max_size=2,
)
people = st.sampled_from([(), ANN, BO, ("Lind, Ann",)])
any_records = st.builds(
    lambda title, text, ids, who, when: make_paper(title, text, ids, authors=who, published=when),
    titles,
    st.sampled_from([KELP, MOSS, "Short."]),
    numbers,
    people,
    st.sampled_from([None, "2020", "2021-05-01", "2009"]),
)


def strong(paper: Paper) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {kind: set() for kind in ID_KINDS if kind != "title"}
    for alias in paper.aliases:
        kind = alias.partition(":")[0]
        if kind != "title":
            found[kind].add(alias)
    return found


@given(any_records, any_records)
def test_likeness_looks_both_ways_and_at_itself(one: Paper, other: Paper) -> None:
    assert like_paper(one, other) == like_paper(other, one)
    assert same_paper(one, other) == same_paper(other, one)
    assert same_paper(one, one)


@given(any_records, any_records)
def test_records_that_are_alike_share_a_key(one: Paper, other: Paper) -> None:
    if like_paper(one, other):
        assert set(title_keys(one)) & set(title_keys(other))


@given(any_records, any_records)
def test_two_numbers_of_a_kind_are_never_one_paper_unless_a_stronger_one_is(
    one: Paper, other: Paper
) -> None:
    ours, theirs = strong(one), strong(other)
    decisive = next((kind for kind in ours if ours[kind] and theirs[kind]), None)
    if decisive and ours[decisive].isdisjoint(theirs[decisive]):
        assert both_ways(one, other) == 2


# Order does matter for a record that two papers fit, such as a listing without authors: it joins
# the one that is there. So the law is of records that name their works.
works = st.integers(1, 3).flatmap(
    lambda n: st.builds(
        lambda title, ids, who, when: make_paper(title, KELP, ids, authors=who, published=when),
        st.sampled_from([TITLE, TITLE.upper(), TITLE.replace(" ", "-")]),
        st.sets(st.sampled_from([f"arxiv:2101.0000{n}", f"doi:10.1/{n}", f"pmid:{n}"])),
        st.sampled_from([(f"{'XYZ'[n - 1]}. Author{'xyz'[n - 1]}",)]),
        st.sampled_from([None, "2020", "2021-05-01"]),
    )
)


@given(st.lists(works, min_size=1, max_size=7), st.randoms())
def test_what_is_merged_does_not_depend_on_the_order(papers: list[Paper], random) -> None:
    def grouped(records: list[Paper]) -> set[tuple[str, frozenset[str]]]:
        return {(p.authors[0], frozenset(a for a in p.aliases if "title:" not in a))
                for p in held(records)}  # fmt: skip

    first = grouped(papers)
    assert len(first) == len({paper.authors for paper in papers})
    random.shuffle(papers)
    assert grouped(papers) == first


@given(st.lists(any_records, max_size=6))
def test_reading_again_what_is_there_changes_nothing(papers: list[Paper]) -> None:
    catalog = Catalog(Path(":memory:"))
    add_records(catalog, enumerate(papers))
    # What joined late may settle once more; then it is settled.
    add_records(catalog, enumerate(papers))
    before = list(catalog.papers.all())
    assert len({paper.id for _, paper in before}) == len(before)
    again = add_records(catalog, enumerate(papers))
    assert list(catalog.papers.all()) == before
    assert (again.new, again.changed) == (0, 0)
    assert count_known(catalog, enumerate(papers)) is not None
    catalog.close()


@given(any_records, any_records)
def test_merging_records_that_are_alike_twice_changes_nothing(one: Paper, other: Paper) -> None:
    merged = merge(one, other)
    assert merge(merged, other) == merge(merged, one) == merged


# The index.


def test_a_removed_paper_has_no_keys_and_one_put_back_has_them() -> None:
    catalog = Catalog(Path(":memory:"))
    paper = record(authors=ANN)
    add_records(catalog, [(0, paper)])
    keys = title_keys(paper)
    assert catalog.titles.papers(keys)
    catalog.remove([1])
    assert not catalog.titles.papers(keys)
    (removal,) = catalog.removals.list()
    assert isinstance(removal, Removal)
    catalog.restore(removal)
    assert catalog.titles.papers(keys)
    catalog.close()


def test_a_library_of_an_earlier_version_has_its_titles_indexed_when_papers_are_added() -> None:
    catalog = Catalog(Path(":memory:"))
    add_records(catalog, [(0, record(TITLE, KELP, "arxiv:2101.00001", authors=ANN))])
    catalog._db.execute("DELETE FROM title_keys")
    catalog._db.execute("DELETE FROM meta WHERE key = 'titled'")
    assert not catalog.titles.complete
    printed = record(TITLE.replace("young", "yonug"), KELP, "doi:10.1/kelp", authors=ANN)
    add_records(catalog, [(0, printed)])
    assert catalog.papers.count() == 1
    catalog.close()


def test_texts_are_compared_by_pairs_of_words() -> None:
    assert text_likeness(KELP, KELP) == 1.0
    assert text_likeness(KELP, f"Before. {KELP} After.") == 1.0
    assert text_likeness("Short.", KELP) is None
    likeness = text_likeness(KELP, MOSS)
    assert likeness is not None
    assert likeness < EQUAL_TEXT / 10
