"""The command that writes the papers of a library out again.

Heavy imports are inside the function that needs them, so that ``--help`` is fast.
"""

import csv
import json
import re
import sys
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

FIELDS = (
    "title", "abstract", "authors", "published", "year", "venue", "doi", "arxiv_id", "pmid", "url",
    "source",
)  # fmt: skip
# What only some records have.
_MORE = ("id", "author_count", "note", "status")
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
    from footnote.ui.export.records import paper_record

    check_years(since, until)
    filters = make_filters(since, until)
    with open_reader(library, shard) as opened:
        papers = (paper for paper in opened.papers() if filters.admit(paper.year))
        if form == "jsonl":
            for record in map(paper_record, papers):
                print(json.dumps(record, ensure_ascii=False))
        elif form == "csv":
            _print_csv(papers)
        else:
            from footnote.ui.export.bibliography import bibliography

            chosen = list(papers)
            own = _read_annotations(opened, [paper.id for paper in chosen])
            print(bibliography(chosen, form, own, abstracts=True), end="")


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


def _print_csv(papers: Iterable["Paper"]) -> None:
    from footnote.ui.export.records import paper_record

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([*FIELDS, *_MORE])
    for paper in papers:
        record = {**paper_record(paper), "authors": "; ".join(paper.authors)}
        cells = (record.get(name) for name in (*FIELDS, *_MORE))
        # A lone return ends a line for whoever reads the file.
        writer.writerow("" if one is None else re.sub(r"\r\n?", "\n", str(one)) for one in cells)
