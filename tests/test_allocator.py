"""Threads share the C library's memory, so that what one frees another uses."""

import platform
import re
import subprocess
import sys
from pathlib import Path

import pytest

from footnote.ui.web.server.allocator import ARENAS
from tests.command import ROOT

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="arenas are glibc's")

# Sixteen threads that each hold memory at the same time, then what glibc says of its arenas.
COUNTED = """
import ctypes, sys, threading
from footnote.ui.web.server.allocator import share_arenas
if sys.argv[2] == "share":
    share_arenas()
libc, met = ctypes.CDLL(None), threading.Barrier(16)
libc.malloc.restype = libc.fopen.restype = ctypes.c_void_p
def work():
    met.wait(); libc.malloc(ctypes.c_size_t(5000)); met.wait()
threads = [threading.Thread(target=work) for _ in range(16)]
for thread in threads: thread.start()
for thread in threads: thread.join()
file = ctypes.c_void_p(libc.fopen(sys.argv[1].encode(), b"w"))
libc.malloc_info(0, file); libc.fclose(file)
"""


def arenas(told: Path, how: str, **environment: str) -> int:
    command = [sys.executable, "-c", COUNTED, str(told), how]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=60)
    return len(re.findall("<heap nr=", told.read_text("utf-8")))


def test_threads_share_a_few_arenas(tmp_path: Path) -> None:
    assert arenas(tmp_path / "alone", "alone") > ARENAS
    assert arenas(tmp_path / "shared", "share") <= ARENAS


def test_a_number_of_arenas_that_was_asked_for_stands(tmp_path: Path) -> None:
    assert arenas(tmp_path / "asked", "share", MALLOC_ARENA_MAX="5") == 5
