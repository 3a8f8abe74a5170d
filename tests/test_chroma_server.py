"""A library whose collection is on a Chroma server finds what it finds over its folder."""

import json
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx
import pytest
from conftest import HashedWords, invented

from footnote.index import LibraryError
from footnote.index.library import SNAPSHOTS, Library
from footnote.index.search.chroma import UnusableCollection
from footnote.index.search.chroma.address import (
    FOLDER,
    ServerPlace,
    VectorSettings,
    parse_place,
    read_place,
    write_place,
)
from footnote.index.search.chroma.named import FILE, note_named
from footnote.index.search.chroma.server import ChromaServer, UnusableServer
from footnote.rag.engine import CitedQueryEngine
from footnote.rag.query.question import Question
from footnote.rag.retrieval.hybrid import HybridRetriever
from footnote.rag.serialization import answer_json
from footnote.ui.maintenance.backup import back_up
from footnote.ui.maintenance.doctor import examine, repair
from footnote.ui.maintenance.restore import restore
from footnote.ui.web.handlers.library.room import _health
from tests.chroma_server import RunningChroma, check_token
from tests.command import inside
from tests.copies import copy_library
from tests.local_server import listen
from tests.pages import desk_of

FIRST = [invented(n) for n in range(12)]
TOKEN = "harbour-token-of-the-tides"


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[RunningChroma]:
    running = RunningChroma(tmp_path_factory.mktemp("chroma"))
    note_named(running.url)
    yield running
    running.kill()


@pytest.fixture
def place(server) -> ServerPlace:
    return ServerPlace(server.url)


@pytest.fixture(autouse=True)
def impatient(monkeypatch) -> None:
    monkeypatch.setattr("footnote.index.search.chroma.server.REST_SECONDS", 0.0)


@pytest.fixture
def library(place, tmp_path) -> Iterator[Library]:
    folder = tmp_path / "library"
    with Library.open(folder, embedder=HashedWords(), create=True, vectors=place) as opened:
        opened.add(FIRST)
        yield opened


def reopen(library: Library, **given: Any) -> Library:
    return Library.open(library.path, embedder=HashedWords(), **given)


def collection_of(library: Library) -> str:
    name = library.searcher.vectors.base_name()
    assert name is not None
    return name.name


def own(server: RunningChroma, library: Library) -> set[str]:
    """Returns the collections on the server that are this library's."""
    prefix = f"footnote-{library._catalog.meta('served').partition(':')[0]}-"
    return {name for name in server.collections() if name.startswith(prefix)}


def found(library: Library) -> set[str]:
    return {hit.paper.id for hit in library.search("tide of the harbour boat", k=1000)}


def test_an_answer_over_a_server_is_the_one_over_the_folder(
    server, place, demo_library, tmp_path
) -> None:
    folder = copy_library(demo_library.path, tmp_path / "library")
    question = "How many robot demonstrations was OpenVLA trained on?"
    with Library.open(folder, embedder=demo_library.embedder, vectors=place) as served:
        assert served.fold()
        assert served.searcher.vectors.is_served()
        assert served.status().vectors == server.url
        answers = [
            {**answer_json(CitedQueryEngine(one).ask(question)), "timings_ms": None}
            for one in (served, demo_library)
        ]
    assert answers[0]["text"]
    assert answers[0] == answers[1]


def test_a_library_is_folded_under_a_new_name_and_the_old_one_is_deleted(server, library) -> None:
    first = collection_of(library)
    assert own(server, library) == {first}
    assert not [*(library.path / SNAPSHOTS).glob("*")]
    with reopen(library) as reader:
        assert len(found(reader)) == 12
        library.add([invented(50)])
        library.remove([FIRST[3].id])
        papers = {paper.id for paper in library.papers()}
        assert found(reader) == papers
        library.fold(always=True)
        # The reader looked at the first, which is gone.
        assert found(reader) == papers
    assert own(server, library) == {collection_of(library)} != {first}
    assert library.searcher.agrees()


def test_a_stopped_fold_goes_on_where_it_was(server, library, monkeypatch) -> None:
    monkeypatch.setattr("footnote.index.search.fold._AT_ONCE", 4)
    first, asked, steps = collection_of(library), [], []
    assert not library.fold(always=True, stopped=lambda: asked.append(1) or len(asked) > 2)
    assert collection_of(library) == first
    assert len(own(server, library)) == 2
    with reopen(library) as other:
        assert len(found(other)) == 12
        assert other.fold(always=True, on_progress=lambda *step: steps.append(step))
    # Eight were written before.
    assert steps == [(4, 4)]
    assert len(found(library)) == 12
    assert own(server, library) == {collection_of(library)}


def test_a_copy_of_a_library_leaves_the_collections_of_the_first_alone(
    server, library, tmp_path
) -> None:
    first = collection_of(library)
    folder = copy_library(library.path, tmp_path / "copy")
    with Library.open(folder, embedder=HashedWords()) as copy:
        assert collection_of(copy) == first
        copy.add([invented(60)])
        copy.fold(always=True)
        assert len(found(copy)) == 13
        assert not own(server, copy) & own(server, library)
    assert own(server, library) == {first}
    assert len(found(library)) == 12


