"""The chat page: questions in, cited answers out, sources opened in the margin beside them.

Gradio carries the conversation; the page is ours. A question comes back as small frames of
safe HTML (``ui.frames``), everything else that a reader does as one call with its reply
(``ui.actions``); ``assets/chat.js`` puts either in its place. Earlier answers, an open source
and the reader's place in the text are never touched.
"""

import os
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

# Read by Gradio and by huggingface_hub while they are imported: without these two lines a
# launch looks up two hosts, and this page is for machines that have no network.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_OFFLINE"] = "1"

import gradio as gr

from index import FootnoteError
from ui.actions import act
from ui.asked import Args, Asked, BadRequest
from ui.desk import Ask, Desk, ShownLibrary
from ui.frames import Frame, answer_frames, failed_frame, frame
from ui.links import add_links
from ui.panels import composers_html, header_html, places_html, shell_html

ASSETS = Path(__file__).parent / "assets"
SCRIPTS = ("chat.js", "actions.js", "dialogs.js", "files.js", "views.js")
STYLES = ("chat.css", "panels.css", "views.css")
EXAMPLES = (
    "How do language models learn to use tools?",
    "What does retrieval add to a language model?",
    "How are robot policies trained from demonstrations?",
    "Why does reinforcement learning clip its policy updates?",
)

# Answers in the making at the same time. Gradio's own default is one.
CONCURRENT_ANSWERS = 40


# The desk of each page, for the addresses that its server has beside it.
_DESKS: "WeakKeyDictionary[gr.Blocks, Desk]" = WeakKeyDictionary()


def build_page(
    ask: Ask,
    library: ShownLibrary,
    *,
    desk: Desk | None = None,
    examples: Sequence[str] = EXAMPLES,
) -> gr.Blocks:
    """Returns the page, to be started with ``launch``.

    Args:
        ask: Streams an answer, as ``CitedQueryEngine.stream`` does.
        library: The library that ``ask`` reads; the page shows its status.
        desk: What else the page works with: kept conversations, saved topics, runs of evals.
            Without one, each browser keeps its own conversations.
        examples: Questions offered while the conversation is empty.
    """
    desk = desk or Desk(library, {"quotes": ask})
    desk = replace(desk, uploads=Path(gr.utils.get_upload_folder()))
    page: gr.Blocks
    with gr.Blocks(title="Footnote", analytics_enabled=False, fill_width=True) as page:
        with gr.Row(elem_id="fn-top"):
            # A callable is asked again at each visit, so that new papers are counted.
            gr.HTML(lambda: header_html(desk.library.status()), elem_id="fn-header", **_BARE)
            gr.HTML(places_html(desk), elem_id="fn-places", **_BARE)
        with gr.Row(elem_id="fn-desk"):
            gr.HTML(shell_html("talks"), elem_id="fn-talks", **_BARE)
            with gr.Column(elem_id="fn-main"):
                transcript = gr.HTML(
                    html_template=_TRANSCRIPT, js_on_load=_RECEIVE, elem_id="fn-transcript",
                    apply_default_css=False,
                )  # fmt: skip
                with gr.Column(elem_id="fn-empty"):
                    gr.HTML(_INVITATION, **_BARE)
                    offered = [
                        gr.Button(example, elem_classes="fn-example") for example in examples
                    ]
                question, send, stop = _composer(desk)
            with gr.Column(elem_id="fn-margin"):
                gr.HTML(shell_html("scope"), elem_id="fn-library", **_BARE)
                gr.HTML('<div id="fn-cards"></div>', **_BARE)
        gr.HTML(
            shell_html("rooms"), js_on_load=_CONNECT, server_functions=[_action(desk)],
            elem_id="fn-rooms", apply_default_css=False,
        )  # fmt: skip
        _wire(desk, transcript, question, (send, stop), offered)
    _DESKS[page] = desk
    page.queue(default_concurrency_limit=CONCURRENT_ANSWERS, api_open=False)
    return page


_BARE: dict[str, Any] = {"apply_default_css": False, "js_on_load": None}
_TRANSCRIPT = '<div id="fn-turns" role="log" aria-live="polite" aria-label="Conversation"></div>'
_RECEIVE = "watch('value', () => window.footnote.receive(props.value))"
_CONNECT = "window.footnote.connect(server, upload)"
# Run in the browser as a question leaves: what it is asked in, the page knows and no component.
_WITH_SURROUNDINGS = "(text) => [text, window.footnote.surroundings(text)]"
_INVITATION = (
    '<div class="fn-invitation"><h2>What would you like to know?</h2><p>Each sentence of an '
    "answer ends in a number. Open it to read the very words that it rests on.</p></div>"
)


def _action(desk: Desk) -> Callable[[Any], dict[str, Any]]:
    def action(data: Any) -> dict[str, Any]:
        return act(desk, data)

    return action


