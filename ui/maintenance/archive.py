"""Archive: the file of a backup, a zip of what a library cannot make again, with a manifest.

Whoever made it, nothing of it is believed: names, sizes and checksums are looked at before and
while it is read.
"""

import hashlib
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from footnote.index import FootnoteError
from footnote.index.library import CATALOG
from footnote.ui.maintenance.user_files import DATABASES, FEEDBACK, RUNS, SETS

MANIFEST = "manifest.json"
FORMAT = 1
PIECE = 1 << 20
# Members, and bytes of the manifest that names them.
_MOST_MEMBERS, _MOST_MANIFEST = 200_000, 64_000_000
_SINGLE = frozenset({CATALOG, FEEDBACK, *DATABASES})
# A part of a path that every system takes as a name.
_PART = re.compile(r'[^\x00-\x1f\\/:*?"<>|]{1,200}')
# What zipfile raises of a file that is cut, changed, encrypted or none of its kind.
_FAULTS = (
    zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError,
)  # fmt: skip


class BackupError(FootnoteError):
    """A backup that cannot be made or restored."""


class BackupMember(BaseModel):
    """One file of a backup."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    bytes: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class BackupManifest(BaseModel):
    """What a backup says of itself.

    Attributes:
        format: Of the archive.
        version: Of Footnote.
        made: When, as ISO 8601 in UTC.
        migrations: Of the catalog's schema; a lower number is an earlier one.
        embedder: Whose vectors the catalog holds.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    holds: Literal["footnote backup"] = "footnote backup"
    format: int = FORMAT
    version: str
    made: str
    migrations: int
    embedder: str
    papers: int
    passages: int
    members: tuple[BackupMember, ...]


@contextmanager
def open_archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """Opens a backup; whatever is wrong with the file is one line.

    Raises:
        BackupError: It is no zip file, or it is damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except FileNotFoundError as error:
        raise BackupError(f"{path} does not exist; give the file of a backup") from error
    except _FAULTS as error:
        raise BackupError(
            f"{path} is no whole backup ({str(error)[:100]}); give another file"
        ) from error


def read_manifest(path: Path, archive: zipfile.ZipFile) -> BackupManifest:
    """Returns the manifest of a backup, with which the names and sizes of all members agree.

    Raises:
        BackupError: There is none, or something in the file is not as a backup's.
    """
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    if MANIFEST not in names:
        raise BackupError(f"{path} is no backup of Footnote; give a file of: footnote backup FILE")
    if len(entries) > _MOST_MEMBERS or archive.getinfo(MANIFEST).file_size > _MOST_MANIFEST:
        raise BackupError(f"{path} has more members than any backup; give another file")
    try:
        manifest = BackupManifest.model_validate_json(archive.read(MANIFEST))
    except (ValidationError, RecursionError) as error:
        raise BackupError(f"{path} has no manifest of a backup; give another file") from error
    if manifest.format > FORMAT:
        raise BackupError(
            f"{path} has format {manifest.format}, this version reads {FORMAT}; update Footnote"
        )
    sizes = {member.name: member.bytes for member in manifest.members}
    for entry in entries:
        if entry.filename != MANIFEST:
            _check_entry(path, entry, sizes)
    if len({name.casefold() for name in names}) < len(names) or len(sizes) != len(names) - 1:
        raise BackupError(f"{path} does not hold what its manifest names; give another file")
    return manifest


def _check_entry(path: Path, entry: zipfile.ZipInfo, sizes: dict[str, int]) -> None:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    plain = kind in (0, stat.S_IFREG) and entry.orig_filename == entry.filename
    if not plain or not is_member(entry.filename):
        raise BackupError(f"{path} holds {entry.filename[:80]!r}, as no backup does; do not use it")
    if sizes.get(entry.filename) != entry.file_size:
        raise BackupError(
            f"{path} has a manifest that does not fit {entry.filename[:80]!r}; give another file"
        )


def is_member(name: str) -> bool:
    """Returns whether a backup may hold a file of this name, which stays within its folder."""
    root, *rest = name.split("/")
    if not rest:
        return name in _SINGLE
    # A name that ends in a dot or a blank is another one on some systems.
    return root in (RUNS, SETS) and all(
        _PART.fullmatch(part) and part.strip(". ") == part for part in rest
    )


def extract(archive: zipfile.ZipFile, member: BackupMember, to: Path) -> None:
    """Writes a member to a file that its owner alone may read.

    Raises:
        BackupError: It is not what the manifest says.
    """
    to.parent.mkdir(parents=True, exist_ok=True)
    to.touch(mode=0o600, exist_ok=False)
    digest, left = hashlib.sha256(), member.bytes
    with archive.open(member.name) as packed, to.open("wb") as file:
        # A name's size may be a lie: no more is unpacked than was promised.
        while left > 0 and (piece := packed.read(min(PIECE, left))):
            digest.update(piece)
            file.write(piece)
            left -= len(piece)
        if left or packed.read(1) or digest.hexdigest() != member.sha256:
            raise BackupError(
                f"{archive.filename}: {member.name} was changed since; give another file"
            )
