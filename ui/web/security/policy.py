"""Policy: which scripts a browser may run on the page, and what they may load."""

import base64
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.resources import files

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# For everything except pages: nothing in it runs, loads or is framed.
NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

_CONVERSATION = re.compile(r"/c/[A-Za-z0-9_-]{1,64}")

# What Gradio's page sets to JSON before it starts.
_SETTINGS = ("gradio_config", "gradio_api_info")


def page_policy(scripts: Sequence[str]) -> str:
    """Returns the policy of the page, which allows only these inline scripts.

    Two keywords are weaker than they should be, because Gradio needs them: 'unsafe-eval', since it
    compiles the text of each ``js`` and ``js_on_load`` (all ours, none from readers), and
    'unsafe-inline' for style, since its components write ``style`` attributes. No inline script or
    ``onclick`` runs, except ours and the few of Gradio's first page, each allowed by its hash.
    """
    hashes = " ".join(f"'sha256-{_hash(script)}'" for script in scripts)
    return (
        f"default-src 'none'; script-src 'self' 'unsafe-eval' {hashes}; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
        "connect-src 'self'; manifest-src 'self'; base-uri 'self'; form-action 'none'; "
        "frame-ancestors 'none'"
    )


def style_policy(style: str) -> str:
    """Returns the policy of a page of forms: with this style, fonts and pictures, and no script."""
    return (
        f"default-src 'none'; style-src 'sha256-{_hash(style)}'; font-src 'self'; img-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def is_conversation(path: str) -> bool:
    """Returns whether an address is that of a conversation, which the page itself opens."""
    return _CONVERSATION.fullmatch(path) is not None


class PagePolicy:
    """ASGI middleware that adds the page's policy, before compression.

    The policy is made once, from scripts known in advance. Gradio's other inline scripts differ
    with each request: its settings become data that a fixed script reads, and the rest is removed.
    """

    def __init__(self, app: ASGIApp, scripts: Sequence[str] = ()) -> None:
        """Takes the application, and scripts that the page adds after loading."""
        self._app = app
        fixed = [script for script in inline_scripts(template()) if "{{" not in script]
        self._known = frozenset([*fixed, *scripts])
        self._policy = page_policy([*fixed, *scripts, *map(_reading, _SETTINGS)])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request."""
        within = scope["type"] == "http" and is_conversation(scope["path"])
        if scope["type"] != "http" or not (within or scope["path"] == "/"):
            await self._app(scope, receive, send)
            return
        if within:
            scope = {**scope, "path": "/", "raw_path": b"/"}
        held: list[Message] = []

        async def answer(message: Message) -> None:
            # A change alters the length, and the Content-Length header is sent first.
            held.append(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                body = b"".join(part.get("body", b"") for part in held)
                headers = MutableHeaders(scope=held[0])
                headers["content-security-policy"] = self._policy
                if body:
                    # The page's addresses are below this one, whatever it changes its own to.
                    html = self._without_strangers(body.decode())
                    base = f'<head><base href="{"../" if within else "./"}">'
                    body = html.replace("<head>", base, 1).encode()
                    headers["content-length"] = str(len(body))
                await send(held[0])
                await send({"type": "http.response.body", "body": body})

        await self._app(scope, receive, answer)

    def _without_strangers(self, html: str) -> str:
        """Returns a page with only known inline scripts, and its settings as data."""
        before, *parts = html.split("<script")
        split = [_split_policy(part) for part in parts]
        counts = Counter(name for _, text, _ in split if (name := _setting(text)))
        for head, text, after in split:
            name = _setting(text)
            if not text or text in self._known:
                before += f"<script{head}>{text}</script>{after}"
            elif name and counts[name] == 1:
                data = text.partition(" = ")[2].strip().removesuffix(";")
                before += (
                    f'<script type="application/json">{data}</script>'
                    f"<script>{_reading(name)}</script>{after}"
                )
            else:
                before += after
        return before


def template() -> str:
    """Returns Gradio's page template."""
    path = files("gradio") / "templates" / "frontend" / "index.html"
    return path.read_text(encoding="utf-8")


def inline_scripts(html: str) -> Iterator[str]:
    """Yields the text of each inline script in a Gradio page."""
    for part in html.split("<script")[1:]:
        if text := _split_policy(part)[1]:
            yield text


def _split_policy(part: str) -> tuple[str, str, str]:
    """Returns a script's attributes, its text, and what comes after it."""
    head, _, rest = part.partition(">")
    text, _, after = rest.partition("</script>")
    return head, text, after


def _setting(text: str) -> str | None:
    """Returns the name of the settings that a script sets; None for other scripts."""
    name = next((name for name in _SETTINGS if text.startswith(f"window.{name} = ")), None)
    try:
        json.loads(text.partition(" = ")[2].strip().removesuffix(";"))
    except (ValueError, RecursionError):
        return None
    return name


def _reading(name: str) -> str:
    """Returns the script that reads the settings from the data before it."""
    data = "document.currentScript.previousElementSibling.textContent"
    return f"window.{name} = JSON.parse({data});"


def _hash(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
