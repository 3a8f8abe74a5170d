"""A mail is delivered once, to whom it is for, and a failure is one line and no loss."""

import json
import socket
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote.ui.digests.email import MailConfig, MailError, make_mail, send
from tests.command import Ran, inside
from tests.digesting import NOON, digest, nothing
from tests.mailbox import PASSWORD, REFUSED, USER, Mailbox, certificate, mailbox
from tests.scripted import HOSTILE, OLDEST, SPONGES, hostile

# What aiosmtpd says of a server that asks for a password without TLS, as the tests need one.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")

FROM, TO = "footnote@example.org", "ada@example.org"
EVIL = "Tides\r\nBcc: mallory@example.org\r\nSubject: x\r\n\r\nYou won\u2028\x0b\x85"


def config(port: int = 25, **settings: Any) -> MailConfig:
    return replace(MailConfig("127.0.0.1", FROM, (TO,), port, timeout=5.0), **settings)


def failure(port: int, **settings: Any) -> str:
    """Returns the one line that sending a digest fails with."""
    with pytest.raises(MailError) as error:
        send(config(port, **settings), make_mail(config(), [digest()]))
    line = str(error.value)
    assert line.isprintable()
    assert len(line) < 400
    assert line.startswith(f"the mail was not sent: 127.0.0.1:{port} (")
    assert PASSWORD not in line
    return line


def parsed(message: EmailMessage) -> EmailMessage:
    """Returns a mail as who receives it reads it."""
    received = BytesParser(policy=default).parsebytes(bytes(message))
    assert isinstance(received, EmailMessage)
    return received


