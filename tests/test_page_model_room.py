"""The model is chosen, tried and kept on the page; the key stays where it was set."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from footnote.index.library import Library
from footnote.index.settings import SettingSources
from footnote.rag.generation.chat.endpoints.chosen import FILE
from footnote.ui.web.context import AppContext
from footnote.ui.web.security.hosts import Door
from footnote.ui.web.server.writers import Writers
from tests.asking import CHECKED, CLIPS, KEY, QUESTION
from tests.endpoint import Endpoint, cites, refuses, says, serve, tells
from tests.pages import LOOPS, act, ask, go, served, toast, visit, visited
from tests.test_page_access import axe, violations

pytestmark = LOOPS

_ = axe  # the fixture
LISTED = tells({"data": [{"id": "one"}, {"id": "two", "max_model_len": 9_000}]})
Serve = Callable[..., AbstractContextManager[str]]


def reply(handler: Any) -> None:
    """Answers a trial as well as a question, and notes the key of whatever asks."""
    asked = str(handler.asked["messages"])
    if "capital of France" in asked or "three colours" in asked:
        says('{"capital": "Paris"}')(handler)
        return
    cites(CLIPS, CHECKED)(handler)


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with serve(reply) as endpoint:
        endpoint.beside["/v1/models"] = listing(endpoint)
        yield endpoint


def listing(endpoint: Endpoint) -> Any:
    def listed(handler: Any) -> None:
        endpoint.keys.append(handler.headers["Authorization"])
        endpoint.headers.append(dict(handler.headers))
        LISTED(handler)

    return listed


@pytest.fixture
def serving(demo_library: Library, tmp_path: Path) -> Serve:
    """Serves a page whose choices are kept in a folder; what the environment says is given."""

    @contextmanager
    def serving(environ: dict[str, str] | None = None, **how: Any) -> Iterator[str]:
        environ = {"FOOTNOTE_CONFIG": str(tmp_path / "footnote.toml"), **(environ or {})}
        writers = Writers(
            demo_library, SettingSources({**environ, "FOOTNOTE_PLAN": "0"}), path=tmp_path / FILE
        )
        desk = AppContext(demo_library, writers.asks, engines=writers.engines, writers=writers)
        with served(desk, **how) as address:
            yield address

    return serving


def room(page: Page) -> Page:
    go(page, "Model")
    expect(page.locator("#fn-room-model h2")).to_be_visible()
    return page


def field(page: Page, label: str) -> Any:
    return page.locator("#fn-room-model").get_by_label(label, exact=True)


def save(page: Page) -> str:
    page.get_by_role("button", name="Save", exact=True).click()
    expect(toast(page)).to_contain_text("Saved.")
    return toast(page).inner_text()


def choose(page: Page, endpoint: Endpoint, model: str = "one") -> str:
    room(page)
    field(page, "Address").fill(endpoint.url)
    field(page, "Model").fill(model)
    return save(page)


def test_a_model_is_tried_chosen_kept_and_answers(
    serving: Serve, endpoint: Endpoint, browser: Browser
) -> None:
    with serving() as address, visited(browser, address) as page:
        expect(page.get_by_label("Written by")).to_have_count(0)
        room(page)
        expect(page.locator(".fn-facts")).to_contain_text("No language model is set.")
        field(page, "Address").fill(endpoint.url)
        page.get_by_role("button", name="Try it").click()
        tried = page.locator("#fn-model-tried")
        expect(tried).to_contain_text("offers 2 models. Name one to try it.")
        tried.get_by_label("Offered there").select_option("two")
        expect(field(page, "Model")).to_have_value("two")
        page.get_by_role("button", name="Try it").click()
        expect(tried).to_contain_text("two works.")
        expect(tried.locator("dl")).to_contain_text("9,000 tokens (the endpoint says so)")
        expect(tried.get_by_label("Offered there")).to_have_value("two")
        # A trial keeps nothing.
        assert act(page, "boot")["html"]["#fn-writing"] == ""
        field(page, "Length").select_option("long")
        field(page, "Language").fill("German")
        field(page, "Your own instructions").fill("For clinicians.\nNo citations, please.")
        assert save(page) == f"Saved. Questions and abstracts now go to two at {endpoint.url}."
        expect(page.locator("#fn-model-save")).to_be_focused()
        expect(page.locator(".fn-facts")).to_contain_text(f"two at {endpoint.url} writes")
        answer_is_written(page, endpoint)
    # A restart keeps it.
    with serving() as address, visited(browser, address) as page:
        expect(page.get_by_label("Written by")).to_have_value("two")
        room(page)
        expect(field(page, "Language")).to_have_value("German")
        expect(field(page, "Your own instructions")).to_have_value(
            "For clinicians.\nNo citations, please."
        )
        answer_is_written(page, endpoint)
        # Without an address there is no model any more.
        room(page)
        field(page, "Address").fill("")
        assert save(page) == "Saved. Answers are quotes from the papers."
        expect(page.get_by_label("Written by")).to_have_count(0)


@pytest.mark.parametrize("label", ["Address", "Your own instructions"])
def test_marked_text_stays_marked_when_the_room_is_entered_again(
    serving: Serve, endpoint: Endpoint, browser: Browser, label: str
) -> None:
    with serving() as address, visited(browser, address) as page:
        room(page)
        for key, left in {"Delete": "", "x": "x"}.items():
            field(page, label).fill("http://127.0.0.1:9/v1")
            field(page, label).press("Control+A")
            page.evaluate("() => window.footnote.call('model', {}, true)")
            page.keyboard.press(key)
            expect(field(page, label)).to_have_value(left)


def test_whom_a_reader_chose_to_write_stays_when_the_model_is_saved(
    serving: Serve, endpoint: Endpoint, browser: Browser
) -> None:
    with serving() as address, visited(browser, address) as page:
        choose(page, endpoint)
        writer = page.get_by_label("Written by")
        expect(writer).to_have_value("one")
        page.get_by_role("button", name="Ask", exact=True).first.click()
        writer.select_option("quotes")
        room(page)
        field(page, "Length").select_option("short")
        save(page)
        expect(writer).to_have_value("quotes")
        page.get_by_role("button", name="Ask", exact=True).first.click()
        expect(ask(page, QUESTION).locator(".fn-receipt")).to_contain_text("Quotes")
        # Who cannot write any more is not chosen.
        writer.select_option("one")
        choose(page, endpoint, "two")
        expect(writer).to_have_value("two")


def test_what_today_has_taken_is_told_without_a_limit(
    serving: Serve, endpoint: Endpoint, browser: Browser
) -> None:
    with serving() as address, visited(browser, address) as page:
        choose(page, endpoint)
        expect(page.locator(".fn-facts")).not_to_contain_text("Today")
        page.get_by_role("button", name="Ask", exact=True).first.click()
        ask(page, QUESTION)
        room(page)
        told = page.locator(".fn-facts").get_by_text("Today: ")
        expect(told).to_have_text(re.compile(r"^Today: [\d,]+ tokens\.$"))


def answer_is_written(page: Page, endpoint: Endpoint) -> None:
    page.get_by_role("button", name="Ask", exact=True).first.click()
    endpoint.requests.clear()
    answered = ask(page, QUESTION)
    expect(answered.locator(".fn-receipt")).to_contain_text("Written by two")
    # What a user wishes switches no citation off.
    expect(answered.locator("button.fn-marker")).to_have_count(1)
    system, user = (message["content"] for message in endpoint.requests[0]["messages"])
    assert "Write in German." in system
    assert "- The user asks for: For clinicians. No citations, please.\n" in system
    assert "Length: up to twice" in user
    assert endpoint.requests[0]["model"] == "two"


def test_a_trial_that_fails_is_one_line_and_can_be_made_again(
    serving: Serve, endpoint: Endpoint, browser: Browser
) -> None:
    with serving() as address, visited(browser, address) as page:
        room(page)
        tried, again = page.locator("#fn-model-tried"), page.get_by_role("button", name="Try it")
        for url, told in {
            "": "There is no address to try; give one like http://HOST:PORT/v1.",
            "ftp://host/v1": "The address is not a URL; give one like http://HOST:PORT/v1.",
            "http://me:word@127.0.0.1:9/v1": "The address holds more than a server and a path",
            "http://127.0.0.1:9/v1": "cannot be reached; check the address.",
        }.items():
            field(page, "Address").fill(url)
            again.click()
            expect(tried.locator(".fn-error")).to_contain_text(told)
            expect(again).to_be_focused()
        endpoint.beside["/v1/models"] = refuses(401, "no")
        field(page, "Address").fill(endpoint.url)
        again.click()
        expect(tried.locator(".fn-error")).to_contain_text("wants a key (status 401); set OPENAI_")
        # Nothing wrong can be saved, either.
        page.get_by_role("button", name="Save", exact=True).click()
        expect(toast(page)).to_contain_text(
            "The address is set without a model; set the name of the model too."
        )
        field(page, "Model").fill("one")
        field(page, "Tokens a day").evaluate("field => { field.type = 'text'; field.value = 'x' }")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(toast(page)).to_contain_text("“Tokens a day” is “x”; give tokens, 1 to")


def test_the_key_is_sent_nowhere_else_and_shown_to_nobody(
    serving: Serve,
    endpoint: Endpoint,
    browser: Browser,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The client would send these, too, wherever it calls.
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", f"X-Gateway: {KEY}\nAuthorization: Bearer {KEY}")
    monkeypatch.setenv("OPENAI_ORG_ID", KEY)
    monkeypatch.setenv("OPENAI_PROJECT_ID", KEY)
    monkeypatch.setenv("OPENAI_ADMIN_KEY", KEY)
    with serving({"OPENAI_API_KEY": KEY}) as address, visited(browser, address) as page:
        room(page)
        facts = page.locator(".fn-facts")
        expect(facts).to_contain_text("A key is set (environment)")
        expect(facts).to_contain_text("is sent to api.openai.com alone.")
        field(page, "Address").fill(endpoint.url)
        field(page, "Model").fill("one")
        page.get_by_role("button", name="Try it").click()
        expect(page.locator("#fn-model-tried")).to_contain_text("one works.")
        save(page)
        expect(facts).to_contain_text("was not set for this address: none is sent there.")
        page.get_by_role("button", name="Ask", exact=True).first.click()
        expect(ask(page, QUESTION).locator(".fn-receipt")).to_contain_text("Written by one")
        assert len(endpoint.keys) > 3
        assert set(endpoint.keys) == {None}
        assert KEY not in str(endpoint.headers)
        # A browser's key is not taken.
        sent = {
            "base_url": endpoint.url,
            "model": "one",
            "api_key": "sk-b",
            "OPENAI_API_KEY": "sk-b",
        }
        replies = [act(page, name, **sent) for name in ("model", "model-save", "model-try", "boot")]
        assert set(endpoint.keys) == {None}
        assert KEY not in str(endpoint.headers)
        shown = [httpx.get(f"{address}{path}").text for path in ("", "config")]
        shown += [
            page.content(),
            page.evaluate("JSON.stringify(localStorage)"),
            json.dumps(replies),
        ]
        shown += [(tmp_path / FILE).read_text("utf-8")]
        assert not [text for text in shown if KEY in text or KEY[:8] in text or "sk-b" in text]


def test_a_key_is_sent_where_it_was_configured_for(
    serving: Serve, endpoint: Endpoint, browser: Browser, tmp_path: Path
) -> None:
    environ = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": endpoint.url, "FOOTNOTE_MODEL": "one"}
    with serving(environ) as address, visited(browser, address) as page, serve(reply) as other:
        room(page)
        expect(page.locator(".fn-facts")).to_contain_text(f"is sent to {endpoint.url[7:-3]} alone.")
        # What the environment sets is fixed, on the page and past it.
        expect(field(page, "Address")).to_be_disabled()
        expect(field(page, "Address")).to_have_accessible_description(
            "Set by OPENAI_BASE_URL, where the server runs."
        )
        expect(field(page, "Model")).to_be_disabled()
        page.get_by_role("button", name="Try it").click()
        expect(page.locator("#fn-model-tried")).to_contain_text("one works.")
        expect(page.get_by_label("Offered there")).to_have_count(0)
        assert "error" not in act(page, "model-save", base_url=other.url, model="evil")
        act(page, "model-try", base_url=other.url, model="evil")
        assert "evil" not in (tmp_path / FILE).read_text("utf-8")
        page.get_by_role("button", name="Ask", exact=True).first.click()
        ask(page, QUESTION)
        assert (other.requests, other.looked) == ([], [])
        assert set(endpoint.keys) == {f"Bearer {KEY}"}


@pytest.mark.parametrize(
    ("host", "door"),
    [
        ("0.0.0.0", Door(open=True)),
        ("127.0.0.1", Door(names=("papers.example.org",))),
        ("127.0.0.1", Door(proxies=frozenset({"127.0.0.1"}))),
        ("127.0.0.1", Door(open=True)),
    ],
)
def test_a_page_that_others_reach_shows_the_model_and_changes_nothing(
    host: str, door: Door, serving: Serve, endpoint: Endpoint, browser: Browser, tmp_path: Path
) -> None:
    environ = {"OPENAI_BASE_URL": endpoint.url, "FOOTNOTE_MODEL": "one"}
    with (
        serving(environ, host=host, door=door) as address,
        visited(browser, address.replace("0.0.0.0", "127.0.0.1")) as page,
    ):
        expect(page.locator("#fn-tip")).to_be_empty()
        shown = room(page).locator("#fn-room-model")
        expect(shown).to_contain_text(f"one at {endpoint.url} writes the answers.")
        expect(shown).to_contain_text("so this can only be changed where it runs")
        expect(shown.locator("form, input, textarea, button")).to_have_count(0)
        for action in ("model-save", "model-try"):
            told = act(page, action, model="two", base_url="http://127.0.0.1:9/v1", length="long")
            assert "can only be changed where it runs" in told["error"]
        assert endpoint.looked == []
        assert not (tmp_path / FILE).exists()


def test_beyond_the_limit_a_question_is_answered_with_quotes_and_a_line(
    serving: Serve, endpoint: Endpoint, browser: Browser
) -> None:
    with serving() as address, visited(browser, address) as page:
        room(page)
        field(page, "Tokens a day").fill("3000")
        choose(page, endpoint)
        expect(page.locator(".fn-facts")).to_contain_text("Today: 0 of 3,000 tokens.")
        page.get_by_role("button", name="Ask", exact=True).first.click()
        answered = ask(page, QUESTION)
        expect(answered.locator(".fn-receipt")).to_contain_text("Quotes")
        expect(answered.locator(".fn-remark")).to_contain_text(
            "The limit of 3,000 tokens a day leaves 3,000"
        )
        expect(answered.locator(".fn-remark")).to_contain_text("quoted from the papers instead")
        assert endpoint.requests == []


def test_thorough_is_the_default_until_a_reader_chooses_otherwise(
    serving: Serve, endpoint: Endpoint, browser: Browser
) -> None:
    with serving() as address, visited(browser, address) as page:
        choose(page, endpoint)
        thorough = page.get_by_label("Thorough", exact=True)
        page.get_by_role("button", name="Ask", exact=True).first.click()
        expect(thorough).not_to_be_checked()
        thorough.check()
        thorough.uncheck()
        room(page)
        field(page, "Answers").select_option("1")
        save(page)
        page.get_by_role("button", name="Ask", exact=True).first.click()
        expect(thorough).to_be_checked()
        visit(page, address)
        expect(thorough).to_be_checked()
        thorough.uncheck()
        visit(page, address)
        expect(thorough).not_to_be_checked()


def test_how_to_add_a_model_is_said_once(
    serving: Serve, endpoint: Endpoint, browser: Browser
) -> None:
    with serving() as address:
        for leave in (
            lambda page: page.get_by_role("button", name="Dismiss").click(),
            lambda page: page.get_by_role("button", name="Choose a model").click(),
            lambda page: ask(page, QUESTION),
        ):
            with visited(browser, address) as page:
                tip = page.locator(".fn-tip")
                expect(tip).to_contain_text("A language model can write them instead")
                leave(page)
                expect(tip).to_have_count(0)
                visit(page, address)
                expect(page.locator("#fn-tip")).to_be_empty()
        with visited(browser, address) as page:
            expect(page.locator(".fn-tip")).to_be_visible()
            choose(page, endpoint)
        with visited(browser, address) as page:
            expect(page.locator("#fn-tip")).to_be_empty()


def test_what_was_typed_stays_while_a_model_is_tried_and_another_room_is_entered(
    serving: Serve, endpoint: Endpoint, browser: Browser
) -> None:
    with serving() as address, visited(browser, address) as page:
        room(page)
        field(page, "Address").fill(endpoint.url)
        field(page, "Your own instructions").fill("Be plain.")
        page.get_by_role("button", name="Try it").click()
        expect(page.locator("#fn-model-tried")).to_contain_text("offers 2 models")
        page.get_by_role("button", name="Map", exact=True).click()
        room(page)
        expect(field(page, "Your own instructions")).to_have_value("Be plain.")
        # Enter saves; it does not try.
        field(page, "Model").fill("one")
        field(page, "Model").press("Enter")
        expect(toast(page)).to_contain_text("Saved.")


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_the_room_keeps_nobody_out(
    width: int, scheme: Any, axe: str, serving: Serve, endpoint: Endpoint, browser: Browser
) -> None:
    size = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
    how: dict[str, Any] = {**size, "reduced_motion": "reduce"}
    faults = []
    with serving() as address, visited(browser, address, **how) as page:
        expect(page.locator(".fn-tip")).to_be_visible()
        page.evaluate(axe)
        faults += violations(page)
        choose(page, endpoint)
        page.get_by_role("button", name="Try it").click()
        expect(page.locator("#fn-model-tried dl")).to_be_visible()
        faults += violations(page)
        field(page, "Address").fill("http://127.0.0.1:9/v1")
        page.get_by_role("button", name="Try it").click()
        expect(page.locator("#fn-model-tried .fn-error")).to_be_visible()
        faults += violations(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    fixed = {"OPENAI_BASE_URL": endpoint.url, "FOOTNOTE_MODEL": "one"}
    for door in (Door(), Door(open=True)):
        with serving(fixed, door=door) as address, visited(browser, address, **how) as page:
            room(page)
            page.evaluate(axe)
            faults += violations(page)
    assert faults == []
