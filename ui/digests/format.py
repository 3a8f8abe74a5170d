"""Format digests as plain text, HTML and JSON.

Text from papers and models is data: it is escaped in HTML, and its control characters never reach a
terminal, a mail or a feed. Links lead only to the papers' own addresses.
"""

import re
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from markupsafe import Markup

from footnote.index.models import Paper
from footnote.rag.answer import Answer, Statement
from footnote.rag.serialization import answer_json
from footnote.ui.digests.build import Digest
from footnote.ui.export.citation_data import one_line
from footnote.ui.rendering.answer import verdict
from footnote.ui.rendering.cards import byline, web_address
from footnote.ui.rendering.environment import render
from footnote.ui.storage.models import shorten

# Characters not allowed in XML, terminal controls, and direction overrides.
_UNTOLD = re.compile(
    "[^\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\u202a-\u202e\u2066-\u2069]"
)
# Characters of a topic in a subject or a heading.
TITLE_CHARACTERS = 100


def digest_title(digest: Digest) -> str:
    """Returns the topic on one line, short enough for a heading."""
    return shorten(line(digest.topic.text), TITLE_CHARACTERS) or digest.topic.id


def headline(digests: Sequence[Digest]) -> str:
    """Returns what the digests are about, on one line: "2 topics with something new"."""
    found = [digest for digest in digests if digest.found]
    if len(found) == 1:
        return f"New: {digest_title(found[0])}"
    return f"{len(found)} topics with something new" if found else "Nothing new"


def extent(digest: Digest) -> str:
    """Returns how many papers are new and what they give, without a full stop."""
    if not digest.new:
        return "no new papers"
    papers = f"{digest.new:,} new paper" + ("" if digest.new == 1 else "s")
    return papers if digest.found else f"{papers}, but none answers it"


# Plain text.


def digests_text(digests: Sequence[Digest]) -> str:
    """Returns the digests as plain text for a terminal or a mail; it ends with a new line."""
    return "\n".join(_digest_text(digest) for digest in digests)


def _digest_text(digest: Digest) -> str:
    head = f"{line(digest.topic.text)}\n  {extent(digest)}; topic {digest.topic.id}\n"
    if digest.found is None:
        return head
    told = "".join(f"  {_statement_text(s, digest.found)}\n" for s in digest.found.statements)
    sources = "".join(
        f"  [{marker}] {_source_text(paper)}\n"
        for marker, paper in enumerate(digest.found.papers, 1)
    )
    reason = f"  Note: {line(digest.found.reason)}\n" if digest.found.reason else ""
    return f"{head}\n{told}\n{sources}{reason}"


def _statement_text(statement: Statement, answer: Answer) -> str:
    told = f"{line(statement.text)}{_markers(statement)}{_mark(statement)}"
    if answer.mode == "llm":
        told += "".join(f"\n    “{line(c.quote)}” [{c.marker}]" for c in statement.citations)
    return told


def _source_text(paper: Paper) -> str:
    facts = (paper.title or paper.id, byline(paper, shown=3), web_address(paper), paper.note)
    return " · ".join(line(fact) for fact in facts if fact)


def _markers(statement: Statement) -> str:
    return "".join(f" [{m}]" for m in dict.fromkeys(c.marker for c in statement.citations))


def _mark(statement: Statement) -> str:
    """Returns the remark about a statement that its quotes do not support."""
    found = verdict(statement)
    said = "; ".join([*([found[0]] if found else ()), *statement.notes])
    return f" ({line(said)})" if said else ""


# HTML.


def digest_html(digest: Digest) -> Markup:
    """Returns a digest as HTML without a heading."""
    return _digests_html([digest], titled=False)


def digests_html(digests: Sequence[Digest]) -> Markup:
    """Returns the digests as HTML, each under its topic."""
    return _digests_html(digests, titled=True)


def _digests_html(digests: Sequence[Digest], *, titled: bool) -> Markup:
    return render(
        "digest",
        digests=digests,
        titled=titled,
        title_of=digest_title,
        extent=extent,
        line=line,
        said=lambda statement: f"{statement.text}{_markers(statement)}{_mark(statement)}",
        byline_of=partial(byline, shown=3),
        address_of=web_address,
        quotes_of=_quotes,
    )


def _quotes(answer: Answer, paper: Paper) -> Iterable[str]:
    """Returns the quotes of each paper, in the order of the markers."""
    citations = (c for s in answer.statements for c in s.citations)
    return dict.fromkeys(c.quote for c in citations if c.paper_id == paper.id)


def line(text: str) -> str:
    """Returns untrusted text on one line."""
    return _UNTOLD.sub("", one_line(text))


# JSON.


def digest_json(digest: Digest) -> dict[str, Any]:
    """Returns a digest as JSON values; its answer is Answer JSON, or None."""
    return {
        "topic": {"id": digest.topic.id, "text": digest.topic.text},
        "since": digest.topic.mark,
        "until": digest.until,
        "new": digest.new,
        "made": digest.made.isoformat(timespec="seconds"),
        "answer": answer_json(digest.found) if digest.found else None,
    }
