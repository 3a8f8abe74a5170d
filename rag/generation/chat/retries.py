"""Retries: whether a call that failed is made again, when, and with which options."""

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
from openai import APIConnectionError, APIStatusError

ATTEMPTS = 3
# An endpoint that asks for a longer wait than this many seconds has failed.
LONGEST_WAIT = 60.0
_FIRST_WAIT = 0.5


def said_by(error: BaseException) -> str:
    """Returns what an endpoint, or the library that asked it, said of a failure."""
    if isinstance(error, APIStatusError):
        body = error.body
        return str((isinstance(body, dict) and body.get("message")) or body or "")
    # The client says "Connection error."; what it was stands behind it.
    return str(error.__cause__ or error) if isinstance(error, APIConnectionError) else str(error)


def fewer_options(options: Mapping[str, Any], error: Exception) -> dict[str, Any] | None:
    """Returns the options without one that a refusal is about; None if it is about none.

    Reasoning models take neither a temperature nor ``max_tokens``; some servers neither count
    tokens nor know response formats.
    """
    if not isinstance(error, APIStatusError) or error.status_code not in (400, 422):
        return None
    said, left = error.response.text, dict(options)
    if "max_tokens" in left and "max_completion_tokens" in said:
        left["max_completion_tokens"] = left.pop("max_tokens")
        return left
    for name in ("temperature", "stream_options", "response_format"):
        if name in left and name in said:
            del left[name]
            return left
    return None


def wait_before(error: Exception, failed: int) -> float | None:
    """Returns the seconds to wait before the next attempt; None where none would help."""
    wait = _FIRST_WAIT * 2 ** (failed - 1) * (1 + random.random())
    if isinstance(error, APIStatusError):
        # OpenAI says 429 also where an account is empty, which waiting does not fill.
        passing = error.status_code in (408, 409, 429) or error.status_code >= 500
        if not passing or error.code == "insufficient_quota":
            return None
        asked = retry_after(error.response.headers.get("retry-after", ""))
        wait = wait if asked is None else asked
    elif not isinstance(error, APIConnectionError | httpx.TimeoutException):
        return None
    return wait if failed < ATTEMPTS and wait <= LONGEST_WAIT else None


def retry_after(value: str) -> float | None:
    """Returns the seconds that a Retry-After header asks for; None where it says nothing.

    Source: RFC 9110, section 10.2.3: seconds, or a date.
    """
    try:
        if value.strip().isdecimal():
            return float(value)
        date = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, (date - datetime.now(UTC)).total_seconds())
