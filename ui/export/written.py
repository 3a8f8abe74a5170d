"""Written: the papers of a library in any format that it is exported in, piece by piece."""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from footnote.index.models import Paper
from footnote.ui.export.bibliography import bibliography
from footnote.ui.export.records import paper_record
from footnote.ui.storage.annotations import Annotation

ExportForm = Literal["jsonl", "bibtex", "ris", "csl-json", "csv"]
MEDIA_TYPES: Mapping[ExportForm, str] = {
    "jsonl": "application/jsonl", "bibtex": "application/x-bibtex",
    "ris": "application/x-research-info-systems",
    "csl-json": "application/vnd.citationstyles.csl+json", "csv": "text/csv",
}  # fmt: skip
FIELDS = (
    "title", "abstract", "authors", "published", "year", "venue", "doi", "arxiv_id", "pmid", "url",
    "source",
)  # fmt: skip
# What only some records have.
_MORE = ("id", "author_count", "note", "status")
# Characters.
_PIECE = 1 << 16


def write_papers(
    papers: Iterable[Paper], form: ExportForm, own: Mapping[str, Annotation] | None = None
) -> Iterator[str]:
    """Yields the papers in a format; records and rows one by one.

    Formats of reference managers need a key that no other paper has, and so all papers at once.

    Args:
        papers: In any order.
        form: How.
        own: Tags and notes by the identifiers of papers, for formats of reference managers.
    """
    if form == "jsonl":
        for record in map(paper_record, papers):
            yield f"{json.dumps(record, ensure_ascii=False)}\n"
    elif form == "csv":
        yield from _rows(papers)
    else:
        text = bibliography(papers, form, own, abstracts=True)
        for at in range(0, len(text), _PIECE):
            yield text[at : at + _PIECE]


def _rows(papers: Iterable[Paper]) -> Iterator[str]:
    yield _row((*FIELDS, *_MORE))
    for paper in papers:
        record = {**paper_record(paper), "authors": "; ".join(paper.authors)}
        cells = (record.get(name) for name in (*FIELDS, *_MORE))
        # A lone return ends a line for whoever reads the file.
        yield _row("" if one is None else re.sub(r"\r\n?", "\n", str(one)) for one in cells)


def _row(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()
