"""Endpoints: log what a server says with secrets masked; readers get our own words.

An endpoint may send anything: the rejected key, whole or in part, a page of HTML, or a line that
looks like ours. So its words stay out of answers, receipts and files, and the log gets one short
line without secrets. The size of a response is limited as well.
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

# Placeholder keys for servers without keys; these are not secret.
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
# In secrets at least this long, parts are masked as well; a shorter one only as a whole word.
_LONG = 8
# Minimum characters of such a part: as many as endpoints leave visible.
SHORTEST_PART = 4
# The same for a model's text, where ordinary words may match.
LONG_PART = 16
# Maximum characters of an error that are read, and that are logged.
_READ = 20_000
_TOLD = 300
_MASK = "***"
# Maximum bytes of a refusal or a redirect: clients store up to twenty redirects.
MOST_REFUSED = 500_000
# Keys that an endpoint has partly masked: sk-ab***yz, sk-ab...yz.
_MASKS = ("**", "••", "●●")
_GAP = re.compile(r"\w(?:\.{3}|…)\w")
_TOKEN = re.compile(r"[^\s\"'<>]++")
# Other parties' secrets: of a gateway, or of the service behind it.
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
    """Returns in our own words what an HTTP status means."""
    fault = _FAULTS.get(status, "is failing" if status >= 500 else "did not answer")
    return f"{fault} (status {status})"


def find_secrets(url: str = "", *keys: str) -> tuple[str, ...]:
    """Returns the secrets to hide: keys, and credentials in a URL."""
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
    """Returns a text without our secrets, in any of their encodings.

    Args:
        text: Text from an endpoint.
        secrets: See ``find_secrets``.
        part: A run of this many characters of a long secret is masked too.
    """
    written = [form for secret in secrets for form in _forms(secret)]
    for short in (form for form in written if len(form) < _LONG):
        text = re.sub(rf"(?<!\w){re.escape(short)}(?!\w)", _MASK, text, flags=re.IGNORECASE)
    return _without_parts(text, [form for form in written if len(form) >= _LONG], part)


def mask_keys(text: str, keys: Iterable[str]) -> str:
    """Returns a model's text with any repeated key removed.

    The text is for readers, so a few letters that a sentence shares with a key stay, and so do
    placeholder keys.
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
    """Returns an endpoint's text for the log: one short line without control characters or secrets.

    Also masks text that looks like another party's secret, and partly masked keys.
    """
    text = "".join(c if c.isprintable() else " " for c in str(said)[:_READ])
    line = masked(_BORROWED.sub(_MASK, " ".join(text.split())), secrets)
    line = _TOKEN.sub(_half_masked, line)
    return line if len(line) <= _TOLD else f"{line[:_TOLD]} ..."


def _forms(secret: str) -> set[str]:
    """Returns a secret as it is written in text, URLs, JSON, HTML and headers."""
    forms = {secret, quote(secret, safe=""), quote(secret), quote_plus(secret)}
    # Base64 depends on the number of bytes before the secret, such as a user name.
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
    # Lower-casing "İ" gives two characters and would shift the text after it.
    return "".join(low if len(low := c.lower()) == 1 else c for c in text)


class Packed(httpx.DecodingError):
    """The answer is compressed: a small one may unpack to any size."""


def bounded_client_options(most: int, *, streams: bool = False) -> dict[str, Any]:
    """Returns options that limit how many bytes of an answer an httpx client reads.

    A client reads the whole body of a refusal, and its timeout is for each piece, so an endless
    body would block the question. Here the timeout covers the whole body. Compressed answers are
    neither requested nor read, so memory is limited to the bytes counted. Refusals and redirects
    are cut off at ``MOST_REFUSED``.

    Args:
        most: Maximum bytes.
        streams: Leave a successful answer to the caller, who reads it piece by piece.
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
    """Returns in our own words why a connection gave no answer."""
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
