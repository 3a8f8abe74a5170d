"""A library of many papers: nothing is scanned twice for what did not change."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import HashedWords, invented

from footnote.index.library import Library
from footnote.rag.engine import CitedQueryEngine
from footnote.ui.web.context import Offers
from footnote.ui.web.handlers import act
from tests.pages import desk_of

READER = "r" * 22


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "library", embedder=HashedWords(), create=True) as library:
        papers = [
            replace(invented(n, None if n == 3 else f"{2000 + n % 7}"), venue=f"Harbours {n % 2}")
            for n in range(40)
        ]
        library.add(papers)
        yield library


def statements(library: Library) -> list[str]:
    """Returns a growing list of the statements that the catalog runs."""
    ran: list[str] = []
    library._catalog._db._db.set_trace_callback(ran.append)
    return ran


def test_years_notes_and_names_are_read_once_until_papers_change(library: Library) -> None:
    def look() -> tuple[object, ...]:
        status = library.status()
        return status.first_year, library.years(), library.searcher.names.counts("venue")

    before = look()
    ran = statements(library)
    assert look() == before
    assert not [sql for sql in ran if "FROM papers" in sql]
    library.add([replace(invented(90, "1990"), venue="Quays")])
    first, years, venues = look()
    assert (first, years[1990], venues["Quays"]) == (1990, 1, 1)  # type: ignore[index]


@pytest.mark.parametrize("order", ["added", "year", "title"])
def test_papers_are_put_in_order_by_an_index(library: Library, order: str) -> None:
    ran = statements(library)
    papers = library.page(order, 0, 100)  # type: ignore[arg-type]
    sql = next(one for one in ran if "ORDER BY" in one)
    plan = library._catalog._db.rows(f"EXPLAIN QUERY PLAN {sql}")
    assert not [row for row in plan if "TEMP B-TREE" in row[3]]
    keys = {
        "added": lambda paper: -int(paper.id[-5:]),
        "year": lambda paper: (-(paper.year or 0), -int(paper.id[-5:])),
        "title": lambda paper: paper.title.casefold(),
    }
    assert papers == sorted(papers, key=keys[order])
    assert len(papers) == 40


def test_many_papers_are_found_at_once_by_any_of_their_names(library: Library) -> None:
    names = ["title:tides-of-harbour5", invented(7).id, "nobody", "2105.00008"]
    found = library.find(names)
    assert [paper.id for paper in found.values()] == [invented(n).id for n in (5, 7, 8)]
    assert library.ids(names) == [invented(5).id, invented(7).id]
    ran = statements(library)
    library.find([invented(n).id for n in range(40)])
    library.ids([invented(n).id for n in range(40)])
    assert len([sql for sql in ran if "aliases" in sql]) == 2


def test_a_search_reads_only_the_records_that_it_shows(library: Library) -> None:
    library.add([invented(n) for n in range(100, 200)])
    ran = statements(library)
    reply = act(desk_of(library), {"action": "browse", "user": READER, "query": "tide"})
    assert reply["html"]["#fn-shelf"].count('fn-pick"') == 40
    (read,) = [sql for sql in ran if sql.startswith("SELECT number, record")]
    assert read.count(",") == 40


def test_a_scope_of_many_papers_names_the_first_and_counts_the_others(library: Library) -> None:
    papers = [invented(n).id for n in range(40)]
    asked = {"action": "scope", "user": READER, "scope": {"papers": [*papers, "gone"]}}
    reply = act(desk_of(library), asked)
    assert reply["scope"]["papers"] == papers
    assert reply["html"]["#fn-scope"].count("<li>") == 21
    assert "and 20 more" in reply["html"]["#fn-scope"]
    assert "Only these papers (40)" in reply["html"]["#fn-scope"]


def test_nobody_waits_while_another_has_the_offers_made(demo_library: Library) -> None:
    library = demo_library
    engine, offers = CitedQueryEngine(library), Offers()
    trying, go = threading.Event(), threading.Event()

    def slow(question: str) -> object:
        trying.set()
        assert go.wait(20)
        return engine.ask(question)

    made: list[bool] = []
    maker = threading.Thread(target=lambda: made.append(offers.renew(library, slow)))  # type: ignore[arg-type]
    maker.start()
    assert trying.wait(20)
    assert not offers.renew(library, engine.ask)
    go.set()
    maker.join()
    assert made == [True]
    assert offers.renew(library, lambda question: pytest.fail("made again"))
    assert offers.topics
