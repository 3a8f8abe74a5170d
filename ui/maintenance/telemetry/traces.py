"""Traces: a span for each request, and in it one for each stage of its answer (OpenTelemetry).

LlamaIndex's instrumentation says when a stage begins and ends. Its package for OpenTelemetry
(llama-index-observability-otel 0.7) needs an older instrumentation than the LlamaIndex here, keeps
every span that has ended in memory, and writes questions and papers into its events. No text is
sent from here: a collector is often somebody else's.
"""

import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

from llama_index_instrumentation import get_dispatcher
from llama_index_instrumentation.span import BaseSpan
from llama_index_instrumentation.span_handlers import BaseSpanHandler
from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from pydantic import PrivateAttr

from footnote.rag.answer import Answer, Event
from footnote.ui.maintenance.telemetry.request_ids import request_id


class StageSpan(BaseSpan):
    """A stage that LlamaIndex's instrumentation tells of, and its span."""

    _span: trace.Span = PrivateAttr()

    def __init__(self, span: trace.Span, **beside: Any) -> None:
        super().__init__(**beside)
        self._span = span

    @property
    def span(self) -> trace.Span:
        """What is sent of it."""
        return self._span


class StageSpans(BaseSpanHandler[StageSpan]):
    """Begins and ends a span for each stage."""

    _tracer: trace.Tracer = PrivateAttr()

    def __init__(self, tracer: trace.Tracer) -> None:
        """Takes what makes spans."""
        super().__init__(open_spans={}, completed_spans=[], dropped_spans=[], current_span_ids={})
        self._tracer = tracer

    def new_span(
        self,
        id_: str,
        bound_args: inspect.BoundArguments,
        instance: Any = None,
        parent_span_id: str | None = None,
        tags: dict[str, Any] | None = None,
        **beside: Any,
    ) -> StageSpan:
        """Begins the span of a stage, below the stage or the request that it belongs to.

        It is not made the current one: an answer is made step by step, in several threads.
        """
        above = self.open_spans.get(parent_span_id or "")
        context = trace.set_span_in_context(above.span) if above else None
        span = self._tracer.start_span(id_.partition("-")[0], context)
        return StageSpan(span, id_=id_, parent_id=parent_span_id, tags=tags or {})

    def prepare_to_exit_span(
        self,
        id_: str,
        bound_args: inspect.BoundArguments,
        instance: Any = None,
        result: Any = None,
        **beside: Any,
    ) -> StageSpan | None:
        """Ends the span of a stage."""
        return self._end(id_, trace.StatusCode.UNSET)

    def prepare_to_drop_span(
        self,
        id_: str,
        bound_args: inspect.BoundArguments,
        instance: Any = None,
        err: BaseException | None = None,
        **beside: Any,
    ) -> StageSpan | None:
        """Ends the span of a stage that failed, or that nobody waited for any more."""
        left = isinstance(err, GeneratorExit)
        return self._end(id_, trace.StatusCode.UNSET if left else trace.StatusCode.ERROR, err)

    def _end(
        self, id_: str, status: trace.StatusCode, error: BaseException | None = None
    ) -> StageSpan | None:
        stage = self.open_spans.get(id_)
        if stage is not None:
            if error is not None:
                stage.span.set_attribute("error.type", type(error).__name__)
            stage.span.set_status(status)
            stage.span.end()
        return stage


class Traces:
    """Sends spans to a collector, until it is closed."""

    def __init__(self, address: str) -> None:
        """Begins to listen; takes where an OTLP collector takes spans by gRPC."""
        named = {SERVICE_NAME: "footnote", SERVICE_VERSION: version("footnote-papers")}
        # Not the process's provider: chromadb has spans of its own there.
        self._provider = TracerProvider(resource=Resource.create(named))
        exporter = OTLPSpanExporter(endpoint=address)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("footnote")
        self._stages = StageSpans(self._tracer)
        get_dispatcher().add_span_handler(self._stages)

    @contextmanager
    def request(self, method: str, route: str, headers: Mapping[str, str]) -> Iterator[trace.Span]:
        """Opens the span of a request; it goes on a trace that its caller has begun."""
        with self._tracer.start_as_current_span(
            f"{method} {route}",
            propagate.extract(headers),
            trace.SpanKind.SERVER,
            # The text of an exception may quote a question or a paper.
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            span.set_attributes(
                {"http.request.method": method, "http.route": route, "request.id": request_id()}
            )
            yield span

    def hear(self, event: Event) -> None:
        """Adds to the request's span of which kind its answer is."""
        if isinstance(event, Answer):
            told = {"kind": event.kind, "mode": event.mode, "abstained": event.abstained,
                    "papers": len(event.papers), "model": event.receipt.model or ""}  # fmt: skip
            trace.get_current_span().set_attributes(
                {f"footnote.{name}": value for name, value in told.items()}
            )

    def close(self) -> None:
        """Sends what is left, and listens no more."""
        dispatcher = get_dispatcher()
        dispatcher.span_handlers = [h for h in dispatcher.span_handlers if h is not self._stages]
        self._provider.shutdown()
