"""A bare page with one view on it, dressed as the chat page dresses it."""

from pathlib import Path

import footnote.ui

ASSETS = Path(footnote.ui.__file__).parent / "web" / "static"
# Every event that a view sends, in order.
_NOTES = (
    "window.scopes = [];"
    "document.addEventListener('footnote:scope', (e) => window.scopes.push(e.detail.papers));"
)


SCRIPTS = ("chat.js", "map.js", "views.js")


def bare_page(body: str, *, most: int = 5000) -> str:
    """Returns a whole page around ``body``, where at most so many papers can be asked alone."""
    styles = "".join(
        (ASSETS / name).read_text("utf-8") for name in ("base.css", "chat.css", "views.css")
    )
    scripts = "".join((ASSETS / name).read_text("utf-8") for name in SCRIPTS)
    scripts = scripts.replace("const MOST = 5000;", f"const MOST = {most};")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>View</title>'
        f"<style>{styles}</style></head><body>"
        f'<main class="gradio-container"><div style="padding: 16px">{body}</div></main>'
        f"<script>{_NOTES}{scripts}</script></body></html>"
    )
