"""What a browser may do with the page: which scripts run, and what they may ask for."""

import base64
import hashlib
from collections.abc import Iterator, Sequence

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# For everything that is no page: nothing in it runs, loads or is framed.
NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


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
    """ASGI middleware that gives the page its policy; inside of what compresses it."""

    def __init__(self, app: ASGIApp, scripts: Sequence[str] = ()) -> None:
        """Takes the application, and scripts that the page inserts after it has loaded."""
        self._app = app
        self._scripts = tuple(scripts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request."""
        if scope["type"] != "http" or scope["path"] != "/":
            await self._app(scope, receive, send)
            return
        held: list[Message] = []

        async def answer(message: Message) -> None:
            # The header tells what the body holds, so it waits for the whole of it.
            held.append(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                html = b"".join(part.get("body", b"") for part in held).decode()
                policy = page_policy([*inline_scripts(html), *self._scripts])
                MutableHeaders(scope=held[0])["content-security-policy"] = policy
                for part in held:
                    await send(part)

        await self._app(scope, receive, answer)


def inline_scripts(html: str) -> Iterator[str]:
    """Yields the text of each script that stands in a page of Gradio's."""
    for part in html.split("<script")[1:]:
        text = part.partition(">")[2].partition("</script>")[0]
        if text:
            yield text


def _hash(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
