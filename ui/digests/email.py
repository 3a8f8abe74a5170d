"""Digests as an e-mail over SMTP, in plain text and HTML.

Source: RFC 5321 (SMTP), RFC 3207 (STARTTLS), RFC 3834 (what sends mail by itself says so).
"""

import logging
import smtplib
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.errors import HeaderParseError, ObsoleteHeaderDefect
from email.headerregistry import Address, AddressHeader, BaseHeader
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Annotated, ClassVar, Literal
from uuid import NAMESPACE_URL, uuid5

from footnote.index import FootnoteError
from footnote.index.embeddings.endpoints import find_secrets, mask_secrets
from footnote.index.settings import SettingInfo, place_of
from footnote.ui.digests.build import Digest
from footnote.ui.digests.format import digests_html, digests_text, headline
from footnote.ui.rendering.environment import render
from footnote.ui.storage.models import shorten

_log = logging.getLogger(__name__)

Security = Literal["auto", "starttls", "implicit", "off"]
SECURITY: dict[str, Security] = {
    "auto": "auto",
    "starttls": "starttls",
    "implicit": "implicit",
    "off": "off",
}
# Source: RFC 6409 (587, submission) and RFC 8314 (465, with TLS from the start).
PORT = 587
IMPLICIT_PORT = 465
# Maximum seconds without data from a server.
TIMEOUT = 30.0
# Maximum characters of an error that are shown.
SAID = 160
# Replies of a mail server, in our own words (Source: RFC 5321, 4.2.3; RFC 4954, 6).
_ANSWERS = {
    421: "it is not available", 450: "try later", 451: "try later", 452: "it has no space left",
    530: "authentication required", 550: "it rejects this mail",
    552: "it has no space left", 553: "it does not accept this sender", 554: "it rejects this mail",
}  # fmt: skip


class MailError(FootnoteError):
    """A mail was not sent, or its settings are missing or wrong."""


@dataclass(frozen=True, slots=True)
class MailConfig:
    """Where mail goes, and through which server.

    Attributes:
        user: Empty if the server requires none.
        recipients: Bare addresses, as is ``sender``.
        security: ``auto`` uses STARTTLS if it is offered, ``starttls`` requires it, ``implicit``
            uses TLS from the start, ``off`` never uses TLS.
        timeout: Seconds.
    """

    SECTION: ClassVar[str] = "mail"

    host: Annotated[str, SettingInfo("FOOTNOTE_SMTP_HOST", "Mail server.")]
    sender: Annotated[str, SettingInfo("FOOTNOTE_SMTP_FROM", "Address of the sender.")]
    recipients: Annotated[
        tuple[str, ...],
        SettingInfo("FOOTNOTE_SMTP_TO", "Addresses of the recipients, separated by commas."),
    ]
    port: Annotated[
        int,
        SettingInfo(
            "FOOTNOTE_SMTP_PORT", "Port of the server.", default="587; 465 for implicit TLS"
        ),
    ] = PORT
    user: Annotated[
        str,
        SettingInfo("FOOTNOTE_SMTP_USER", "User name, if the server requires one.", default="none"),
    ] = ""
    password: Annotated[
        str,
        SettingInfo("FOOTNOTE_SMTP_PASSWORD", "Password of the user.", default="none", secret=True),
    ] = field(default="", repr=False)
    security: Annotated[
        Security,
        SettingInfo("FOOTNOTE_SMTP_TLS", "auto (if offered), starttls, implicit or off."),
    ] = "auto"
    timeout: float = TIMEOUT

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "MailConfig":
        """Returns the configuration from ``FOOTNOTE_SMTP_HOST`` and related settings.

        Raises:
            MailError: A setting is missing or wrong.
        """
        given = {
            name: environ.get(f"FOOTNOTE_SMTP_{name}", "").strip()
            for name in ("HOST", "PORT", "USER", "FROM", "TO", "TLS")
        }
        missing = [f"FOOTNOTE_SMTP_{name}" for name in ("HOST", "FROM", "TO") if not given[name]]
        if missing:
            raise MailError(f"mail needs {missing[0]}; set it")
        security = SECURITY.get(given["TLS"].lower() or "auto")
        place = {name: place_of(environ, f"FOOTNOTE_SMTP_{name}") for name in given}
        if security is None:
            raise MailError(
                f"{place['TLS']} is {given['TLS']!r}; set it to one of {', '.join(SECURITY)}"
            )
        senders = _addresses(place["FROM"], given["FROM"])
        if len(senders) > 1:
            raise MailError(f"{place['FROM']} has {len(senders)} addresses; give one")
        return cls(
            given["HOST"],
            senders[0],
            _addresses(place["TO"], given["TO"]),
            _port(place["PORT"], given["PORT"], IMPLICIT_PORT if security == "implicit" else PORT),
            given["USER"],
            environ.get("FOOTNOTE_SMTP_PASSWORD", ""),
            security,
        )


def _port(place: str, given: str, otherwise: int) -> int:
    if not given:
        return otherwise
    if not (given.isascii() and given.isdigit() and 0 < int(given[:6]) < 65536):
        raise MailError(f"{place} is {given!r}; set it to a number from 1 to 65535")
    return int(given)


