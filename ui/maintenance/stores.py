"""Stores: the catalog of a library and the indexes that are made from it, examined.

Nothing is changed here, and no embedder is loaded.
"""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from footnote.index import LibraryError
from footnote.index.library import CATALOG, SNAPSHOTS, WORDS
from footnote.index.search.chroma.server import UnusableServer
from footnote.index.search.vector_index import VectorIndex
from footnote.index.search.word_index import WordIndex
from footnote.index.storage.catalog import Catalog
from footnote.index.storage.database import find_damage, read_rows
from footnote.index.storage.health.faults import find_faults
from footnote.index.storage.schema import MIGRATIONS
from footnote.ui.maintenance.findings import Finding, mendable, whole, wrong

# Passages that must find themselves in the collection, each another one.
_SAMPLED = 20
_RESTORE = "restore a backup: footnote restore FILE --library DIR"


def examine_stores(folder: Path, embedder: str) -> Iterator[Finding]:
    """Yields what is found of the catalog, the words, the collection, and what waits.

    Args:
        folder: Of a library.
        embedder: Name of the one that the settings ask for.
    """
    path = folder / CATALOG
    if damage := find_damage(path):
        # Of a page that is torn SQLite may tell a thousand lines.
        yield wrong("catalog", damage[:200], "papers may be lost or wrong", _RESTORE)
        return
    version = int(read_rows(path, "PRAGMA user_version")[0][0])
    if version < len(MIGRATIONS):
        older = f"schema 1.{version} of an earlier version, this one has 1.{len(MIGRATIONS)}"
        yield Finding(
            "catalog", older, "it is brought up to date when it is opened next",
            "nothing", "note",
        )  # fmt: skip
    yield from _examine_rows(path)
    if version >= len(MIGRATIONS):
        yield from _examine_indexes(folder, embedder)


def _examine_rows(path: Path) -> Iterator[Finding]:
    faults = find_faults(path)
    for fault in faults:
        found = f"{fault.count:,} {fault.what}"
        if fault.mendable:
            yield mendable("catalog", found, "some papers are not found as they should be")
        else:
            yield wrong("catalog", found, "these papers cannot be read", _RESTORE)
    if not faults:
        papers = int(read_rows(path, "SELECT count(*) FROM papers")[0][0])
        yield whole("catalog", f"{papers:,} papers; every row belongs to one")


def _examine_indexes(folder: Path, embedder: str) -> Iterator[Finding]:
    try:
        catalog = Catalog(folder / CATALOG)
    except LibraryError as error:
        yield wrong("catalog", str(error), "it cannot be used", "see there")
        return
    with closing(catalog):
        made = catalog.meta("embedder") or embedder
        if made != embedder:
            yield wrong(
                "embedder", f"the library was built with {made}, the settings ask for {embedder}",
                "it cannot be searched",
                "change FOOTNOTE_EMBEDDING_MODEL, or run: footnote index --rebuild",
            )  # fmt: skip
        if waiting := catalog.papers.count_uncut():
            yield mendable(
                "embedding", f"{waiting:,} papers wait to be embedded", "words alone find them"
            )
        if not catalog.compaction.is_done():
            yield mendable(
                "room", "vectors or tokens are stored in an earlier form",
                "they take more of the disk than they need",
            )  # fmt: skip
        yield _examine_words(folder, catalog)
        yield from _examine_collection(folder, catalog, made)


def _examine_words(folder: Path, catalog: Catalog) -> Finding:
    papers = catalog.papers.count()
    with closing(WordIndex(folder / WORDS, catalog)) as words:
        if words.agrees():
            return whole("words", f"{papers:,} papers, as the catalog has")
    return mendable(
        "words", f"their index does not hold the catalog's {papers:,} papers",
        "searches by words miss some",
    )  # fmt: skip


def _examine_collection(folder: Path, catalog: Catalog, made: str) -> Iterator[Finding]:
    passages = catalog.passages.count()
    with closing(VectorIndex(folder / SNAPSHOTS, catalog, made)) as vectors:
        try:
            agree = all(vectors.agrees() for _ in range(_SAMPLED))
        except UnusableServer as error:
            yield wrong("collection", str(error), "words alone are searched", "see there")
            return
        if agree:
            lag = sum(catalog.backlog.count_unfolded())
            also = f"; {lag:,} of them came or went since it was written" if lag else ""
            name = vectors.base_name()
            also += f"; on {name.server}" if name and name.server else ""
            yield whole("collection", f"{passages:,} passages, as the catalog has{also}")
        else:
            yield mendable(
                "collection", f"it does not hold the catalog's {passages:,} passages",
                "searches by meaning miss some",
            )  # fmt: skip
        if leftovers := sorted(vectors.leftovers()):
            named = ", ".join(leftovers[:3]) + (", ..." if len(leftovers) > 3 else "")
            yield mendable(
                "leftovers", f"{len(leftovers):,} folders that nobody reads ({SNAPSHOTS}/{named})",
                "they take disk space",
            )  # fmt: skip
        yield from _examine_server(vectors)


def _examine_server(vectors: VectorIndex) -> Iterator[Finding]:
    if leftovers := vectors.served_leftovers():
        named = ", ".join(leftovers[:3]) + (", ..." if len(leftovers) > 3 else "")
        found = f"{len(leftovers):,} collections on its server that nobody reads ({named})"
        todo = "the next fold deletes them: footnote doctor --fold"
        yield Finding("leftovers", found, "they take its disk space", todo, "note")
