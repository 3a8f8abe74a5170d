"""The C library's memory, kept together: for a server of many threads on Linux."""

import ctypes
import os
import platform

# Source: M_ARENA_MAX of malloc.h, glibc; described in mallopt(3).
_M_ARENA_MAX = -8
# glibc gives threads up to eight arenas a core, and what one frees no other uses: forty threads
# that answer kept 240 MB of nothing on two cores, 16 arenas; with two 75 MB, and answers took no
# more of the processor (2.75 s a hundred for 2.80; command: python -m
# footnote.evals.lab.bench.page DIR). Large pieces given back at once (M_MMAP_THRESHOLD) saved 10
# MB more and cost 15 %.
ARENAS = 2


def share_arenas(arenas: int = ARENAS) -> bool:
    """Lets all threads that are still to come share so many arenas; returns whether they will.

    Elsewhere than on glibc, and where the environment names a number, nothing is changed.
    """
    if platform.libc_ver()[0] != "glibc" or "MALLOC_ARENA_MAX" in os.environ:
        return False
    return bool(ctypes.CDLL(None).mallopt(_M_ARENA_MAX, arenas))


def give_back() -> bool:
    """Gives free memory back to the machine; returns whether there was any. On glibc alone."""
    if platform.libc_ver()[0] != "glibc":
        return False
    return bool(ctypes.CDLL(None).malloc_trim(0))
