"""Answers as HTML for the chat page; no gradio here.

Every text that a paper or a model wrote is data: the templates escape it, and nothing that it
contains can become an element, a link or an image. The one link that is made is a paper's own
address.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from markupsafe import Markup

from footnote.index.models import STATUSES, Hit, Paper
from footnote.rag.answer import Answer, Constraint, Statement
from footnote.rag.query.translation import NAMES
from footnote.ui.rendering.answer_blocks import parse_blocks
from footnote.ui.rendering.cards import Span, byline, card_html, web_links
from footnote.ui.rendering.environment import piece, render
from footnote.ui.rendering.mathml import prose_html
from footnote.ui.rendering.toolbar import toolbar_html
from footnote.ui.storage.refresh import SINCE, since

NEAREST_SHOWN = 3

_MARKER = re.compile(r"(?<!\s)\s*+\[(\d+)\]")


def answer_html(
    answer: Answer, number: int, *, whole: bool = True, charts: Sequence[str] = ()
) -> Markup:
    """Returns the answer as HTML.

    Args:
        answer: What is shown.
        number: Tells the turns of a conversation apart.
        whole: Whether it is complete; what is still being written has no tools yet.
        charts: The charts that say anything of it, from ``offered_charts``.
    """
    near = frozenset() if answer.abstained else frozenset(answer.more)
    uncited = [(hit, _quotes(_telling(hit))) for hit in _uncited(answer)]
    rest = [row for row in uncited if row[0].paper.id not in near]
    blocks = parse_blocks(answer.text, answer.statements)
    tabled = any(block.kind == "table" for block in blocks)
    return render(
        "answer",
        answer=answer,
        number=number,
        whole=whole,
        card=lambda marker: f"t{number}-s{marker}",
        searched=tell_searched(answer),
        limits=[(limit.kind, _named(limit)) for limit in answer.scope],
        blocks=blocks,
        sides=_count_sides(answer),
        reason=_sentence(answer.reason) if answer.reason else "",
        nearest=[(hit, _quotes(_telling(hit))) for hit in answer.hits[:NEAREST_SHOWN]],
        more=[row for row in uncited if row[0].paper.id in near],
        rest=rest[NEAREST_SHOWN if answer.abstained else 0 :],
        prose=prose_html,
        weak=WEAK,
        facts=_facts(answer),
        tokens=answer.receipt.prompt_tokens + answer.receipt.completion_tokens,
        cost="" if answer.receipt.cost_usd is None else f"{answer.receipt.cost_usd:.6f}",
        toolbar=toolbar_html(cites=bool(answer.papers), tabled=tabled, charts=tuple(charts)),
        spans_of=spans_of,
        quotes_of=_quotes_by_marker,
        mark_of=_mark,
        since_of=since,
        byline_of=byline,
        links_of=web_links,
    )


def source_cards_html(answer: Answer, number: int) -> Markup:
    """Returns one hidden card for each paper that the answer cites or retrieved.

    A card holds the whole abstract with the answer's quotes from it in ``<mark>``; each
    mark names its quotes as ``start-end`` in ``data-quotes``, also where quotes overlap.
    """
    cited = [
        card_html(f"t{number}-s{marker}", f"Source {marker}", paper, spans_of(answer, paper))
        for marker, paper in enumerate(answer.papers, 1)
    ]
    others = [
        card_html(f"t{number}-h{hit.rank}", "Retrieved, not cited", hit.paper, _telling(hit))
        for hit in _uncited(answer)
    ]
    return Markup("").join(cited + others)


def turn_html(question: str, body: Markup) -> Markup:
    """Returns one turn: the question, and under it ``body``."""
    return piece("progress", "turn", question, body)


def stage_html(detail: str, bounds: str = "") -> Markup:
    """Returns the line that says what is being done, such as "Searching 512 papers…".

    Args:
        detail: What is done and, behind a semicolon, what may still be spent on it.
        bounds: What may be spent in all; with what is left it has a line of its own.
    """
    doing, _, left = detail.partition("; ")
    spending = ". ".join(filter(None, (bounds, left)))
    return piece("progress", "stage", doing[:1].upper() + doing[1:].rstrip(".… "), spending)


def draft_html(
    text: str, statements: Sequence[Statement] = (), cards: Mapping[str, str] | None = None
) -> Markup:
    """Returns an answer in the making: its blocks, each whole sentence with its verdict so far.

    Args:
        text: So far.
        statements: Sentences of it that are whole. Only what is proved to be wrong is marked: a
            model may still settle the others.
        cards: Ids of the cards of its papers, by the papers' ids; other markers open nothing yet.
    """

    def said(statement: Statement) -> Markup:
        of_paper = {citation.marker: citation.paper_id for citation in statement.citations}
        markers = [
            (marker, (cards or {}).get(of_paper[marker]), spans)
            for marker, spans in _quotes_by_marker(statement).items()
        ]
        wrong = _mark(statement) if statement.verdict == "contradicted" else None
        return piece("progress", "said", statement, markers, wrong)

    blocks = parse_blocks(text, statements, whole=False)
    return piece("progress", "draft", blocks, _drafted, said)


def reads_html(papers: Sequence[Paper], markers: Mapping[str, int], number: int) -> Markup:
    """Returns the list of papers that a model reads for an answer.

    Args:
        papers: In the order of their cards.
        markers: Of those that it has cited so far, by the papers' ids.
        number: Of the turn.
    """
    rows = [
        (f"t{number}-r{at}", paper, byline(paper, shown=1), markers.get(paper.id, ""))
        for at, paper in enumerate(papers, 1)
    ]
    return piece("progress", "reads", rows) if rows else Markup()


def read_card_html(paper: Paper, spans: Sequence[Span], name: str) -> Markup:
    """Returns the hidden card of a paper that is read, with what was quoted from it so far."""
    return card_html(name, "Cited" if spans else "Read", paper, spans)


def _drafted(words: str) -> Markup:
    return Markup(_MARKER.sub(_drafted_marker(), str(prose_html(words))))


@lru_cache(1)
def _drafted_marker() -> str:
    return str(piece("progress", "marker", r"\1"))


def error_html(message: str) -> Markup:
    """Returns an error as one line of the conversation."""
    return piece("progress", "error", _sentence(message))


def retry_html() -> Markup:
    """Returns the button that asks a question again that had no answer."""
    return piece("progress", "retry")


def _sentence(line: str) -> str:
    """Returns a message, worded to stand after a colon, as a sentence of its own."""
    # A file name or a command at the start keeps its case.
    if line.partition(" ")[0].isalpha():
        line = line[:1].upper() + line[1:]
    return line if line.endswith((".", "!", "?")) else f"{line}."


def spans_of(answer: Answer, paper: Paper) -> list[Span]:
    """Returns the spans that the answer quotes from the paper, in its order."""
    quotes = (c for s in answer.statements for c in s.citations if c.paper_id == paper.id)
    return [(quote.start, quote.end) for quote in quotes]


def _telling(hit: Hit) -> list[Span]:
    """Returns the passage that matched, unless it is the whole abstract: then none."""
    passage = hit.passage
    whole = passage.end - passage.start >= len(hit.paper.abstract.strip())
    return [] if whole else [(passage.start, passage.end)]


def _uncited(answer: Answer) -> list[Hit]:
    cited = {paper.id for paper in answer.papers}
    return [hit for hit in answer.hits if hit.paper.id not in cited]


WEAK = "Weak match: these quotes may not answer the question."


def remarks_on(answer: Answer) -> list[str]:
    """Returns what an answer's reader should know beside its text, in plain text."""
    titles = {hit.paper.id: hit.paper.title for hit in answer.hits}
    near = [" ".join(titles[name].split()) for name in answer.more if name in titles]
    weak = [WEAK] if answer.match == "weak" and not answer.abstained else []
    return weak + ([f"Also near: {shorten_list(near)}"] if near else [])


