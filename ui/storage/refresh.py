"""Refresh: a stored answer as the library is now, so that it tells what became of its sources.

An answer is stored with the records and abstracts that it was made of. Its quotes stay as they
were; the records are those of today, found by any name that the paper had, also after it was
merged, split or corrected.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from footnote.index.library import Library
from footnote.index.models import Paper
from footnote.index.storage.ingest.duplicates.merging import same_paper
from footnote.rag.answer import Answer, Citation, Statement
from footnote.rag.engine.result import note_statuses

GONE = "No longer in the library; shown as it was when the answer was written."
CHANGED = "Changed since the answer was written: the abstract lacks the quote now, word for word."
# What is said of each in a few words.
SINCE: Mapping[str, str] = {GONE: "no longer in the library", CHANGED: "changed since"}


def refresh(answer: Answer, library: Library) -> Answer:
    """Returns a stored answer with the records of today, and what became of its sources noted.

    The abstracts and quotes stay as they were; never store what this returns.
    """
    papers = [*answer.papers, *(hit.paper for hit in answer.hits)]
    owners = library.owners({name for paper in papers for name in (paper.id, *paper.aliases)})
    quotes: dict[str, set[str]] = {paper.id: set() for paper in papers}
    for citation in _citations(answer):
        quotes[citation.paper_id].add(citation.quote)
    now = {paper: _find_now(paper, quotes[paper.id], owners) for paper in papers}
    found = {paper.id: now[paper] for paper in answer.papers}
    told = replace(
        answer,
        papers=tuple(_renew(paper, now[paper], quotes[paper.id]) for paper in answer.papers),
        hits=tuple(replace(h, paper=_renew(h.paper, now[h.paper], ())) for h in answer.hits),
        statements=tuple(_note_changes(one, found) for one in answer.statements),
    )
    return note_statuses(told)


def since(paper: Paper) -> str:
    """Returns in a few words what became of a refreshed paper; empty where nothing did."""
    note = paper.note or ""
    return next((said for told, said in SINCE.items() if note.startswith(told)), "")


def _citations(answer: Answer) -> Iterable[Citation]:
    return (citation for statement in answer.statements for citation in statement.citations)


def _find_now(paper: Paper, quotes: set[str], owners: Mapping[str, Paper]) -> Paper | None:
    """Returns the paper of the library that a stored one is; None where it is gone.

    Of several, which were one paper then, the one that still has its quotes.
    """
    strong = {name for name in paper.aliases if not name.startswith("title:")}
    found = [
        one
        for one in dict.fromkeys(owners[name] for name in paper.aliases if name in owners)
        # A title alone may be another paper's by now.
        if not strong.isdisjoint(one.aliases) or _is_same(paper, one, quotes)
    ]
    return next((one for one in found if _has_all(one, quotes)), next(iter(found), None))


def _is_same(paper: Paper, other: Paper, quotes: set[str]) -> bool:
    corrected = "title" in other.corrected or "authors" in other.corrected
    return corrected or (bool(quotes) and _has_all(other, quotes)) or same_paper(paper, other)


def _has_all(paper: Paper, quotes: Iterable[str]) -> bool:
    return all(quote in paper.abstract for quote in quotes)


def _renew(paper: Paper, now: Paper | None, quotes: Iterable[str]) -> Paper:
    """Returns a stored paper with its record of today, and what became of it in its note."""
    if now is None:
        return replace(paper, note=_noted(GONE, paper))
    renewed = replace(
        paper, title=now.title, authors=now.authors, author_count=now.author_count,
        published=now.published, venue=now.venue, url=now.url, status=now.status or paper.status,
    )  # fmt: skip
    return renewed if _has_all(now, quotes) else replace(renewed, note=_noted(CHANGED, paper))


def _noted(told: str, paper: Paper) -> str:
    return f"{told} {paper.note}" if paper.note else told


def _note_changes(statement: Statement, now: Mapping[str, Paper | None]) -> Statement:
    """Returns a statement with notes on those of its quotes that no longer stand."""
    cited = statement.citations
    source = "its source" if len({c.paper_id for c in cited}) == 1 else "one of its sources"
    gone = any(now[c.paper_id] is None for c in cited)
    other = any(c.quote not in one.abstract for c in cited if (one := now[c.paper_id]))
    notes = [f"{source} is {SINCE[GONE]}"] if gone else []
    notes += [f"{source} has {SINCE[CHANGED]}"] if other else []
    return replace(statement, notes=(*statement.notes, *notes))
