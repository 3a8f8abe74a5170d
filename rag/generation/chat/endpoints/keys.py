"""Keys: which address the configured key belongs to."""

from collections.abc import Mapping

import httpx

from footnote.index.settings import CHOSEN, EndpointSettings, SettingSources, read_fields

DEFAULT_BASE_URL = "https://api.openai.com/v1"


def is_foreign(environ: Mapping[str, str]) -> bool:
    """Returns whether the endpoint in force is none that a key was configured for.

    A key belongs to the address that it was configured with. An address that was chosen on the page
    stands where none is configured, so a key beside it was meant for OpenAI: it goes there alone,
    whatever a reader, or whoever acts in their name, has typed.
    """
    if not isinstance(environ, SettingSources) or environ.source("OPENAI_BASE_URL") != CHOSEN:
        return False
    return _origin(environ["OPENAI_BASE_URL"].strip()) != _origin(DEFAULT_BASE_URL)


def find_key(environ: Mapping[str, str]) -> str:
    """Returns the key that is sent to the endpoint in force; "" where it gets none."""
    at = EndpointSettings(**read_fields(EndpointSettings, environ))
    return "" if is_foreign(environ) else at.api_key


def _origin(base_url: str) -> tuple[str, str, int | None]:
    """Returns scheme, host and port: what differs in one of them is another server."""
    url = httpx.URL(base_url)
    return url.scheme, url.host, url.port


def is_address(base_url: str) -> bool:
    """Returns whether a text is the URL of a server."""
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL:
        return False
    return url.scheme in ("http", "https") and bool(url.host)