def writer_of(answer: Answer) -> str:
    """Returns who wrote an answer, in words: a model by its name, or nobody."""
    return f"Written by {answer.receipt.model}" if answer.receipt.model else "Quotes"


def shorten_list(names: Sequence[str], most: int = 5) -> str:
    """Returns names with semicolons between, and how many more there are."""
    rest = len(names) - most
    return "; ".join(names[:most]) + (f"; and {rest:,} more" if rest > 0 else "")


def verdict(statement: Statement) -> tuple[str, str] | None:
    """Returns the mark of a statement and its meaning; None if there is nothing to tell."""
    if statement.verdict in ("supported", None):
        return None
    if statement.verdict == "contradicted":
        return "contradicted", "The source says otherwise."
    if not statement.citations:
        return "no source", "This sentence cites no quote."
    return "not settled", "Whether the quote carries this sentence could not be decided: read both."


def _mark(statement: Statement) -> tuple[str, str] | None:
    """Returns the HTML after a statement: its verdict or its notes."""
    found, notes = verdict(statement), " ".join(statement.notes)
    if found:
        return found[0], f"{found[1]} {notes}".strip()
    # What became of a source is said in the line, anything else where one points.
    said = ((word, f"was {word}") for word in STATUSES)
    words = [*said, *((word, f" {word}") for word in SINCE.values())]
    word = next((word for word, told in words if told in notes), "note")
    return (word, notes[:1].upper() + notes[1:]) if notes else None