def test_a_library_moves_to_its_folder_and_leaves_nothing_on_the_server(server, library) -> None:
    with reopen(library, vectors=FOLDER) as moved:
        moved.tidy()
        assert moved.status().vectors == FOLDER
        assert own(server, moved) == set()
        assert len(found(moved)) == 12
        assert moved.searcher.agrees()


def test_words_are_searched_while_the_server_is_away(server, library) -> None:
    server.kill()
    try:
        with reopen(library) as again, pytest.raises(UnusableServer, match="cannot be reached"):
            again.search("harbour3", k=3)
        with reopen(library) as again:
            retriever = HybridRetriever(again)
            told = retriever.find(Question("tide of harbour3"))
            assert told.hits[0].paper.id == FIRST[3].id
            assert "searched by words alone: the Chroma server" in str(told.note)
            # A reader of an answer need not know where it is.
            assert str(server.port) not in str(told.note)
            assert "Searched by words alone: the Chroma" in _health(desk_of(again))
            again.add([invented(70)])
            assert again.size == 13
            found_wrong = [one for one in examine(again.path, "hashed-words") if one.todo]
            assert [one.part for one in found_wrong] == ["collection"]
            assert server.url in found_wrong[0].found
    finally:
        server.start()
    assert len(found(library)) == 13
    assert HybridRetriever(library).find(Question("tide of harbour3")).note is None


def test_a_collection_that_the_server_lacks_is_told_of_and_made_anew(server, library) -> None:
    server.delete(collection_of(library))
    with reopen(library) as again:
        told = HybridRetriever(again).find(Question("tide of harbour3"))
        assert "lacks the library's collection; run: footnote doctor" in str(told.note)
        assert told.hits[0].paper.id == FIRST[3].id
    wrong = examine(library.path, "hashed-words")
    assert [one.part for one in wrong if one.mendable] == ["collection"]
    mended = repair(library.path, wrong, HashedWords)
    assert {one.state for one in mended} == {"whole", "repaired"}
    assert len(found(library)) == 12


def test_a_collection_that_somebody_changed_is_not_searched(server, library) -> None:
    library.searcher.vectors.base()._collection.delete(["3"])
    with reopen(library) as again:
        with pytest.raises(UnusableCollection, match="does not hold what the catalog holds"):
            found(again)
        again.tidy()
        assert len(found(again)) == 12


def test_a_backup_is_restored_to_a_collection_of_its_own(server, library, tmp_path) -> None:
    first = collection_of(library)
    back_up(library.path, tmp_path / "backup.zip")
    restore(tmp_path / "backup.zip", tmp_path / "restored")
    with Library.open(tmp_path / "restored", embedder=HashedWords()) as restored:
        assert len(found(restored)) == 12
        assert restored.searcher.vectors.is_served()
        assert collection_of(restored) != first
    assert own(server, library) == {first}
    server.kill()
    try:
        restore(tmp_path / "backup.zip", tmp_path / "without")
        with Library.open(tmp_path / "without", embedder=HashedWords()) as restored:
            assert len(found(restored)) == 12
    finally:
        server.start()


# The command line, tokens and faults.


def papers(folder: Path) -> Path:
    source = folder / "papers.jsonl"
    source.write_text('{"title": "Tides", "abstract": "Tides rise at noon.", "year": 2020}\n')
    return source


def test_a_token_opens_the_server_and_is_kept_nowhere(server, tmp_path) -> None:
    folder = tmp_path / "library"
    source = papers(tmp_path)
    with check_token(server, "Authorization", f"Bearer {TOKEN}") as url:
        named = {"FOOTNOTE_VECTORS_HEADER": "Authorization"}
        index = ["index", source, "--library", folder, "--vectors", url]
        for token, said in (("wrong-token", "refused the token"), ("", "asks for a token")):
            refused = inside(*index, FOOTNOTE_VECTORS_TOKEN=token, **named)
            assert (refused.status, refused.out) == (1, "")
            assert f"{said} (status 401); correct FOOTNOTE_VECTORS_TOKEN" in refused.err
            assert refused.err.count("\n") == 1
            assert "wrong" not in refused.err
            assert not folder.exists()
        done = inside(*index, "--json", FOOTNOTE_VECTORS_TOKEN=TOKEN, **named)
        assert (done.status, done.err) == (0, "")
        ask = ["ask", "When do tides rise?", "--library", folder]
        told = inside(*ask, FOOTNOTE_VECTORS_TOKEN=TOKEN, **named)
        assert (told.status, told.err) == (0, "")
        assert "words alone" not in told.out
        told = inside(*ask, FOOTNOTE_VECTORS_TOKEN="wrong-token", **named)
        assert "searched by words alone: the Chroma server" in " ".join(told.out.split())
        assert "rise at noon" in " ".join(told.out.split())
        for file in (path for path in folder.rglob("*") if path.is_file()):
            assert TOKEN.encode() not in file.read_bytes()
        # Back to the folder, which the server need not allow.
        back = inside("index", "--vectors", "folder", "--library", folder)
        assert (back.status, back.err) == (0, "")
        assert "vectors" not in inside("status", "--library", folder).out


