"""Restore: a library out of a backup, whole or not at all, without embedding.

It is made beside its place, checked, and then moved there. What was there before is never deleted.
"""

import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from footnote.index import LibraryError
from footnote.index.library import CATALOG, LOCK, SNAPSHOTS, WORDS
from footnote.index.search.chroma.server import UnusableServer
from footnote.index.search.fold import Fold
from footnote.index.search.vector_index import VectorIndex
from footnote.index.search.word_index import WordIndex
from footnote.index.storage.catalog import Catalog
from footnote.index.storage.database import find_damage
from footnote.index.storage.ingest.write_lock import WriteLock
from footnote.index.storage.schema import MIGRATIONS
from footnote.ui.maintenance.archive import (
    BackupError,
    BackupManifest,
    extract,
    open_archive,
    read_manifest,
)
from footnote.ui.maintenance.user_files import DATABASES, examine_database

_log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]


def restore(
    file: Path,
    folder: Path,
    *,
    force: bool = False,
    wait: float = 0.0,
    on_progress: Progress | None = None,
) -> tuple[BackupManifest, Path | None]:
    """Makes a library out of a backup; returns its manifest, and where what was there is now.

    Args:
        file: Of ``back_up``.
        folder: Of the library; it must be empty, or not there.
        force: Move a folder that is not empty aside, beside its place.
        wait: Seconds to wait for a process that writes the library there.
        on_progress: Called while the collection is made, with passages written and of how many.

    Raises:
        BackupError: The file is no whole backup, or the folder is not empty.
        LibraryError: The library is of a newer version, or cannot be written.
    """
    _check_place(folder, force=force)
    place = folder.absolute()
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with (
            tempfile.TemporaryDirectory(dir=place.parent, prefix=f".{place.name}.") as at,
            open_archive(file) as archive,
        ):
            made = Path(at) / "library"
            made.mkdir()
            manifest = read_manifest(file, archive)
            _check_version(file, manifest, free=shutil.disk_usage(at).free)
            for member in manifest.members:
                extract(archive, member, made / member.name)
            _check_library(file, made, manifest)
            _make_indexes(made, on_progress)
            aside = _move(made, place, wait)
    except OSError as error:
        raise BackupError(
            f"{folder} cannot be written ({error.strerror or error}); give another folder"
        ) from error
    return manifest, aside


def _check_place(folder: Path, *, force: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise BackupError(f"{folder} is a file, and a library is a folder; give another folder")
    if not force and folder.is_dir() and any(folder.iterdir()):
        raise BackupError(
            f"{folder} is not empty; give another folder, or --force to move it aside"
        )


def _check_version(file: Path, manifest: BackupManifest, *, free: int) -> None:
    if manifest.migrations > len(MIGRATIONS):
        raise BackupError(
            f"{file} holds a library of schema 1.{manifest.migrations}, this version reads "
            f"1.{len(MIGRATIONS)}; update Footnote"
        )
    if CATALOG not in {member.name for member in manifest.members}:
        raise BackupError(f"{file} holds no catalog; give another file")
    needed = sum(member.bytes for member in manifest.members)
    if needed > free:
        raise BackupError(
            f"{file} needs {needed / 1e9:.1f} GB and {free / 1e9:.1f} are free; free disk space"
        )


def _check_library(file: Path, made: Path, manifest: BackupManifest) -> None:
    """Makes sure of the databases, which may be others than a backup was made of."""
    if damage := find_damage(made / CATALOG):
        raise BackupError(f"{file}: its catalog is damaged ({damage[:100]}); give another file")
    for name, kind in DATABASES.items():
        if (made / name).is_file():
            found = examine_database(made / name, kind)
            if found.state != "whole":
                raise BackupError(f"{file}: {name}: {found.found}; give another file")
    with closing(Catalog(made / CATALOG)) as catalog:
        if catalog.counts() != (manifest.papers, manifest.passages):
            raise BackupError(f"{file} does not hold what its manifest counts; give another file")
    # Others may read papers, and not what readers wrote.
    (made / CATALOG).chmod(0o666 & ~_umask())


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _make_indexes(made: Path, on_progress: Progress | None) -> None:
    with closing(Catalog(made / CATALOG)) as catalog:
        catalog.void_collection()
        # What is on a server belongs to the library that was backed up.
        catalog.set_meta(served="")
        embedder = catalog.meta("embedder") or ""
        with closing(WordIndex(made / WORDS, catalog)) as words:
            words.write_anew()
        with closing(VectorIndex(made / SNAPSHOTS, catalog, embedder)) as vectors:
            try:
                Fold(vectors, catalog).run(on_progress)
            except UnusableServer as error:
                _log.warning("%s; until then its papers are compared one by one", error)


def _move(made: Path, place: Path, wait: float) -> Path | None:
    """Moves a library to its place; returns where what was there is now."""
    if not place.is_dir():
        os.replace(made, place)
        return None
    if not any(place.iterdir()):
        place.rmdir()
        os.replace(made, place)
        return None
    aside = place.with_name(f"{place.name}.before-{datetime.now(UTC):%Y%m%d-%H%M%S}")
    if aside.exists():
        raise LibraryError(f"{aside} is there already; try again in a second")
    with _unwritten(place, wait):
        os.replace(place, aside)
        try:
            os.replace(made, place)
        except OSError:
            os.replace(aside, place)
            raise
    return aside


@contextmanager
def _unwritten(place: Path, wait: float) -> Iterator[None]:
    """Makes sure that nobody writes a library while it is moved."""
    if not (place / CATALOG).is_file():
        yield
        return
    with WriteLock(place / LOCK, wait=wait).hold():
        yield
