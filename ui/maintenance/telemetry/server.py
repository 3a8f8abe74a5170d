"""What a server tells about itself, as one object from its start to its end."""

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.types import ASGIApp

from footnote.ui.maintenance.telemetry.request_log import RequestLog
from footnote.ui.maintenance.telemetry.settings import TelemetrySettings
from footnote.ui.web.context import AppContext

if TYPE_CHECKING:
    from footnote.ui.maintenance.telemetry.metrics import Metrics
    from footnote.ui.maintenance.telemetry.traces import Traces


class Telemetry:
    """Names and logs the requests of a server, counts them, and traces them where asked to.

    Attributes:
        metrics: None where nothing is counted.
    """

    def __init__(self, settings: TelemetrySettings, desk: AppContext, *, counts: bool) -> None:
        """Begins with what is asked for; the libraries of the rest are not loaded."""
        self.metrics: Metrics | None = None
        self._traces: Traces | None = None
        if counts:
            from footnote.ui.maintenance.telemetry import metrics

            self.metrics = metrics.Metrics(desk)
        if settings.traces:
            from footnote.ui.maintenance.telemetry import traces

            self._traces = traces.Traces(settings.traces)
            desk.activity.listeners.append(self._traces.hear)

    def around(self, app: ASGIApp, of: Starlette) -> RequestLog:
        """Returns an application whose requests are named, logged, counted and traced."""
        tell = self.metrics.end_request if self.metrics else None
        return RequestLog(app, of.routes, tell, self._traces)

    def close(self) -> None:
        """Sends what is left to send."""
        if self._traces is not None:
            self._traces.close()