def _quotes_by_marker(statement: Statement) -> dict[int, list[str]]:
    quotes: dict[int, list[str]] = {}
    for citation in statement.citations:
        quotes.setdefault(citation.marker, []).append(f"{citation.start}-{citation.end}")
    return quotes


def _quotes(spans: list[Span]) -> list[str]:
    return [f"{start}-{end}" for start, end in spans]


def _count_sides(answer: Answer) -> list[tuple[str, int]]:
    """Returns how many papers say yes, no, both or neither plainly; nothing where none does."""
    sides = [statement.side for statement in answer.statements if statement.citations]
    if answer.kind != "yesno" or not any(sides):
        return []
    names = (("Yes", "yes"), ("No", "no"), ("Yes and no", "mixed"), ("Unclear", None))
    return [(name, sides.count(side)) for name, side in names if side in sides]


def tell_searched(answer: Answer) -> str:
    """Returns what was searched for where it is not the question itself; else nothing."""
    language = NAMES.get(answer.receipt.language or "")
    if language:
        return f"Translated from {language} to search: {answer.receipt.query}"
    if answer.standalone_question.strip() == answer.question.strip():
        return ""
    asked_of = answer.receipt.asked_of
    among = f" (only in the {asked_of:,} of the answer before)" if asked_of else ""
    return f"Searched for: {answer.standalone_question}{among}"


def _named(limit: Constraint) -> str:
    before = {"since": "since ", "until": "until ", "venue": "at ", "author": "by "}
    return f"{before.get(limit.kind, 'from ')}{limit.value}"


def tell_unread(count: int) -> str:
    """Returns how many papers a question could find by their words alone."""
    return f"{count:,} by words alone, not embedded yet"


def _facts(answer: Answer) -> list[str]:
    """Returns what the answer took, for the line under it."""
    receipt = answer.receipt
    facts = [writer_of(answer)]
    if receipt.searched:
        facts.append(f"{receipt.searched:,} paper{'s' * (receipt.searched != 1)} searched")
    if receipt.unread:
        facts.append(tell_unread(receipt.unread))
    if receipt.read:
        facts.append(f"{receipt.read:,} read")
    if "total" in receipt.timings_ms:
        took = receipt.timings_ms["total"]
        facts.append(f"{took:,.0f} ms" if took < 10_000 else f"{took / 1000:,.0f} s")
    if receipt.prompt_tokens or receipt.completion_tokens:
        facts.append(f"{receipt.prompt_tokens + receipt.completion_tokens:,} tokens")
        if receipt.cost_usd is not None:
            table = " by list prices" if receipt.price_source else ""
            facts.append(f"${receipt.cost_usd:.4f}{table}")
    return facts
