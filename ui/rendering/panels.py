"""The frame of the page: its head, its rooms, the list of conversations, the scope."""

import json
from collections.abc import Sequence
from typing import Any

from footnote.index.search.filters import Filters
from footnote.index.storage.status import Status
from footnote.ui.rendering.cards import text_html
from footnote.ui.rendering.charts.histogram import histogram_svg
from footnote.ui.storage.models import Conversation
from footnote.ui.web.context import Desk

# Places of the page, by the name of their room; the first is the conversation itself.
PLACES = (
    ("ask", "Ask"),
    ("library", "Library"),
    ("map", "Map"),
    ("news", "What’s new"),
    ("evals", "Evals"),
)
VENUES_SHOWN = 100


def header_html(status: Status) -> str:
    """Returns the head of the page: the name, the promise, and how much the library holds."""
    return (
        '<div class="fn-head"><h1 class="fn-name">Footnote<sup aria-hidden="true">1</sup></h1>'
        '<p class="fn-promise">A quote under every sentence</p>'
        f'<p class="fn-count">{text_html(extent(status))}</p></div>'
    )


def extent(status: Status) -> str:
    """Returns how many papers a library holds, and of which years."""
    papers = counted(status.papers, "paper")
    first, last = status.first_year, status.last_year
    if first is None or last is None:
        return papers
    return f"{papers} · {first}" if first == last else f"{papers} · {first}–{last}"


def counted(count: int, what: str) -> str:
    """Returns a number of things in words: "1 paper", "2,048 papers"."""
    return f"{count:,} {what}" + ("" if count == 1 else "s")


def places_html(desk: Desk) -> str:
    """Returns the way from room to room, and the two buttons of the conversation."""
    links = "".join(
        f'<button type="button" class="fn-place" data-room="{room}"'
        f"{' aria-current=page' if room == 'ask' else ''}>{label}</button>"
        for room, label in PLACES
    )
    # What no server keeps is gone for good.
    asked = " data-ask" if desk.conversations is None else ""
    return (
        f'<div class="fn-nav"><nav aria-label="Places">{links}</nav>'
        '<button type="button" id="fn-drawer" class="fn-quiet" aria-expanded="false"'
        ' aria-controls="fn-talks">Conversations</button>'
        f'<button type="button" id="fn-clear" class="fn-button"{asked}>New conversation</button>'
        "</div>"
    )


def shell_html(part: str) -> str:
    """Returns an empty part of the page, which its actions fill."""
    if part == "talks":
        return (
            '<aside id="fn-talk-list" aria-label="Conversations">'
            '<form data-do="talks" role="search"><input type="search" name="search"'
            ' aria-label="Search conversations"'
            ' placeholder="Search conversations" autocomplete="off"></form>'
            '<div id="fn-talk-rows"></div></aside>'
        )
    if part == "scope":
        return '<section id="fn-scope" aria-label="What is searched"></section>'
    rooms = "".join(
        f'<section class="fn-room" id="fn-room-{room}" aria-label="{label}" hidden></section>'
        for room, label in PLACES[1:]
    )
    return f'{rooms}{_DIALOG}<div id="fn-toast" role="status"></div>'


# Filled by what footnote.ui.web.handlers.confirmations asks.
_DIALOG = (
    '<dialog id="fn-dialog" aria-labelledby="fn-dialog-title" aria-describedby="fn-dialog-text">'
    "</dialog>"
)


def composers_html(desk: Desk) -> str:
    """Returns the choice of who writes; nothing where there is no choice."""
    if len(desk.asks) < 2:
        return ""
    options = "".join(f"<option>{text_html(name)}</option>" for name in desk.asks)
    return f'<label id="fn-composer-choice">Written by <select>{options}</select></label>'


def talks_html(talks: Sequence[Conversation], current: str, search: str) -> str:
    """Returns the list of a reader's conversations, the open one marked."""
    if not talks:
        told = "Nothing found." if search else "What you ask is kept here."
        return f'<p class="fn-remark">{told}</p>'
    return f'<ul class="fn-talks">{"".join(_talk(talk, current) for talk in talks)}</ul>'


def _talk(talk: Conversation, current: str) -> str:
    here = ' aria-current="true"' if talk.id == current else ""
    shared = ' <span class="fn-badge">shared</span>' if talk.shared else ""
    label = text_html(f"More for {talk.title}")
    return (
        f'<li{here}><button type="button" class="fn-talk" data-do="open" {data(id=talk.id)}>'
        f"{text_html(talk.title)}{shared}</button>"
        f'<details class="fn-menu"><summary aria-label="{label}">⋯</summary><div>'
        f'<form data-do="rename" {data(id=talk.id)}><label>Name <input name="title"'
        f' value="{text_html(talk.title)}" maxlength="200" required></label>'
        f'<button class="fn-quiet">Rename</button></form>'
        f"{_item('export', 'Markdown', id=talk.id, form='markdown')}"
        f"{_item('export', 'HTML', id=talk.id, form='html')}"
        f"{_item('export', 'JSON', id=talk.id, form='json')}"
        f"{_item('share', 'Share a link', id=talk.id)}"
        f"{_item('unshare', 'Stop sharing', ask=True, id=talk.id) if talk.shared else ''}"
        f"{_item('delete', 'Delete', ask=True, id=talk.id)}"
        "</div></details></li>"
    )


