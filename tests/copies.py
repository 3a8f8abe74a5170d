"""Copies of a library that is open, made without taking its locks away.

A process loses its POSIX locks on a file as soon as it closes any descriptor of it, so copying an
open database by its bytes leaves it open to whoever comes next: another process may then remove the
log that it is writing.
"""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path


def copy_library(path: Path, to: Path) -> Path:
    """Copies the folder of a library that this process has open; returns the copy."""
    left = shutil.ignore_patterns("*.sqlite3-wal", "*.sqlite3-shm")
    return Path(shutil.copytree(path, to, ignore=left, copy_function=_copy))


def _copy(path: str, to: str) -> str:
    if not path.endswith(".sqlite3"):
        return str(shutil.copy2(path, to))
    with closing(sqlite3.connect(path)) as of, closing(sqlite3.connect(to)) as copy:
        of.backup(copy)
    return to


def replace_file(file: Path, data: bytes) -> None:
    """Writes another file in the place of one: whoever still maps the old one keeps it.

    A file that shrinks while it is mapped ends the process (SIGBUS), also by a thread of Tantivy
    that is only about to end.
    """
    other = file.with_suffix(".other")
    other.write_bytes(data)
    os.replace(other, file)
