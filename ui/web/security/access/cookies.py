"""Cookies: the secret of a session in a browser, and the token that its forms carry."""

import hashlib
import hmac
import secrets

from starlette.datastructures import Headers

from footnote.ui.storage.accounts.models import Identity
from footnote.ui.storage.accounts.sessions import DAY, SESSION_MOST

# A browser takes the first from https alone, and from no other host of the same domain.
_SECURE, _PLAIN = "__Host-footnote", "footnote-session"
# Cookies that are looked at.
_MOST = 100


def read_session(headers: Headers, scheme: str) -> str | None:
    """Returns the secret of the session that a browser sends; None without one.

    A cookie that came by http says nothing over https: others could have set it.
    """
    own = _name(scheme)
    # By hand: of a cookie that is written oddly, which is another program's, Python's reader
    # loses all that come after it.
    for part in ";".join(headers.getlist("cookie")).split(";")[:_MOST]:
        name, _, value = part.strip().partition("=")
        if name == own:
            return value
    return None


def session_cookie(secret: str, scheme: str) -> str:
    """Returns the header that gives a browser its session; with an empty secret takes it away."""
    kept = int(SESSION_MOST * DAY) if secret else 0
    # Lax: a link from a mail opens the page, and no other site can send what changes anything.
    flags = f"Path=/; HttpOnly; SameSite=Lax; Max-Age={kept}"
    return f"{_name(scheme)}={secret}; {flags}{'; Secure' if scheme == 'https' else ''}"


class FormTokens:
    """Tokens of forms, which another site can neither read nor guess."""

    def __init__(self) -> None:
        """Makes a key for as long as the server runs."""
        self._key = secrets.token_bytes(32)

    def of(self, who: Identity) -> str:
        """Returns the token of all forms of one session."""
        text = f"{who.id}:{who.way}:{who.key}".encode()
        return hmac.new(self._key, text, hashlib.sha256).hexdigest()

    def matches(self, who: Identity, sent: str) -> bool:
        """Returns whether a form was made for this session."""
        return hmac.compare_digest(self.of(who).encode(), sent.encode("utf-8", "replace"))


def _name(scheme: str) -> str:
    return _SECURE if scheme == "https" else _PLAIN
