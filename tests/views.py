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


def bare_page(body: str) -> str:
    """Returns a whole page around ``body``."""
    styles = "".join(
        (ASSETS / name).read_text("utf-8") for name in ("base.css", "chat.css", "views.css")
    )
    scripts = "".join((ASSETS / name).read_text("utf-8") for name in SCRIPTS)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>View</title>'
        f"<style>{styles}</style></head><body>"
        f'<main class="gradio-container"><div style="padding: 16px">{body}</div></main>'
        f"<script>{_NOTES}{scripts}</script></body></html>"
    )
