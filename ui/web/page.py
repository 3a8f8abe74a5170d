"""The chat page: questions in, cited answers out, sources opened in the margin beside them.

Gradio makes the page, its composer and its calls. A question leaves the composer by a route of our
own (``footnote.ui.web.server.answers``) and comes back as small frames of safe HTML
(``footnote.ui.web.streaming``); everything else that a reader does is one call with its reply
(``footnote.ui.web.handlers``). ``static/chat.js`` puts either in its place. Earlier answers,
an open source and the reader's place in the text are never touched.
"""

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary, finalize

# Read by Gradio and by huggingface_hub while they are imported: without these two lines a
# launch looks up two hosts, and this page is for machines that have no network.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_OFFLINE"] = "1"
# Read by uvicorn as it starts: it would take the word of any program of this machine on where a
# request comes from. The guard (footnote.ui.web.security.middleware) believes the proxies that
# were named.
os.environ["FORWARDED_ALLOW_IPS"] = ""

import gradio as gr

from footnote.index import FootnoteError
from footnote.ui.maintenance.telemetry.server import Telemetry
from footnote.ui.maintenance.telemetry.settings import TelemetrySettings
from footnote.ui.rendering.panels import (
    composers_html,
    header_html,
    invitation_html,
    places_html,
    shell_html,
    start_html,
)
from footnote.ui.storage.accounts.accounts import Accounts
from footnote.ui.web.context import AppContext, Ask, ShownLibrary
from footnote.ui.web.handlers import act
from footnote.ui.web.routes import add_links
from footnote.ui.web.security.access.access import Access
from footnote.ui.web.security.access.gate import Gate
from footnote.ui.web.security.access.identity import identity_of
from footnote.ui.web.security.access.rules import Rules
from footnote.ui.web.security.calls import list_calls
from footnote.ui.web.security.hosts import Door, bracketed
from footnote.ui.web.security.limits import Limits
from footnote.ui.web.security.middleware import Guard
from footnote.ui.web.security.uploads import make_place
from footnote.ui.web.server.listening import free_port, interruptible
from footnote.ui.web.server.sessions import SESSIONS, releasing
from footnote.ui.web.server.stack import app_options, is_guarded

ASSETS = Path(__file__).parent / "static"
SCRIPTS = (
    "chat.js", "asking.js", "address.js", "growing.js", "folding.js", "peek.js", "calls.js",
    "filling.js", "notices.js", "rooms.js", "actions.js", "scope.js", "shelf.js", "table.js",
    "dialogs.js", "files.js", "map.js", "views.js", "check.js", "model.js", "account.js",
    "libraries.js",
)  # fmt: skip
STYLES = ("base.css", "chat.css", "panels.css", "shelf.css", "sources.css", "views.css",
          "check.css", "model.css")  # fmt: skip

# The desk of each page, for the addresses that its server has beside it.
_DESKS: "WeakKeyDictionary[gr.Blocks, AppContext]" = WeakKeyDictionary()


def build_page(
    ask: Ask,
    library: ShownLibrary,
    *,
    desk: AppContext | None = None,
    examples: Sequence[str] = (),
) -> gr.Blocks:
    """Returns the page, to be started with ``launch``.

    Args:
        ask: Streams an answer, as ``CitedQueryEngine.stream`` does.
        library: The library that ``ask`` reads; the page shows its status.
        desk: What else the page works with: kept conversations, saved topics, runs of evals.
            Without one, each browser keeps its own conversations.
        examples: Questions offered while the conversation is empty, until the library's own
            have been tried.
    """
    desk = desk or AppContext(library, {"quotes": ask})
    # Of this page alone: it goes with it, and no other program's files are in it.
    uploads, tidy = (desk.uploads.resolve(), None) if desk.uploads else make_place()
    desk = _with_uploads(desk, uploads)
    page: gr.Blocks
    with gr.Blocks(title="Footnote", analytics_enabled=False, fill_width=True) as page:
        with gr.Row(elem_id="fn-top"):
            # A callable is asked again at each visit, so that new papers are counted.
            gr.HTML(_header(desk), elem_id="fn-header", **_BARE)
            gr.HTML(places_html(desk), elem_id="fn-places", **_BARE)
        with gr.Row(elem_id="fn-desk"):
            gr.HTML(shell_html("talks"), elem_id="fn-talks", **_BARE)
            with gr.Column(elem_id="fn-main"):
                gr.HTML(_TRANSCRIPT, elem_id="fn-transcript", **_BARE)
                gr.HTML(invitation_html(), elem_id="fn-invited", **_BARE)
                _composer(desk)
                gr.HTML(start_html(examples), elem_id="fn-offered", **_BARE)
            with gr.Column(elem_id="fn-margin"):
                gr.HTML(shell_html("scope"), elem_id="fn-library", **_BARE)
                gr.HTML('<div id="fn-cards"></div>', **_BARE)
        gr.HTML(
            shell_html("rooms"), js_on_load=_CONNECT, server_functions=[_action(desk)],
            elem_id="fn-rooms", apply_default_css=False,
        )  # fmt: skip
    _DESKS[page] = desk
    finalize(page, tidy or partial(shutil.rmtree, uploads, ignore_errors=True))
    page.queue(api_open=False)
    return page


