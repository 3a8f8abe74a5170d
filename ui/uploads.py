"""Files that readers send to be read as papers: each kept apart, under its own name, until then."""

import logging
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from ui.limits import Limits

log = logging.getLogger(__name__)

# The page sends one file at a time.
MOST_FILES = 50
# A file that is sent is read at once; one that nobody asked to read is deleted after a while.
UNREAD_SECONDS = 3600.0
# What may lie unread at a time, in files of the longest kind.
UNREAD_FILES = 10
# File systems take 255 bytes; the end is kept, where the ending is.
_LONGEST_NAME = 120


def upload_route(path: str, folder: Path, limits: Limits) -> Route:
    """Returns the route that takes files as the page sends them, in place of Gradio's own.

    Gradio's keeps what was refused half-way, never deletes what it took, and puts equal files of
    two readers in one place, where one reader's deletion would take the other's file.
    """

    async def receive(request: Request) -> Response:
        try:
            form = request.form(max_files=MOST_FILES, max_fields=MOST_FILES)
            async with form as sent:
                files = [file for file in sent.getlist("files") if isinstance(file, UploadFile)]
                return await run_in_threadpool(_kept, folder, files, limits)
        except HTTPException as error:
            return PlainTextResponse(f"{error.detail}\n", error.status_code)

    return Route(path, receive, methods=["POST"])


def _kept(folder: Path, files: Sequence[UploadFile], limits: Limits) -> Response:
    """Keeps files; the answer names each by its place in the folder."""
    sweep(folder)
    if any((file.size or 0) > limits.upload for file in files):
        return _refused(413, f"a file has more than {limits.upload:,} bytes; split it")
    size = sum(file.size or 0 for file in files)
    if waiting(folder) + size > UNREAD_FILES * limits.upload:
        return _refused(503, "too many files wait to be read; send it again later")
    try:
        return JSONResponse([_keep(folder, file) for file in files])
    except OSError:
        log.exception("a file that was sent could not be kept")
        return _refused(507, "the file could not be kept; the server's log says why")


def _refused(status: int, line: str) -> Response:
    return PlainTextResponse(f"{line}\n", status)


def _keep(folder: Path, file: UploadFile) -> str:
    place = Path(token_hex(16)) / plain_name(file.filename or "")
    (folder / place).parent.mkdir(parents=True)
    with (folder / place).open("xb") as out:
        shutil.copyfileobj(file.file, out)
    return place.as_posix()


def plain_name(name: str) -> str:
    """Returns the last part of a name that a browser sent, as one that every disk takes."""
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(c if c.isprintable() and c not in ':*?"<>|' else "_" for c in last)
    bounded = shown.encode("utf-8", "replace")[-_LONGEST_NAME:].decode("utf-8", "ignore")
    return bounded.strip(". ") or "file"


@contextmanager
def consumed(paths: Sequence[Path]) -> Iterator[None]:
    """Deletes files once what is done with them has ended, well or not."""
    try:
        yield
    finally:
        for path in paths:
            with suppress(OSError):
                path.unlink()
                path.parent.rmdir()


def sweep(folder: Path, *, older: float = UNREAD_SECONDS) -> None:
    """Deletes files that nobody asked to read for so many seconds."""
    before = time.time() - older
    for path in folder.glob("*/*"):
        if _stat(path, "st_mtime", before) < before:
            with consumed([path]):
                log.info("%s was never read and is deleted", path.name)


def waiting(folder: Path) -> int:
    """Returns the bytes that lie in the folder."""
    return int(sum(_stat(path, "st_size", 0) for path in folder.glob("*/*")))


def _stat(path: Path, field: str, otherwise: float) -> float:
    # It may be read and deleted at this moment.
    with suppress(OSError):
        return float(getattr(path.stat(), field))
    return otherwise
