"""The command that writes the papers of a library out again.

Heavy imports are inside the function that needs them, so that ``--help`` is fast.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from footnote.ui.cli.options import (
    LibraryOption,
    ShardOption,
    SinceOption,
    UntilOption,
    check_years,
    make_filters,
    open_reader,
)

if TYPE_CHECKING:
    from footnote.index.library.reading import LibraryReader
    from footnote.index.models import Paper
    from footnote.ui.storage.annotations import Annotation

FormatOption = Annotated[
    Literal["jsonl", "bibtex", "ris", "csl-json", "csv"],
    typer.Option("--format", help="JSON Lines, a format of reference managers, or CSV."),
]


def export(
    form: FormatOption = "jsonl",
    library: LibraryOption = None,
    shard: ShardOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
) -> None:
    """Print the papers of a library, one JSON record a line or in another format."""
    from footnote.ui.export.written import write_papers

    check_years(since, until)
    filters = make_filters(since, until)
    with open_reader(library, shard) as opened:
        papers: Iterable[Paper] = (paper for paper in opened.papers() if filters.admit(paper.year))
        own = None
        if form not in ("jsonl", "csv"):
            papers = list(papers)
            own = _read_annotations(opened, [paper.id for paper in papers])
        for piece in write_papers(papers, form, own):
            print(piece, end="")


def _read_annotations(opened: "LibraryReader", papers: Sequence[str]) -> "dict[str, Annotation]":
    """Returns the tags and notes of papers, those of an earlier folder first."""
    from footnote.ui.storage.shelf import ANNOTATIONS, Shelf

    found: dict[str, Annotation] = {}
    for folder in opened.folders:
        if not (folder / ANNOTATIONS).is_file():
            continue
        with Shelf.open(folder) as shelf:
            found = {**shelf.annotations_of(papers, opened), **found}
    return found