def bodies(message: EmailMessage) -> tuple[str, str]:
    """Returns the plain text and the HTML."""
    plain, html = message.iter_parts()
    assert isinstance(plain, EmailMessage)
    assert isinstance(html, EmailMessage)
    assert (plain.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    return str(plain.get_content()), str(html.get_content())


# The mail.


def test_a_mail_tells_the_digests_in_text_and_html() -> None:
    message = parsed(make_mail(config(), [digest(), digest("cc33", "Old sponges")]))
    assert message["Subject"] == "Footnote · 2 topics with something new"
    assert (message["From"], message["To"]) == (FROM, TO)
    assert message["Date"].datetime == NOON
    for body in bodies(message):
        assert OLDEST in body
        assert str(SPONGES.url) in body
        assert "footnote topics remove aa11" in body
        assert "footnote topics remove cc33" in body
    # There is no address that a program could unsubscribe at.
    assert message["List-Unsubscribe"] is None
    assert message["Auto-Submitted"] == "auto-generated"


def test_a_mail_that_says_more_is_another_mail() -> None:
    first = make_mail(config(), [digest()])["Message-ID"]
    assert make_mail(config(), [digest(later=9)])["Message-ID"] == first
    assert make_mail(config(), [replace(digest(), until=99)])["Message-ID"] != first
    assert first.endswith("@example.org>")


@given(st.text(max_size=200) | st.just(EVIL) | st.just(HOSTILE))
def test_a_topic_cannot_write_headers(evil: str) -> None:
    plain = make_mail(config(), [digest()])
    message = make_mail(config(), [digest(text=evil, answer=hostile(evil))])
    received = parsed(message)
    assert received.keys() == parsed(plain).keys()
    assert (received["To"], received["From"]) == (TO, FROM)
    assert received["Bcc"] is None
    assert not received.defects
    html = bodies(received)[1]
    assert "<img" not in html
    assert "<script" not in html


# Sending it.


def test_a_mail_is_delivered_once() -> None:
    with mailbox() as box:
        send(config(box.port), make_mail(config(), [digest()]))
    assert box.recipients == [[TO]]
    assert OLDEST in bodies(box.mails[0])[0]


def test_a_mail_goes_to_every_recipient_at_once() -> None:
    both = (TO, "bob@example.org")
    with mailbox() as box:
        to = replace(config(box.port), recipients=both)
        send(to, make_mail(to, [digest()]))
    assert box.recipients == [list(both)]
    assert box.mails[0]["To"] == ", ".join(both)


def test_who_we_are_is_told_where_the_server_asks() -> None:
    with mailbox(auth=True) as box:
        allowed = config(box.port, user=USER, password=PASSWORD, security="off")
        send(allowed, make_mail(config(), [digest()]))
        assert len(box.mails) == 1
        assert "answered 530: authentication required" in failure(box.port)
        told = failure(box.port, user=USER, password="wrong-4711", security="off")
        assert "refused the user 'ada' with 535" in told
        assert "check FOOTNOTE_SMTP_USER and FOOTNOTE_SMTP_PASSWORD" in told
        assert "wrong-4711" not in told
        assert "not support" in failure(box.port, user=USER, password="hünter2", security="off")
    assert len(box.mails) == 1


def test_a_password_is_not_sent_in_the_clear_unless_that_was_asked_for() -> None:
    with mailbox(auth=True) as box:
        assert "no TLS" in failure(box.port, user=USER, password=PASSWORD)
    assert box.mails == []


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.mark.parametrize("security", ["auto", "starttls", "implicit"])
def test_mail_goes_over_tls_to_a_server_that_is_known(
    signed: Any, security: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cert, context = signed
    with mailbox(auth=True, tls=context, implicit=security == "implicit") as box:
        # Nobody whom we trust signed it yet.
        stranger = failure(box.port, user=USER, password=PASSWORD, security=security)
        assert "CERTIFICATE_VERIFY_FAILED" in stranger
        assert "check FOOTNOTE_SMTP_TLS" in stranger
        monkeypatch.setenv("SSL_CERT_FILE", str(cert))
        known = config(box.port, user=USER, password=PASSWORD, security=security)
        send(known, make_mail(config(), [digest()]))
    assert len(box.mails) == 1
    assert box.encrypted == [True]


def test_a_server_without_tls_is_refused_where_tls_is_asked_for() -> None:
    with mailbox() as box:
        assert "STARTTLS" in failure(box.port, security="starttls")
        assert "check FOOTNOTE_SMTP_TLS" in failure(box.port, security="implicit")
    assert box.mails == []


def test_a_server_that_is_down_is_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    assert "Connection refused); check FOOTNOTE_SMTP_HOST and FOOTNOTE_SMTP_PORT" in failure(port)


def test_a_server_that_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert "timed out" in failure(silent.getsockname()[1], timeout=0.3)


def test_a_recipient_that_is_refused_is_named(caplog: pytest.LogCaptureFixture) -> None:
    with mailbox() as box:
        told = failure(box.port, recipients=(REFUSED,))
        assert f"refused the recipient {REFUSED} with 550" in told
        assert "No such user here" not in told
        assert "said: No such user here" in caplog.text
        assert box.mails == []
        # One of two: the other one has it, and it is not passed over in silence.
        assert f"refused the recipient {REFUSED}" in failure(box.port, recipients=(TO, REFUSED))
        assert box.recipients == [[TO]]


@pytest.mark.parametrize("at", ["EHLO", "DATA"])
def test_a_connection_that_is_cut_is_one_line(at: str) -> None:
    with mailbox(cut=at) as box:
        assert "try again later" in failure(box.port)
    assert box.mails == []


def test_what_comes_after_a_mail_was_taken_is_no_failure() -> None:
    with mailbox(cut="QUIT") as box:
        send(config(box.port), make_mail(config(), [digest()]))
    assert len(box.mails) == 1


def test_what_a_server_says_is_for_the_log_on_one_line_and_without_the_password(
    caplog: pytest.LogCaptureFixture,
) -> None:
    encoded = b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode()
    reply = f"554 5.7.1 \x1b[2JSpam by {PASSWORD} hunt***1c77 {encoded} " + "x" * 400
    with mailbox(auth=True, reply=reply) as box:
        told = failure(box.port, user=USER, password=PASSWORD, security="off")
    assert "answered 554: it rejects this mail" in told
    assert "Spam" not in told
    (line,) = [
        record.getMessage()
        for record in caplog.records
        if record.name == "footnote.ui.digests.email"
    ]
    assert "said: 5.7.1 [2JSpam by *** *** " in line
    assert line.isprintable()
    assert len(line) < 400
    for part in (PASSWORD, "hunt", "1c77", encoded[8:-4]):
        assert part not in line


def test_a_password_is_in_no_representation() -> None:
    assert PASSWORD not in repr(config(user=USER, password=PASSWORD))


# Its settings.

SET = {"FOOTNOTE_SMTP_HOST": "mail.example.org", "FOOTNOTE_SMTP_FROM": FROM,
       "FOOTNOTE_SMTP_TO": TO}  # fmt: skip


def test_settings_are_read_from_the_environment() -> None:
    read = MailConfig.from_environment(SET)
    assert read == MailConfig("mail.example.org", FROM, (TO,))
    assert (read.port, read.security) == (587, "auto")
    more = {
        "FOOTNOTE_SMTP_TLS": "Implicit",
        "FOOTNOTE_SMTP_TO": f"Ada L. <{TO}>, bob@example.org",
        "FOOTNOTE_SMTP_USER": USER,
        "FOOTNOTE_SMTP_PASSWORD": PASSWORD,
    }
    read = MailConfig.from_environment({**SET, **more})
    assert (read.port, read.security) == (465, "implicit")
    assert read.recipients == (TO, "bob@example.org")
    assert (read.user, read.password) == (USER, PASSWORD)
    assert MailConfig.from_environment({**SET, "FOOTNOTE_SMTP_PORT": "2525"}).port == 2525


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HOST", ""), ("FROM", " "), ("TO", ""), ("PORT", "x"), ("PORT", "0"), ("PORT", "65536"),
        ("PORT", "²"), ("PORT", "9" * 5000), ("TLS", "yes"), ("TO", "ada"), ("TO", "ada@"),
        ("TO", "@example.org"), ("TO", f"{TO}\nBcc: m@example.org"), ("TO", ","),
        ("TO", "ada@example.org bob@example.org"), ("FROM", f"{FROM}, {TO}"), ("FROM", "<>"),
        ("FROM", "x" * 5000),
    ],
)  # fmt: skip
def test_a_setting_that_makes_no_sense_is_named(name: str, value: str) -> None:
    with pytest.raises(MailError, match=f"FOOTNOTE_SMTP_{name}") as error:
        MailConfig.from_environment({**SET, f"FOOTNOTE_SMTP_{name}": value})
    assert str(error.value).isprintable()
    assert len(str(error.value)) < 5200 if name == "PORT" else len(str(error.value)) < 200


