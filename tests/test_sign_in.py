"""Sign-in: what a browser, a proxy and a stranger get, and what is left behind."""

import json
import logging
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from footnote.ui.storage.accounts.accounts import Accounts
from footnote.ui.storage.accounts.models import AccountError, Role
from footnote.ui.storage.accounts.settings import AccountSettings
from footnote.ui.storage.conversations import ConversationError, Conversations
from footnote.ui.storage.shares import ShareTerms, SignInNeeded
from footnote.ui.web.security.access.access import Access
from footnote.ui.web.security.access.cookies import session_cookie
from footnote.ui.web.security.access.gate import Gate
from footnote.ui.web.security.access.identity import identity_of
from footnote.ui.web.security.access.pages import local_path
from footnote.ui.web.security.access.rates import PAIR_MOST, WINDOW, Attempts, Rates
from footnote.ui.web.security.access.rules import Rules
from footnote.ui.web.security.hosts import Door
from footnote.ui.web.security.limits import Limits
from footnote.ui.web.security.middleware import Guard
from tests.asgi import Pairs, Reply, send
from tests.command import inside
from tests.pages import COMPOSER, LOOPS, ask, visit
from tests.test_access import CHEAP, PASSWORD, Served, served

pytestmark = LOOPS
__all__ = ["served"]  # a fixture

HOST = "lab.example"


def test_a_session_begins_anew_and_its_cookie_is_for_this_site_alone(served: Served) -> None:
    own = served.root.rstrip("/")
    sent = {"name": "ANN", "password": PASSWORD, "next": "//evil.example/"}
    with served.session("zoe") as client:
        before = client.cookies["footnote-session"]
        reply = client.post("/sign-in", data=sent)
        flags = reply.headers["set-cookie"].split("; ")
        assert {"Path=/", "HttpOnly", "SameSite=Lax"} <= set(flags)
        assert reply.headers["location"] == "./"
        assert client.cookies["footnote-session"] != before
        assert "ann" in client.get("/account").text
        # The one that was there before is no way in any more, for whoever put it there.
        old = {"cookie": f"footnote-session={before}"}
        assert httpx.get(f"{own}/v1/status", headers=old).status_code == 401
        # Without a word on where it comes from, and from elsewhere.
        files = {"name": (None, "ann"), "password": (None, PASSWORD)}
        assert httpx.post(f"{own}/sign-in", files=files).status_code == 403
        bare = {"cookie": f"footnote-session={client.cookies['footnote-session']}"}
        asked = {"json": {"query": "mud"}}
        assert httpx.post(f"{own}/v1/search", headers=bare, **asked).status_code == 403  # type: ignore[arg-type]
        for name, value in (("origin", "https://evil.example"), ("sec-fetch-site", "same-site")):
            other = httpx.post(f"{own}/v1/search", headers={**bare, name: value}, **asked)  # type: ignore[arg-type]
            assert other.status_code == 403
        form = {"do": "token", "label": "forged", "scope": "read", "days": "1"}
        assert "made for another sign-in" in client.post("/account", data=form).text
        assert "forged" not in client.get("/account").text
        token = re.search(r'name="form" value="([0-9a-f]+)"', client.get("/account").text)
        assert token
        made = client.post("/account", data={**form, "form": token[1]})
        assert "fnt_" in made.text
        assert "fnt_" not in client.get("/account").text
        out = client.post("/sign-out")
        assert (out.status_code, out.headers["clear-site-data"]) == (303, '"storage"')
        assert httpx.get(f"{own}/v1/status", headers=bare).status_code == 401