def _item(action: str, label: str, *, ask: bool = False, **args: Any) -> str:
    asked = " data-ask" if ask else ""
    return (
        f'<button type="button" class="fn-quiet" data-do="{action}" {data(**args)}{asked}>'
        f"{label}</button>"
    )


def data(**args: Any) -> str:
    """Returns the arguments of an action as the attribute that ``actions.js`` reads."""
    return f'data-args="{text_html(json.dumps(args))}"'


def scope_html(desk: Desk, filters: Filters, pinned: Sequence[tuple[str, str]]) -> str:
    """Returns what is searched, and how to narrow it.

    Args:
        desk: Whose library it is.
        filters: In force.
        pinned: Identifiers and titles of the papers that alone are searched.
    """
    library, status = desk.papers, desk.library.status()
    years = {year: count for year, count in library.years().items() if year is not None}
    notes = "".join(f'<p class="fn-remark">{text_html(note)}</p>' for note in status.notes)
    return (
        '<form data-do="scope" data-live="1"><h2 class="fn-kicker">Searching</h2>'
        f'<h3>{text_html(status.name)}</h3><p class="fn-searching">'
        f"{text_html(searching(desk, filters))}"
        f"{_UNSCOPE if filters != Filters(papers=filters.papers) else ''}</p>"
        f"{_years(years, filters)}"
        f"{_choice('venue', 'Venue', library.searcher.names.counts('venue'), filters.venue)}"
        f"{_choice('source', 'Source', library.searcher.names.counts('source'), filters.source)}"
        '<label class="fn-field"><span>Author</span><input name="author" autocomplete="off"'
        f' placeholder="Surname or full name" value="{text_html(filters.author or "")}"></label>'
        f"{_pins(pinned)}</form>{notes}"
    )


_UNSCOPE = ' <button type="button" class="fn-quiet" data-unscope>Clear the filters</button>'


def library_html(status: Status) -> str:
    """Returns what is searched where nothing can be narrowed."""
    if not status.papers:
        told = "This library is empty. To add papers, drop them in the Library."
    else:
        told = f"{extent(status)} · {counted(status.passages, 'passage')}"
    notes = "".join(f'<p class="fn-remark">{text_html(note)}</p>' for note in status.notes)
    return (
        f'<h2 class="fn-kicker">Searching</h2><h3>{text_html(status.name)}</h3>'
        f"<p>{text_html(told)}</p>{notes}"
    )


def searching(desk: Desk, filters: Filters) -> str:
    """Returns in words what is searched: "12 of 512 papers since 2024"."""
    library = desk.papers
    count, size = library.count(filters), library.size
    if filters == Filters():
        return f"All {counted(size, 'paper')}"
    if filters == Filters(papers=filters.papers):
        return f"Only {counted(count, 'chosen paper')} of {size:,}"
    return f"{count:,} of {counted(size, 'paper')} {filters}"


def _years(years: dict[int, int], filters: Filters) -> str:
    if len(years) < 2:
        return ""
    first, last = min(years), max(years)
    since, until = filters.since or first, filters.until or last
    ranges = "".join(
        f'<input type="range" name="{name}" min="{first}" max="{last}" value="{value}"'
        f' aria-label="{label}" aria-valuetext="{value}">'
        for name, label, value in (("since", "First year", since), ("until", "Last year", until))
    )
    return (
        f'<fieldset class="fn-years"><legend>Years <output>{since}–{until}</output></legend>'
        f'{histogram_svg(years, since, until)}<div class="fn-ranges">{ranges}</div></fieldset>'
    )


def _choice(name: str, label: str, counts: dict[str, int], chosen: str | None) -> str:
    if len(counts) < 2 and not chosen:
        return ""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:VENUES_SHOWN]
    names = dict(ranked) | ({chosen: counts.get(chosen, 0)} if chosen else {})
    options = "".join(
        f'<option value="{text_html(value)}"{" selected" if value == chosen else ""}>'
        f"{text_html(value)} ({count:,})</option>"
        for value, count in names.items()
    )
    return (
        f'<label class="fn-field"><span>{label}</span><select name="{name}">'
        f'<option value="">All</option>{options}</select></label>'
    )


def _pins(pinned: Sequence[tuple[str, str]]) -> str:
    if not pinned:
        return ""
    rows = "".join(
        f'<li><span>{text_html(title)}</span><button type="button" class="fn-quiet"'
        f' data-unpin="{text_html(paper)}" aria-label="{text_html(f"Search beyond {title}")}">'
        "Remove</button></li>"
        for paper, title in pinned[:20]
    )
    more = f"<li>and {len(pinned) - 20:,} more</li>" if len(pinned) > 20 else ""
    return (
        f'<fieldset class="fn-pins"><legend>Only these papers ({len(pinned):,})</legend>'
        '<button type="button" class="fn-quiet" data-unpin="">Search all papers again</button>'
        f"<ul>{rows}{more}</ul></fieldset>"
    )
