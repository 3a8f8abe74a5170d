"""Undo and removal over any records at all: back through every state, and never half a paper."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from conftest import HashedWords, holds
from hypothesis import given
from hypothesis import strategies as st

from footnote.index.models import Paper, make_paper
from footnote.index.storage.catalog import Catalog
from footnote.index.storage.ingest.pipeline import Added, add_records, embed_rest, undo_import

kinds = st.sampled_from(["arxiv:2401.0000", "doi:10.1000/", "pmid:"])
ids = st.sets(st.builds(lambda kind, n: f"{kind}{n}", kinds, st.integers(1, 3)), max_size=3)
records = st.builds(
    lambda title, abstract, ids, venue: make_paper(title, abstract, ids, venue=venue),
    st.sampled_from(["Sails", "Ropes", "Tar"]),
    st.sampled_from(["", "It is.", "It is long.", "It is the longest. Yes."]),
    ids,
    st.sampled_from([None, "Wind"]),
)
imported = st.lists(records, max_size=6)


def empty_catalog() -> Catalog:
    return Catalog(Path(":memory:"))


def add_papers(
    catalog: Catalog, embedder: HashedWords, papers: Iterable[tuple[int, Paper]], **more: Any
) -> Added:
    added = add_records(catalog, papers, **more)
    embed_rest(catalog, embedder)
    return added


@given(st.lists(imported, min_size=1, max_size=4))
def test_undoing_every_import_in_turn_goes_back_through_every_state(imports: list[list[Paper]]):
    catalog, embedder = empty_catalog(), HashedWords()
    states = []
    for papers in imports:
        state = holds(catalog)
        added = add_papers(catalog, embedder, enumerate(papers))
        newest = next(iter(catalog.imports.list()), None)
        if added.new or added.changed:
            assert newest is not None
            states.append((newest.number, state))
            assert (newest.new, newest.changed) == (added.new, added.changed)
    for number, state in reversed(states):
        undo_import(catalog, embedder, number)
        assert holds(catalog) == state
    catalog.close()


@given(imported, st.lists(imported, min_size=1, max_size=3), imported)
def test_what_joins_an_import_is_undone_with_it_and_nothing_else_is(
    before: list[Paper], parts: list[list[Paper]], after: list[Paper]
) -> None:
    catalog, embedder = empty_catalog(), HashedWords()
    add_papers(catalog, embedder, enumerate(before))
    state, earlier = holds(catalog), len(catalog.imports.list())
    number = None
    for part in parts:
        added = add_papers(catalog, embedder, enumerate(part), names=["it"], joins=number)
        number = number if added.number is None else added.number
    assert len(catalog.imports.list()) - earlier == (number is not None)
    joined = holds(catalog)
    if add_papers(catalog, embedder, enumerate(after)).number is not None and number is not None:
        # Another import came since: what joins too late is an import of its own.
        late = add_papers(
            catalog, embedder, enumerate([make_paper("Knots", "Tied.")]), joins=number
        )
        assert late.number not in {number, None}
        for newest in catalog.imports.list()[:2]:
            undo_import(catalog, embedder, newest.number)
        assert holds(catalog) == joined
    if number is not None:
        undo_import(catalog, embedder, number)
        assert holds(catalog) == state
    catalog.close()


def assert_whole(catalog: Catalog) -> None:
    """Every identifier leads to a paper that is there and has it, and every text is embedded."""
    kept = holds(catalog)
    owners = dict(kept["aliases"])
    papers = dict(catalog.papers.all())
    assert {row[0] for row in kept["passages"]} == {n for n, p in papers.items() if p.abstract}
    assert set(owners) == {alias for paper in papers.values() for alias in paper.aliases}
    assert all(alias in papers[number].aliases for alias, number in owners.items())
    assert all(owners[paper.id] == number for number, paper in papers.items())


@given(st.lists(imported | st.integers(0, 8) | st.just("undo"), min_size=2, max_size=8))
def test_adding_removing_and_undoing_in_any_order_leave_whole_papers(
    steps: list[list[Paper] | int | Literal["undo"]],
) -> None:
    catalog, embedder = empty_catalog(), HashedWords()
    for step in steps:
        if step == "undo":
            for newest in [one for one in catalog.imports.list() if not one.undone][:1]:
                undo_import(catalog, embedder, newest.number)
        elif isinstance(step, int):
            numbers = [number for number, _ in catalog.papers.all()]
            catalog.remove(numbers[step : step + 1])
        elif not isinstance(step, str):
            add_papers(catalog, embedder, enumerate(step))
        assert_whole(catalog)
    catalog.close()


@given(st.lists(imported | st.integers(0, 8) | st.just("undo"), min_size=2, max_size=8))
def test_putting_back_goes_back_through_every_taking_and_embeds_nothing(
    steps: list[list[Paper] | int | Literal["undo"]],
) -> None:
    catalog, embedder = empty_catalog(), HashedWords()
    states: list[dict[str, Any]] = []
    for step in steps:
        before = whole(catalog)
        if step == "undo":
            for newest in [one for one in catalog.imports.list() if not one.undone][:1]:
                undo_import(catalog, embedder, newest.number)
        elif isinstance(step, int):
            numbers = [number for number, _ in catalog.papers.all()][step : step + 2]
            if numbers:
                catalog.remove(numbers)
        elif not isinstance(step, str):
            added = add_papers(catalog, embedder, enumerate(step))
            states = [] if added.new or added.changed else states
        if len(catalog.removals.list()) > len(states):
            states.append(before)
    embedder.texts.clear()
    assert len(catalog.removals.list()) == len(states)
    for state in reversed(states):
        catalog.restore(catalog.removals.list()[0])
        assert whole(catalog) == state
    assert embedder.texts == []
    catalog.close()


def whole(catalog: Catalog) -> dict[str, Any]:
    """Returns all that a catalog says, of imports and what each changed too."""
    changes = [catalog.imports.changes(one.number) for one in catalog.imports.list()]
    return {**holds(catalog), "imports": catalog.imports.list(), "changes": changes}
