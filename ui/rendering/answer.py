"""Answers as HTML for the chat page; no gradio here.

Every text that a paper or a model wrote is data: it reaches the page through ``text_html``,
and nothing that it contains can become an element, a link or an image. The one link that
is made is a paper's own address.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from footnote.index.models import Hit, Paper
from footnote.rag.answer import Answer, Constraint, Statement
from footnote.rag.query.translation import NAMES
from footnote.ui.rendering.cards import Span, byline_html, card_html, text_html
from footnote.ui.rendering.mathml import prose_html
from footnote.ui.rendering.toolbar import toolbar_html

NEAREST_SHOWN = 3

# Keeps a marker on the line of the word that it follows (WORD JOINER).
_JOINER = "\u2060"

_MARKER = re.compile(r"(?<!\s)\s*+\[(\d+)\]")
# A line of bold text: the composer that quotes puts each paper's title above its sentences.
_HEADING = re.compile(r"^\*\*(.+)\*\*$", re.MULTILINE)
_PARAGRAPH = re.compile(r"\n[ \t]*\n")
_LIST_ITEM = re.compile(r"(?:^|\n)[ \t]*(?:[-*+]|\d+[.)])[ \t]+$")


def answer_html(answer: Answer, number: int) -> str:
    """Returns the answer as HTML; ``number`` tells the turns of a conversation apart."""
    told = _refusal(answer, number) if answer.abstained else _told(answer, number)
    return (
        _searched_for(answer)
        + _limited_to(answer)
        + told
        + _also_retrieved(answer, number)
        + _receipt(answer)
        + toolbar_html(cites=bool(answer.papers))
    )


def source_cards_html(answer: Answer, number: int) -> str:
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
    return "".join(cited + others)


def turn_html(question: str, body: str) -> str:
    """Returns one turn: the question, and under it ``body``, which is HTML already."""
    return f'<h2 class="fn-asked">{text_html(question)}</h2><div class="fn-body">{body}</div>'


def stage_html(detail: str) -> str:
    """Returns the line that says what is being done, such as "Searching 512 papers…"."""
    shown = detail[:1].upper() + detail[1:].rstrip(".… ")
    return f'<p class="fn-stage">{text_html(shown)}…</p>'


def draft_html(text: str) -> str:
    """Returns an answer in the making: its paragraphs, with markers that open nothing yet."""
    prose = ""
    for part in _PARAGRAPH.split(text):
        heading = _HEADING.match(part.strip())
        prose += _heading_html(heading[1]) if heading else ""
        rest = part.strip()[heading.end() if heading else 0 :].strip()
        shown = _MARKER.sub(
            f'<span class="fn-markers">{_JOINER}<span class="fn-marker">\\1</span></span>',
            prose_html(rest),
        )
        prose += f"<p>{shown}</p>" if shown else ""
    return f'<div class="fn-prose">{prose}</div>' if prose else ""


def error_html(message: str) -> str:
    """Returns an error as one line of the conversation."""
    return f'<p class="fn-error" role="alert">{_line_html(message)}</p>'


def _heading_html(heading: str) -> str:
    return f'<h3 class="fn-group">{prose_html(heading)}</h3>' if heading else ""


def _line_html(line: str) -> str:
    """Returns a message, worded to stand after a colon, as a sentence of its own."""
    # A file name or a command at its head keeps its case.
    if line.partition(" ")[0].isalpha():
        line = line[:1].upper() + line[1:]
    return text_html(line if line.endswith((".", "!", "?")) else f"{line}.")


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


@dataclass(slots=True)
class Block:
    """Statements that stand together: a paragraph or a list item, perhaps under a heading."""

    statements: list[Statement]
    item: bool = False
    heading: str = ""


def blocks(answer: Answer) -> list[Block]:
    """Returns the statements grouped as the text of the answer groups them."""
    blocks: list[Block] = []
    at = 0
    for statement in answer.statements:
        found = answer.text.find(statement.text, at)
        gap = answer.text[at:found] if found >= 0 else ""
        heading, item = _HEADING.search(gap), _LIST_ITEM.search(gap)
        if heading or item or not blocks or _PARAGRAPH.search(gap):
            blocks.append(Block([], item is not None, heading[1] if heading else ""))
        blocks[-1].statements.append(statement)
        at = found + len(statement.text) if found >= 0 else at
    return blocks


def verdict(statement: Statement) -> tuple[str, str] | None:
    """Returns the mark of a statement and what it means; None where its quotes carry it."""
    if statement.verdict == "supported":
        return None
    if not statement.citations:
        return "no source", "This sentence cites no quote."
    score = f"Support {statement.support:.2f} of 1."
    if statement.verdict == "partial":
        return "partly supported", f"The quote carries only part of this sentence. {score}"
    return "not supported", f"The quote does not carry this sentence. {score}"


def _told(answer: Answer, number: int) -> str:
    if not answer.statements:
        return draft_html(answer.text)
    prose = ""
    for block in blocks(answer):
        kind = ' class="fn-item"' if block.item else ""
        told = " ".join(_statement(s, answer.papers, number) for s in block.statements)
        prose += f"{_heading_html(block.heading)}<p{kind}>{told}</p>"
    reason = f'<p class="fn-remark">{_line_html(answer.reason)}</p>' if answer.reason else ""
    return f'<div class="fn-prose">{prose}</div>{reason}{_sources(answer, number)}'


def _statement(statement: Statement, papers: Sequence[Paper], number: int) -> str:
    quotes: dict[int, list[str]] = {}
    for citation in statement.citations:
        quotes.setdefault(citation.marker, []).append(f"{citation.start}-{citation.end}")
    markers = "".join(
        _opener(f"t{number}-s{marker}", "fn-marker", str(marker), spans,
                f"Open source {marker}: {papers[marker - 1].title}")
        for marker, spans in quotes.items()
    )  # fmt: skip
    notes = " ".join(statement.notes)
    found = verdict(statement)
    mark = ""
    if found:
        label, meaning = found
        title = text_html(f"{meaning} {notes}".strip())
        mark = f' <span class="fn-verdict" title="{title}">{label}</span>'
    elif notes:
        mark = f' <span class="fn-verdict" title="{text_html(notes)}">note</span>'
    return (
        f'<span class="fn-statement fn-{statement.verdict}">{prose_html(statement.text)}</span>'
        f'<span class="fn-markers">{_JOINER}{markers}</span>{mark}'
    )


def _opener(card: str, kind: str, shown: str, spans: Iterable[str], label: str = "") -> str:
    """Returns a button that opens ``card`` at the quotes ``spans``; chat.js listens to it."""
    named = f' aria-label="{text_html(label)}" title="{text_html(label)}"' if label else ""
    return (
        f'<button type="button" class="{kind}" data-card="{card}" data-quotes="{" ".join(spans)}"'
        f' aria-controls="{card}" aria-expanded="false"{named}>{text_html(shown)}</button>'
    )


def _sources(answer: Answer, number: int) -> str:
    entries = ""
    for marker, paper in enumerate(answer.papers, 1):
        first = [f"{start}-{end}" for start, end in spans_of(answer, paper)[:1]]
        title = _opener(f"t{number}-s{marker}", "fn-title", paper.title, first)
        entries += (
            f'<li><span class="fn-number">{marker}</span><div>{title}'
            f"{byline_html(paper, shown=1)}</div></li>"
        )
    return f'<h3 class="fn-heading">Sources</h3><ol class="fn-sources">{entries}</ol>'


def _refusal(answer: Answer, number: int) -> str:
    reason = answer.reason if answer.reason and answer.reason != answer.text else None
    told = f'<p class="fn-refused">{text_html(answer.text or "No answer.")}</p>'
    told += f'<p class="fn-reason">{_line_html(reason)}</p>' if reason else ""
    near = "".join(_entry(hit, number) for hit in answer.hits[:NEAREST_SHOWN])
    if near:
        near = f'<h3 class="fn-heading">Nearest papers</h3><ul class="fn-hits">{near}</ul>'
    return f'<div class="fn-refusal">{told}</div>{near}'


def _also_retrieved(answer: Answer, number: int) -> str:
    rest = _uncited(answer)[NEAREST_SHOWN if answer.abstained else 0 :]
    if not rest:
        return ""
    entries = "".join(_entry(hit, number) for hit in rest)
    return (
        f'<details class="fn-more"><summary>Also retrieved <span>{len(rest)}</span></summary>'
        f'<ul class="fn-hits">{entries}</ul></details>'
    )


def _entry(hit: Hit, number: int) -> str:
    spans = [f"{start}-{end}" for start, end in _telling(hit)]
    title = _opener(f"t{number}-h{hit.rank}", "fn-title", hit.paper.title, spans)
    score = f'<span class="fn-score">{hit.scale} {hit.score:.3f}</span>'
    return f"<li><div>{title}{byline_html(hit.paper, shown=1)}</div>{score}</li>"


def _searched_for(answer: Answer) -> str:
    language = NAMES.get(answer.receipt.language or "")
    if language:
        told = f"Put from {language} into English to search: {answer.receipt.query}"
        return f'<p class="fn-searched">{text_html(told)}</p>'
    if answer.standalone_question.strip() == answer.question.strip():
        return ""
    return f'<p class="fn-searched">Searched for: {text_html(answer.standalone_question)}</p>'


def _limited_to(answer: Answer) -> str:
    """Returns the filters that were read from the question, each to be taken away."""
    chips = "".join(
        f'<button type="button" class="fn-chip" data-ignore="{limit.kind}"'
        f' aria-label="{text_html(f"Search without: {_named(limit)}")}">{text_html(_named(limit))}'
        '<span aria-hidden="true">×</span></button>'
        for limit in answer.scope
    )
    return f'<p class="fn-searched fn-chips">Only papers {chips}</p>' if chips else ""


def _named(limit: Constraint) -> str:
    before = {"since": "since ", "until": "until ", "venue": "at ", "author": "by "}
    return f"{before.get(limit.kind, 'from ')}{limit.value}"


def _receipt(answer: Answer) -> str:
    receipt = answer.receipt
    facts = [f"{answer.mode}, {receipt.model}" if receipt.model else answer.mode]
    if receipt.searched:
        facts.append(f"{receipt.searched:,} paper{'s' * (receipt.searched != 1)} searched")
    if receipt.read:
        facts.append(f"{receipt.read:,} read")
    if "total" in receipt.timings_ms:
        facts.append(f"{receipt.timings_ms['total']:,.0f} ms")
    if receipt.prompt_tokens or receipt.completion_tokens:
        facts.append(f"{receipt.prompt_tokens + receipt.completion_tokens:,} tokens")
        if receipt.cost_usd is not None:
            facts.append(f"${receipt.cost_usd:.4f}")
    cost = f"{receipt.cost_usd:.6f}" if receipt.cost_usd is not None else ""
    tokens = receipt.prompt_tokens + receipt.completion_tokens
    return (
        f'<p class="fn-receipt" data-tokens="{tokens}" data-cost="{cost}">'
        f"{text_html(' · '.join(facts))}</p>"
    )
