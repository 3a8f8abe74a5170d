"""The command line as scripts and people meet it, as a process of its own or within this one."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import redirect_stderr, redirect_stdout
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import typer.main

from footnote.ui.cli.main import main

ROOT = Path(__file__).parent.parent
# The commands are the same in every run within this process: built once, not for each.
typer.main.get_command = lru_cache(1)(typer.main.get_command)
CONFIGURATION = (
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "FOOTNOTE_MODEL",
    "FOOTNOTE_LIBRARY",
    "FOOTNOTE_JUDGE_MODEL",
    "FOOTNOTE_RERANK_URL",
    "FOOTNOTE_RERANK_MODEL",
    "FOOTNOTE_RERANK_KEY",
    "FOOTNOTE_RERANK_ONNX",
    "FOOTNOTE_SMTP_HOST",
    "FOOTNOTE_SMTP_PORT",
    "FOOTNOTE_SMTP_USER",
    "FOOTNOTE_SMTP_PASSWORD",
    "FOOTNOTE_SMTP_FROM",
    "FOOTNOTE_SMTP_TO",
    "FOOTNOTE_SMTP_TLS",
)


class Ran(NamedTuple):
    """A finished process."""

    status: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """Stdout as one JSON value, which must be all that it holds."""
        assert self.out, f"nothing came out; exit status {self.status}, stderr: {self.err}"
        return json.loads(self.out)


def footnote(*arguments: str | Path | bytes, **environ: str) -> Ran:
    """Runs the command line without any configuration of the machine it runs on."""
    kept = {name: value for name, value in os.environ.items() if name not in CONFIGURATION}
    done = subprocess.run(
        [sys.executable, "-m", "footnote.ui.cli.main", *arguments],
        cwd=ROOT,
        env={**kept, "COLUMNS": "80", "PYTHONUTF8": "1", **environ},
        capture_output=True,
        timeout=100,
    )
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


def inside(*arguments: str | Path, **environ: str) -> Ran:
    """Runs the command line in this process, which has already imported most of what it needs."""
    kept = {name: value for name, value in os.environ.items() if name not in CONFIGURATION}
    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.dict(os.environ, {**kept, "COLUMNS": "80", **environ}, clear=True),
        mock.patch.object(sys, "argv", ["footnote", *map(str, arguments)]),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as done:
            status = done.code
    return Ran(int(status or 0), out.getvalue(), err.getvalue())


Start = Callable[..., "Future[Ran]"]