# The command.

NEW = {"title": "Warm water and glass sponges", "abstract": "Above eight degrees every glass "
       "sponge stopped growing within a month."}  # fmt: skip
OLD = {"title": "Tides", "abstract": "We measured the tide of a harbour for a year."}
ASKED = "At what temperature does a glass sponge stop growing?"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Ran]:
    """Runs a command over a library with one topic, and one paper that is new to it."""
    folder = tmp_path_factory.mktemp("mailed")

    def command(*arguments: str | Path, **environ: str) -> Ran:
        return inside(*arguments, "--library", folder / "library", **environ)

    for record in (OLD, NEW):
        (folder / "papers.jsonl").write_text(json.dumps(record), "utf-8")
        assert command("index", folder / "papers.jsonl").status == 0
        if record is OLD:
            assert command("topics", "add", ASKED).status == 0
    return command


def settings(box: Mailbox | None = None, port: int = 1) -> dict[str, str]:
    return {
        **SET, "FOOTNOTE_SMTP_HOST": "127.0.0.1",
        "FOOTNOTE_SMTP_PORT": str(box.port if box else port),
    }  # fmt: skip


def test_a_mail_that_failed_goes_out_with_the_next_run_and_then_no_more(
    run: Callable[..., Ran], tmp_path: Path
) -> None:
    feed = tmp_path / "news.xml"
    before = run("topics", "--json").data
    down = run("digest", "--email", "--feed", feed, **settings())
    assert (down.status, down.out, down.err.count("\n")) == (1, "", 1)
    assert "the mail was not sent: 127.0.0.1:1" in down.err
    assert run("topics", "--json").data == before
    with mailbox() as box:
        sent = run("digest", "--email", "--feed", feed, **settings(box))
        assert (sent.status, sent.err) == (0, "")
        assert sent.out == f"New: {ASKED}; feed written to {feed}; mailed to {TO}\n"
        again = run("digest", "--email", **settings(box))
        assert (again.status, again.out) == (0, "Nothing new\n")
    assert NEW["abstract"] in bodies(box.mails[0])[0]
    assert len(box.mails) == 1
    # The feed was written twice, and has it once.
    assert feed.read_text("utf-8").count("<entry>") == 1


def test_a_mail_without_settings_is_misuse(run: Callable[..., Ran]) -> None:
    ran = run("digest", "--email")
    assert (ran.status, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "FOOTNOTE_SMTP_HOST" in ran.err


def test_a_mail_is_about_what_was_found() -> None:
    message = parsed(make_mail(config(), [digest(), nothing()]))
    assert message["Subject"] == "Footnote · New: Glass sponges"
