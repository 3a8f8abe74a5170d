"""Backup: all that a library cannot make again, in one file, while it is read and written.

The index of words and the collection of vectors are made from the catalog, without embedding; a
backup leaves them out. Settings and what was chosen on the page belong to no library.
"""

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from footnote.index import LibraryError
from footnote.index.library import CATALOG
from footnote.index.storage.database import copy_database, read_rows
from footnote.ui.maintenance.archive import (
    MANIFEST,
    PIECE,
    BackupError,
    BackupManifest,
    BackupMember,
    is_member,
    open_archive,
    read_manifest,
)
from footnote.ui.maintenance.user_files import DATABASES, FEEDBACK, RUNS, SETS


def back_up(folder: Path, file: Path) -> BackupManifest:
    """Writes a backup of a library, which appears whole or not at all; returns its manifest.

    Each database is copied as it is at one moment. An earlier backup in its place is replaced.

    Args:
        folder: Of the library.
        file: Where to.

    Raises:
        BackupError: The file stands within the library, or is something else than a backup.
        LibraryError: A database cannot be read.
    """
    _check_place(folder, file)
    try:
        with tempfile.TemporaryDirectory(dir=file.absolute().parent, prefix=f".{file.name}.") as at:
            partial = Path(at) / "backup"
            partial.touch(mode=0o600)
            manifest = _write(folder, partial, Path(at))
            os.replace(partial, file)
    except OSError as error:
        raise BackupError(
            f"{file} cannot be written ({error.strerror or error}); give another place"
        ) from error
    return manifest


def _check_place(folder: Path, file: Path) -> None:
    if file.resolve().is_relative_to(folder.resolve()):
        raise BackupError(f"{file} stands within the library; give a file outside of it")
    if file.is_dir() or not file.absolute().parent.is_dir():
        raise BackupError(f"{file} cannot be a file; give one in a folder that exists")
    if file.exists() and file.stat().st_size:
        try:
            with open_archive(file) as archive:
                read_manifest(file, archive)
        except BackupError as error:
            raise BackupError(f"{file} is there, and no backup; give another name") from error


def _write(folder: Path, partial: Path, work: Path) -> BackupManifest:
    members: list[BackupMember] = []
    with partial.open("wb") as file:
        # Vectors hardly shrink; the quickest level takes half of what a better one would save.
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name, path, size in _copies(folder, work):
                members.append(_add(archive, name, path, size))
            manifest = _describe(work / CATALOG, members)
            archive.writestr(MANIFEST, manifest.model_dump_json(indent=1))
        file.flush()
        os.fsync(file.fileno())
    return manifest


def _copies(folder: Path, work: Path) -> Iterator[tuple[str, Path, int]]:
    """Yields each file with its name in the backup and the bytes of it that count."""
    for name in (CATALOG, *DATABASES):
        if (folder / name).is_file():
            copy_database(folder / name, work / name)
            yield name, work / name, (work / name).stat().st_size
    files = [folder / FEEDBACK]
    for root in (RUNS, SETS):
        files += sorted((folder / root).rglob("*"))
    for path in files:
        name = path.relative_to(folder).as_posix()
        # A file that is half written, and a link that leads elsewhere, are no part of it.
        if path.is_file() and not path.is_symlink() and is_member(name):
            yield name, path, _whole_size(path)


def _whole_size(path: Path) -> int:
    """Returns the bytes of a file that stand in whole lines, where it grows by lines."""
    if path.suffix != ".jsonl":
        return path.stat().st_size
    size = at = 0
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            if (end := piece.rfind(b"\n")) >= 0:
                size = at + end + 1
            at += len(piece)
    return size


def _add(archive: zipfile.ZipFile, name: str, path: Path, size: int) -> BackupMember:
    entry = zipfile.ZipInfo(name, datetime.now(UTC).timetuple()[:6])
    entry.compress_type = zipfile.ZIP_DEFLATED
    digest, left = hashlib.sha256(), size
    with path.open("rb") as read, archive.open(entry, "w", force_zip64=True) as packed:
        while left > 0 and (piece := read.read(min(PIECE, left))):
            digest.update(piece)
            packed.write(piece)
            left -= len(piece)
    return BackupMember(name=name, bytes=size - left, sha256=digest.hexdigest())


def _describe(catalog: Path, members: list[BackupMember]) -> BackupManifest:
    def number(sql: str) -> int:
        return int(read_rows(catalog, sql)[0][0])

    embedder = read_rows(catalog, "SELECT value FROM meta WHERE key = 'embedder'")
    if not embedder:
        raise LibraryError(f"{catalog.name} holds no library; run: footnote doctor")
    return BackupManifest(
        version=version("footnote-papers"),
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        migrations=number("PRAGMA user_version"),
        embedder=str(embedder[0][0]),
        papers=number("SELECT count(*) FROM papers"),
        passages=number("SELECT count(*) FROM passages"),
        members=tuple(members),
    )
