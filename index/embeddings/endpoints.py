"""Endpoints: what a model or a mail server says is for the log, masked; readers get our words.

An endpoint may say anything: the key that it refuses, whole or in part, a page of HTML, a line
that passes for one of ours. So its words stay out of answers, receipts and files, and what the
log gets is one short line without secrets. What it sends is bounded as well.
"""

import base64
import html
import json
import math
import re
import time
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

import httpx

# Names that servers without keys ask for in place of one; they hide nothing.
_NO_SECRETS = frozenset(
    {
        "none",
        "empty",
        "ollama",
        "lm-studio",
        "dummy",
        "unused",
        "not-needed",
        "no-key-required",
        "sk-no-key-required",
    }
)
# A secret at least this long is masked in its parts as well; a shorter one as a whole word.
_LONG = 8
# Characters in a row that it takes to be a part of a secret: what endpoints leave visible.
SHORTEST_PART = 4
# The same in what a model writes for readers, where words may be alike.
LONG_PART = 16
# Characters of what was said that are read, and that are told.
_READ = 20_000
_TOLD = 300
_MASK = "***"
# Bytes of a refusal or a redirect: clients keep those of each redirect, up to twenty of them.
MOST_REFUSED = 500_000
# What an endpoint has masked itself, with an end left to see: sk-ab***yz, sk-ab...yz.
_MASKS = ("**", "••", "●●")
_GAP = re.compile(r"\w(?:\.{3}|…)\w")
_TOKEN = re.compile(r"[^\s\"'<>]++")
# Secrets of somebody else: of a gateway, or of the service behind it.
_BORROWED = re.compile(
    r"\b(?:sk|pk|rk|hf|gsk|xai|ghp|github_pat|xox[a-z]|AKIA|AIza|eyJ)[-_]?+[\w-]{12}[\w.-]*+"
    r"|(?<=bearer )\S++|(?<=://)[^\s/@]++(?=@)"
    r"|(?<=key=)[^\s&\"']++|(?<=token=)[^\s&\"']++|(?<=secret=)[^\s&\"']++",
    re.IGNORECASE,
)
_FAULTS = {
    400: "did not take the request",
    401: "refused the key",
    402: "asks for payment",
    403: "refused the key",
    404: "knows no such model or address",
    408: "took too long",
    413: "found the request too long",
    422: "did not take the request",
    429: "is busy, or the quota is used up",
    504: "took too long",
}


def describe_status(status: int) -> str:
    """Returns in our words what an HTTP status tells of an endpoint."""
    fault = _FAULTS.get(status, "is failing" if status >= 500 else "did not answer")
    return f"{fault} (status {status})"


def find_secrets(url: str = "", *keys: str) -> tuple[str, ...]:
    """Returns what must not be shown: keys, and what stands in an address to prove who asks."""
    try:
        parts = urlsplit(url)
        inside = [unquote(parts.username or ""), unquote(parts.password or "")]
        inside += [value for _, value in parse_qsl(parts.query)]
    except ValueError:
        inside = [url]
    user = [":".join(inside[:2])] if all(inside[:2]) else []
    found = [*keys, *user, *inside]
    return tuple(
        dict.fromkeys(s for s in found if len(s) >= SHORTEST_PART and s not in _NO_SECRETS)
    )


def masked(text: str, secrets: Iterable[str], *, part: int = SHORTEST_PART) -> str:
    """Returns a text without our secrets, in any of the ways in which they are written down.

    Args:
        text: Of somebody else.
        secrets: See ``find_secrets``.
        part: A run of so many characters of a long secret is masked too.
    """
    written = [form for secret in secrets for form in _forms(secret)]
    for short in (form for form in written if len(form) < _LONG):
        text = re.sub(rf"(?<!\w){re.escape(short)}(?!\w)", _MASK, text, flags=re.IGNORECASE)
    return _without_parts(text, [form for form in written if len(form) >= _LONG], part)


def mask_keys(text: str, keys: Iterable[str]) -> str:
    """Returns what a model says, should it repeat a key, without it.

    An answer is for readers: a run of a few letters that a key and a sentence share is no key, nor
    is a word that a server without keys asks for in place of one.
    """
    for key in keys:
        if len(key) >= _LONG and key not in _NO_SECRETS:
            forms = [form for form in _forms(key) if len(form) >= _LONG]
            text = _without_parts(text, forms, min(len(key), LONG_PART))
    return text


def _half_masked(token: re.Match[str]) -> str:
    hides = any(mask in token[0] for mask in _MASKS) or _GAP.search(token[0])
    return _MASK if hides else token[0]


