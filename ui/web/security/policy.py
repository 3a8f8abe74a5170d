"""What a browser may do with the page: which scripts run, and what they may ask for."""

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.resources import files

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# For everything that is no page: nothing in it runs, loads or is framed.
NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

# What Gradio's page sets to JSON before it starts.
_SETTINGS = ("gradio_config", "gradio_api_info")


def page_policy(scripts: Sequence[str]) -> str:
    """Returns the policy of the page, in which only these inline scripts run.

    Two words stay weaker than they should be, because Gradio cannot do without:
    'unsafe-eval', since it makes functions of the text of each ``js`` and ``js_on_load`` (all of
    them ours, none a reader's), and 'unsafe-inline' for style, since it and its components write
    ``style`` attributes. Inline scripts and ``onclick`` and the like never run but for Gradio's
    own few of its first page and ours, each known by the hash of its text.
    """
    hashes = " ".join(f"'sha256-{_hash(script)}'" for script in scripts)
    return (
        f"default-src 'none'; script-src 'self' 'unsafe-eval' {hashes}; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
        "connect-src 'self'; manifest-src 'self'; base-uri 'self'; form-action 'none'; "
        "frame-ancestors 'none'"
    )


class PagePolicy:
    """ASGI middleware that gives the page its policy; inside of what compresses it.

    The policy is made once, of scripts that are known before a page is asked for. What else
    Gradio writes into its page as script differs with each request: its settings become data,
    which a script that is always the same reads, and the rest is left out.
    """

    def __init__(self, app: ASGIApp, scripts: Sequence[str] = ()) -> None:
        """Takes the application, and scripts that the page inserts after it has loaded."""
        self._app = app
        fixed = [script for script in inline_scripts(template()) if "{{" not in script]
        self._known = frozenset([*fixed, *scripts])
        self._policy = page_policy([*fixed, *scripts, *map(_reading, _SETTINGS)])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request."""
        if scope["type"] != "http" or scope["path"] != "/":
            await self._app(scope, receive, send)
            return
        held: list[Message] = []

        async def answer(message: Message) -> None:
            # Whatever is changed changes the length, which is told first.
            held.append(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                body = b"".join(part.get("body", b"") for part in held)
                headers = MutableHeaders(scope=held[0])
                headers["content-security-policy"] = self._policy
                if body:
                    body = self._without_strangers(body.decode()).encode()
                    headers["content-length"] = str(len(body))
                await send(held[0])
                await send({"type": "http.response.body", "body": body})

        await self._app(scope, receive, answer)

    def _without_strangers(self, html: str) -> str:
        """Returns a page whose inline scripts are known, its settings data beside one."""
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
    """Returns the page of Gradio's, before it is filled."""
    path = files("gradio") / "templates" / "frontend" / "index.html"
    return path.read_text(encoding="utf-8")


def inline_scripts(html: str) -> Iterator[str]:
    """Yields the text of each script that stands in a page of Gradio's."""
    for part in html.split("<script")[1:]:
        if text := _split_policy(part)[1]:
            yield text


def _split_policy(part: str) -> tuple[str, str, str]:
    """Returns a script's attributes, its text, and what comes after it."""
    head, _, rest = part.partition(">")
    text, _, after = rest.partition("</script>")
    return head, text, after


def _setting(text: str) -> str | None:
    """Returns the name of the settings that a script sets, None for any other script."""
    name = next((name for name in _SETTINGS if text.startswith(f"window.{name} = ")), None)
    try:
        json.loads(text.partition(" = ")[2].strip().removesuffix(";"))
    except (ValueError, RecursionError):
        return None
    return name


def _reading(name: str) -> str:
    """Returns the script that makes settings of the data before it."""
    data = "document.currentScript.previousElementSibling.textContent"
    return f"window.{name} = JSON.parse({data});"


def _hash(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
