"""What stands in a path's place: patterns, standard input, addresses; a local server answers."""

import io
import socket
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from footnote.index import SourceError
from footnote.index.readers import downloads
from footnote.index.readers.downloads import download
from footnote.ui.cli.options import Misuse
from footnote.ui.cli.sources import expand_sources
from tests.command import Ran, inside
from tests.local_server import listen

EELS = '{"title": "Eels", "abstract": "Eels swim."}\n'
SAILS = "@article{a, title = {Sails}, abstract = {Sails tear.}}\n"
CSV = "Titel;Inhalt;Jahr\nMöwen;Sie kreisen.;2019\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "a.jsonl").write_text(EELS)
    (tmp_path / "in" / "deep" / "b.bib").write_text(SAILS)
    (tmp_path / "in" / "odd[1].bib").write_text(SAILS.replace("Sails", "Ropes"))
    return tmp_path


def index(folder: Path, *more: str) -> Ran:
    return inside("index", *more, "--library", folder / "library", "--json")


# Patterns and standard input.


def test_a_pattern_in_quotes_is_the_files_that_it_matches(folder: Path) -> None:
    assert index(folder, f"{folder}/in/*.jsonl").data["new"] == 1
    assert index(folder, f"{folder}/in/**/*.bib").data["new"] == 2
    # A file of that very name is no pattern.
    assert index(folder, f"{folder}/in/odd[1].bib").data["unchanged"] == 1
    ran = index(folder, f"{folder}/in/*.ris")
    assert (ran.status, "no file matches" in ran.err) == (2, True)
    ran = index(folder, f"{folder}/in/none.bib")
    assert (ran.status, "none.bib does not exist" in ran.err) == (2, True)


def test_nothing_given_is_nothing() -> None:
    assert expand_sources([]) == []


@pytest.mark.parametrize("text", [EELS, SAILS, "TY  - JOUR\nTI  - Tide\nAB  - It rose.\nER  - \n"])
def test_standard_input_is_told_by_what_comes_in(
    text: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    ran = index(folder, "-")
    assert (ran.status, ran.data["new"], ran.data["files"][0]["file"]) == (0, 1, "standard input")
    with pytest.raises(Misuse, match="once"):
        expand_sources(["-", "-"])


def test_standard_input_without_an_end_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(EELS.encode() * 999)))
    ran = inside("index", "-", "--library", folder / "library", FOOTNOTE_MAX_UNPACKED="10k")
    assert (ran.status, ran.err.count("\n")) == (1, 1)
    assert "standard input: more than 10,000 bytes" in ran.err


def test_columns_are_told_by_their_names(folder: Path) -> None:
    (folder / "t.csv").write_text(CSV, "utf-8")
    assert index(folder, f"{folder}/t.csv").status == 1
    told = "title=Titel,abstract=Inhalt,published=Jahr"
    ran = index(folder, f"{folder}/t.csv", "--columns", told)
    assert (ran.status, ran.data["new"]) == (0, 1)
    found = inside("export", "--library", folder / "library")
    assert '"title": "Möwen"' in found.out
    assert '"year": 2019' in found.out
    for wrong in ("title", "heading=Titel", "title="):
        ran = index(folder, f"{folder}/t.csv", "--columns", wrong)
        assert (ran.status, "--columns" in ran.err) == (2, True)


# Addresses.


@pytest.fixture
def server() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            port = self.server.server_address[1]
            leads = {
                "/moved": "/papers.jsonl", "/round": "/round",
                "/inside": f"http://127.0.0.2:{port}/papers.jsonl", "/file": "file:///etc/hosts",
                "/named": f"http://papers.example:{port}/papers.jsonl",
            }  # fmt: skip
            if self.path in leads:
                self.send_response(302)
                self.send_header("location", leads[self.path])
                self.end_headers()
                return
            self.send_response(200 if self.path != "/none" else 404)
            if self.path == "/packed":
                self.send_header("content-encoding", "gzip")
            self.end_headers()
            body = EELS * 1000 if self.path == "/long" else EELS
            self.wfile.write(b"<!doctype html><html>" if self.path == "/page" else body.encode())

    with listen(Handler) as port:
        yield f"http://127.0.0.1:{port}"


def refused(folder: Path, *given: Any) -> str:
    ran = index(folder, *given)
    assert ran.status == 1
    assert len(ran.err.splitlines()) == 1
    return ran.err


def test_an_address_is_downloaded_and_read_as_a_file(folder: Path, server: str) -> None:
    ran = index(folder, f"{server}/moved", "--allow-private")
    assert (ran.status, ran.data["new"]) == (0, 1)
    assert ran.data["files"][0]["file"] == f"{server}/moved"
    assert "the server answered 404" in refused(folder, f"{server}/none", "--allow-private")
    assert "more than 5 times" in refused(folder, f"{server}/round", "--allow-private")
    assert "no address of http" in refused(folder, f"{server}/file", "--allow-private")
    assert "packed its answer" in refused(folder, f"{server}/packed", "--allow-private")
    assert "this is a web page" in refused(folder, f"{server}/page", "--allow-private")


def test_a_private_address_is_refused_unless_it_is_meant(folder: Path, server: str) -> None:
    assert "private network; add --allow-private" in refused(folder, f"{server}/papers.jsonl")
    port = server.rpartition(":")[2]
    for host in ("localhost", "127.1", "2130706433", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"):
        told = refused(folder, f"http://{host}:{port}/papers.jsonl")
        assert "private network" in told or "is not known" in told, host


def test_a_redirect_into_a_private_network_is_refused(
    folder: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Public for this test is the one number at which the server answers.
    monkeypatch.setattr(downloads, "_is_public", lambda one: one == ip_address("127.0.0.1"))
    assert index(folder, f"{server}/moved").data["new"] == 1
    assert "127.0.0.2 is in a private network" in refused(folder, f"{server}/inside")


def test_a_name_that_leads_into_a_private_network_is_refused_however_often_it_is_asked(
    folder: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, really = [], socket.getaddrinfo
    monkeypatch.setattr(downloads, "_is_public", lambda one: one == ip_address("127.0.0.1"))

    def resolve(host: str, *more: Any, **named: Any) -> Any:
        if host != "papers.example":
            return really(host, *more, **named)
        # The first answer is public, as one who means harm would have it; any later one is not.
        asked.append(host)
        return really("127.0.0.1" if len(asked) == 1 else "127.0.0.2", *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert index(folder, f"{server}/named").data["new"] == 1
    assert asked == ["papers.example"]
    assert "papers.example is in a private network" in refused(folder, f"{server}/named")


@pytest.mark.parametrize(
    ("number", "public"),
    [
        ("93.184.216.34", True), ("10.0.0.1", False), ("169.254.169.254", False),
        ("100.64.0.1", False), ("224.0.0.1", False), ("2606:4700::1", True), ("fe80::1", False),
        ("::ffff:10.0.0.1", False), ("64:ff9b::a00:1", False), ("2002:a00:1::", False),
    ],
)  # fmt: skip
def test_numbers_are_public_or_not(number: str, public: bool) -> None:
    assert downloads._is_public(ip_address(number)) is public


def test_size_and_time_are_limited(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SourceError, match="has more than 999 bytes"):
        download(f"{server}/long", tmp_path / "x", most_bytes=999, allow_private=True)
    monkeypatch.setattr(downloads, "MOST_SECONDS", -1.0)
    with pytest.raises(SourceError, match="took more than"):
        download(f"{server}/long", tmp_path / "x", most_bytes=10**6, allow_private=True)
