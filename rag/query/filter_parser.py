"""Scope: what a question is searched with, and which of its words became filters."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from footnote.index.library import Library
from footnote.index.search.filters import EVERYTHING, Filters, NameKind
from footnote.index.search.fulltext import STOP_WORDS, query_words
from footnote.rag.answer import Answer, Constraint, ConstraintKind
from footnote.rag.query.filter_patterns import FilterMatch, find_filter_matches, parse_only_years
from footnote.rag.query.question import Question

_YEARS: tuple[ConstraintKind, ...] = ("since", "until")


@dataclass(frozen=True, slots=True)
class Scope:
    """A question as it is searched for.

    Attributes:
        question: Without the words that became filters.
        filters: Those that were given, and those that were read where none was given.
        read: Those that were read and hold.
        note: What became of those that no paper passes.
    """

    question: Question
    filters: Filters = EVERYTHING
    read: tuple[Constraint, ...] = ()
    note: str | None = None


def parse_filters(
    question: Question,
    library: Library,
    given: Filters = EVERYTHING,
    *,
    ignored: Collection[ConstraintKind] = (),
    today: date | None = None,
) -> Scope:
    """Returns a question with the filters that its words ask for.

    Filters that were given win over those of the same kind that were read. Where no paper
    passes what was read, its years are let go, then all of it, and ``note`` says so.

    Args:
        question: What is asked.
        library: Whose venues, authors and sources are known.
        given: What the caller asks for beside the question.
        ignored: Kinds of filters that are not wanted, though the question has words for them.
        today: What "last year" counts from; the present day where not given.
    """
    day = today or date.today()

    def has(kind: NameKind, name: str) -> bool:
        return library.searcher.names.known(kind, name)

    # Of a follow-up that only says years, what was asked before is asked again.
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
    """Returns an answer that says what it was limited to, and what it was not."""
    reason, told = answer.reason, str(scope.filters)
    if answer.abstained and scope.read and reason:
        reason = f"{reason}; only papers {told} were searched"
    if scope.note:
        reason = f"{scope.note}; {reason}" if reason else scope.note
    receipt = replace(answer.receipt, filters=told)
    return replace(answer, reason=reason, scope=scope.read, receipt=receipt)


# Where fewer of the papers than this have a year, a question's years are not used.
MOSTLY = 0.5


def _relax_filters(scope: Scope, read: Sequence[Constraint], library: Library) -> Scope:
    """Returns the scope with as many of the filters that were read as some paper passes."""
    dated = library.count(Filters(since=1)) if any(c.kind in _YEARS for c in read) else library.size
    if dated < MOSTLY * library.size:
        # A year that is not known would keep out most of what answers.
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
    """Returns a question without the words that became filters, unless nothing else is left."""
    rest = text
    for limit in reversed(found):
        rest = f"{rest[: limit.start]} {rest[limit.end :]}"
    rest = re.sub(r" ([?!.,;:)])", r"\1", " ".join(rest.split())).strip(" ,;:")
    return text if set(query_words(rest)) <= STOP_WORDS else rest
