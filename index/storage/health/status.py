"""Status: what a library holds, in figures."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from footnote.index.embeddings.protocols import Embedder
from footnote.index.storage.catalog import Catalog


@dataclass(frozen=True, slots=True)
class Status:
    """What a library holds.

    Attributes:
        generation: Number of its Chroma collection.
        vectors: Where that is: "folder", or the address of a server.
        unfolded: Passages that came or went since that was written; they are searched all the same.
        waiting: Papers that are not embedded yet, and found by words alone.
    """

    name: str
    path: Path
    papers: int
    passages: int
    undated: int
    first_year: int | None
    last_year: int | None
    embedder: str
    dimensions: int
    generation: int
    unfolded: int
    waiting: int
    bytes: int
    notes: tuple[str, ...]
    vectors: str = "folder"


def read_status(path: Path, catalog: Catalog, embedder: Embedder) -> Status:
    """Returns what the library in a folder holds."""
    papers, count = catalog.counts()
    years = catalog.papers.years()
    dated = [year for year in years if year is not None]
    return Status(
        name=path.name,
        path=path,
        papers=papers,
        passages=count,
        undated=years.get(None, 0),
        first_year=min(dated, default=None),
        last_year=max(dated, default=None),
        embedder=embedder.name,
        dimensions=embedder.dimensions,
        generation=int(catalog.meta("generation") or 0),
        unfolded=sum(catalog.backlog.count_unfolded()),
        waiting=catalog.papers.count_uncut(),
        bytes=_folder_bytes(path),
        notes=tuple(catalog.papers.notes()),
    )


def _folder_bytes(folder: Path) -> int:
    """Returns the size of a folder's files; one that a writer just swept away counts nothing."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                total += Path(parent, name).stat().st_size
    return total
