"""Request ids: a name for each request, which its reply, its log lines and its answer carry."""

import re
import secrets
from contextvars import ContextVar

# Threads that work for a request have its context, so what they log carries the name, too.
_current: ContextVar[str] = ContextVar("request_id", default="")
# What a caller may name its own request; anything else could forge a line of a log.
_OWN = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_BYTES = 8


def name_request(given: str | None) -> str:
    """Names the request that begins here, by its caller's name if it sent a plain one."""
    own = given if given and _OWN.fullmatch(given) else secrets.token_hex(_BYTES)
    _current.set(own)
    return own


def request_id() -> str:
    """Returns the name of the request that this works for; "" outside of any."""
    return _current.get()
