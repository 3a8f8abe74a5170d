"""Downloads: a file at an address of the web, within limits, and never one of a private network.

An address in a list of papers could lead to what only this machine reaches. So each host is looked
up here, once, and the connection is made to the address that was looked at, after every redirect
too. Proxies of the environment are not used, as they would look it up again.
"""

import ipaddress
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urljoin, urlsplit

import httpx

from footnote.index import SourceError
from footnote.index.readers.gathering import FileReading, Gathered

# Redirects that are followed; seconds without data, and for a whole file.
MOST_REDIRECTS, SECONDS, MOST_SECONDS = 5, 30.0, 1_800.0
# Networks that reach version 4 (RFC 6052).
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
_AGENT = "Footnote (reads papers that its user named)"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


def is_address(text: str) -> bool:
    """Returns whether a text is an address of the web."""
    return text.lower().startswith(("http://", "https://"))


def gather_address(
    found: Gathered, url: str, *, most_bytes: int, allow_private: bool = False
) -> None:
    """Downloads a file and takes it; one that cannot be had is told of like one that is not read.

    Args:
        found: Where its papers go.
        url: Of http or https.
        most_bytes: Bytes that it may have.
        allow_private: Whether it may be in a private network, or on this machine.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder) / "download"
        try:
            download(url, path, most_bytes=most_bytes, allow_private=allow_private)
        except SourceError as error:
            found.files.append(FileReading(url, url, error=str(error)))
            return
        found.take(path, url)


def download(url: str, path: Path, *, most_bytes: int, allow_private: bool = False) -> None:
    """Writes what stands at an address to a file.

    Raises:
        SourceError: It cannot be had, is too long, or is in a private network.
    """
    until = time.monotonic() + MOST_SECONDS
    headers = {"user-agent": _AGENT, "accept-encoding": "identity"}
    with httpx.Client(timeout=SECONDS, headers=headers, trust_env=False) as client:
        for _ in range(MOST_REDIRECTS + 1):
            try:
                moved = _fetch(client, url, path, until, most_bytes, allow_private)
            except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
                raise SourceError(
                    f"could not be downloaded ({type(error).__name__}); check the address, or "
                    "download it yourself"
                ) from error
            if moved is None:
                return
            url = moved
    raise SourceError(f"leads on more than {MOST_REDIRECTS} times; give the last address")


def _fetch(
    client: httpx.Client, url: str, path: Path, until: float, most: int, allow_private: bool
) -> str | None:
    """Writes an answer to a file, or returns the address that it leads on to."""
    if not is_address(url):
        raise SourceError(f"leads to {url[:80]!r}, which is no address of http or https")
    host, target = _pin(url, allow_private=allow_private)
    sent: Mapping[str, str] = {"host": host}
    extensions = {"sni_hostname": urlsplit(url).hostname or ""}
    with client.stream("GET", target, headers=sent, extensions=extensions) as answer:
        if answer.status_code in _REDIRECTS and "location" in answer.headers:
            return urljoin(url, answer.headers["location"])
        if answer.status_code != 200:
            raise SourceError(f"the server answered {answer.status_code}; check the address")
        if answer.headers.get("content-encoding", "identity").strip().lower() != "identity":
            raise SourceError("the server packed its answer unasked; download it yourself")
        size = 0
        with path.open("wb") as file:
            for piece in answer.iter_raw():
                size += len(piece)
                if size > most:
                    raise SourceError(f"has more than {most:,} bytes; download and split it")
                if time.monotonic() > until:
                    raise SourceError(f"took more than {MOST_SECONDS:,.0f} s; download it yourself")
                file.write(piece)
    return None


def _pin(url: str, *, allow_private: bool) -> tuple[str, str]:
    """Returns the host of an address, and the address with the host's number in its place."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme.lower() == "https" else 80)
    except ValueError as error:
        raise SourceError(f"{url[:80]!r} is no address of the web ({error})") from error
    host = parts.hostname or ""
    try:
        known = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise SourceError(f"{host[:80]} is not known; check the address") from error
    numbers = [ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in known]
    # One private number among several would be one chance of several.
    if not allow_private and not all(map(_is_public, numbers)):
        raise SourceError(
            f"{host[:80]} is in a private network; add --allow-private if you mean it"
        )
    number = f"[{numbers[0]}]" if numbers[0].version == 6 else str(numbers[0])
    rest = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    named = f"[{host}]" if ":" in host else host
    return (
        f"{named}:{parts.port}" if parts.port else named,
        f"{parts.scheme}://{number}:{port}{rest}",
    )


def _is_public(number: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if isinstance(number, ipaddress.IPv6Address):
        # One of version 4 may be written within.
        inner = ipaddress.IPv4Address(int(number) & 0xFFFFFFFF) if number in _TRANSLATED else None
        number = number.ipv4_mapped or number.sixtofour or inner or number
    return number.is_global and not number.is_multicast
