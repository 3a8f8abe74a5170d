"""Several libraries on one server: by model, by address, on the page, each with its readers."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, expect

from footnote.index import FootnoteError
from footnote.index.library import Library
from footnote.rag.build import build_engine
from footnote.rag.generation.settings import LLMSettings
from footnote.ui.cli.desks import read_libraries
from footnote.ui.storage.accounts.accounts import Accounts
from footnote.ui.storage.accounts.belongings import hand_over
from footnote.ui.storage.accounts.models import AccountError, Role
from footnote.ui.storage.conversations import Conversations
from footnote.ui.web.context import AppContext
from footnote.ui.web.handlers import act
from tests.command import inside
from tests.conftest import HashedWords, invented
from tests.endpoint import cites, serve
from tests.pages import LOOPS, PPO, ask, desk_of, served, visited
from tests.test_access import CHEAP

pytestmark = LOOPS
ASKED = "How many times did the tide of harbour7 rise, as gull7 and crab7 say?"
READER = "reader-0123456789abcdef"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppContext]:
    """Two libraries: "north" has papers 0 to 2, "south" has paper 7."""
    folder, desks = tmp_path_factory.mktemp("libraries"), {}
    with ExitStack() as stack:
        for name, numbers in (("north", range(3)), ("south", (7,))):
            made = Library.open(folder / name, embedder=HashedWords(), create=True)
            library = stack.enter_context(made)
            library.add([invented(n) for n in numbers])
            kept = stack.enter_context(Conversations.open(folder / name / "talks.sqlite3"))
            desks[name] = desk_of(library, conversations=kept, name=name, libraries=desks)
        yield desks["north"]


@pytest.fixture(scope="module")
def root(desk: AppContext) -> Iterator[str]:
    with served(desk, api=True) as address:
        yield address.rstrip("/")


def titles(root: str, path: str) -> set[str]:
    return {one["title"] for one in httpx.get(f"{root}{path}", timeout=60).json()["papers"]}


def test_each_library_has_its_addresses_and_the_first_is_asked_without_a_name(root: str) -> None:
    south = {"Tides of harbour7"}
    assert titles(root, "/v1/libraries/south/papers") == south
    north = titles(root, "/v1/libraries/north/papers")
    assert len(north) == 3
    assert titles(root, "/v1/papers") == north
    assert httpx.get(f"{root}/v1/libraries/west/papers").status_code == 404
    begun = httpx.post(f"{root}/v1/libraries/south/conversations", json={"title": "Tides"})
    kept = begun.json()["id"]
    assert httpx.get(f"{root}/v1/libraries/south/conversations/{kept}").status_code == 200
    assert httpx.get(f"{root}/v1/conversations/{kept}").status_code == 404


def complete(root: str, model: str) -> Any:
    sent = {"model": model, "messages": [{"role": "user", "content": ASKED}]}
    return httpx.post(f"{root}/v1/chat/completions", json=sent, timeout=60).json()


def test_a_model_is_a_library_and_a_mode(root: str) -> None:
    models = [one["id"] for one in httpx.get(f"{root}/v1/models").json()["data"]]
    assert models == ["north/quotes", "south/quotes"]
    own = [one["id"] for one in httpx.get(f"{root}/v1/libraries/south/models").json()["data"]]
    assert own == ["south/quotes"]
    for model in ("south/quotes", "south", "footnote/south"):
        assert "harbour7" in str(complete(root, model)["search_results"])
    assert "harbour7" not in str(complete(root, "quotes")["search_results"])
    told = complete(root, "west/quotes")["error"]["message"]
    assert told == "there is no model 'west/quotes'; there is north/quotes, south/quotes"


def test_agents_find_each_library_at_an_address(root: str) -> None:
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call",
            "params": {"name": "search", "arguments": {"query": "tide"}}}  # fmt: skip
    headers = {"accept": "application/json, text/event-stream"}
    for path, found in (("/mcp/south", True), ("/mcp/north", False), ("/mcp", False)):
        reply = httpx.post(f"{root}{path}", json=call, headers=headers, timeout=60)
        assert ("harbour7" in reply.text) is found, (path, reply.text[:200])


def test_a_user_may_do_something_else_in_one_library(desk: AppContext, tmp_path: Path) -> None:
    with Accounts(tmp_path / "accounts.sqlite3", settings=CHEAP) as accounts:
        eve = accounts.add("eve", Role.ADMIN, None)
        ann = accounts.add("ann", Role.READER, None)
        with pytest.raises(AccountError, match="no library 'west'; it has one alone"):
            accounts.libraries.set_role(ann, "west", Role.READER)
        accounts.libraries.register({name: tmp_path / name for name in desk.libraries})
        with pytest.raises(AccountError, match="no library 'west'; it has north, south"):
            accounts.libraries.set_role(ann, "west", Role.READER)
        with pytest.raises(AccountError, match="an admin is one in every library"):
            accounts.libraries.set_role(ann, "north", Role.ADMIN)
        accounts.libraries.set_role(ann, "north", Role.NOBODY)
        accounts.libraries.set_role(ann, "south", Role.WRITER)
        tokens = {
            name: accounts.tokens.add(user, name, scope, 1)[0]
            for name, user, scope in (
                ("eve", eve.id, Role.ADMIN), ("ann", ann.id, Role.ADMIN),
                ("reads", ann.id, Role.READER),
            )
        }  # fmt: skip
        guarded = replace(desk, accounts=accounts)

        def status(name: str, path: str, method: str = "GET", **more: Any) -> int:
            headers = {"authorization": f"Bearer {tokens[name]}"}
            url = f"{address.rstrip('/')}{path}"
            return httpx.request(method, url, headers=headers, timeout=60, **more).status_code

        with served(guarded, api=True, accounts=accounts) as address:
            for path in ("/v1/papers", "/v1/libraries/north/papers"):
                assert (status("eve", path), status("ann", path)) == (200, 403)
            assert status("ann", "/v1/libraries/south/papers") == 200
            gone = "/v1/libraries/south/papers/no-such-paper"
            assert status("ann", gone, "DELETE") == 404
            # A token that reads alone writes nowhere, whatever its owner may.
            assert status("reads", gone, "DELETE") == 403
            sent = {"model": "north/quotes", "messages": [{"role": "user", "content": "Tides?"}]}
            assert status("ann", "/v1/chat/completions", "POST", json=sent) == 404
            assert (
                status(
                    "ann", "/v1/chat/completions", "POST", json={**sent, "model": "south/quotes"}
                )
                == 200
            )
            assert status("ann", "/v1/models") == 200
        who = replace(accounts.tokens.find(tokens["ann"]) or pytest.fail("no token"),
                      roles=accounts.libraries.roles(ann.id))  # fmt: skip
        asked = {"action": "boot", "user": READER, "scope": {}}
        # Without a name it is the first that they may read.
        assert "south: All 1 paper" in act(guarded, asked, who)["html"]["#fn-extent"]
        refused = act(guarded, {**asked, "library": "north"}, who)
        assert refused == {"error": "You may not read this library; ask an admin."}
        # Another name, or none, opens the same folder to nobody else.
        assert accounts.libraries.register({"": tmp_path / "north"}) == []
        assert accounts.libraries.roles(ann.id) == (("", Role.NOBODY),)
        assert set(accounts.libraries.folders()) == {tmp_path / "north", tmp_path / "south"}
        accounts.users.set_role("ann", Role.ADMIN)
        assert accounts.libraries.roles(ann.id) == ()


def test_what_belonged_to_nobody_is_the_first_admins_and_no_account_loses_any(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "library"
    with Conversations.open(folder / "conversations.sqlite3") as kept:
        for user in (READER, "programs-over-http", "ab" * 16):
            kept.start(user)
    with Accounts(tmp_path / "accounts.sqlite3", settings=CHEAP) as accounts:
        eve = accounts.add("eve", Role.ADMIN, None)
        assert accounts.libraries.register({"south": folder}) == [folder]
        assert hand_over(folder, eve) == 2
    with Conversations.open(folder / "conversations.sqlite3") as kept:
        assert len(kept.list(eve.id)) == 2
        assert len(kept.list("ab" * 16)) == 1


def test_a_budget_of_the_day_stops_models_and_not_quotes(
    demo_library: Library, tmp_path: Path
) -> None:
    settings = replace(CHEAP, user_day_tokens=300)
    with (
        serve(cites("clips the probability ratio", "PPO clips its updates [N].")) as endpoint,
        Accounts(tmp_path / "accounts.sqlite3", settings=settings) as accounts,
    ):
        user = accounts.add("eve", Role.ADMIN, None)
        token, _ = accounts.tokens.add(user.id, "test", Role.READER, 1)
        config = LLMSettings("scripted", base_url=endpoint.url, api_key="none")
        engine = build_engine(demo_library, model=config)
        desk = desk_of(demo_library, accounts=accounts)
        desk = replace(desk, engines={**desk.engines, "model": engine},
                       asks={**desk.asks, "model": engine.stream})  # fmt: skip
        with served(desk, api=True, accounts=accounts) as address:

            def ask_by(mode: str) -> Any:
                sent, headers = (
                    {"question": PPO, "mode": mode},
                    {"authorization": f"Bearer {token}"},
                )
                return httpx.post(f"{address}v1/ask", json=sent, headers=headers, timeout=60).json()

            assert "clips its updates [1]" in ask_by("quick")["text"]
            error = ask_by("quick")["error"]
            assert "your 300 tokens of today are used" in error["message"]
            assert error["code"] == "too_many_requests"
            assert ask_by("quotes")["statements"]
        (day,) = accounts.spending.list(1)
        assert (day.user, day.answers) == ("eve", 1)
        assert day.tokens > 300


def test_a_reader_turns_to_another_library(root: str, browser: Browser) -> None:
    with visited(browser, root) as page:
        choice = page.locator("[data-library]")
        expect(choice).to_have_value("north")
        expect(page.locator(".fn-count")).to_have_text("3 papers · 2021")
        ask(page, "How often did the tide rise at harbour1?")
        page.click("#fn-extent")
        choice.select_option("south")
        page.wait_for_url("**/?library=south")
        expect(page.locator(".fn-count")).to_have_text("1 paper · 2021")
        expect(page.locator("#fn-talk-rows")).to_contain_text("Your conversations appear here")
        turn = ask(page, ASKED)
        expect(turn).to_contain_text("Tides of harbour7")
        assert page.url.endswith("?library=south")
        assert "/c/" in page.url
        page.reload()
        expect(page.locator("#fn-turns")).to_contain_text("Tides of harbour7")
        expect(choice).to_have_value("south")
        page.click("#fn-extent")
        choice.select_option("north")
        page.wait_for_url("**/?library=north")
        expect(page.locator("#fn-talk-rows")).to_contain_text("harbour1")


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (["a=/x", "/y"], "--library '/y' has no name; of several give each as NAME=PATH"),
        (["a=/x", "B=/y"], "--library 'B=/y' has no name"),
        (["a=/x", "a=/y"], "two libraries are called 'a'"),
        (["a=/x", "a b=/y"], "--library 'a b=/y' has no name"),
    ],
)
def test_libraries_without_names_of_their_own_are_one_line(given: list[str], line: str) -> None:
    with pytest.raises(FootnoteError, match=line.replace("(", r"\(")):
        read_libraries(given)
    ran = inside("serve", *(part for one in given for part in ("--library", one)))
    assert (ran.status, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert line in ran.err


def test_one_library_needs_no_name(tmp_path: Path) -> None:
    assert read_libraries([str(tmp_path)]) == {"": tmp_path}
    assert read_libraries(["/srv/a=b"]) == {"": Path("/srv/a=b")}
    assert read_libraries(["a=/x", "b=/y"]) == {"a": Path("/x"), "b": Path("/y")}
    ran = inside("serve", "--library", f"a={tmp_path}", "--library", f"b={tmp_path / 'none'}")
    assert ran.status == 1
    assert f"no library at {tmp_path / 'none'}" in ran.err
