"""What can be done with an answer: the line of buttons under it."""

from ui.cards import text_html


def toolbar_html() -> str:
    """Returns what can be done with an answer; chat.js knows which answer it stands under."""
    cited = "".join(
        f'<button type="button" class="fn-quiet" data-do="export" data-args="{text_html(args)}">'
        f"{label}</button>"
        for label, args in (
            ("BibTeX", '{"form": "bibtex"}'),
            ("RIS", '{"form": "ris"}'),
            ("CSL-JSON", '{"form": "csl-json"}'),
            ("APA", '{"form": "apa"}'),
            ("IEEE", '{"form": "ieee"}'),
        )
    )
    return (
        '<footer class="fn-tools"><button type="button" class="fn-quiet" data-do="copy">Copy'
        '</button><details class="fn-menu"><summary>Save citations</summary><div>'
        f'{cited}</div></details><button type="button" class="fn-quiet" data-do="timeline">Timeline'
        '</button><button type="button" class="fn-quiet" data-do="agreement">Who agrees</button>'
        '<button type="button" class="fn-quiet" data-do="map">On the map</button>'
        '<button type="button" class="fn-quiet" data-do="watch">Watch</button>'
        '<button type="button" class="fn-quiet" data-edit>Edit</button>'
        '<button type="button" class="fn-quiet" data-retry>Retry</button>'
        f'<span class="fn-thumbs">{_thumb("up", "Good answer")}'
        f'{_thumb("down", "Bad answer")}</span></footer><div class="fn-pane"></div>'
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
