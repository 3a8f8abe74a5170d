"""A process of its own for each thing measured, so that its peak memory is its own.

    python -m footnote.evals.lab.bench.subprocesses MODULE:FUNCTION ARGUMENTS RESULT     # started
    by ``apart``

``ru_maxrss`` would not do on Linux: a child starts with the peak of the process that started
it (a child of a 296 MB parent reported 296 MB, and really used 9), so ``VmHWM`` is read there.
"""

import importlib
import pickle
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

STATUS = Path("/proc/self/status")


def milliseconds(work: Callable[[], object]) -> float:
    """Returns the wall-clock time of one call."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def p50_p95(times: Sequence[float]) -> tuple[float, float]:
    """Returns the median and the 95th percentile; NaN of no times."""
    if not times:
        return float("nan"), float("nan")
    ranked = sorted(times)
    return statistics.median(ranked), ranked[int(len(ranked) * 0.95)]


def peak_megabytes() -> float:
    """Returns the most memory that this process ever held, in MB of 2**20 bytes."""
    if STATUS.is_file():
        line = next(x for x in STATUS.read_text("utf-8").splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # macOS counts bytes, the others KiB.
    return peak / (2**20 if sys.platform == "darwin" else 1024)


def apart(function: str, *arguments: object) -> tuple[Any, float]:
    """Returns what a function returns, run in a process of its own, and that one's peak memory.

    Args:
        function: ``module:name``; a name, since the caller's own module may be ``__main__``.
        arguments: What it is called with; anything that pickles.

    Raises:
        CalledProcessError: It failed; its traceback is on stderr.
    """
    with tempfile.TemporaryDirectory() as folder:
        given, result = Path(folder) / "arguments", Path(folder) / "result"
        given.write_bytes(pickle.dumps(arguments))
        command = [
            sys.executable,
            "-m",
            "footnote.evals.lab.bench.subprocesses",
            function,
            str(given),
            str(result),
        ]
        subprocess.run(command, check=True)
        found: tuple[Any, float] = pickle.loads(result.read_bytes())
    return found


def main() -> None:
    """Runs one function, and leaves its result and the peak memory in a file."""
    name, given, result = sys.argv[1:]
    module, _, function = name.partition(":")
    arguments = pickle.loads(Path(given).read_bytes())
    found = getattr(importlib.import_module(module), function)(*arguments)
    Path(result).write_bytes(pickle.dumps((found, peak_megabytes())))


if __name__ == "__main__":
    main()
