"""Retries: why a call failed, and whether, when and with which options to retry it."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
from openai import APIConnectionError, APIStatusError, APITimeoutError

from footnote.index.embeddings.endpoints import describe_connection_error, describe_status
from footnote.rag import ComposerError
from footnote.rag.generation.chat.wire.streaming import (
    LONGEST_LINE,
    Broken,
    Closed,
    ErrorSent,
    Late,
    TooLong,
)
from footnote.rag.generation.settings import NO_KEY, LLMSettings

# What to do about a refusal, by HTTP status; with the names of the settings (``SettingNames``).
_NEXT = {
    400: "check {model}; the log has the endpoint's words",
    401: "check OPENAI_API_KEY",
    403: "check OPENAI_API_KEY",
    404: "check {model} and {address}",
    413: "lower FOOTNOTE_PROMPT_TOKENS",
    422: "check {model}; the log has the endpoint's words",
    429: "wait, or check your quota",
}


class ChatError(ComposerError):
    """A call gave no answer.

    Attributes:
        fault: Why, in our own words and without advice.
        error: What failed.
    """

    def __init__(self, where: str, fault: str, advice: str, error: Exception) -> None:
        super().__init__(f"{where} {fault}" + (f"; {advice}" if advice else ""))
        self.fault = fault
        self.error = error


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a call is made, and how long each wait is.

    Attributes:
        attempts: Calls in all.
        first_wait: Seconds before the second call, doubled before each further one.
        longest_wait: If an endpoint asks for a longer wait, the call fails.
        spread: Random part added to a wait, so that callers do not retry at the same time.
    """

    attempts: int = 3
    first_wait: float = 0.5
    longest_wait: float = 60.0
    spread: float = 1.0

    def wait_before(self, error: Exception, failed: int) -> float | None:
        """Returns the seconds to wait before the next call; None if a retry would not help."""
        wait = requested_wait(error)
        if wait is None:
            wait = self.first_wait * 2 ** (failed - 1) * (1 + self.spread * random.random())
        ends = _is_final(error) or failed >= self.attempts or wait > self.longest_wait
        return None if ends else wait


RETRIES = RetryPolicy()


def explain_failure(error: Exception, where: str, config: LLMSettings) -> ChatError:
    """Returns why the model at ``where`` gave no answer, as one line in our own words."""
    return ChatError(where, *_reason(error, config), error)


def _reason(error: Exception, config: LLMSettings) -> tuple[str, str]:
    """Returns in our own words what failed and what to do about it."""
    address = f"check {config.names.address}"
    match error:
        case APITimeoutError() | httpx.TimeoutException():
            return f"gave no answer within {config.timeout:g} s", ""
        case Late(seconds=seconds):
            # Only a call with a short time of its own is told by that.
            own = 0 < seconds < config.deadline / 4
            return f"did not end its answer within {seconds if own else config.deadline:.3g} s", ""
        case APIStatusError(status_code=status) if refuses_key(error):
            if config.api_key == NO_KEY:
                return f"wants a key (status {status})", config.names.key
            return f"refused the key (status {status})", _NEXT[401]
        case APIStatusError(status_code=status):
            return describe_status(status), _advice(status, config) or "try again later"
        case APIConnectionError():
            return describe_connection_error(error), address
        case TooLong():
            return f"sent a line of more than {LONGEST_LINE:,} bytes", address
        case Closed():
            return "broke off: the connection was closed early", "try again"
        case ErrorSent(status=status):
            fault = describe_status(status) if status else "sent an error in place of an answer"
            return fault, _advice(status, config) or "the log has the endpoint's words"
        case Broken() | httpx.HTTPError():
            return "broke off", "try again, and see the log if it stays so"
    return f"sent what is no chat answer ({type(error).__name__})", address


def _advice(status: int | None, config: LLMSettings) -> str:
    """Returns what to do about a refusal; "" where that is not known."""
    named = {"model": config.names.model, "address": config.names.address}
    return _NEXT.get(status or 0, "").format(**named)


def refuses_key(error: APIStatusError) -> bool:
    """Returns whether an endpoint refuses the key; Google does it with status 400."""
    if error.status_code == 400:
        said = error.response.text
        return "API_KEY_INVALID" in said or "API key not valid" in said
    return error.status_code in (401, 403)


def said_by(error: BaseException) -> str:
    """Returns what an endpoint, or the library that asked it, said of a failure."""
    if isinstance(error, APIStatusError):
        body = error.body
        return str((isinstance(body, dict) and body.get("message")) or body or "")
    # The client only says "Connection error."; its cause says more.
    return str(error.__cause__ or error) if isinstance(error, APIConnectionError) else str(error)


def requested_wait(error: Exception) -> float | None:
    """Returns the seconds that an endpoint asks to wait; None if it does not say."""
    if not isinstance(error, APIStatusError):
        return None
    return retry_after(error.response.headers.get("retry-after", ""))


def _is_final(error: Exception) -> bool:
    if not isinstance(error, APIStatusError):
        return False
    # OpenAI also sends 429 for an empty account, where waiting does not help.
    passing = error.status_code in (408, 409, 429) or error.status_code >= 500
    return not passing or error.code == "insufficient_quota"


def retry_after(value: str) -> float | None:
    """Returns the seconds that a Retry-After header asks for; None if it is not usable.

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
