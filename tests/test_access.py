"""Who may: every route of the server by role, drawn from the server itself, over a real port."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.routing import Mount, Route

from footnote.index.library import Library
from footnote.ui.storage.accounts.accounts import Accounts
from footnote.ui.storage.accounts.models import LOCAL_USER, Identity, Role
from footnote.ui.storage.accounts.settings import AccountSettings
from footnote.ui.storage.conversations import Conversations
from footnote.ui.storage.shelf import Shelf
from footnote.ui.storage.topics import Topics
from footnote.ui.web.handlers import ACTIONS, act
from footnote.ui.web.page import build_page, start
from footnote.ui.web.security.access.rules import NEEDED, RULES, Rules, plain_path
from tests.conftest import HashedWords, invented
from tests.pages import LOOPS, desk_of

pytestmark = LOOPS

CHEAP = AccountSettings(password_memory=1, password_rounds=1)
PASSWORD = "mud at noon, twice"
USERS = {"ann": Role.READER, "bob": Role.WRITER, "eve": Role.ADMIN, "zoe": Role.READER}


class Served:
    """A server with accounts, and a token and a session of each user."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        made = Library.open(folder / "library", embedder=HashedWords(), create=True)
        self.library = stack.enter_context(made)
        self.library.add([invented(n) for n in range(3)])
        path = self.library.path / "accounts.sqlite3"
        self.accounts = stack.enter_context(Accounts(path, settings=CHEAP))
        self.desk = desk_of(
            self.library,
            conversations=stack.enter_context(Conversations.open(folder / "talks.sqlite3")),
            topics=stack.enter_context(Topics.open(folder / "topics.sqlite3")),
            shelf=stack.enter_context(Shelf.open(folder)),
            accounts=self.accounts,
        )
        self.tokens = {}
        for name, role in USERS.items():
            user = self.accounts.add(name, role, PASSWORD)
            self.tokens[name] = self.accounts.tokens.add(user.id, "test", Role.ADMIN, 1)[0]
        self.page = build_page(next(iter(self.desk.asks.values())), self.library, desk=self.desk)
        self.root = start(self.page, port=0, api=True, accounts=self.accounts)
        stack.callback(self.page.close, verbose=False)

    def send(self, method: str, path: str, name: str = "", **more: Any) -> httpx.Response:
        """Returns the reply to a request with somebody's token; of nobody without a name."""
        headers = {"authorization": f"Bearer {self.tokens[name]}"} if name else {}
        headers |= more.pop("headers", {})
        url = self.root.rstrip("/") + path
        return httpx.request(method, url, headers=headers, timeout=60, **more)

    @contextmanager
    def session(self, name: str) -> Iterator[httpx.Client]:
        """Gives a browser of somebody who has signed in."""
        own = self.root.rstrip("/")
        with httpx.Client(base_url=own, headers={"origin": own}, timeout=60) as client:
            reply = client.post("/sign-in", data={"name": name, "password": PASSWORD})
            assert reply.status_code == 303, reply.text
            yield client


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with ExitStack() as stack:
        yield Served(tmp_path_factory.mktemp("access"), stack)


def routes(routing: Any, before: str = "") -> Iterator[tuple[str, str, Any]]:
    """Yields method, path and function of every route of an application, and of what is mounted."""
    for route in routing:
        if hasattr(route, "original_router"):  # as FastAPI has what is included
            yield from routes(route.original_router.routes, before)
        elif isinstance(route, Mount) and route.routes:
            yield from routes(route.routes, before + route.path)
        elif isinstance(route, Mount):
            # What tells nothing of its routes, as MCP's: ours, whatever made it.
            yield "GET", before + route.path, routes
        else:
            assert isinstance(route, Route), f"{route}: say here how its rules are found"
            for method in sorted((route.methods or {"GET"}) - {"HEAD", "OPTIONS"}):
                yield method, before + route.path, route.endpoint


def _module(function: Any) -> str:
    return str(getattr(function, "__module__", ""))


def test_every_route_of_ours_has_a_rule_and_every_rule_a_route(served: Served) -> None:
    rules, found = Rules(programs=True, accounts=True), list(routes(served.page.app.routes))
    ours = [one for one in found if _module(one[2]).startswith(("footnote", "tests"))]
    assert len(ours) > 20
    without = [(method, path) for method, path, _ in ours if rules.needed(method, path) is None]
    assert without == []
    # Gradio's are named by the rules alone; where they stand for a file they have other names.
    paths = {(method, path.removesuffix("/") or "/") for method, path, _ in found}
    known = {(method, rule.path) for rule in RULES for method in rule.needs}
    assert {(method, path) for method, path in known - paths if "{" not in path} == set()


def test_nobody_reads_and_readers_change_nothing_of_the_library() -> None:
    least: dict[Role, set[str]] = {role: set() for role in Role}
    for rule in RULES:
        for method, needed in rule.needs.items():
            least[needed].add(f"{method} {rule.path}")
    assert least[Role.NOBODY] == {
        "GET /shared/{token}", "GET /fonts/{name}", "GET /favicon.ico", "GET /manifest.json",
        "GET /robots.txt", "GET /gradio_api/startup-events", "GET /sign-in", "POST /sign-in",
        "POST /sign-out", "GET /healthz", "GET /readyz",
    }  # fmt: skip
    assert least[Role.WRITER] == {
        "POST /gradio_api/upload", "POST /v1/papers", "DELETE /v1/papers/{name:path}",
        "GET /v1/imports", "POST /v1/imports", "POST /v1/imports/identifiers",
        "GET /v1/imports/{id}", "PATCH /v1/imports/{id}",
    }  # fmt: skip
    assert least[Role.ADMIN] == {"GET /people", "POST /people"}


