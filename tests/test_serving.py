"""``footnote chat`` and ``footnote demo``: who gets in, how much is taken, what is left behind."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import httpx
import pytest

from footnote.index.library import Library
from footnote.ui.web.security.hosts import warning
from tests.command import ROOT, inside
from tests.copies import copy_library
from tests.endpoint import paced, serve
from tests.pages import PPO

SERVERS = ("chat", "demo")


@pytest.mark.parametrize("command", SERVERS)
@pytest.mark.parametrize("host", ["0.0.0.0", "::", "0", "192.0.2.1"])
def test_other_machines_are_not_let_in_unless_it_is_said(command: str, host: str) -> None:
    ran = inside(command, "--host", host)
    assert (ran.status, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert f"--host {host} allows other machines to connect" in ran.err
    assert "add --open" in ran.err


@pytest.mark.parametrize("command", SERVERS)
@pytest.mark.parametrize(
    ("said", "options", "environ"),
    [
        ("no host is called ''", ("--host", ""), {}),
        (
            "--allow-host '*' is not a host name",
            ("--allow-host", "a.example", "--allow-host", "*"),
            {},
        ),
        ("--allow-host 'http://a' is not a host name", (), {"FOOTNOTE_ALLOW_HOST": "http://a"}),
        ("--trusted-proxy 'proxy' is not an IP address", ("--trusted-proxy", "proxy"), {}),
        ("FOOTNOTE_MAX_BODY is 'a MB'; give", (), {"FOOTNOTE_MAX_BODY": "a MB"}),
        ("FOOTNOTE_MAX_UPLOAD is '0'; give", (), {"FOOTNOTE_MAX_UPLOAD": "0"}),
        ("FOOTNOTE_MAX_QUESTION is '-1'; give", (), {"FOOTNOTE_MAX_QUESTION": "-1"}),
    ],
)
def test_a_server_setting_that_makes_no_sense_is_one_line(
    command: str, said: str, options: tuple[str, ...], environ: dict[str, str]
) -> None:
    ran = inside(command, *options, **environ)
    assert (ran.status, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert said in ran.err


def test_who_can_do_what_is_said() -> None:
    told = warning(keeps=True, writes=True)
    for word in ("ask", "import", "remove", "undo", "topics", "evals", "conversations", "cost"):
        assert word in told
    assert "conversations" not in warning(keeps=False, writes=False)
    assert "cost" not in warning(keeps=False, writes=False)


def test_a_longer_question_than_is_set_is_one_line(demo_library: Library, tmp_path: Path) -> None:
    at, limit = ("--library", demo_library.path), {"FOOTNOTE_MAX_QUESTION": "20"}
    line = "the question has 21 characters, the limit is 20; shorten it"
    for command in ("ask", "search"):
        ran = inside(command, "w" * 21, *at, **limit)
        assert (ran.status, ran.err) == (2, f"footnote: {line}\n")
    batch, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    batch.write_text(json.dumps({"id": "1", "question": "w" * 21}), "utf-8")
    assert inside("ask", "--batch", batch, "--out", out, *at, **limit).status == 1
    assert line in out.read_text("utf-8")


def test_a_server_that_is_told_to_end_leaves_no_file(demo_library: Library, tmp_path: Path) -> None:
    options = ["--port", "0", "--allow-host", "a.example", "--library", str(demo_library.path)]
    process = subprocess.Popen(
        [sys.executable, "-m", "footnote.ui.cli.main", "chat", *options],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "TMPDIR": str(tmp_path), "FOOTNOTE_MAX_BODY": "1000"},
    )  # fmt: skip
    with process:
        assert process.stdout
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found
        address = found[0]
        file = {"files": ("reef.bib", b"@article{reef}")}
        assert httpx.post(f"{address}gradio_api/upload", files=file).status_code == 200
        assert len(list(tmp_path.glob("footnote-*/files/*/reef.bib"))) == 1
        long = httpx.post(f"{address}ask", json={"question": "x" * 1000})
        assert long.status_code == 413
        named = [
            httpx.get(f"{address}config", headers={"Host": host}).status_code
            for host in ("a.example", "b.example")
        ]
        assert named == [200, 421]
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
    assert list(tmp_path.glob("footnote-*")) == []


def test_a_conversation_outlives_a_server_that_is_killed(
    demo_library: Library, tmp_path: Path
) -> None:
    copy_library(demo_library.path, tmp_path / "library")
    command = [sys.executable, "-m", "footnote.ui.cli.main", "serve", "--port", "0", "--library"]

    def serving() -> tuple[subprocess.Popen[str], str]:
        process = subprocess.Popen(
            [*command, str(tmp_path / "library")], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout
        return process, re.findall(r"http://\S+", process.stdout.readline())[0]

    process, address = serving()
    with process:
        sent = {"question": PPO, "conversation": "new"}
        told = httpx.post(f"{address}v1/ask", json=sent, timeout=60).json()
        process.kill()
    process, address = serving()
    with process:
        kept = httpx.get(f"{address}v1/conversations/{told['conversation']}", timeout=60).json()
        assert [answer["text"] for answer in kept["answers"]] == [told["text"]]
        process.terminate()
        assert process.wait(timeout=60) == 0


def test_an_answer_under_way_is_finished_where_a_server_is_told_to_end(
    demo_library: Library,
) -> None:
    words = "clips the probability ratio"
    begun, goes_on = threading.Event(), threading.Event()

    def reply(handler: BaseHTTPRequestHandler) -> None:
        begun.set()
        paced(words, "PPO clips ", goes_on, "its updates [N].")(handler)

    with serve(reply) as endpoint, ThreadPoolExecutor(1) as asking:
        process = subprocess.Popen(
            [sys.executable, "-m", "footnote.ui.cli.main", "serve", "--port", "0", "--library",
             str(demo_library.path)],
            cwd=ROOT, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "OPENAI_BASE_URL": endpoint.url, "FOOTNOTE_MODEL": "scripted"},
        )  # fmt: skip
        with process:
            assert process.stdout
            address = re.findall(r"http://\S+", process.stdout.readline())[0]
            ask = partial(httpx.post, f"{address}v1/ask", timeout=60)
            asked = asking.submit(ask, json={"question": PPO, "mode": "quick"})
            assert begun.wait(60)
            process.send_signal(signal.SIGTERM)
            while httpx.get(f"{address}readyz").status_code == 200:
                time.sleep(0.02)
            late = ask(json={"question": PPO})
            assert (late.status_code, "is ending" in late.text) == (503, True)
            # It waits: one that closes at once still finishes what takes a few seconds.
            time.sleep(1.5)
            assert httpx.get(f"{address}readyz").status_code == 503
            goes_on.set()
            assert "its updates [1]." in asked.result().json()["text"]
            assert process.wait(timeout=60) == 0
