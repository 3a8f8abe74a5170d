"""The command line in processes that have imported most of it: a kill costs no two seconds.

    python -m footnote.evals.lab.bench.forked        # started by ``Forked``; reads a line of JSON
    a command

Importing takes longer than most commands. What starts no thread is imported once, then each
command runs in a fork: a real process, in a group of its own, with real files and its own model.
ONNX Runtime starts a thread when it is imported, so a fork imports it, and what stands on it,
by itself; the clock starts after that.
"""

import gc
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self

COMMAND_LINE = "footnote.ui.cli.main"
ONCE = (
    "chromadb.api.rust filelock ir_measures llama_index.core.base.embeddings.base "
    "llama_index.core.query_engine llama_index.core.retrievers nltk numpy rich.progress "
    "scipy.stats sklearn.cluster sklearn.decomposition tantivy threadpoolctl tiktoken tokenizers "
    "footnote.index.readers.formats footnote.ui.cli.main"
).split()
EACH = (
    "footnote.index.library footnote.index.clusters.layout footnote.rag.engine "
    "footnote.evals.runs.engine footnote.ui.digests.build footnote.ui.digests.format "
    "footnote.ui.digests.atom footnote.ui.cli.eval_output"
)
# A command that takes so many seconds hangs.
PATIENCE = 300.0
# Seconds between two looks at the files that a command writes.
GLANCE = 0.002
TASKS = Path("/proc/self/task")


@dataclass(frozen=True, slots=True)
class Ran:
    """A process that ended.

    Attributes:
        status: What it exited with; negative is the signal that killed it.
        seconds: From the end of its imports.
        changes: Of files in the folder that was watched, as often as one was seen.
    """

    status: int
    seconds: float
    changes: int
    out: str
    err: str

    @property
    def killed(self) -> bool:
        """Whether it was ended from outside, and not by itself."""
        return self.status == -signal.SIGKILL


class Forked:
    """Runs commands one after the other, each in a process of its own."""

    def __init__(self, folder: Path) -> None:
        """Starts importing; ``folder`` takes what commands print."""
        self._out, self._err = folder / "stdout", folder / "stderr"
        # Nothing that is configured on this machine is meant for a trial.
        kept = {n: v for n, v in os.environ.items() if not n.startswith("OPENAI_")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[__name__.count(".")],
            # A second thread of OpenBLAS would not live on in a fork.
            env={**kept, "OPENBLAS_NUM_THREADS": "1", "COLUMNS": "80", "PYTHONUTF8": "1"},
        )

    def run(
        self,
        *arguments: str | Path,
        watched: Path,
        after: float = PATIENCE,
        changes: int = 0,
        meanwhile: Callable[[], object] = lambda: None,
    ) -> Ran:
        """Runs a command to its end, or kills it with all that it started.

        Args:
            arguments: As on the command line.
            watched: Folder in which it writes.
            after: Seconds until it is killed.
            changes: Kill it as soon as so many were seen; 0 counts them only.
            meanwhile: Called again and again while it runs.
        """
        assert self._process.stdin
        assert self._process.stdout
        order = [*map(str, (after, changes, watched, self._out, self._err, *arguments))]
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()
        while not select.select([self._process.stdout], [], [], 0.05)[0]:
            meanwhile()
        status, seconds, seen = json.loads(self._process.stdout.readline())
        out, err = (path.read_text("utf-8", "replace") for path in (self._out, self._err))
        return Ran(status, seconds, seen, out, err)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def main() -> None:
    """Runs each command that is asked for, until nobody asks any more."""
    for name in ONCE:
        importlib.import_module(name)
    # A fork shall not copy what is collected in it.
    gc.freeze()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    for line in sys.stdin:
        threads = len(list(TASKS.iterdir())) if TASKS.is_dir() else 1
        if threads != 1:
            raise SystemExit(f"{threads} threads run before a fork; import what starts them later")
        after, changes, watched, *rest = json.loads(line)
        print(json.dumps(_run(float(after), int(changes), Path(watched), *rest)), flush=True)


def _run(
    after: float, changes: int, watched: Path, out: str, err: str, *arguments: str
) -> tuple[int, float, int]:
    """Returns the exit status of a command, its seconds, and the changes that were seen."""
    ready, tell = os.pipe()
    child = os.fork()
    if not child:
        os.close(ready)
        _become(tell, out, err, arguments)
    os.close(tell)
    # In both processes, as either may be the first to need it.
    os.setpgid(child, child)
    os.read(ready, 1)
    os.close(ready)
    began = time.perf_counter()
    ended, seen = _watch(began + after, changes, watched)
    if not ended:
        # Nobody has waited for it, so the number is still its own.
        os.killpg(child, signal.SIGKILL)
        signal.sigwait({signal.SIGCHLD})
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return status, time.perf_counter() - began, seen


def _watch(until: float, changes: int, watched: Path) -> tuple[bool, int]:
    """Returns whether the command ended before its time or its change came; and the changes."""
    seen, known = 0, _files(watched)
    while (left := until - time.perf_counter()) > 0:
        if signal.sigtimedwait({signal.SIGCHLD}, min(left, GLANCE)) is not None:
            return True, seen
        if (now := _files(watched)) != known:
            seen, known = seen + 1, now
            if seen == changes:
                break
    return False, seen


def _files(folder: Path) -> set[tuple[str, int, int]]:
    """Returns each filled file in a folder with its size and time."""
    found = set()
    for place, _, names in os.walk(folder):
        for name in names:
            # Who only looks into a database makes such a file, too.
            with suppress(FileNotFoundError):
                state = Path(place, name).stat()
                if state.st_size and not name.endswith("-shm"):
                    found.add((name, state.st_size, state.st_mtime_ns))
    return found


def _become(tell: int, out: str, err: str, arguments: Sequence[str]) -> NoReturn:
    """Makes this fork the command: imports what is left, says so, and runs it."""
    os.setpgid(0, 0)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    for path, stream in ((out, 1), (err, 2)):
        os.dup2(os.open(path, flags, 0o600), stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for name in EACH.split():
        importlib.import_module(name)
    os.write(tell, b".")
    os.close(tell)
    command_line: Any = importlib.import_module(COMMAND_LINE)
    sys.argv = ["footnote", *arguments]
    status: object = 1
    try:
        command_line.main()
    except SystemExit as ended:
        status = ended.code
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    # Removal the modules down again takes as long as a command, and writes nothing.
    os._exit(status if isinstance(status, int) else 1)


if __name__ == "__main__":
    main()
