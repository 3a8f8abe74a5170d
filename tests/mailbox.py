"""A real mail server on this machine, for tests of what sends mail."""

import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "ada", "hunter2-4f9a1c77"
REFUSED = "nobody@example.org"


@dataclass
class Mailbox:
    """What a server took, and how it behaves.

    Attributes:
        reply: To each mail; only one that begins with 250 takes it.
        cut: The command at which the connection breaks.
    """

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    reply: str = "250 Message accepted for delivery"
    cut: str = ""

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: Any
    ) -> Any:
        session.host_name = hostname
        self._cut(server, "EHLO")
        return responses

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address == REFUSED:
            return "550 No such user here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self._cut(server, "DATA"):
            return ""
        if self.reply.startswith("250"):
            assert isinstance(envelope.content, bytes)
            parsed = message_from_bytes(envelope.content, policy=default)
            assert isinstance(parsed, EmailMessage)
            self.mails.append(parsed)
            self.recipients.append(list(envelope.rcpt_tos))
            assert server.transport is not None
            self.encrypted.append(server.transport.get_extra_info("ssl_object") is not None)
        return self.reply

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self._cut(server, "QUIT")
        return "221 Bye"

    def _cut(self, server: SMTP, at: str) -> bool:
        """Cuts the connection, as a network does: without a word."""
        if self.cut == at:
            assert server.transport is not None
            server.transport.abort()
        return self.cut == at


def _authenticated(
    server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: object
) -> AuthResult:
    assert isinstance(given, LoginPassword)
    known = (given.login, given.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=known, handled=False)


class _OnFreePort(Controller):
    def _trigger_server(self) -> None:
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def mailbox(
    *, auth: bool = False, tls: ssl.SSLContext | None = None, implicit: bool = False, **how: Any
) -> Iterator[Mailbox]:
    """Yields a server that runs on a free port of this machine."""
    box = Mailbox(**how)
    settings: dict[str, Any] = {}
    if auth:
        settings = {
            "authenticator": _authenticated, "auth_required": True, "auth_require_tls": False,
        }  # fmt: skip
    context = {"ssl_context": tls} if implicit else {"tls_context": tls}
    server = _OnFreePort(box, hostname="127.0.0.1", port=0, **context, **settings)
    server.start()
    try:
        box.port = server.port
        yield box
    finally:
        server.stop()


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """Returns a certificate for this machine that nobody else signed, and a server's context."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-keyout", key, "-out", cert, "-subj", "/CN=localhost",
         "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return cert, context