def test_an_unknown_name_is_answered_as_a_wrong_password(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    own = {"origin": served.root.rstrip("/")}
    with caplog.at_level(logging.DEBUG):
        told = [
            httpx.post(f"{served.root}sign-in", headers=own, data={"name": name, "password": "no"})
            for name in ("ann", "nobody-here")
        ]
    assert [reply.status_code for reply in told] == [401, 401]
    assert told[0].text.replace("ann", "nobody-here") == told[1].text
    log = served.accounts.log.list()
    assert [(one.who, one.what) for one in log[:2]] == [
        ("", "sign-in failed"),
        ("ann", "sign-in failed"),
    ]
    kept = json.dumps([str(one) for one in log]) + caplog.text
    assert "nobody-here" not in json.dumps([str(one) for one in log])
    assert not any(token in kept for token in served.tokens.values())
    assert PASSWORD not in kept


def test_an_unknown_name_takes_as_long_as_a_wrong_password(tmp_path: Path) -> None:
    dear = AccountSettings(password_memory=16, password_rounds=2)
    with Accounts(tmp_path / "accounts.sqlite3", settings=dear) as accounts:
        accounts.add("ann", Role.ADMIN, PASSWORD)
        accounts.add("sso", Role.READER, None)
        accounts.passwords.prepare()
        took = dict[str, float]()
        for name in ("ann", "sso", "nobody-here"):
            tries = []
            for _ in range(5):
                begun = time.process_time()
                assert accounts.check(name, "another password") is None
                tries.append(time.process_time() - begun)
            took[name] = min(tries)
    # Without a comparison it is a thousandth.
    assert max(took.values()) < 3 * min(took.values())


@pytest.mark.parametrize(
    ("text", "leads"),
    [
        ("/", "/"), ("/account", "/account"), ("/c/abc-_9", "/c/abc-_9"),
        ("//evil.example", "/"), ("/\\evil.example", "/"), ("https://evil.example/", "/"),
        ("/c/../people", "/"), ("/c/a\n", "/"), ("javascript:alert(1)", "/"), ("", "/"),
        ("/sign-out", "/"),
    ],
)  # fmt: skip
def test_a_sign_in_leads_to_this_server_alone(text: str, leads: str) -> None:
    assert local_path(text) == leads


def test_wrong_passwords_are_slowed_and_then_not_looked_at() -> None:
    now = [0.0]
    attempts = Attempts(clock=lambda: now[0])
    slow = [attempts.begin("10.0.0.1", "ann") for _ in range(PAIR_MOST)]
    assert slow == sorted(slow)
    assert (slow[0], slow[-1]) == (0.25, 4.0)
    assert attempts.wait("10.0.0.1", "ann") == WINDOW
    assert attempts.wait("10.0.0.1", "bob") == attempts.wait("10.0.0.2", "ann") == 0
    now[0] = WINDOW + 1
    assert attempts.wait("10.0.0.1", "ann") == 0
    attempts.begin("10.0.0.1", "ann")
    attempts.succeed("10.0.0.1", "ann")
    assert attempts.begin("10.0.0.1", "ann") == 0.25


def test_a_bucket_gives_so_many_a_minute_and_fills_again() -> None:
    now = [0.0]
    rates = Rates(clock=lambda: now[0])
    assert [rates.take("ann", 3) for _ in range(4)] == [0, 0, 0, 20]
    assert rates.take("bob", 3) == 0
    now[0] = 20
    assert [rates.take("ann", 3) for _ in range(2)] == [0, 20]


# What stands before the server, by raw requests: a proxy, and somebody who pretends to be one.


@pytest.fixture
def accounts(tmp_path: Path) -> Iterator[Accounts]:
    settings = AccountSettings(
        password_memory=1, password_rounds=1, proxy_header="x-remote-user", user_requests=5
    )
    with Accounts(tmp_path / "accounts.sqlite3", settings=settings) as accounts:
        accounts.add("eve", Role.ADMIN, None)
        yield accounts


async def behind(scope: Scope, receive: Receive, send: Send) -> None:
    who = identity_of(scope)
    told = f"{who.name} {who.role.label} {who.way} {who.address} {Request(scope).headers}"
    await PlainTextResponse(told)(scope, receive, send)


def asked(
    accounts: Accounts, headers: Pairs, *, client: str = "10.0.0.2", path: str = "/config"
) -> Reply:
    door = Door.read(names=[HOST], proxies=["10.0.0.2"])
    rules = Rules(programs=True, accounts=True)
    gate = Gate(behind, rules=rules, access=Access(accounts, proxies=door.proxies))
    guard = Guard(
        gate, hosts=door.hosts("127.0.0.1", 7860), proxies=door.proxies, limits=Limits(),
        rules=rules, names_user=accounts.settings.proxy_header,
    )  # fmt: skip
    return send(guard, "GET", path, [("Host", HOST), *headers], client=(client, 1))


def test_only_the_proxy_that_was_named_says_who_signs_in(accounts: Accounts) -> None:
    named: Pairs = [("X-Remote-User", "Eve"), ("X-Forwarded-For", "192.0.2.7, 198.51.100.9")]
    reply = asked(accounts, named)
    assert reply.status == 200
    # The last address is the one that the proxy saw; what came before it anybody can write.
    assert reply.text.startswith("eve admin proxy 198.51.100.9 ")
    for client in ("10.0.0.3", "127.0.0.1", "::ffff:10.0.0.3"):
        assert asked(accounts, named, client=client).status == 401
    # The gate does not rely on the guard, which takes the header away.
    door = Access(accounts, proxies=frozenset(["10.0.0.2"]))
    bare = Gate(behind, rules=Rules(), access=door)
    assert send(bare, "GET", "/config", named, client=("10.0.0.3", 1)).status == 401
    assert send(bare, "GET", "/config", named, client=("10.0.0.2", 1)).status == 200
    twice = asked(accounts, [*named, ("X-Remote-User", "eve")])
    unknown = asked(accounts, [("X-Remote-User", "mallory")])
    assert (twice.status, unknown.status) == (401, 401)
    assert "whom nobody added" in unknown.text
    # What is open to anybody is so to them, too.
    assert asked(accounts, [("X-Remote-User", "mallory")], path="/robots.txt").status == 200
    assert accounts.users.count() == 1


def test_somebody_new_gets_the_role_that_is_set_for_them(tmp_path: Path) -> None:
    settings = replace(CHEAP, proxy_header="x-remote-user", proxy_new_users="reader")
    with Accounts(tmp_path / "accounts.sqlite3", settings=settings) as accounts:
        for _ in range(2):
            reply = asked(accounts, [("X-Remote-User", "ada@lab.example")])
            assert reply.text.startswith("ada@lab.example reader proxy 10.0.0.2 ")
        assert asked(accounts, [("X-Remote-User", "a b")]).status == 401
        assert [one.about for one in accounts.log.list()] == ["by the proxy, reader"]


def test_a_cookie_over_https_is_secure_and_another_one_is_not_taken(accounts: Accounts) -> None:
    secret = accounts.sessions.start(accounts.users.get("eve").id)
    https = ("X-Forwarded-Proto", "https")

    def way(name: str, *more: tuple[str, str]) -> int:
        return asked(accounts, [("Cookie", f"{name}={secret}"), *more]).status

    assert way("__Host-footnote", https) == way("footnote-session") == 200
    assert way("odd[name]=x; footnote-session") == 200
    given = session_cookie("x", "https")
    assert given.startswith("__Host-footnote=x; Path=/; HttpOnly; SameSite=Lax; ")
    assert given.endswith("; Secure")
    assert way("footnote-session", https) == way("__Host-footnote") == 401


def test_a_user_who_asks_too_often_waits(accounts: Accounts) -> None:
    door_open = Access(accounts)
    assert [door_open.rates.take("x", 5) for _ in range(6)][-1] > 0
    gate = Gate(behind, rules=Rules(accounts=True), access=door_open)
    told = [send(gate, "GET", "/config", []) for _ in range(6)]
    assert [reply.status for reply in told] == [401] * 5 + [429]
    assert int(told[-1].headers["retry-after"]) >= 1


def test_a_socket_is_closed(accounts: Accounts) -> None:
    gate = Gate(behind, rules=Rules(accounts=True), access=Access(accounts))
    assert send(gate, "GET", "/config", [], kind="websocket").status == 0


# The file.


def test_sessions_and_tokens_end_and_the_last_admin_stays(tmp_path: Path) -> None:
    now = [datetime(2026, 1, 1, tzinfo=UTC)]
    path = tmp_path / "accounts.sqlite3"
    with Accounts(path, clock=lambda: now[0], settings=CHEAP) as accounts:
        ann = accounts.add("ann", Role.ADMIN, PASSWORD)
        session = accounts.sessions.start(ann.id)
        token, _ = accounts.tokens.add(ann.id, "x", Role.ADMIN, 20)
        now[0] += timedelta(days=13)
        assert accounts.sessions.find(session)
        now[0] += timedelta(days=8)
        assert accounts.sessions.find(session)
        assert accounts.tokens.find(token) is None
        now[0] += timedelta(days=15)
        assert accounts.sessions.find(session) is None
        with pytest.raises(AccountError, match="the only admin"):
            accounts.users.set_role("ann", Role.READER)
        session = accounts.sessions.start(ann.id)
        accounts.reset_password(ann, f"{PASSWORD}!")
        assert accounts.sessions.find(session) is None
        assert accounts.check("ann", PASSWORD) is None
        assert accounts.check("Ann", f"{PASSWORD}!") == accounts.users.get("ann")
    stored = path.read_bytes()
    assert b"$argon2id$" in stored
    assert PASSWORD.encode() not in stored
    assert session.encode() not in stored
    assert path.stat().st_mode & 0o077 == 0


def test_a_link_ends_and_may_be_for_users_alone(served: Served, tmp_path: Path) -> None:
    now = [datetime(2026, 1, 1, tzinfo=UTC)]
    answer = served.desk.engine.ask("What is mud?")
    with Conversations.open(tmp_path / "talks.sqlite3", clock=lambda: now[0]) as talks:
        id = talks.start("ann")
        talks.append("ann", id, answer)
        endless, short = talks.share("ann", id), talks.share("ann", id, ShareTerms(30))
        inside_only = talks.share("ann", id, ShareTerms(30, members=True), instead=endless)
        with pytest.raises(ConversationError):
            talks.shared(endless)
        with pytest.raises(SignInNeeded):
            talks.shared(inside_only, signed_in=False)
        assert talks.shared(inside_only) == talks.shared(short)
        now[0] += timedelta(days=31)
        with pytest.raises(ConversationError):
            talks.shared(short)
        assert not talks.list("ann")[0].shared


def test_the_first_admin_gets_what_was_kept_and_a_removed_user_takes_it(
    tmp_path: Path, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = served.desk.engine.ask("What is mud?")
    with Conversations.open(tmp_path / "conversations.sqlite3") as talks:
        id = talks.start("a-browser-of-before")
        talks.append("a-browser-of-before", id, answer)
    at = ("--library", tmp_path)
    cheap = {"FOOTNOTE_PASSWORD_MEMORY": "1", "FOOTNOTE_PASSWORD_ROUNDS": "1"}

    def run(*said: str) -> str:
        monkeypatch.setattr("sys.stdin", StringIO(f"{PASSWORD}\n"))
        ran = inside(*said, *at, **cheap)
        assert ran.status == 0, ran.err
        return ran.out

    assert inside("user", "add", "ann", *at, **cheap).status == 2
    assert "1 conversations" in run("user", "add", "ann", "--role", "admin")
    run("user", "add", "bob", "--role", "admin")
    token = run("token", "add", "bob", "--scope", "write").strip()
    with Accounts(tmp_path / "accounts.sqlite3", settings=CHEAP) as accounts:
        assert (accounts.tokens.find(token) or accounts).role == Role.WRITER  # type: ignore[union-attr]
        ann = accounts.users.get("ann")
    with Conversations.open(tmp_path / "conversations.sqlite3") as talks:
        assert [one.id for one in talks.list(ann.id)] == [id]
    listed = run("token", "list")
    assert "bob, command line: write, ends " in listed
    run("token", "revoke", listed.split()[0])
    assert run("token", "list").startswith("No tokens yet")
    run("user", "password", "bob")
    assert "bob  admin, last seen" in run("user", "list")
    run("user", "remove", "ann", "--yes")
    with Conversations.open(tmp_path / "conversations.sqlite3") as talks:
        assert talks.list(ann.id) == []
    assert answer.text.encode() not in (tmp_path / "conversations.sqlite3").read_bytes()
    log = run("user", "log")
    assert "user removed" in log
    assert token not in log


def test_a_reader_signs_in_asks_and_leaves_nothing_to_the_next(
    served: Served, browser: Browser
) -> None:
    def enter(name: str) -> None:
        page.fill("input[name=name]", name)
        page.fill("input[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        expect(page.locator("#fn-signed summary")).to_have_attribute(
            "aria-label", f"Account of {name}", timeout=20_000
        )

    context = browser.new_context()
    page = context.new_page()
    try:
        page.goto(served.root)
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        enter("ann")
        ask(page, "What is mud?")
        talks = page.locator("#fn-talk-rows")
        expect(talks).to_contain_text("What is mud?")
        page.click("#fn-signed summary")
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        assert page.evaluate("localStorage.length") == 0
        enter("bob")
        visit(page, served.root)
        expect(talks).to_contain_text("Your conversations appear here")
        expect(page.locator("#fn-turns")).to_be_empty()
        expect(page.locator(COMPOSER)).to_be_visible()
    finally:
        context.close()
