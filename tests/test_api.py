"""The API over a real port, by the clients that people have."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import openai
import pytest

from footnote.evals.feedback import read_feedback
from footnote.index.library import Library
from footnote.index.storage.ingest.write_lock import WriteLock
from footnote.rag.answer import Delta, Event
from footnote.rag.engine import CitedQueryEngine
from footnote.rag.serialization import answer_json
from footnote.ui.api.asks import PROGRAMS
from footnote.ui.api.compatible.chores import do_chore
from footnote.ui.api.imports.jobs import ImportJobs
from footnote.ui.storage.conversations import Conversations
from footnote.ui.web.context import AppContext
from tests.command import inside
from tests.conftest import HashedWords, invented
from tests.pages import LOOPS, PPO, TOOLS, desk_of, served

pytestmark = LOOPS


@pytest.fixture(scope="module")
def address(demo_library: Library, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("api")
    with (
        Conversations.open(folder / "kept.sqlite3") as kept,
        served(desk_of(demo_library, conversations=kept), api=True) as address,
    ):
        yield f"{address}v1"


@pytest.fixture
def client(address: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=address, api_key="none", max_retries=0) as client:
        yield client


def ask(address: str, **body: Any) -> Any:
    reply = httpx.post(f"{address}/ask", json=body, timeout=60)
    return reply.json()


def events(text: str) -> list[tuple[str, Any]]:
    blocks = [block.splitlines() for block in text.split("\n\n") if block]
    return [(name[len("event: ") :], json.loads(data[len("data: ") :])) for name, data in blocks]


def test_an_answer_over_http_is_the_answer(address: str, demo_library: Library) -> None:
    own = answer_json(CitedQueryEngine(demo_library).ask(PPO))
    given = ask(address, question=PPO)
    timed = {"timings_ms", "conversation", "request_id"}
    assert {k: v for k, v in given.items() if k not in timed} == {
        k: v for k, v in own.items() if k not in timed
    }


def test_a_stream_names_its_stages_and_ends_with_the_answer(address: str) -> None:
    reply = httpx.post(f"{address}/ask", json={"question": PPO, "stream": True}, timeout=60)
    assert reply.headers["content-type"].startswith("text/event-stream")
    told = events(reply.text)
    names = [name for name, _ in told]
    assert names[0] == "search"
    assert {"write", "text"} <= set(names)
    assert names[-1] == "done"
    text = "".join(data["text"] for name, data in told if name == "text")
    assert text == told[-1][1]["text"]


def test_a_conversation_is_kept_and_followed(address: str) -> None:
    first = ask(address, question="What does PPO clip?", conversation="new")
    assert first["conversation"]
    then = ask(address, question="Who wrote it?", conversation=first["conversation"])
    assert then["conversation"] == first["conversation"]
    history = [{"role": "user", "content": "What does PPO clip?"},
               {"role": "assistant", "content": first["text"]}]  # fmt: skip
    by_history = ask(address, question="Who wrote it?", history=history)
    assert by_history["text"] == then["text"]
    assert by_history["conversation"] is None


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "told"),
    [
        ("POST", "/ask", {"question": ""}, 422, "question"),
        ("POST", "/ask", {"question": "  "}, 400, "question"),
        ("POST", "/ask", {"question": PPO, "mode": "loud"}, 422, "mode"),
        ("POST", "/ask", {"question": PPO, "mode": "quick"}, 409, "no model"),
        ("POST", "/ask", {"question": PPO, "conversation": "gone"}, 400, "conversation"),
        ("POST", "/ask", {"question": PPO, "filters": {"papers": ["no such"]}}, 404, "no such"),
        ("POST", "/ask", {"asked": PPO}, 422, "question"),
        ("GET", "/papers/no-such-paper", None, 404, "no-such-paper"),
        ("DELETE", "/papers/no-such-paper", None, 404, "no-such-paper"),
        ("GET", "/papers?count=0", None, 422, "count"),
        ("POST", "/check", {"text": "Nothing is cited here."}, 422, "cite"),
        ("GET", "/nothing", None, 404, "Not Found"),
        ("GET", "/ask", None, 405, "Method Not Allowed"),
        ("POST", "/chat/completions", {"model": "gpt-9", "messages": [
            {"role": "user", "content": "hi"}]}, 404, "gpt-9"),
        ("POST", "/chat/completions", {"messages": [
            {"role": "system", "content": "hi"}]}, 422, "last message"),
    ],
)  # fmt: skip
def test_every_error_has_one_shape(
    address: str, method: str, path: str, body: Any, status: int, told: str
) -> None:
    reply = httpx.request(method, f"{address}{path}", json=body, timeout=60)
    error = reply.json()["error"]
    assert (reply.status_code, set(error)) == (status, {"message", "type", "code", "param"})
    assert told in error["message"]
    assert "\n" not in error["message"]


def test_only_what_the_api_has_is_open_and_not_to_other_sites(address: str) -> None:
    root = address.removesuffix("/v1")
    assert httpx.get(f"{root}/healthz").json() == {"status": "ok"}
    assert httpx.get(f"{root}/readyz").json() == {"status": "ready", "papers": 70}
    foreign = {"origin": "https://elsewhere.example"}
    asked = httpx.post(f"{address}/ask", json={"question": PPO}, headers=foreign)
    assert (asked.status_code, asked.json()["error"]["code"]) == (403, "forbidden")
    assert httpx.delete(f"{address}/papers/x", headers=foreign).status_code == 403
    other = httpx.get(f"{address}/papers", headers={"host": "elsewhere.example"})
    assert other.status_code == 421


def test_the_page_alone_has_no_api(demo_library: Library) -> None:
    with served(desk_of(demo_library)) as address:
        assert httpx.get(f"{address}v1/status").status_code == 404
        assert httpx.get(f"{address}healthz").status_code == 404


def test_whoever_goes_away_ends_the_work(demo_library: Library) -> None:
    closed = threading.Event()

    def endless(*_: Any, **__: Any) -> Iterator[Event]:
        try:
            while True:
                time.sleep(0.01)
                yield Delta("on and ")
        finally:
            closed.set()

    desk = AppContext(demo_library, {"endless": endless})
    with served(desk, api=True) as address:
        asked = {"json": {"question": PPO, "stream": True}, "timeout": 60}
        with httpx.stream("POST", f"{address}v1/ask", **asked) as reply:  # type: ignore[arg-type]
            assert "on and" in next(reply.iter_text())
            assert not closed.is_set()
        assert closed.wait(20)


@pytest.mark.parametrize(
    "more",
    [["--open"], ["--allow-host", "lab.example"], ["--trusted-proxy", "127.0.0.1"],
     ["--host", "0.0.0.0"]],
)  # fmt: skip
def test_others_are_not_served_before_there_is_an_admin(more: list[str], tmp_path: Path) -> None:
    ran = inside("serve", *more, "--library", tmp_path)
    assert (ran.status, ran.err.count("\n")) == (2, 1)
    assert "it needs accounts, and there is no admin yet" in ran.err


def test_papers_are_searched_listed_and_found_by_any_name(address: str) -> None:
    found = httpx.post(f"{address}/search", json={"query": "policy optimization", "k": 3}).json()
    assert len(found["hits"]) == 3
    assert "Proximal Policy Optimization Algorithms" in [hit["title"] for hit in found["hits"]]
    page = httpx.get(f"{address}/papers?count=50").json()
    rest = httpx.get(f"{address}/papers", params={"count": 50, "at": page["next"]}).json()
    ids = [paper["id"] for paper in (*page["papers"], *rest["papers"])]
    assert len(set(ids)) == len(ids) == page["total"] == 70
    assert rest["next"] is None
    paper = httpx.get(f"{address}/papers/1707.06347").json()
    assert paper["title"] == "Proximal Policy Optimization Algorithms"
    same = httpx.get(f"{address}/papers/{paper['title']}").json()
    assert same == paper
    alike = httpx.get(f"{address}/papers/{paper['id']}/similar?k=2").json()
    assert len(alike["hits"]) == 2


def test_papers_are_added_once_and_removed(tmp_path: Path) -> None:
    with ExitStack() as stack:
        made = Library.open(tmp_path / "library", embedder=HashedWords(), create=True)
        library = stack.enter_context(made)
        library.add([invented(1)])
        address = stack.enter_context(served(desk_of(library), api=True))
        record = {"title": "Tides of Mud", "abstract": "Mud moves at noon.", "doi": "10.1234/mud"}
        papers = {"papers": [record, {**record, "published": "no date at all"}]}
        added = httpx.post(f"{address}v1/papers", json={"papers": [record]}).json()
        assert (added["new"], added["papers"], added["problems"]) == (1, 2, [])
        again = httpx.post(f"{address}v1/papers", json=papers).json()
        assert (again["new"], again["papers"]) == (0, 2)
        gone = httpx.delete(f"{address}v1/papers/10.1234/mud").json()
        assert gone == {"removed": "doi:10.1234/mud", "papers": 1}


def test_a_text_is_checked(address: str) -> None:
    text = (
        "[PPO](https://arxiv.org/abs/1707.06347) clips the probability ratio between the new and "
        "the old policy."
    )
    (checked,) = httpx.post(f"{address}/check", json={"text": text}).json()["sentences"]
    assert checked["verdict"] == "supported"
    assert checked["quotes"][0]["title"] == "Proximal Policy Optimization Algorithms"


# What OpenAI's clients see: no shape loses a citation.


def test_the_openai_client_gets_each_citation_in_every_shape(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["quotes"]
    said = [{"role": "system", "content": "Be brief. " * 5_000},
            {"role": "user", "content": [{"type": "text", "text": TOOLS}]}]  # fmt: skip
    reply = client.chat.completions.create(model="quotes", messages=said)  # type: ignore[call-overload]
    message = reply.choices[0].message
    whole = reply.footnote
    cited = [c for s in whole["statements"] for c in s["citations"]]
    assert cited
    assert message.content == whole["text"]
    marks = [note.url_citation for note in message.annotations]
    assert {message.content[m.start_index : m.end_index] for m in marks} == {
        f"[{c['marker']}]" for c in cited
    }
    assert len(reply.citations) == len(reply.search_results) == len(whole["papers"])
    assert [row["title"] for row in reply.search_results] == [p["title"] for p in whole["papers"]]
    for quote in cited:
        assert quote["quote"] in reply.search_results[quote["marker"] - 1]["snippet"]
    assert all(mark.url.startswith("https://") for mark in marks)


def test_a_stream_for_openai_ends_with_its_citations(client: openai.OpenAI) -> None:
    said: Any = [{"role": "user", "content": PPO}]
    chunks = list(client.chat.completions.create(model="quotes", messages=said, stream=True))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    last = chunks[-1]
    assert last.choices[0].finish_reason == "stop"
    assert last.footnote["text"] == text  # type: ignore[attr-defined]
    assert len(last.choices[0].delta.annotations) >= 1  # type: ignore[attr-defined]
    assert last.search_results  # type: ignore[attr-defined]


def test_open_webui_gets_a_source_for_each_paper(address: str) -> None:
    said = {"model": "quotes", "stream": True, "messages": [{"role": "user", "content": PPO}]}
    headers = {"x-openwebui-chat-id": "1"}
    reply = httpx.post(f"{address}/chat/completions", json=said, headers=headers, timeout=60)
    lines = [line[6:] for line in reply.text.split("\n\n") if line]
    assert lines[-1] == "[DONE]"
    chunks = [json.loads(line) for line in lines[:-1]]
    assert all(chunk["choices"] for chunk in chunks)
    told = [chunk["event"] for chunk in chunks if "event" in chunk]
    sources = [one["data"] for one in told if one["type"] == "source"]
    papers = chunks[-1]["footnote"]["papers"]
    assert [source["source"]["name"] for source in sources] == [p["title"] for p in papers]
    assert all(len(s["document"]) == len(s["metadata"]) > 0 for s in sources)
    assert any(one["type"] == "status" for one in told)


def test_twenty_rounds_of_history_are_taken(client: openai.OpenAI) -> None:
    rounds = [
        {"role": role, "content": f"{n} {PPO}"} for n in range(25) for role in ("user", "assistant")
    ]
    said: Any = [*rounds, {"role": "user", "content": "And who wrote it?"}]
    reply = client.chat.completions.create(model="footnote", messages=said)
    assert reply.choices[0].message.content


def texts(response: Any) -> tuple[str, list[Any]]:
    (part,) = response.output[0].content
    return part.text, part.annotations


def test_a_response_cites_as_openai_does_and_is_followed(client: openai.OpenAI) -> None:
    first = client.responses.create(model="quotes", input="What does PPO clip?")
    text, notes = texts(first)
    assert first.output_text == text == first.footnote["text"]  # type: ignore[attr-defined]
    cited = [c for s in first.footnote["statements"] for c in s["citations"]]  # type: ignore[attr-defined]
    assert {text[note.start_index : note.end_index] for note in notes} == {
        f"[{c['marker']}]" for c in cited
    }
    assert all(note.type == "url_citation" and note.url and note.title for note in notes)
    then = client.responses.create(
        model="quotes", input="Why does it do that?", previous_response_id=first.id
    )
    said: Any = [
        {"role": "user", "content": "What does PPO clip?"},
        {"type": "function_call", "name": "tide", "arguments": "{}", "call_id": "1"},
        {"role": "assistant", "content": [{"type": "output_text", "text": text}]},
        {"role": "user", "content": [{"type": "input_text", "text": "Why does it do that?"}]},
    ]
    by_messages = client.responses.create(model="quotes", input=said)
    assert then.output_text == by_messages.output_text
    assert then.footnote["receipt"]["leaned"]  # type: ignore[attr-defined]
    with pytest.raises(openai.NotFoundError, match="send the messages"):
        client.responses.create(model="quotes", input="Why?", previous_response_id="resp_gone")


def test_a_streamed_response_ends_whole(client: openai.OpenAI) -> None:
    whole = client.responses.create(model="quotes", input=PPO)
    with client.responses.stream(model="quotes", input=PPO) as stream:
        events = list(stream)
        final = stream.get_final_response()
    assert final.output_text == whole.output_text
    assert texts(final)[1] == texts(whole)[1] != []
    kinds = [event.type for event in events]
    assert (kinds[0], kinds[-1]) == ("response.created", "response.completed")
    assert kinds.count("response.output_text.annotation.added") == len(texts(final)[1])
    numbers = [event.sequence_number for event in events]  # type: ignore[union-attr]
    assert numbers == sorted(numbers)


TITLE = """### Task:
Generate a concise, 3-5 word title with an emoji summarizing the chat history.
### Output:
JSON format: { "title": "your concise title here" }
### Chat History:
<chat_history>
USER: What does PPO clip?
ASSISTANT: The ratio.
</chat_history>"""


@pytest.mark.parametrize(
    ("prompt", "before", "reply"),
    [
        (TITLE, [], '{"title": "What does PPO clip?"}'),
        (TITLE.replace("concise, 3-5 word title", "few broad tags"), [], '{"tags": []}'),
        ("Provide a concise, 5-word-or-less title for the conversation, using title case.",
         ["What does PPO clip?"], "What does PPO clip?"),
        ("Suggest a title for a paper on kelp", [], None),
        ("What does PPO clip?", ["How are tools used?"], None),
        ("Which papers give a title to their method?", ["What is DPO?"], None),
    ],
)  # fmt: skip
def test_what_clients_ask_by_themselves_is_not_searched_in_the_papers(
    prompt: str, before: list[str], reply: str | None
) -> None:
    assert do_chore(prompt, before) == reply


def test_a_clients_chore_costs_no_search(client: openai.OpenAI) -> None:
    said: Any = [{"role": "user", "content": TITLE}]
    reply = client.chat.completions.create(model="quotes", messages=said)
    assert reply.choices[0].message.content == '{"title": "What does PPO clip?"}'
    assert reply.footnote is None  # type: ignore[attr-defined]


def test_embeddings_are_those_of_the_library(
    client: openai.OpenAI, address: str, demo_library: Library
) -> None:
    own = demo_library.embedder.embed(["tides", "kelp"])
    given = client.embeddings.create(model="any", input=["tides", "kelp"]).data
    assert np.allclose([one.embedding for one in given], own, atol=1e-6)
    packed = httpx.post(
        f"{address}/embeddings", json={"input": "tides", "encoding_format": "base64"}
    ).json()["data"][0]["embedding"]
    assert np.allclose(np.frombuffer(base64.b64decode(packed), "<f4"), own[0], atol=1e-6)


# What the server keeps, and what it reads.


def test_conversations_are_kept_listed_renamed_and_removed(address: str) -> None:
    at = f"{address}/conversations"
    begun = httpx.post(at, json={"title": "Tides"})
    assert (begun.status_code, begun.json()["title"], begun.json()["answers"]) == (201, "Tides", 0)
    id = begun.json()["id"]
    answer = ask(address, question="What does PPO clip?", conversation=id)
    assert id in [one["id"] for one in httpx.get(at).json()["conversations"]]
    (found,) = httpx.get(at, params={"search": "tides"}).json()["conversations"]
    assert (found["id"], found["answers"]) == (id, 1)
    (kept,) = httpx.get(f"{at}/{id}").json()["answers"]
    assert (kept["text"], kept["statements"]) == (answer["text"], answer["statements"])
    renamed = httpx.patch(f"{at}/{id}", json={"title": "Kelp"})
    assert renamed.json()["title"] == "Kelp"
    assert httpx.delete(f"{at}/{id}").status_code == 204
    for gone in (httpx.get(f"{at}/{id}"), httpx.delete(f"{at}/{id}")):
        assert (gone.status_code, gone.json()["error"]["code"]) == (404, "not_found")


def test_feedback_becomes_cases(demo_library: Library, tmp_path: Path) -> None:
    votes = tmp_path / "feedback.jsonl"
    with (
        Conversations.open(tmp_path / "kept.sqlite3") as kept,
        served(desk_of(demo_library, conversations=kept, feedback=votes), api=True) as address,
    ):
        first = ask(f"{address}v1", question="What does PPO clip?", conversation="new")
        whole = ask(f"{address}v1", question="Who wrote it?", conversation=first["conversation"])
        said = [
            {"conversation": first["conversation"], "place": 2, "thumb": "up"},
            {"answer": whole, "thumb": "down", "right_papers": ["1707.06347"]},
        ]
        told = [httpx.post(f"{address}v1/feedback", json=one) for one in said]
        wrong = httpx.post(f"{address}v1/feedback", json={"answer": {"text": "x"}, "thumb": "up"})
    assert [reply.status_code for reply in (*told, wrong)] == [201, 201, 400]
    assert "question" in wrong.json()["error"]["message"]
    entries, problems = read_feedback(votes)
    assert not problems
    assert [entry.question for entry in entries] == ["Who wrote it?"] * 2
    assert entries[0].history[0].content == "What does PPO clip?"


@pytest.mark.parametrize("form", ["jsonl", "bibtex", "ris", "csl-json", "csv"])
def test_an_export_is_that_of_the_command_line(
    address: str, demo_library: Library, form: str
) -> None:
    asked = {"format": form, "since": 2022}
    given = httpx.get(f"{address}/export", params=asked)
    own = inside("export", "--library", demo_library.path, "--format", form, "--since", "2022")
    assert given.text == own.out != ""
    narrow = httpx.get(f"{address}/export", params={"format": form, "author": "Schulman"}).text
    assert "Proximal Policy Optimization" in narrow
    assert len(narrow) < len(given.text)


@pytest.fixture
def importing(tmp_path: Path) -> Iterator[tuple[str, Library]]:
    with ExitStack() as stack:
        made = Library.open(tmp_path / "library", embedder=HashedWords(), create=True)
        library = stack.enter_context(made)
        address = stack.enter_context(served(desk_of(library), api=True))
        yield f"{address}v1/imports", library


def ended(address: str, id: str) -> Any:
    for _ in range(600):
        job = httpx.get(f"{address}/{id}").json()
        if job["ended"]:
            return job
        time.sleep(0.05)
    pytest.fail(f"the import did not end: {job}")


def records(count: int) -> bytes:
    return b"".join(
        json.dumps({"title": f"Tides {n}", "abstract": f"Mud moves {n} times.",
                    "doi": f"10.1234/{n}"}).encode() + b"\n"
        for n in range(count)
    )  # fmt: skip


def test_files_are_imported_and_followed(importing: tuple[str, Library]) -> None:
    address, library = importing
    files = [
        ("files", ("tides.jsonl", records(3) + b'{"title": "No abstract"}\n')),
        ("files", ("empty.bib", b"nothing")),
    ]
    begun = httpx.post(address, files=files)
    assert begun.status_code == 202
    assert begun.json()["names"] == ["tides.jsonl", "empty.bib"]
    job = ended(address, begun.json()["id"])
    assert (job["state"], job["new"], job["done"], job["total"]) == ("done", 3, 3, 3)
    assert job["per_second"] > 0
    assert any(line.startswith("tides.jsonl:4: ") for line in job["problems"])
    assert any(line.startswith("empty.bib: ") for line in job["problems"])
    assert library.size == 3
    again = httpx.post(address, files=[("files", ("tides.jsonl", records(3)))])
    assert ended(address, again.json()["id"])["unchanged"] == 3
    assert [one["id"] for one in httpx.get(address).json()["imports"]] == [
        again.json()["id"], job["id"]
    ]  # fmt: skip
    nothing = httpx.post(address, files=[("files", ("empty.bib", b"nothing"))])
    failed = ended(address, nothing.json()["id"])
    assert (failed["state"], "empty.bib" in failed["error"]) == ("failed", True)
    wrong = httpx.post(f"{address}/identifiers", json={"identifiers": ["PPO"]})
    assert (wrong.status_code, wrong.json()["error"]["param"]) == (422, "identifiers")
    assert httpx.get(f"{address}/gone").status_code == 404


CANCEL = {"state": "cancelled"}


def test_an_import_is_cancelled_and_the_next_one_waits(importing: tuple[str, Library]) -> None:
    address, library = importing
    long = httpx.post(address, files=[("files", ("long.jsonl", records(3_000)))]).json()["id"]
    next_one = httpx.post(address, files=[("files", ("next.jsonl", records(1)))]).json()["id"]
    assert httpx.get(f"{address}/{next_one}").json()["state"] == "waiting"
    while not httpx.get(f"{address}/{long}").json()["done"]:
        time.sleep(0.01)
    assert httpx.patch(f"{address}/{long}", json=CANCEL).status_code == 200
    job = ended(address, long)
    assert (job["state"], "undo" in job["error"]) == ("cancelled", True)
    assert 0 < job["done"] < 3_000
    assert ended(address, next_one)["state"] == "done"
    assert httpx.patch(f"{address}/{next_one}", json=CANCEL).json()["state"] == "done"
    assert library.size > 0


def test_an_import_waits_for_whoever_writes(importing: tuple[str, Library]) -> None:
    address, library = importing
    record = {"title": "Kelp", "abstract": "Kelp sways."}
    with WriteLock(library.path / "write.lock").hold():
        refused = httpx.post(address.replace("imports", "papers"), json={"papers": [record]})
        begun = httpx.post(address, files=[("files", ("tides.jsonl", records(1)))]).json()["id"]
        while httpx.get(f"{address}/{begun}").json()["state"] != "adding":
            time.sleep(0.01)
        time.sleep(0.2)
        assert httpx.get(f"{address}/{begun}").json()["state"] == "adding"
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "busy")
    assert ended(address, begun)["new"] == 1


def test_a_job_that_a_restart_cut_says_so(tmp_path: Path) -> None:
    with Library.open(tmp_path / "library", embedder=HashedWords(), create=True) as library:
        with ImportJobs.open(library.path / "jobs.sqlite3") as jobs:
            # As a killed server leaves it.
            left = jobs.save(replace(jobs.start(PROGRAMS, ["tides.bib"]), state="adding", done=7))
        with served(desk_of(library), api=True) as address:
            job = httpx.get(f"{address}v1/imports/{left.id}").json()
    assert (job["state"], job["done"]) == ("cut", 7)
    assert "send it again" in job["error"]


def test_open_webui_gets_its_events_by_a_setting(
    demo_library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOOTNOTE_OPENWEBUI", "1")
    said = {"model": "quotes", "stream": True, "messages": [{"role": "user", "content": PPO}]}
    with served(desk_of(demo_library), api=True) as page:
        reply = httpx.post(f"{page}v1/chat/completions", json=said, timeout=60)
    assert '"type": "source"' in reply.text