def _header(desk: AppContext) -> Callable[[], str]:
    def header() -> str:
        # Of several libraries, which one it is, and whether they may know, is told later.
        return header_html(None if desk.libraries else desk.library.status())

    return header


def _with_uploads(desk: AppContext, uploads: Path) -> AppContext:
    """Returns a desk, and those of the other libraries behind it, with a place for files."""
    libraries: dict[str, AppContext] = {}
    for name, other in desk.libraries.items():
        libraries[name] = replace(other, uploads=uploads, libraries=libraries)
    return libraries.get(desk.name) or replace(desk, uploads=uploads)


# Asked for with the page, so that no text moves when they come.
_PRELOADED = "".join(
    f'<link rel="preload" as="font" type="font/woff2" crossorigin href="fonts/{name}.woff2">'
    for name in ("inter", "source-serif-4")
)
# Seconds between looks at whether the server has ended.
_LOOK = 0.2
_BARE: dict[str, Any] = {"apply_default_css": False, "js_on_load": None}
_TRANSCRIPT = '<div id="fn-turns" role="log" aria-live="polite" aria-label="Conversation"></div>'
_CONNECT = "window.footnote.connect(server, upload)"
# Run in the browser as a question leaves; the composer then holds what comes back.
_ASK = "(text) => window.footnote.ask(text)"
_STOP = "() => window.footnote.stop()"


def _action(desk: AppContext) -> Callable[[Any, gr.Request], dict[str, Any]]:
    def action(data: Any, request: gr.Request) -> dict[str, Any]:
        # Gradio hands on the request itself. Without one it is nobody's, who may nothing.
        return act(desk, data, identity_of(getattr(request, "scope", {})))

    return action


def _composer(desk: AppContext) -> None:
    with gr.Column(elem_id="fn-composer"):
        gr.HTML('<div id="fn-pending"></div>', **_BARE)
        with gr.Row(elem_id="fn-ask"):
            question = gr.Textbox(
                label="Question", show_label=False, container=False, lines=1, max_lines=6,
                placeholder="Ask about these papers", autofocus=True,
                elem_id="fn-question",
            )  # fmt: skip
            send = gr.Button("Ask", variant="primary", elem_id="fn-send")
            stop = gr.Button("Stop", elem_id="fn-stop")
        gr.HTML(
            '<div id="fn-foot"><p id="fn-hint" role="status"></p>'
            '<button type="button" id="fn-extent" aria-expanded="false" aria-controls="fn-library">'
            '</button><button type="button" id="fn-whole" class="fn-quiet" data-unscope></button>'
            '<p id="fn-account"></p>'
            f'{composers_html(desk)}</div><div id="fn-tip"></div>',
            **_BARE,
        )
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    gr.on([question.submit, send.click], None, question, question, js=_ASK, **quiet)
    stop.click(None, js=_STOP, **quiet)


def page_options(limits: Limits | None = None) -> dict[str, Any]:
    """Returns what ``launch()`` and ``gr.mount_gradio_app()`` need to dress the page.

    Since Gradio 6 these belong to the server, not to the Blocks.
    """
    limits = limits or Limits()
    system = ("system-ui", "sans-serif")
    style = "\n".join((ASSETS / name).read_text(encoding="utf-8") for name in STYLES)
    return {
        # Base, with system fonts: other themes ask Google for theirs.
        "theme": gr.themes.Base(font=system, font_mono=("ui-monospace", "monospace")),
        # In the head, and not as ``css``: Gradio rewrites the selectors of that, and loses
        # the rules for dark screens.
        "head": f"{_PRELOADED}"
        f'<meta name="footnote-question" content="{limits.question}">'
        f'<meta name="footnote-upload" content="{limits.upload}">'
        f"<style>{style}</style><script>{page_script()}</script>",
        "favicon_path": str(ASSETS / "favicon.svg"),
        "footer_links": [],
        "run_history": False,
        "mcp_server": False,
        "ssr_mode": False,
        "pwa": False,
    }


def page_script() -> str:
    """Returns the page's own script, which runs beside Gradio's."""
    return "\n".join((ASSETS / name).read_text(encoding="utf-8") for name in SCRIPTS)


