"""Doctor: a library examined whole, and what can be made again made again."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from footnote.index import FootnoteError
from footnote.index.embeddings.protocols import Embedder
from footnote.index.library import CATALOG, LOCK, Library
from footnote.index.storage.catalog import Catalog
from footnote.index.storage.database import UNREADABLE
from footnote.index.storage.ingest.write_lock import WriteLock
from footnote.ui.maintenance.findings import Finding, wrong
from footnote.ui.maintenance.stores import examine_stores
from footnote.ui.maintenance.user_files import examine_room, examine_settings, examine_user_files


def examine(folder: Path, embedder: str) -> list[Finding]:
    """Returns what is found of every part of a library, which is not changed.

    Args:
        folder: Of the library.
        embedder: Name of the one that the settings ask for.
    """
    found: list[Finding] = []
    try:
        found += examine_stores(folder, embedder)
        found += examine_user_files(folder)
    except (UNREADABLE, OSError) as error:
        found.append(
            wrong("files", str(error), "they cannot be read", "check the disk and the permissions")
        )
    return [*found, *examine_settings(), examine_room(folder)]


def repair(
    folder: Path,
    found: Sequence[Finding],
    make_embedder: Callable[[], Embedder],
    *,
    wait: float = 0.0,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[Finding]:
    """Makes again what can be made without loss, and examines all once more.

    Args:
        folder: Of the library.
        found: What ``examine`` returned.
        make_embedder: Returns the one that the settings ask for; called where it is needed.
        wait: Seconds to wait for another process that writes.
        on_progress: Called while a collection is made, with passages written and of how many.

    Returns:
        The findings; what was wrong and no longer is, is repaired.
    """
    unreadable = any(
        one.part == "catalog" and one.state == "wrong" and not one.mendable for one in found
    )
    if unreadable or not any(one.mendable for one in found):
        # Whatever is made again is made of the records.
        return [*found]
    failed: list[Finding] = []
    embedder = make_embedder()
    try:
        # Before it is opened, which reads every vector: one of a wrong length would end that.
        with WriteLock(folder / LOCK, wait=wait).hold(), closing(Catalog(folder / CATALOG)) as rows:
            rows.mend()
        with Library.open(folder, embedder=embedder, wait=wait) as library:
            library.tidy(on_progress=on_progress)
    except FootnoteError as error:
        failed = [wrong("repair", str(error), "not all is repaired", "run: footnote doctor")]
    after = examine(folder, embedder.name)
    still = {(one.part, one.found) for one in after}
    # What is repaired stands where it was found; the rest is as it is now.
    mended = [
        replace(one, todo="", state="repaired")
        for one in found
        if one.mendable and (one.part, one.found) not in still
    ]
    return [*mended, *after, *failed]
