"""The frame of the page: its head, its rooms, the list of conversations, the scope."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby

from markupsafe import Markup

from footnote.index.search.filters import Filters
from footnote.index.storage.health.status import Status
from footnote.ui.rendering.charts.histogram import histogram_svg
from footnote.ui.rendering.environment import piece, render
from footnote.ui.storage.models import Conversation
from footnote.ui.storage.shelf import LibraryPart
from footnote.ui.web.context import AppContext

# Places of the page, by the name of their room; the first is the conversation itself. Those that
# are seldom gone to are under "More".
PLACES = (
    ("ask", "Ask"),
    ("library", "Library"),
    ("table", "Table"),
    ("map", "Map"),
)
MORE_PLACES = (
    ("check", "Check a text"),
    ("news", "What’s new"),
    ("evals", "Evals"),
    ("model", "Model"),
)
VENUES_SHOWN = 100


def header_html(status: Status | None) -> Markup:
    """Returns the head of the page: the name, the promise, and how much the library holds."""
    return piece("page", "header", extent(status) if status else "")


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


def places_html(desk: AppContext) -> Markup:
    """Returns the way from room to room, and the two buttons of the conversation."""
    # If the server stores nothing, a deletion is permanent.
    return piece("page", "places", PLACES, MORE_PLACES, desk.conversations is None)


def shell_html(part: str) -> Markup:
    """Returns an empty part of the page, which its actions fill."""
    return (
        piece("page", "rooms", (*PLACES[1:], *MORE_PLACES))
        if part == "rooms"
        else piece("page", part)
    )


def composers_html(desk: AppContext, *, bare: bool = False) -> Markup:
    """Returns the choice of who writes, and of how thoroughly; nothing where there is no choice.

    Args:
        desk: Whose.
        bare: Whether only what stands within is wanted.
    """
    thorough = desk.writers is not None and desk.writers.thorough
    macro = "writing" if bare else "composers"
    return piece("page", macro, list(desk.asks), desk.reviewing, thorough)


def invitation_html(status: Status | None = None) -> Markup:
    """Returns what stands above the composer of an empty conversation."""
    return piece("page", "invitation", status.papers if status else None)


def start_html(
    questions: Sequence[str], topics: Sequence[tuple[str, int]] = (), *, empty: bool = False
) -> Markup:
    """Returns what stands below the composer of an empty conversation.

    Args:
        questions: Each is asked as it is pressed.
        topics: What the library is about, with the papers of each topic.
        empty: Whether the library has no paper.
    """
    return piece("page", "start", questions, topics, empty)


def next_html(questions: Sequence[str]) -> Markup:
    """Returns the questions that lead on from an answer; nothing where there are none."""
    return piece("page", "next", questions) if questions else Markup()


def talks_html(
    talks: Sequence[Conversation], current: str, search: str, now: datetime | None = None
) -> Markup:
    """Returns the list of a reader's conversations by day, the open one marked.

    Args:
        talks: The last changed first.
        current: Id of the open one.
        search: What was searched for; "" is nothing.
        now: By the reader's clock, with its offset; by UTC where it is not told.
    """
    now = now or datetime.now(UTC)
    days = [(day, list(of_day)) for day, of_day in groupby(talks, lambda t: _day(t.updated, now))]
    return render("talks", days=days, current=current, search=search)


def _day(moment: datetime, now: datetime) -> str:
    """Returns in words how long ago a day is: the last week, then its month."""
    moment = moment.astimezone(now.tzinfo)
    ago = (now.date() - moment.date()).days
    if ago < 1:
        return "Today"
    if ago < 2:
        return "Yesterday"
    return "The last seven days" if ago < 8 else f"{moment:%B %Y}"


def age(moment: datetime, now: datetime) -> str:
    """Returns in words when something was: "3 minutes ago", then its day and hour.

    Args:
        moment: With its offset.
        now: By the reader's clock, with its offset.
    """
    minutes = int((now - moment).total_seconds() // 60)
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{counted(minutes, 'minute')} ago"
    if minutes < 24 * 60:
        return f"{counted(minutes // 60, 'hour')} ago"
    return f"{moment.astimezone(now.tzinfo):%-d %B %Y, %H:%M}"


def scope_html(
    desk: AppContext,
    filters: Filters,
    pinned: Sequence[tuple[str, str]],
    parts: Sequence[LibraryPart] = (),
    within: str = "",
    *,
    unnamed: int = 0,
) -> Markup:
    """Returns what is searched, and how to narrow it.

    Args:
        desk: Whose library it is.
        filters: In force.
        pinned: Ids and titles of the papers that alone are searched, the first of many.
        parts: Collections and tags that can be searched alone.
        within: Key of the one that is; "" is none.
        unnamed: Papers that alone are searched beside the pinned ones.
    """
    library, names = desk.papers, desk.papers.searcher.names
    choices = (
        ("venue", "Venue", names.counts("venue"), filters.venue),
        ("source", "Source", names.counts("source"), filters.source),
    )
    return piece(
        "scope", "form", desk.library.status(), searching(desk, desk.narrow(filters, within)),
        back_to_all(desk, filters, within), _years(library.years(), filters),
        [
            (name, label, _most(counts, chosen), chosen)
            for name, label, counts, chosen in choices
            if len(counts) > 1 or chosen
        ],
        filters.author or "", pinned, unnamed,
        library.count_without_authors() < library.size or bool(filters.author), parts, within,
        desk.name, desk.open_to(desk.who),
    )  # fmt: skip


def library_html(status: Status) -> Markup:
    """Returns what is searched where nothing can be narrowed."""
    told = extent(status)
    if not status.papers:
        told = "This library is empty. To add papers, drop them in the Library."
    return piece("scope", "whole", status, told)


def back_to_all(desk: AppContext, filters: Filters, within: str) -> str:
    """Returns what the button says that searches all papers again; "" where all are searched."""
    narrowed = within or filters != Filters()
    return f"All {counted(desk.papers.size, 'paper')}" if narrowed else ""


def searching(desk: AppContext, filters: Filters) -> str:
    """Returns in words what is searched: "12 of 512 papers since 2024"."""
    library = desk.papers
    count, size = library.count(filters), library.size
    if not size:
        return "No papers yet"
    if filters == Filters():
        return f"All {counted(size, 'paper')}"
    if filters == Filters(papers=filters.papers):
        return f"Only {counted(count, 'chosen paper')} of {size:,}"
    return f"{count:,} of {counted(size, 'paper')} {filters}"


def _years(
    counts: Mapping[int | None, int], filters: Filters
) -> tuple[int, int, int, int, Markup, str] | None:
    """Returns the first and last year, those chosen, the drawing, and what has no year.

    None without a choice.
    """
    years = {year: count for year, count in counts.items() if year is not None}
    if len(years) < 2:
        return None
    first, last = min(years), max(years)
    since, until = filters.since or first, filters.until or last
    dated, undated = sum(years.values()), counts.get(None, 0)
    told = f"{dated:,} of {dated + undated:,} papers have a year" if undated else ""
    if undated and (filters.since or filters.until):
        told = f"{counted(undated, 'paper')} without a year left out"
    return first, last, since, until, histogram_svg(years, since, until), told


def _most(counts: dict[str, int], chosen: str | None) -> dict[str, int]:
    """Returns the names with the most papers, and the chosen one in any case."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:VENUES_SHOWN]
    return dict(ranked) | ({chosen: counts.get(chosen, 0)} if chosen else {})
