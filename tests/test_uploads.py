"""Files that readers send: kept apart, counted while they come, deleted once they were read."""

import logging
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import httpx
import pytest
from playwright.sync_api import Browser, expect

from footnote.index.embeddings.base import MiniLM
from footnote.index.library import Library
from footnote.ui.web.security.limits import Limits
from footnote.ui.web.security.uploads import (
    AROUND,
    MOST_FILES,
    UNREAD_FILES,
    Room,
    make_place,
    plain_name,
    waiting,
)
from tests.command import ROOT
from tests.conftest import invented
from tests.pages import COMPOSER, LOOPS, desk_of, enter, served, toast, visited

pytestmark = LOOPS

PAPERS = 5
LIMITS = Limits(upload=200_000, question=300)


@pytest.fixture(scope="module")
def library(embedder: MiniLM, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    folder = tmp_path_factory.mktemp("guarded") / "shelf"
    with Library.open(folder, embedder=embedder, create=True) as library:
        library.add([invented(n) for n in range(PAPERS)], names=["harbours"])
        yield library


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the files that are sent lie."""
    return tmp_path / "uploads"


@pytest.fixture
def limited(library: Library, folder: Path) -> Iterator[str]:
    with served(desk_of(library, uploads=folder), limits=LIMITS) as address:
        yield address


def sent(address: str, *files: tuple[str, bytes | Iterator[bytes]]) -> httpx.Response:
    """Sends files as the page does."""
    parts = [("files", file) for file in files]
    return httpx.post(f"{address}gradio_api/upload", files=parts, timeout=20)  # type: ignore[arg-type]  # bytes are a file to httpx


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("reef.bib", "reef.bib"), ("../../etc/passwd", "passwd"), ("/etc/cron.d/x", "x"),
        ("C:\\Users\\me\\reef.bib", "reef.bib"), ("..", "file"), (".", "file"), ("a/", "file"),
        ("a\x00b\n.bib", "a_b_.bib"), ("x" * 500 + ".bib", "x" * 116 + ".bib"),
        ("Ünïcode ⚓.ris", "Ünïcode ⚓.ris"), ("\u202egnp.bib", "_gnp.bib"),
    ],
)  # fmt: skip
def test_a_file_is_kept_under_the_end_of_its_name_in_a_place_of_its_own(
    name: str, kept: str
) -> None:
    assert plain_name(name) == kept


def test_files_of_one_name_do_not_meet_and_none_leaves_the_folder(
    limited: str, folder: Path
) -> None:
    places = sent(limited, ("../../x.bib", b"one"), ("x.bib", b"one"), ("/x.bib", b"two")).json()
    assert len(set(places)) == 3
    assert [(folder / place).read_bytes() for place in places] == [b"one", b"one", b"two"]
    assert sorted(folder.glob("*/x.bib")) == sorted(folder / place for place in places)
    assert [path for path in folder.rglob("*") if path.is_file()] != []


def test_a_file_is_deleted_once_it_was_read_or_could_not_be(
    limited: str, library: Library, folder: Path, browser: Browser, tmp_path: Path
) -> None:
    (tmp_path / "junk.bib").write_bytes(b"\x00\x01 no papers")
    with visited(browser, limited) as page:
        room = enter(page, "Library")
        room.locator("input[type=file]").set_input_files(tmp_path / "junk.bib")
        expect(room.locator("#fn-progress .fn-worse")).to_contain_text("Not read")
    assert list(folder.rglob("*")) == []
    assert library.size == PAPERS


def test_a_page_deletes_what_nobody_read_and_a_new_file_what_lay_there_for_long(
    library: Library, folder: Path
) -> None:
    with served(desk_of(library, uploads=folder), limits=LIMITS) as address:
        old = folder / sent(address, ("old.bib", b"x")).json()[0]
        os.utime(old, (0, 0))
        new = folder / sent(address, ("new.bib", b"x")).json()[0]
        assert [old.exists(), old.parent.exists(), new.exists()] == [False, False, True]
    assert not folder.exists()


def test_the_folders_of_killed_servers_go_when_the_next_one_starts(tmp_path: Path) -> None:
    begins = f"""import os, pathlib, signal
from footnote.ui.web.security.uploads import make_place
files, _ = make_place(pathlib.Path({str(tmp_path)!r}))
files.mkdir()
(files / "left.bib").write_text("x")
os.kill(os.getpid(), signal.SIGKILL)"""
    running, end = make_place(tmp_path)
    assert subprocess.run([sys.executable, "-c", begins], cwd=ROOT).returncode < 0
    (left,) = tmp_path.glob("*/files/left.bib")
    for lock in tmp_path.glob("*/lock"):
        os.utime(lock, (0, 0))
    other, end_other = make_place(tmp_path)
    assert not left.exists()
    assert {path.name for path in tmp_path.iterdir()} == {running.parent.name, other.parent.name}
    end()
    end_other()
    assert list(tmp_path.iterdir()) == []


def test_an_upload_that_is_too_long_leaves_nothing_behind(limited: str, folder: Path) -> None:
    def endless() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n'
        for _ in range(1000):
            yield b"x" * 4096

    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    said = sent(limited, ("long.bib", b"x" * (LIMITS.upload + 70_000)))
    chunked = httpx.post(f"{limited}gradio_api/upload", headers=kind, content=endless())
    whole = sent(limited, ("a.bib", b"x" * (LIMITS.upload + 1)))
    assert [reply.status_code for reply in (said, chunked, whole)] == [413, 413, 413]
    assert not folder.exists()


def test_no_more_files_wait_than_the_limit_allows(limited: str, folder: Path) -> None:
    whole = b"x" * LIMITS.upload
    told = [sent(limited, ("a.bib", whole)).status_code for _ in range(UNREAD_FILES + 1)]
    assert told == [200] * UNREAD_FILES + [503]
    assert waiting(folder) == UNREAD_FILES * LIMITS.upload


def begun(address: str, length: int, *, chunked: bool = False) -> socket.socket:
    """Begins to send a file, and stalls."""
    url = httpx.URL(address)
    line = socket.create_connection(("127.0.0.1", url.port or 80), timeout=20)
    told = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {length}"
    head = '--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n' + "y" * 999
    body = f"{len(head):x}\r\n{head}\r\n" if chunked else head
    line.sendall(
        f"POST /gradio_api/upload HTTP/1.1\r\nHost: 127.0.0.1:{url.port}\r\n{told}\r\n"
        f"Content-Type: multipart/form-data; boundary=x\r\n\r\n{body}".encode()
    )
    return line


@pytest.mark.parametrize("chunked", [False, True])
def test_files_on_their_way_take_the_room_of_those_that_wait(
    limited: str, folder: Path, chunked: bool, caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    caplog.set_level(logging.INFO)
    lines = [begun(limited, LIMITS.upload, chunked=chunked) for _ in range(UNREAD_FILES - 1)]
    until = time.monotonic() + 20
    whole = b"x" * (LIMITS.upload // 2)
    while (told := [sent(limited, ("a.bib", whole)).status_code for _ in range(3)])[-1] == 200:
        assert time.monotonic() < until
        shutil.rmtree(folder)
    assert 503 in told
    for line in lines:
        line.close()
    while sent(limited, ("a.bib", whole)).status_code != 200:
        assert time.monotonic() < until
    said = [record for record in caplog.records if "was cut off" in record.getMessage()]
    assert len(said) <= len(lines)
    assert [record for record in caplog.records if record.exc_info] == []
    assert "Traceback" not in capfd.readouterr().err


def test_requests_that_come_at_once_share_the_room(folder: Path) -> None:
    room, together = Room(folder, 10 * 1000), Barrier(40)

    def promised(_: int) -> bool:
        together.wait(10)
        return room.promise(AROUND // 2)

    with ThreadPoolExecutor(40) as pool:
        assert sum(pool.map(promised, range(40))) == 2


def test_a_form_without_a_file_or_a_name_says_why_nothing_was_kept(
    limited: str, folder: Path
) -> None:
    head = 'Content-Disposition: form-data; name="files"'
    forms = ("--x--", f"--x\r\n{head}\r\n\r\nz\r\n--x--",
             f'--x\r\n{head}; filename=""\r\n\r\nz\r\n--x--')  # fmt: skip
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    for form in forms:
        reply = httpx.post(f"{limited}gradio_api/upload", headers=kind, content=form)
        assert (reply.status_code, reply.text.count("\n")) == (400, 1)
        assert reply.text.startswith("nothing was saved: ")
    assert not folder.exists()


def test_files_of_one_byte_do_not_fill_a_disk_with_names(limited: str, folder: Path) -> None:
    many = [("a.bib", b"x")] * MOST_FILES
    told = [sent(limited, *many).status_code for _ in range(15)]
    assert told[0] == 200
    assert told[-1] == 503


def test_parts_by_the_thousand_are_refused(limited: str, folder: Path) -> None:
    many = sent(limited, *((f"{n}.bib", b"x") for n in range(MOST_FILES + 1)))
    head = 'Content-Disposition: form-data; name="files"; filename="a"'
    for content in (
        f"--x\r\n{head}; pad={'y' * 150_000}\r\n\r\nz\r\n--x--",
        "--x\r\n" + "A: b\r\n" * 20_000 + f"{head}\r\n\r\nz\r\n--x--",
        "no multipart at all",
    ):
        kind = {"Content-Type": "multipart/form-data; boundary=x"}
        odd = httpx.post(f"{limited}gradio_api/upload", headers=kind, content=content)
        assert odd.status_code == 400, content[:40]
    assert (many.status_code, many.text.count("\n")) == (400, 1)
    assert not folder.exists()


def test_what_is_too_long_is_told_on_the_page_and_stays_there(
    limited: str, browser: Browser, tmp_path: Path
) -> None:
    (tmp_path / "long.bib").write_bytes(b"x" * (LIMITS.upload + 1))
    with visited(browser, limited) as page:
        page.fill(COMPOSER, "why " * 100)
        page.keyboard.press("Enter")
        line = "The question has 399 characters; the limit is 300. Shorten it."
        expect(page.locator("#fn-hint")).to_have_text(line)
        page.get_by_role("button", name="Ask", exact=True).last.click()
        expect(page.locator(".fn-turn")).to_have_count(0)
        expect(page.locator(COMPOSER)).to_have_value("why " * 100)
        room = enter(page, "Library")
        room.locator("input[type=file]").set_input_files(tmp_path / "long.bib")
        expect(toast(page)).to_have_text("long.bib has 0.2 MB; at most 0.2 MB are taken. Split it.")
