"""Run folders: what a run wrote, read without importing what answers questions.

A run folder holds ``config.json``, ``rows.jsonl`` (one line a case, added as each is done)
and ``report.json``.
"""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from footnote.evals.dataset.json_files import check_shape, read_json, read_json_lines
from footnote.evals.dataset.schemas import ReportShape, RowShape
from footnote.index import FootnoteError
from footnote.index.readers.files import read_bytes

CONFIG, ROWS, REPORT = "config.json", "rows.jsonl", "report.json"


class RunMismatch(FootnoteError):
    """A run folder holds a run of something else."""


def read_rows(folder: Path) -> dict[str, dict[str, Any]]:
    """Returns the rows of a run by case; a last line that a kill cut off is dropped.

    Raises:
        SourceError: The file cannot be read, or another line is no row.
    """
    path = folder / ROWS
    if not path.exists():
        return {}
    # A kill may cut a character, too: only what a line feed ends was written whole.
    kept, _, cut = read_bytes(path).rpartition(b"\n")
    if cut:
        write_whole(path, kept + b"\n" if kept else b"")
    return {row["id"]: row for row in _checked_rows(path)}


def iterate_rows(folder: Path) -> Iterator[dict[str, Any]]:
    """Yields the rows of a finished run, without touching it.

    Raises:
        RunMismatch: The folder holds no run.
        SourceError: The file cannot be read, or a line is no row.
    """
    path = folder / ROWS
    if not path.exists():
        raise RunMismatch(f"{folder} has no run; create one with: footnote eval run SET")
    yield from _checked_rows(path)


def _checked_rows(path: Path) -> Iterator[dict[str, Any]]:
    for at, row in read_json_lines(path):
        check_shape(RowShape, row, at, "row of a run")
        yield row


def read_report(folder: Path) -> dict[str, Any]:
    """Returns the report of a finished run.

    Raises:
        RunMismatch: The folder holds no finished run.
        SourceError: The file cannot be read, or is no report.
    """
    path = folder / REPORT
    if not path.exists():
        raise RunMismatch(f"{folder} has no finished run; create one with: footnote eval run SET")
    report = read_json(path)
    check_shape(ReportShape, report, str(path), "report of a run")
    return report


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Writes a JSON file that appears whole or not at all."""
    write_whole(path, (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode())


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file that appears whole or not at all."""
    partial = path.with_name(f"{path.name}.partial")
    partial.write_bytes(content)
    os.replace(partial, path)
