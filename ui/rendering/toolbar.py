"""What can be done with an answer: the line of buttons under it."""

from footnote.ui.rendering.cards import text_html

_FORMS = (
    ("BibTeX", "bibtex"),
    ("RIS", "ris"),
    ("CSL-JSON", "csl-json"),
    ("APA", "apa"),
    ("IEEE", "ieee"),
)


def toolbar_html(*, cites: bool) -> str:
    """Returns what can be done with an answer; chat.js knows which answer it stands under.

    Args:
        cites: Whether it cites anything: of a refusal there is nothing to save or to lay out.
    """
    saved = "".join(_tool(label, "export", f'{{"form": "{form}"}}') for label, form in _FORMS)
    citing = (
        f'<details class="fn-menu"><summary>Save citations</summary><div>{saved}</div></details>'
        f"{_tool('Timeline', 'timeline')}{_tool('Who agrees', 'agreement')}"
    )
    return (
        f'<footer class="fn-tools">{_tool("Copy", "copy")}{citing if cites else ""}'
        f"{_tool('On the map', 'map')}{_tool('Watch', 'watch')}"
        '<button type="button" class="fn-quiet" data-edit>Edit</button>'
        '<button type="button" class="fn-quiet" data-retry>Retry</button>'
        f'<span class="fn-thumbs">{_thumb("up", "Good answer")}'
        f'{_thumb("down", "Bad answer")}</span></footer><div class="fn-pane"></div>'
    )


def _tool(label: str, action: str, args: str = "{}") -> str:
    return (
        f'<button type="button" class="fn-quiet" data-do="{action}"'
        f' data-args="{text_html(args)}">{label}</button>'
    )


def _thumb(way: str, label: str) -> str:
    action = "vote" if way == "up" else "doubt"
    return (
        f'<button type="button" class="fn-quiet fn-thumb" data-do="{action}" data-thumb="{way}"'
        f""" data-args='{{"thumb": "{way}"}}' aria-label="{label}" aria-pressed="false">"""
        f'<svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">'
        '<path d="M2 7h2.5'
        "v7H2zM5.5 7.2 8.4 1.6c.9 0 1.5.7 1.4 1.6L9.4 6h3.9c.9 0 1.5.8 1.3 1.7l-1.1 5c-.2.8-.8 1.3"
        '-1.6 1.3H5.5z" fill="none" stroke="currentColor" stroke-width="1.2" stroke-linejoin='
        '"round"/></svg></button>'
    )