def _addresses(place: str, given: str) -> tuple[str, ...]:
    """Returns the bare addresses of a setting, separated by commas."""
    try:
        header = EmailMessage(policy=SMTP)
        header["To"] = given
        parsed = header["To"]
        assert isinstance(parsed, AddressHeader)
        assert isinstance(parsed, BaseHeader)
        # "Ada L. <ada@example.org>" is an obsolete form that everybody writes.
        grave = [d for d in parsed.defects if not isinstance(d, ObsoleteHeaderDefect)]
        wrong = bool(grave) or not parsed.addresses
        found = tuple(_check_address(address) for address in parsed.addresses)
    except (ValueError, HeaderParseError, IndexError):
        wrong, found = True, ()
    if wrong or "" in found:
        raise MailError(
            f"{place} is {shorten(ascii(given), 80)}; set it to an address such as ada@example.org"
        )
    return found


def _check_address(address: Address) -> str:
    return address.addr_spec if address.username and address.domain else ""


def make_mail(config: MailConfig, digests: Sequence[Digest]) -> EmailMessage:
    """Returns the mail with the digests; each says how to stop following its topic."""
    message = EmailMessage(policy=SMTP)
    message["From"] = config.sender
    message["To"] = ", ".join(config.recipients)
    # The headline is one line without control characters, as the class requires.
    message["Subject"] = f"Footnote · {headline(digests)}"
    made = max((digest.made for digest in digests), default=datetime.now(UTC))
    message["Date"] = format_datetime(made)
    # With more papers it is a different mail: a server may drop a repeated id.
    keys = " ".join(f"{digest.key}-{digest.until}" for digest in digests)
    name = uuid5(NAMESPACE_URL, f"footnote:mail:{keys}")
    message["Message-ID"] = f"<{name}@{config.sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    farewell = [f"footnote topics remove {digest.topic.id}" for digest in digests]
    message.set_content(
        f"{digests_text(digests)}\n-- \nTo stop following a topic, run:\n"
        + "".join(f"  {command}\n" for command in farewell)
    )
    message.add_alternative(
        render("mail", digests=digests_html(digests), commands=farewell), subtype="html"
    )
    return message


def send(config: MailConfig, message: EmailMessage) -> None:
    """Sends a mail to every recipient; returns once the server has taken it.

    Raises:
        MailError: The server did not accept it for every recipient.
    """
    try:
        server = _connected(config)
        try:
            refused = server.send_message(message, config.sender, config.recipients)
        finally:
            # After the server has accepted the mail, errors must not cause a second one.
            with suppress(OSError):
                server.quit()
            server.close()
        if refused:
            raise smtplib.SMTPRecipientsRefused(refused)
    except (OSError, ValueError) as error:
        raise MailError(_describe_failure(config, error)) from error


def _connected(config: MailConfig) -> smtplib.SMTP:
    """Returns a connected server after EHLO, over TLS if that is configured."""
    server: smtplib.SMTP
    if config.security == "implicit":
        context = ssl.create_default_context()
        server = smtplib.SMTP_SSL(config.host, config.port, timeout=config.timeout, context=context)
    else:
        server = smtplib.SMTP(config.host, config.port, timeout=config.timeout)
    try:
        server.ehlo_or_helo_if_needed()
        safe = config.security == "implicit"
        if config.security == "starttls" or (
            config.security == "auto" and server.has_extn("starttls")
        ):
            server.starttls(context=ssl.create_default_context())
            server.ehlo_or_helo_if_needed()
            safe = True
        if config.user:
            if not safe and config.security != "off":
                raise ValueError("it offers no TLS, and the password is not sent unencrypted")
            if not config.password.isascii():
                raise ValueError("the password has characters that SMTP does not support")
            server.login(config.user, config.password)
    except BaseException:
        server.close()
        raise
    return server


def _describe_failure(config: MailConfig, error: Exception) -> str:
    """Returns a failure as one line in our own words; the server's words go to the log."""
    place = f"{config.host}:{config.port}"
    said, then = str(error) or type(error).__name__, "try again later"
    if isinstance(error, smtplib.SMTPAuthenticationError):
        said = f"refused the user {config.user!r} with {error.smtp_code}"
        _log_failure(config, error.smtp_error)
        then = "check FOOTNOTE_SMTP_USER and FOOTNOTE_SMTP_PASSWORD"
    elif isinstance(error, smtplib.SMTPRecipientsRefused):
        name, (code, reply) = next(iter(error.recipients.items()))
        said = f"refused the recipient {name} with {code}"
        _log_failure(config, reply)
        then = "check FOOTNOTE_SMTP_TO"
    elif isinstance(error, smtplib.SMTPResponseException):
        said = f"answered {error.smtp_code}"
        said += f": {_ANSWERS[error.smtp_code]}" if error.smtp_code in _ANSWERS else ""
        _log_failure(config, error.smtp_error)
        name = "USER and FOOTNOTE_SMTP_PASSWORD" if error.smtp_code == 530 else "FROM"
        then = f"check FOOTNOTE_SMTP_{name} and the server"
    elif isinstance(error, (ssl.SSLError, ValueError, smtplib.SMTPNotSupportedError)):
        then = "check FOOTNOTE_SMTP_TLS and FOOTNOTE_SMTP_PORT"
    elif isinstance(error, OSError) and not isinstance(error, smtplib.SMTPException):
        said = error.strerror or said
        then = "check FOOTNOTE_SMTP_HOST and FOOTNOTE_SMTP_PORT, or try again later"
    return f"the mail was not sent: {place} ({shorten(said, SAID)}); {then}"


def _log_failure(config: MailConfig, reply: bytes | str) -> None:
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    if said := mask_secrets(text, find_secrets("", config.password)):
        _log.warning("%s:%d said: %s", config.host, config.port, said)