def test_tenant_and_database_are_used_and_must_be_there(server, library) -> None:
    httpx.post(f"{server.url}/api/v2/tenants", json={"name": "harbour"})
    httpx.post(f"{server.url}/api/v2/tenants/harbour/databases", json={"name": "quay"})
    with reopen(library, vectors=ServerPlace(server.url, "harbour", "quay")) as moved:
        moved.tidy()
        assert server.collections("harbour", "quay") == {collection_of(moved)}
        assert own(server, moved) == set()
    for wrong, said in (
        (ServerPlace(server.url, "harbour", "none"), "has no database none; make it there"),
        (ServerPlace(server.url, "none", "quay"), "has no tenant none; make it there"),
    ):
        with pytest.raises(UnusableServer, match=said):
            ChromaServer(wrong, VectorSettings()).check()


def answering(body: str, status: int = 200) -> type[BaseHTTPRequestHandler]:
    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(body.encode())

    return Answering


class Silent(BaseHTTPRequestHandler):
    def handle(self) -> None:
        self.connection.recv(1000)
        self.connection.recv(1000)


@pytest.mark.parametrize(
    ("handler", "said"),
    [
        (answering('"0.6.3"'), "has version '0.6.3'; this Footnote needs 1.x"),
        (answering('{"detail": "Not Found"}', 404), "is no Chroma server of version 1.x"),
        (answering("<p>Hello", 200), "is no Chroma server; correct FOOTNOTE_VECTORS"),
        (answering("{}", 502), "is failing (status 502); try again later"),
        (Silent, "did not answer within 0.3 s"),
    ],
)
def test_what_is_no_chroma_server_is_told_in_one_line(handler, said) -> None:
    with listen(handler) as port:
        place = ServerPlace(f"http://127.0.0.1:{port}")
        server = ChromaServer(place, replace(VectorSettings(), timeout=0.3))
        with pytest.raises(UnusableServer) as fault:
            server.check()
        assert said in str(fault.value)
        assert place.url in str(fault.value)


def test_a_server_that_only_the_library_names_is_not_asked(library, tmp_path) -> None:
    asked: list[str] = []

    class Listening(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(500)

    library.add([invented(80)])
    with listen(Listening) as port:
        name = library.searcher.vectors.base_name()
        assert name is not None
        elsewhere = replace(name, server=ServerPlace(f"http://127.0.0.1:{port}"))
        library._catalog.set_meta(base_place=elsewhere.write())
        with reopen(library) as again, pytest.raises(UnusableServer, match="not on this machine"):
            found(again)
        assert asked == []
        note_named(f"http://127.0.0.1:{port}")
        with reopen(library) as again, pytest.raises(UnusableServer, match="status 500"):
            found(again)
        assert asked


def test_a_server_that_failed_is_left_alone_for_a_while(monkeypatch) -> None:
    asked: list[str] = []

    class Failing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(500)

    def ask_twice(rest: float) -> int:
        asked.clear()
        monkeypatch.setattr("footnote.index.search.chroma.server.REST_SECONDS", rest)
        server = ChromaServer(place, VectorSettings())
        for _ in range(2):
            with pytest.raises(UnusableServer, match="status 500"):
                server.names("footnote-")
        return len(asked)

    with listen(Failing) as port:
        place = ServerPlace(f"http://127.0.0.1:{port}")
        assert 2 * ask_twice(60.0) == ask_twice(0.0) > 0


@pytest.mark.parametrize(
    "text",
    ["", "chroma:8000", "ftp://chroma", "http://", "http://a b", "http://user:word@chroma",
     "http://chroma?token=tide", "http://chroma#tide", "http://chroma:99999", "http://tïde"],
)  # fmt: skip
def test_an_address_that_is_none_or_holds_more_is_refused(text) -> None:
    with pytest.raises(LibraryError, match=r"^--vectors") as fault:
        parse_place(text, VectorSettings())
    assert "tide" not in str(fault.value)


def test_a_place_is_kept_as_it_is_read(place) -> None:
    own_place = ServerPlace("https://chroma.example.org/api", "harbour", "quay")
    for one in (FOLDER, place, own_place):
        assert read_place(write_place(one)) == one
    for text in ("[]", "{", '{"url": "http://a"}', '{"url": 1, "tenant": "a", "database": "b"}',
                 json.dumps({"url": "http://a", "tenant": "../b", "database": "c"})):  # fmt: skip
        with pytest.raises(LibraryError, match="no place"):
            read_place(text)


def test_the_servers_that_were_named_are_kept_beside_the_settings(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("FOOTNOTE_CONFIG", str(tmp_path / "footnote.toml"))
    from footnote.index.search.chroma.named import is_named

    assert not is_named("http://a")
    note_named("http://a")
    note_named("http://b")
    assert is_named("http://a")
    assert json.loads((tmp_path / FILE).read_text()) == ["http://a", "http://b"]
    (tmp_path / FILE).write_text("{")
    assert not is_named("http://a")