def mask_secrets(said: object, secrets: Iterable[str]) -> str:
    """Returns what an endpoint said, for the log: one short line without controls or secrets.

    What looks like somebody else's secret is masked as well, and what is masked but in part.
    """
    text = "".join(c if c.isprintable() else " " for c in str(said)[:_READ])
    line = masked(_BORROWED.sub(_MASK, " ".join(text.split())), secrets)
    line = _TOKEN.sub(_half_masked, line)
    return line if len(line) <= _TOLD else f"{line[:_TOLD]} ..."


def _forms(secret: str) -> set[str]:
    """Returns a secret as it stands in text, in addresses, in JSON, in HTML and in headers."""
    forms = {secret, quote(secret, safe=""), quote(secret), quote_plus(secret)}
    # Base64 depends on what stands before, such as the user's name: by how many bytes it shifts.
    for before, shared in enumerate((0, 2, 3)):
        encoded = base64.b64encode(b"-" * before + secret.encode("utf-8", "replace")).decode()
        forms.add(encoded.rstrip("=")[shared:-1])
    return forms | {json.dumps(secret)[1:-1], html.escape(secret)}


def _without_parts(text: str, secrets: Iterable[str], part: int) -> str:
    """Returns a text in which every run of ``part`` characters of a secret is masked."""
    runs = {s[at : at + part] for s in map(_lowered, secrets) for at in range(len(s) - part + 1)}
    low = _lowered(text)
    hidden, pieces = 0, []
    for at, character in enumerate(text):
        if low[at : at + part] in runs:
            # Runs that overlap share a mask.
            pieces.append("" if at < hidden else _MASK)
            hidden = at + part
        elif at >= hidden:
            pieces.append(character)
    return "".join(pieces)


def _lowered(text: str) -> str:
    # "İ" would become two characters and shift what comes after it.
    return "".join(low if len(low := c.lower()) == 1 else c for c in text)


class Packed(httpx.DecodingError):
    """An answer came compressed: a small one opens to any size."""


def bounded_client_options(most: int, *, streams: bool = False) -> dict[str, Any]:
    """Returns options by which a client of httpx reads so many bytes of an answer and no more.

    A client reads the body of a refusal whole, and its timeout is for each piece: without this,
    one that never ends would never end the question. The time of a whole body is the timeout.
    Compressed answers are neither asked for nor read, so what is counted on the wire is all that
    is ever held. Refusals and redirects are cut off at ``MOST_REFUSED``.

    Args:
        most: Bytes.
        streams: Leave an answer that is no refusal to who reads it piece by piece.
    """

    def hook(response: httpx.Response) -> None:
        packed = response.headers.get("content-encoding", "").strip().lower()
        if packed not in ("", "identity"):
            raise Packed(f"the answer is compressed ({packed[:40]}), which was not requested")
        assert isinstance(response.stream, httpx.SyncByteStream)
        if not response.is_success:
            response.stream = _Bounded(response.stream, MOST_REFUSED, _seconds(response), cut=True)
        elif not streams:
            response.stream = _Bounded(response.stream, most, _seconds(response))

    return {"headers": {"Accept-Encoding": "identity"}, "event_hooks": {"response": [hook]}}


def describe_connection_error(error: BaseException) -> str:
    """Returns in our words why a connection gave no answer."""
    if isinstance(error.__cause__ or error, Packed):
        return "sent a compressed answer, which was not requested"
    return "cannot be reached"


def _seconds(response: httpx.Response) -> float:
    """Returns the timeout of the request that was answered."""
    seconds = response.request.extensions.get("timeout", {}).get("read")
    return math.inf if seconds is None else float(seconds)


class _Bounded(httpx.SyncByteStream):
    def __init__(
        self, stream: httpx.SyncByteStream, most: int, seconds: float, *, cut: bool = False
    ) -> None:
        self._stream = stream
        self._most = most
        self._seconds = seconds
        self._cut = cut

    def __iter__(self) -> Iterator[bytes]:
        until, left = time.monotonic() + self._seconds, self._most
        for block in self._stream:
            if time.monotonic() >= until:
                raise httpx.ReadTimeout(f"the answer did not end within {self._seconds:g} s")
            if len(block) > left and self._cut:
                yield block[:left]
                return
            if len(block) > left:
                raise httpx.ReadError(f"the answer has more than {self._most:,} bytes")
            left -= len(block)
            yield block

    def close(self) -> None:
        self._stream.close()
