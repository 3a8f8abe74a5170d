"""Logs: plain lines or JSON on stderr, each with the id of the request that it belongs to."""

import logging
from typing import Literal

from footnote.ui.maintenance.telemetry.request_ids import request_id

LogForm = Literal["quiet", "text", "json"]
# The loggers of footnote; that of requests says a line for each.
OURS, REQUESTS = "footnote", "footnote.requests"
_TEXT = "%(asctime)s %(levelname)s %(request_id)s %(message)s"
_JSON = "%(asctime)s %(levelname)s %(name)s %(request_id)s %(message)s"
_TIME = "%Y-%m-%dT%H:%M:%S%z"
_FIELDS = {"asctime": "time", "levelname": "level", "name": "logger"}


class RequestIds(logging.Filter):
    """Adds the id of its request to every record."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Lets every record pass."""
        record.request_id = request_id() or "-"
        return True


def configure_logs(form: LogForm) -> None:
    """Makes the process log in a form.

    Args:
        form: "quiet" leaves warnings alone on stderr, as every command does; the others add a
            line for each request.
    """
    if form == "quiet":
        return
    handler = logging.StreamHandler()
    handler.addFilter(RequestIds())
    handler.setFormatter(_formatter(form))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    logging.getLogger(REQUESTS).setLevel(logging.INFO)


def _formatter(form: LogForm) -> logging.Formatter:
    if form == "text":
        return logging.Formatter(_TEXT, _TIME)
    from pythonjsonlogger.json import JsonFormatter

    return JsonFormatter(_JSON, _TIME, rename_fields=_FIELDS)
