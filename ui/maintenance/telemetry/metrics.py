"""Metrics: the figures of a server, as Prometheus reads them."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from importlib.metadata import version

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from footnote.index import FootnoteError
from footnote.index.library import Library
from footnote.rag.answer import Answer, Event
from footnote.ui.maintenance.telemetry.request_log import RequestDone
from footnote.ui.web.context import AppContext

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# Seconds: an answer from quotes takes a tenth, one by a model many.
_BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
# What the stages are called in an answer's times; the whole beside them.
_STAGES = ("search", "read", "write", "check", "total")


class Metrics:
    """Counts what a server does; may be told from many threads."""

    def __init__(self, desk: AppContext) -> None:
        """Counts from now on; takes whose library, answers and queue are told."""
        # Of its own: the global one would mix two servers of one process.
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        self._registry.register(_Standing(desk))
        self._count_requests()
        self._count_answers()
        desk.activity.listeners.append(self.hear)

    def _count_requests(self) -> None:
        self._requests = Counter(
            "footnote_requests", "Requests that ended, by the pattern of their address.",
            ("method", "route", "status"), registry=self._registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "footnote_request_seconds", "Seconds until the end of a reply.",
            ("route",), buckets=_BOUNDS, registry=self._registry,
        )  # fmt: skip

    def _count_answers(self) -> None:
        self._answers = Counter(
            "footnote_answers", "Answers, by the kind of question, who wrote, and how they ended.",
            ("kind", "mode", "outcome"), registry=self._registry,
        )  # fmt: skip
        self._stages = Histogram(
            "footnote_answer_stage_seconds", "Seconds of each stage of an answer.",
            ("stage", "mode"), buckets=_BOUNDS, registry=self._registry,
        )  # fmt: skip
        self._tokens = Counter(
            "footnote_model_tokens", "Tokens that models read and wrote.",
            ("model", "direction"), registry=self._registry,
        )  # fmt: skip
        self._cost = Counter(
            "footnote_model_cost_usd", "US dollars that models took, where prices are known.",
            ("model",), registry=self._registry,
        )  # fmt: skip

    def end_request(self, done: RequestDone) -> None:
        """Counts a request that has ended."""
        self._requests.labels(done.method, done.route, str(done.status)).inc()
        self._seconds.labels(done.route).observe(done.seconds)

    def hear(self, event: Event) -> None:
        """Counts an event of an answer, if it is its end."""
        if not isinstance(event, Answer):
            return
        outcome = "refused" if event.abstained else event.match
        self._answers.labels(event.kind, event.mode, outcome).inc()
        receipt = event.receipt
        for stage in _STAGES:
            if stage in receipt.timings_ms:
                seconds = receipt.timings_ms[stage] / 1000
                self._stages.labels(stage, event.mode).observe(seconds)
        if receipt.model:
            self._tokens.labels(receipt.model, "read").inc(receipt.prompt_tokens)
            self._tokens.labels(receipt.model, "written").inc(receipt.completion_tokens)
            self._cost.labels(receipt.model).inc(receipt.cost_usd or 0.0)

    def text(self) -> bytes:
        """Returns all figures in Prometheus' text format."""
        return generate_latest(self._registry)


class _Standing(Collector):
    """Figures that are read when they are asked for."""

    def __init__(self, desk: AppContext) -> None:
        self._desk = desk

    def collect(self) -> Iterable[Metric]:
        """Yields the figures as they are now."""
        desk = self._desk
        build = GaugeMetricFamily("footnote_build_info", "Its version.", labels=("version",))
        build.add_metric((version("footnote-papers"),), 1)
        yield build
        yield GaugeMetricFamily(
            "footnote_answers_open", "Answers under way.", value=desk.activity.count
        )
        yield GaugeMetricFamily(
            "footnote_steps_waiting", "Steps of answers that wait for a free slot.",
            value=sum(slots.waiting for slots in desk.activity.slots),
        )  # fmt: skip
        yield from _papers(desk)


def _papers(desk: AppContext) -> Iterator[Metric]:
    told: tuple[tuple[str, str, Callable[[Library], int]], ...] = (
        ("footnote_papers", "Papers in a library.", lambda library: library.size),
        ("footnote_papers_waiting", "Papers that are not embedded yet, found by words alone.",
         lambda library: library.waiting),
    )  # fmt: skip
    for name, meaning, count in told:
        figures = GaugeMetricFamily(name, meaning, labels=("library",))
        for own in desk.all:
            # A library that cannot be read right now leaves the other figures readable.
            with suppress(FootnoteError):
                figures.add_metric((own.name,), count(own.papers))
        yield figures