def test_what_has_no_rule_is_refused_to_everybody(served: Served) -> None:
    rules = Rules(programs=True, accounts=True)
    others = {
        (method, path.replace("{", "").replace(":path}", "").replace("}", ""))
        for method, path, _ in routes(served.page.app.routes)
        if rules.needed(method, plain_path(path)) is None
    }
    assert len(others) > 30
    with served.session("eve") as client:
        for method, path in sorted(others):
            if rules.needed(method, plain_path(path)) is None:
                assert client.request(method, path).status_code in (404, 405), (method, path)


TABLE = [
    (rule.path, method, needed)
    for rule in RULES
    for method, needed in rule.needs.items()
    # These have tests of their own: the one is slow on purpose, the other ends what is tried here.
    if rule.path not in ("/sign-in", "/sign-out")
]


@pytest.fixture(scope="module")
def browsers(served: Served) -> Iterator[dict[str, httpx.Client]]:
    with ExitStack() as stack:
        own = served.root[:-1]
        clients = {name: stack.enter_context(served.session(name)) for name in USERS}
        clients[""] = stack.enter_context(httpx.Client(base_url=own, headers={"origin": own}))
        yield clients


@pytest.mark.parametrize(("path", "method", "needed"), TABLE)
def test_a_route_is_answered_to_those_who_may(
    browsers: dict[str, httpx.Client], path: str, method: str, needed: Role
) -> None:
    asked = path.replace("{id}", "x").replace("{name:path}", "none").replace("{file:path}", "none")
    for name, client in browsers.items():
        role = USERS.get(name, Role.NOBODY)
        body = {"json": {}} if method == "POST" else {}
        with client.stream(method, asked, timeout=60, **body) as reply:
            may = reply.status_code not in (401, 403)
        assert may is (role >= needed), (name, reply.status_code)


def test_each_action_has_a_rule_and_is_refused_to_those_who_may_less(served: Served) -> None:
    assert set(NEEDED) == set(ACTIONS)
    for name, needed in NEEDED.items():
        who = Identity("x" * 32, "x", Role(needed - 1), "session")
        assert "role" in act(served.desk, {"action": name}, who)["error"]
    assert "error" not in act(served.desk, {"action": "remove", "papers": []}, LOCAL_USER)


def test_another_user_has_no_such_conversation_topic_or_collection(served: Served) -> None:
    said = served.send("POST", "/v1/ask", "ann", json={"question": "What is mud?",
                                                       "conversation": "new"})  # fmt: skip
    id = said.json()["conversation"]
    again = {"question": "Why?", "conversation": id}
    assert served.send("POST", "/v1/ask", "ann", json=again).status_code == 200
    people = {
        name: Identity(user.id, name, user.role, "session")
        for name in USERS
        if (user := served.accounts.users.find(name))
    }

    def do(who: str, action: str, **more: Any) -> dict[str, Any]:
        # Whoever the browser says it is: the session counts.
        sent = {"action": action, "user": people["ann"].id, **more}
        return act(served.desk, sent, people[who])

    do("ann", "collection-new", name="Mud")
    do("ann", "topic-save", text="tides")
    paper = next(iter(served.library.page("added", 0, 1)))
    assert "error" not in do("ann", "tag", papers=[paper.id], tag="ebb")
    for name in ("zoe", "eve"):
        assert served.send("POST", "/v1/ask", name, json=again).status_code == 400
        assert "no conversation" in do(name, "open", id=id)["error"].lower()
        assert "no conversation" in do(name, "delete", id=id)["error"].lower()
        assert id not in str(do(name, "talks"))
        assert "Mud" not in str(do(name, "library"))
        assert "#ebb" not in str(do(name, "library"))
        assert "tides" not in str(do(name, "news"))
    assert id in str(do("ann", "talks"))
    assert "Mud" in str(do("ann", "library"))
    assert "#ebb" in str(do("ann", "library"))
    assert "tides" in str(do("ann", "news"))


def test_a_token_does_what_its_scope_and_its_user_may_until_it_ends(served: Served) -> None:
    eve = served.accounts.users.get("eve")
    secret, token = served.accounts.tokens.add(eve.id, "reads", Role.READER, 1)

    def send(sent: str, method: str = "GET", path: str = "/v1/status") -> int:
        headers = {"authorization": f"Bearer {sent}"}
        return served.send(method, path, headers=headers).status_code

    assert (send(secret), send(secret, "DELETE", "/v1/papers/none")) == (200, 403)
    assert send(served.tokens["ann"], "DELETE", "/v1/papers/none") == 403
    assert send(served.tokens["bob"], "DELETE", "/v1/papers/none") == 404
    feed = httpx.get(f"{served.root}feed.atom", auth=("eve", secret))
    assert (feed.status_code, feed.headers["content-type"]) == (200, "application/atom+xml")
    served.accounts.tokens.revoke(token.id)
    with served.session("eve") as client:
        # A wrong token is not passed over for a cookie.
        ended = client.get("/v1/status", headers={"authorization": f"Bearer {secret}"})
        assert (client.get("/v1/status").status_code, ended.status_code) == (200, 401)
    assert ended.json()["error"]["code"] == "not_signed_in"
    assert "Bearer" in ended.headers["www-authenticate"]