def _checks(
    door: Door,
    hosts: frozenset[str],
    limits: Limits,
    access: Access | None,
    *,
    api: bool,
    first: str,
) -> tuple[Callable[[Any], Guard], Callable[[Any], Gate]]:
    """Returns what checks each request first, and what asks then who may send it."""
    rules = Rules(programs=api, accounts=access is not None)
    header = access.accounts.settings.proxy_header if access is not None else ""
    guard = partial(
        Guard, hosts=hosts, proxies=door.proxies, limits=limits, rules=rules, names_user=header
    )
    return guard, partial(Gate, rules=rules, access=access, first=first)


def launch(
    page: gr.Blocks,
    *,
    host: str = "127.0.0.1",
    port: int = 7860,
    door: Door | None = None,
    limits: Limits | None = None,
    on_ready: Callable[[str], None] | None = None,
    api: bool = False,
    telemetry: TelemetrySettings | None = None,
    accounts: Accounts | None = None,
) -> None:
    """Serves the page until it is interrupted, or told to end: answers under way then do first.

    Args:
        page: From ``build_page``.
        host: Address to listen on.
        port: Port to listen on; 0 takes a free one.
        door: Who may come in; nobody but this machine when not given.
        limits: How much is taken from whoever comes in.
        on_ready: Called with the page's address as soon as it answers.
        api: Whether programs are served too, under /v1.
        telemetry: What the server tells about itself.
        accounts: Who may use it; None serves whoever reaches it.

    Raises:
        FootnoteError: The port is taken, the host is not of this machine, or other machines
            would get in without anybody having said so.
    """
    address = start(
        page,
        host=host,
        port=port,
        door=door,
        limits=limits,
        api=api,
        telemetry=telemetry,
        accounts=accounts,
    )
    try:
        activity = _DESKS[page].activity
        with interruptible(activity.drain):
            if on_ready:
                on_ready(address)
            while page.server.thread.is_alive() and not activity.drained:
                page.server.thread.join(timeout=_LOOK)
    except KeyboardInterrupt:
        pass
    finally:
        page.close(verbose=False)


def start(
    page: gr.Blocks,
    *,
    host: str = "127.0.0.1",
    port: int = 7860,
    door: Door | None = None,
    limits: Limits | None = None,
    api: bool = False,
    telemetry: TelemetrySettings | None = None,
    accounts: Accounts | None = None,
) -> str:
    """Serves the page in the background and returns its address; see ``launch``."""
    door, limits, desk = door or Door(), limits or Limits(), _DESKS[page]
    if accounts is None:
        door.check(host)
        if api and not door.is_private(host):
            raise FootnoteError("programs of other machines are served with accounts alone")
    if desk.conversations is None:
        limits = limits.with_conversations()
    for writers in (own.writers for own in desk.all):
        if writers is not None:
            # Where a model is asked, and what it may cost, is for whoever runs the server.
            writers.changeable = door.is_private(host) or accounts is not None
    port = free_port(host, port)
    access = Access(accounts, proxies=door.proxies) if accounts is not None else None
    guard, gate = _checks(door, door.hosts(host, port), limits, access, api=api, first=desk.name)
    watch = Telemetry(telemetry or TelemetrySettings(), desk, counts=api)

    def ending() -> bool:
        return bool(page.server.should_exit)

    before = app_options(
        partial(add_links, desk=desk, limits=limits, ending=ending, metrics=watch.metrics,
                access=access),
        guard, gate, list_calls(page), watch.around, close=watch.close, script=page_script(),
        uploads=desk.uploads,
    )  # fmt: skip
    return _open(page, host, port, before, limits)


def _open(page: gr.Blocks, host: str, port: int, before: dict[str, Any], limits: Limits) -> str:
    """Lets Gradio serve a page, behind what stands before it; returns its address."""
    try:
        app, address, _ = page.launch(
            server_name=bracketed(host), server_port=port, share=False, quiet=True,
            inbrowser=False, prevent_thread_lock=True,
            enable_monitoring=False, state_session_capacity=SESSIONS,
            app_kwargs=releasing(page, before), **page_options(limits),
        )  # fmt: skip
    except (OSError, ValueError) as error:
        # ValueError: Gradio cannot reach its own page, mostly because a proxy is set.
        raise FootnoteError(
            f"the chat page did not start on {host}:{port} ({type(error).__name__}); "
            "if a proxy is set, set also NO_PROXY=127.0.0.1,localhost"
        ) from error
    if not is_guarded(app):
        page.close(verbose=False)
        raise FootnoteError("the chat page stood without its guard and was closed; reinstall it")
    return str(address)
