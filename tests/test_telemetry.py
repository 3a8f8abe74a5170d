"""What a server tells about itself: ids of requests, log lines, figures and spans."""

import json
import logging
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import StringIO
from typing import Any

import grpc
import httpx
import pytest
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as collected
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as collector

from footnote.index import FootnoteError
from footnote.index.library import Library
from footnote.ui.maintenance.telemetry.logs import REQUESTS, RequestIds, configure_logs
from footnote.ui.maintenance.telemetry.request_ids import name_request, request_id
from footnote.ui.maintenance.telemetry.settings import TelemetrySettings
from tests.pages import LOOPS, PPO, desk_of, served

pytestmark = LOOPS

SECRET = "Which robots juggle seventeen teapots?"


class Collector(collector.TraceServiceServicer):
    """Keeps the spans that it is sent, as a collector does."""

    def __init__(self) -> None:
        self.spans: list[Any] = []

    def Export(self, request: Any, context: Any) -> Any:  # noqa: N802
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                self.spans += scope.spans
        return collected.ExportTraceServiceResponse()


@contextmanager
def collecting() -> Iterator[tuple[str, Collector]]:
    kept = Collector()
    server = grpc.server(ThreadPoolExecutor(2))
    collector.add_TraceServiceServicer_to_server(kept, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"http://127.0.0.1:{port}", kept
    finally:
        server.stop(0).wait()


@pytest.fixture(scope="module")
def told(demo_library: Library) -> Iterator[tuple[str, Collector, StringIO]]:
    """A server that tells everything: its address, its collector, its log as JSON."""
    lines, root = StringIO(), logging.getLogger()
    before, level = root.handlers[:], logging.getLogger(REQUESTS).level
    configure_logs("json")
    (handler,) = root.handlers
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(lines)
    try:
        with collecting() as (address, kept):
            telemetry = TelemetrySettings(traces=address)
            with served(desk_of(demo_library), api=True, telemetry=telemetry) as page:
                httpx.post(
                    f"{page}v1/ask", json={"question": PPO}, timeout=60,
                    headers={
                        "x-request-id": "mine-1",
                        "traceparent": f"00-{'ab' * 16}-{'cd' * 8}-01",
                    },
                )  # fmt: skip
                httpx.post(f"{page}v1/ask", json={"question": SECRET}, timeout=60)
                httpx.get(f"{page}v1/papers/no-such-paper")
                httpx.get(f"{page}nothing/here?token=secret")
                figures = httpx.get(f"{page}metrics").text
            yield figures, kept, lines
    finally:
        root.handlers[:] = before
        logging.getLogger(REQUESTS).setLevel(level)


def test_an_answer_its_reply_and_the_log_carry_the_same_id(
    demo_library: Library, told: tuple[str, Collector, StringIO]
) -> None:
    with served(desk_of(demo_library), api=True) as page:
        own = httpx.post(f"{page}v1/ask", json={"question": PPO}, timeout=60)
        assert own.json()["request_id"] == own.headers["x-request-id"]
        assert re.fullmatch("[0-9a-f]{16}", own.headers["x-request-id"])
        named = httpx.get(f"{page}v1/status", headers={"x-request-id": "from.a_proxy-7"})
        assert named.headers["x-request-id"] == "from.a_proxy-7"
        refused = httpx.get(page, headers={"host": "elsewhere.example"})
        assert (refused.status_code, len(refused.headers["x-request-id"])) == (421, 16)
    lines = [json.loads(line) for line in told[2].getvalue().splitlines()]
    asked = next(line for line in lines if line["request_id"] == "mine-1")
    assert (asked["method"], asked["route"], asked["status"]) == ("POST", "/v1/ask", 200)
    assert asked["level"] == "INFO"
    assert asked["ms"] > 0
    assert asked["bytes"] > 1000


@pytest.mark.parametrize("forged", ["", "a b", "x" * 65, "a\nINFO forged", 'a"b', "é"])
def test_a_caller_cannot_forge_a_line_of_the_log(forged: str) -> None:
    assert re.fullmatch("[0-9a-f]{16}", name_request(forged))
    assert name_request("own-1") == request_id() == "own-1"


def test_addresses_are_told_by_their_pattern_and_no_text_is(
    told: tuple[str, Collector, StringIO],
) -> None:
    figures, kept, log = told
    assert 'route="/v1/papers/{name}"' in figures
    assert 'footnote_requests_total{method="GET",route="other",status="404"} 1.0' in figures
    for text in (figures, log.getvalue(), str(kept.spans)):
        assert not any(word in text for word in ("no-such-paper", "teapots", "secret", "clip"))


def test_figures_count_answers_stages_and_papers(
    told: tuple[str, Collector, StringIO], demo_library: Library
) -> None:
    figures = dict(line.rsplit(" ", 1) for line in told[0].splitlines() if not line.startswith("#"))
    answers = {name: n for name, n in figures.items() if name.startswith("footnote_answers_total")}
    assert sum(map(float, answers.values())) == 2
    assert all('mode="extractive"' in name for name in answers)
    for stage in ("search", "read", "write", "total"):
        name = f'footnote_answer_stage_seconds_count{{mode="extractive",stage="{stage}"}}'
        assert float(figures[name]) >= 1
    assert float(figures['footnote_papers{library=""}']) == demo_library.size
    assert float(figures["footnote_answers_open"]) == 0
    assert float(figures["footnote_steps_waiting"]) == 0
    assert float(figures["process_resident_memory_bytes"]) > 10_000_000


def test_the_stages_of_an_answer_are_spans_of_its_request(
    told: tuple[str, Collector, StringIO],
) -> None:
    spans = told[1].spans
    ours = [span for span in spans if span.trace_id == bytes.fromhex("ab" * 16)]
    (request,) = [span for span in ours if span.name == "POST /v1/ask"]
    assert request.parent_span_id == bytes.fromhex("cd" * 8)
    kept = {one.key: one.value for one in request.attributes}
    assert kept["request.id"].string_value == "mine-1"
    assert kept["footnote.mode"].string_value == "extractive"
    stages = {span.name: span for span in ours if span.parent_span_id == request.span_id}
    assert {
        f"CitedQueryEngine.{name}" for name in ("_understand", "_search", "_read", "_write")
    } <= (set(stages))
    assert all(s.end_time_unix_nano >= s.start_time_unix_nano > 0 for s in spans)


def test_lines_without_json_have_the_id_too() -> None:
    record = logging.LogRecord("footnote", logging.INFO, "", 1, "said", (), None)
    name_request("own-2")
    assert RequestIds().filter(record)
    assert record.request_id == "own-2"  # type: ignore[attr-defined]


def test_a_wrong_collector_is_one_line() -> None:
    with pytest.raises(FootnoteError, match="FOOTNOTE_TRACES is 'localhost:4317'; give http"):
        TelemetrySettings(traces="localhost:4317")
