"""Uploads: store files under their own names, separately, until they are read as papers."""

import logging
import math
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from secrets import token_hex

from filelock import FileLock, Timeout
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from footnote.ui.web.security.limits import Limits

log = logging.getLogger(__name__)

# The page sends one file at a time.
MOST_FILES = 50
# Form fields besides files; the page sends none, and they would stay in memory.
MOST_FIELDS = 2
# Boundaries and headers around the file in the body of an upload.
AROUND = 65_536
# Minimum size of a file on disk.
_BLOCK = 4096
# Uploaded files are normally read at once; unread ones are deleted after a while.
UNREAD_SECONDS = 3600.0
# Maximum total size of unread files, in multiples of the largest file.
UNREAD_FILES = 10
_PLACE, _LOCK = "footnote-", "lock"
# File systems allow 255 bytes; keep the end, which has the extension.
_LONGEST_NAME = 120


def upload_route(path: str, folder: Path, limits: Limits) -> Route:
    """Returns the upload route that replaces Gradio's own.

    Gradio's keeps partial uploads that were refused, never deletes files, and stores equal files of
    two readers once, so one reader's deletion would remove the other's file.
    """
    room = Room(folder, UNREAD_FILES * limits.upload)

    async def receive(request: Request) -> Response:
        promised = _promised(request, limits.upload + AROUND)
        if not await run_in_threadpool(room.promise, promised):
            return _refused(503, "too many files are waiting to be read; send it again later")
        try:
            form = request.form(max_files=MOST_FILES, max_fields=MOST_FIELDS)
            async with form as sent:
                return await run_in_threadpool(_keep_upload, folder, sent.multi_items(), limits)
        except HTTPException as error:
            return _refused(error.status_code, error.detail)
        except ClientDisconnect:
            log.info("a file was cut off")
            return _refused(400, "the file was cut off")
        finally:
            room.release(promised)

    return Route(path, receive, methods=["POST"])


def _promised(request: Request, most: int) -> int:
    """Returns the size that a request announces; the maximum if it does not say."""
    lengths = request.headers.getlist("content-length")
    said = len(lengths) == 1 and "transfer-encoding" not in request.headers
    return int(lengths[0]) if said else most


class Room:
    """Space for unread and incoming files; shared by all requests."""

    def __init__(self, folder: Path, most: int) -> None:
        """Takes the folder of waiting files and their maximum total bytes."""
        self._folder, self._most = folder, most
        self._promised = 0
        self._lock = threading.Lock()

    def promise(self, size: int) -> bool:
        """Reserves the space that a request announces; False if there is not enough.

        Stored files count before their reservation is released, so the sum is never too low.
        """
        with self._lock:
            sweep(self._folder)
            # Boundaries come with the last file that just fits.
            fits = waiting(self._folder) + self._promised + size <= self._most + AROUND
            self._promised += size if fits else 0
            return fits

    def release(self, size: int) -> None:
        """Releases a reservation."""
        with self._lock:
            self._promised -= size


def _keep_upload(
    folder: Path, sent: Sequence[tuple[str, UploadFile | str]], limits: Limits
) -> Response:
    """Stores files; the answer names each by its path in the folder."""
    files = [file for name, file in sent if name == "files" and isinstance(file, UploadFile)]
    if not files:
        return _refused(400, 'nothing was saved: no file came; send each as "files"')
    if not all(file.filename for file in files):
        return _refused(400, "nothing was saved: a file has no name; send each with its name")
    if any((file.size or 0) > limits.upload for file in files):
        return _refused(413, f"a file has more than {limits.upload:,} bytes; split it")
    try:
        return JSONResponse([_keep(folder, file) for file in files])
    except OSError:
        log.exception("an uploaded file could not be saved")
        return _refused(507, "the file could not be saved; the server's log says why")


def _refused(status: int, line: str) -> Response:
    return PlainTextResponse(f"{line}\n", status)


def _keep(folder: Path, file: UploadFile) -> str:
    place = Path(token_hex(16)) / plain_name(file.filename or "")
    (folder / place).parent.mkdir(parents=True)
    with (folder / place).open("xb") as out:
        shutil.copyfileobj(file.file, out)
    return place.as_posix()


def make_place(parent: Path | None = None) -> tuple[Path, Callable[[], None]]:
    """Returns a folder for the files of one page, and a function that deletes it.

    Its lock is held while the process lives, so that a later process can recognise and delete the
    folders of killed ones.

    Args:
        parent: Where it is made; where temporary files lie when not given.
    """
    parent = parent or Path(tempfile.gettempdir())
    for lock in parent.glob(f"{_PLACE}*/{_LOCK}"):
        _sweep_place(lock)
    place = Path(tempfile.mkdtemp(prefix=_PLACE, dir=parent)).resolve()
    held = FileLock(place / _LOCK, thread_local=False)
    held.acquire()
    return place / "files", partial(_delete_place, place, held)


def _sweep_place(lock: Path) -> None:
    # One that was made just now may be about to be locked.
    if _stat(lock, "st_mtime", math.inf) > time.time() - 60:
        return
    gone = FileLock(lock, blocking=False, thread_local=False)
    # Of another user, or in use.
    with suppress(Timeout, OSError):
        gone.acquire()
        _delete_place(lock.parent, gone)


def _delete_place(place: Path, lock: FileLock) -> None:
    lock.release()
    shutil.rmtree(place, ignore_errors=True)


def plain_name(name: str) -> str:
    """Returns the last part of a browser's file name, valid on every file system."""
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(c if c.isprintable() and c not in ':*?"<>|' else "_" for c in last)
    bounded = shown.encode("utf-8", "replace")[-_LONGEST_NAME:].decode("utf-8", "ignore")
    return bounded.strip(". ") or "file"


@contextmanager
def take_upload(paths: Sequence[Path]) -> Iterator[None]:
    """Deletes files after their use, whether it succeeded or failed."""
    try:
        yield
    finally:
        for path in paths:
            with suppress(OSError):
                path.unlink()
                path.parent.rmdir()


def sweep(folder: Path, *, older: float = UNREAD_SECONDS) -> None:
    """Deletes files that were not read within the given seconds."""
    before = time.time() - older
    for path in folder.glob("*/*"):
        if _stat(path, "st_mtime", before) < before:
            with take_upload([path]):
                log.info("%s was never read and has been deleted", path.name)


def waiting(folder: Path) -> int:
    """Returns the bytes that the files in the folder take, a block for a short one."""
    return int(sum(max(_BLOCK, _stat(path, "st_size", 0)) for path in folder.glob("*/*")))


def _stat(path: Path, field: str, otherwise: float) -> float:
    # Another thread may be deleting it.
    with suppress(OSError):
        return float(getattr(path.stat(), field))
    return otherwise
