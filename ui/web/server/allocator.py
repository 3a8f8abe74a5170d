"""Allocator: limit glibc's memory arenas, for a server with many threads on Linux."""

import ctypes
import os
import platform

# Source: M_ARENA_MAX of malloc.h, glibc; described in mallopt(3).
_M_ARENA_MAX = -8
# glibc uses up to eight arenas a core, and cannot reuse memory across arenas: forty answering
# threads on two cores (16 arenas) held 240 MB of free memory; with two arenas 75 MB, and answers
# took no more CPU time (2.75 s a hundred for 2.80; command: python -m footnote.evals.lab.bench.page
# DIR). Large pieces given back at once (M_MMAP_THRESHOLD) saved 10 MB more and cost 15 %.
ARENAS = 2


def share_arenas(arenas: int = ARENAS) -> bool:
    """Limits the arenas of all future threads; returns whether that worked.

    Changes nothing without glibc, or if the environment already sets a number.
    """
    if platform.libc_ver()[0] != "glibc" or "MALLOC_ARENA_MAX" in os.environ:
        return False
    return bool(ctypes.CDLL(None).mallopt(_M_ARENA_MAX, arenas))


def give_back() -> bool:
    """Returns free memory to the system; returns whether there was any. Only on glibc."""
    if platform.libc_ver()[0] != "glibc":
        return False
    return bool(ctypes.CDLL(None).malloc_trim(0))
