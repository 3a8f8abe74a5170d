"""Filter parser: which words of a question become filters, and what remains to search for."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from footnote.index.library import LibraryReader
from footnote.index.search.filters import EVERYTHING, Filters, NameKind
from footnote.index.search.fulltext import STOP_WORDS, query_words
from footnote.rag.answer import Answer, Constraint, ConstraintKind
from footnote.rag.query.filter_patterns import FilterMatch, find_filter_matches, parse_only_years
from footnote.rag.query.question import Question

_YEARS: tuple[ConstraintKind, ...] = ("since", "until")


@dataclass(frozen=True, slots=True)
class Scope:
    """A question and its filters.

    Attributes:
        question: Without the words that became filters.
        filters: The caller's, and those in the question of other kinds.
        read: The filters from the question that apply.
        note: Which filters were dropped because no paper passes them.
    """

    question: Question
    filters: Filters = EVERYTHING
    read: tuple[Constraint, ...] = ()
    note: str | None = None


def parse_filters(
    question: Question,
    library: LibraryReader,
    given: Filters = EVERYTHING,
    *,
    ignored: Collection[ConstraintKind] = (),
    today: date | None = None,
) -> Scope:
    """Returns a question with the filters that it contains.

    The caller's filters override those of the same kind in the question. If no paper passes the
    question's filters, first its years and then all of them are dropped, and ``note`` says so.

    Args:
        question: What is asked.
        library: Provides the known venues, authors and sources.
        given: The caller's filters.
        ignored: Kinds of filters not to read from the question.
        today: The date that "last year" refers to; the current date when not given.
    """
    day = today or date.today()

    def has(kind: NameKind, name: str) -> bool:
        return library.searcher.names.known(kind, name)

    # A follow-up that only names years repeats the previous question.
    years = parse_only_years(question.asked, day) if question.topic else {}
    text = question.topic if years else question.asked
    found = find_filter_matches(text, has, day)
    if years:
        searched = Question(_remove_matches(text, found))
        read = [c for c in _constraints(text, found) if c.kind not in _YEARS]
        read += [Constraint(kind, value, question.asked) for kind, value in years.items()]
    else:
        searched = replace(question, asked=_remove_matches(text, found))
        read = _constraints(text, found)
    dated = given.dated
    read = [c for c in read if c.kind not in ignored]
    read = [c for c in read if not (dated and c.kind in _YEARS) and getattr(given, c.kind) is None]
    return _relax_filters(Scope(searched, given), read, library)


def apply_scope(answer: Answer, scope: Scope) -> Answer:
    """Returns an answer that states its filters, and those that were dropped."""
    reason, told = answer.reason, str(scope.filters)
    if answer.abstained and scope.read and reason:
        reason = f"{reason}; only papers {told} were searched"
    if scope.note:
        reason = f"{scope.note}; {reason}" if reason else scope.note
    receipt = replace(answer.receipt, filters=told)
    return replace(answer, reason=reason, scope=scope.read, receipt=receipt)


# If a smaller share of papers has a year, a question's years are not used.
MOSTLY = 0.5


def _relax_filters(scope: Scope, read: Sequence[Constraint], library: LibraryReader) -> Scope:
    """Returns the scope without filters from the question that no paper passes."""
    dated = library.count(Filters(since=1)) if any(c.kind in _YEARS for c in read) else library.size
    if dated < MOSTLY * library.size:
        # If most years are unknown, a year filter hides most of the answer.
        read = [c for c in read if c.kind not in _YEARS]
        told = f"only {dated:,} of {library.size:,} papers have a year, so all years were searched"
        held = _relax_filters(scope, read, library)
        return replace(held, note=f"{told}; {held.note}" if held.note else told)
    wanted = _add_filters(scope.filters, read)
    unwanted = [c for c in read if c.kind not in _YEARS]
    for kept in (read, unwanted, ()):
        filters = _add_filters(scope.filters, kept)
        if not kept or library.count(filters):
            break
    note = None
    if len(kept) < len(read):
        limited = f"those {filters}" if kept else "all"
        note = f"the library has no paper {wanted}, so {limited} were searched"
    return replace(scope, filters=filters, read=tuple(kept), note=note)


def _add_filters(filters: Filters, read: Sequence[Constraint]) -> Filters:
    values: dict[str, Any] = {c.kind: c.value for c in read}
    return replace(filters, **values)


def _constraints(text: str, found: Sequence[FilterMatch]) -> list[Constraint]:
    return [
        Constraint(kind, value, text[limit.start : limit.end])
        for limit in found
        for kind, value in limit.values.items()
    ]


def _remove_matches(text: str, found: Sequence[FilterMatch]) -> str:
    """Returns a question without the words that became filters, unless nothing remains."""
    rest = text
    for limit in reversed(found):
        rest = f"{rest[: limit.start]} {rest[limit.end :]}"
    rest = re.sub(r" ([?!.,;:)])", r"\1", " ".join(rest.split())).strip(" ,;:")
    return text if set(query_words(rest)) <= STOP_WORDS else rest