def _composer(desk: Desk) -> tuple[gr.Textbox, gr.Button, gr.Button]:
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
            '<button type="button" id="fn-extent"></button><p id="fn-account"></p>'
            f"{composers_html(desk)}</div>",
            **_BARE,
        )
    return question, send, stop


def _wire(
    desk: Desk,
    transcript: gr.HTML,
    question: gr.Textbox,
    buttons: tuple[gr.Button, gr.Button],
    offered: Sequence[gr.Button],
) -> None:
    """Connects what a reader asks to the answer."""
    send, stop = buttons
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    surroundings = gr.JSON(visible="hidden")

    def respond(text: str, sent: Mapping[str, Any] | None) -> Iterator[tuple[Frame, Any]]:
        taken = False
        for shown in _frames(desk, text, sent):
            # The composer empties when its question is taken up; a draft of the next
            # question, written meanwhile, is left alone.
            yield shown, gr.skip() if taken or shown["state"] == "hint" else ""
            taken = True

    inputs, outputs = [question, surroundings], [transcript, question]
    asking: dict[str, Any] = {"js": _WITH_SURROUNDINGS, **quiet}
    answering = [gr.on([question.submit, send.click], respond, inputs, outputs, **asking)]
    answering += [
        button.click(respond, inputs=[button, surroundings], outputs=outputs, **asking)
        for button in offered
    ]
    stop.click(
        lambda: frame("stopped"), outputs=transcript, cancels=answering, queue=False, **quiet
    )


def _frames(desk: Desk, text: str, sent: Mapping[str, Any] | None) -> Iterator[Frame]:
    """Yields the frames of an answer to a question as a browser sent it."""
    try:
        turn = Args.read(sent).number("turn") or 1
        asked = Asked.read(sent)
    except BadRequest as error:
        yield failed_frame(text, str(error))
        return
    yield from answer_frames(desk, str(text or ""), turn, asked)


def page_options() -> dict[str, Any]:
    """Returns what ``launch()`` and ``gr.mount_gradio_app()`` need to dress the page.

    Since Gradio 6 these belong to the server, not to the Blocks.
    """
    system = ("system-ui", "sans-serif")
    script = "\n".join((ASSETS / name).read_text(encoding="utf-8") for name in SCRIPTS)
    style = "\n".join((ASSETS / name).read_text(encoding="utf-8") for name in STYLES)
    return {
        # Base, with system fonts: other themes ask Google for theirs.
        "theme": gr.themes.Base(font=system, font_mono=("ui-monospace", "monospace")),
        # In the head, and not as ``css``: Gradio rewrites the selectors of that, and loses
        # the rules for dark screens.
        "head": f"<style>{style}</style><script>{script}</script>",
        "favicon_path": str(ASSETS / "favicon.svg"),
        "footer_links": [],
        "run_history": False,
        "mcp_server": False,
        "ssr_mode": False,
        "pwa": False,
    }


def launch(
    page: gr.Blocks,
    *,
    host: str = "127.0.0.1",
    port: int = 7860,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Serves the page until it is interrupted.

    Args:
        page: From ``build_page``.
        host: Address to listen on.
        port: Port to listen on; 0 takes a free one.
        on_ready: Called with the page's address as soon as it answers.

    Raises:
        FootnoteError: The port is taken, or the host is not of this machine.
    """
    address = start(page, host=host, port=port)
    try:
        if on_ready:
            on_ready(address)
        while page.server.thread.is_alive():
            page.server.thread.join(timeout=1)
    except KeyboardInterrupt:
        pass
    finally:
        page.close(verbose=False)


def start(page: gr.Blocks, *, host: str = "127.0.0.1", port: int = 7860) -> str:
    """Serves the page in the background and returns its address; see ``launch``."""
    port = _free_port(host, port)
    try:
        app, address, _ = page.launch(
            server_name=host, server_port=port, share=False, quiet=True, inbrowser=False,
            max_threads=CONCURRENT_ANSWERS, prevent_thread_lock=True, enable_monitoring=False,
            **page_options(),
        )  # fmt: skip
    except (OSError, ValueError) as error:
        # ValueError: Gradio cannot reach its own page, mostly because a proxy is set.
        raise FootnoteError(
            f"the chat page did not start on {host}:{port} ({type(error).__name__}); "
            "if a proxy is set, set also NO_PROXY=127.0.0.1,localhost"
        ) from error
    add_links(app, _DESKS[page])
    return str(address)


def _free_port(host: str, port: int) -> int:
    """Returns the port, once it is sure that it is free; a free one for 0."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            return int(probe.getsockname()[1])
    except socket.gaierror:
        raise FootnoteError(f"no host is called {host!r}; try: --host 127.0.0.1") from None
    except (OSError, OverflowError) as error:
        raise FootnoteError(
            f"cannot serve on {host}:{port}: {error}; try: --port {port + 1}"
        ) from None
