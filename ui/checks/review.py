"""Review: a text of somebody's own in its shape, each sentence with its verdict and its papers."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Literal

from footnote.index.models import Paper
from footnote.index.readers.cited_text import CitedBlock, CitedSentence
from footnote.rag.answer import Verdict
from footnote.rag.verification.sentence_check import NOT_HERE, CheckedSentence
from footnote.ui.rendering.cards import Span
from footnote.ui.storage.models import shorten

LONGEST_LABEL, LONGEST_NAME, MOST_SHOWN = 18, 120, 5
# Numbers from 1 on: what begins with 0 is an interval to everybody.
_BRACKET = re.compile(r"(?<!\w)\[[1-9]\d{0,2}(?:\s?[,;–-]\s?[1-9]\d{0,2}){0,40}\]")
OPEN = "Whether the quote carries this sentence could not be decided: read both."


@dataclass(slots=True)
class CitedPaper:
    """A paper that a text cites.

    Attributes:
        name: Its title, or the best name that the text gives where the library does not hold it.
        number: From 1, by first use.
        labels: What the text calls it: numbers and keys.
        paper: None if the library does not hold it.
        spans: What the verdicts rest on, in its abstract.
        referenced: Whether the text says more of it than a number or a key.
    """

    name: str
    number: int
    labels: dict[str, None] = field(default_factory=dict)
    paper: Paper | None = None
    spans: dict[Span, None] = field(default_factory=dict)
    referenced: bool = True


@dataclass(frozen=True, slots=True)
class Mark:
    """One citation of a sentence, with the spans of its paper that this sentence rests on."""

    label: str
    cited: CitedPaper
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class ReviewedSentence:
    """A sentence as it is shown.

    Attributes:
        number: From 1 among the sentences that cite; 0 for any other.
        verdict: None where the sentence cites nothing.
        why: What contradicts it or keeps it open.
        quotes: What the verdict rests on, with the titles of their papers.
    """

    text: str
    number: int = 0
    verdict: Verdict | None = None
    why: str = ""
    marks: tuple[Mark, ...] = ()
    quotes: tuple[tuple[str, str], ...] = ()


Cell = tuple[ReviewedSentence, ...]


@dataclass(frozen=True, slots=True)
class ReviewedBlock:
    """A part of the text; a list has an item a row, a table has cells, a paragraph is one cell."""

    kind: Literal["paragraph", "heading", "list", "table"]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class TextReview:
    """A checked text.

    Attributes:
        papers: Those that it cites, by first use.
        judged: In words, who judged.
    """

    blocks: tuple[ReviewedBlock, ...]
    papers: tuple[CitedPaper, ...]
    judged: str = ""

    def sentences(self) -> Iterator[ReviewedSentence]:
        """Yields the sentences in their order, without headings."""
        for block in self.blocks:
            if block.kind != "heading":
                yield from (said for row in block.rows for cell in row for said in cell)

    def count(self, verdict: Verdict | None) -> int:
        """Returns how many sentences have a verdict; None counts those that cite nothing."""
        return sum(said.verdict == verdict for said in self.sentences())

    @property
    def complete(self) -> bool:
        """Whether a reference says of each citation which paper it is."""
        return all(one.referenced for one in self.papers)

    @property
    def summary(self) -> str:
        """How many sentences cite papers, and what became of them, on one line."""
        verdicts = [self.count(one) for one in ("supported", "unsettled", "contradicted")]
        number = sum(verdicts)
        told = (
            f"{number:,} sentence{'s' * (number != 1)}: {verdicts[0]:,} supported, "
            f"{verdicts[1]:,} not settled, {verdicts[2]:,} contradicted"
        )
        absent = sum(one.paper is None and one.referenced for one in self.papers)
        unknown = sum(one.paper is None and not one.referenced for one in self.papers)
        if absent:
            told += f"; {absent:,} paper{'s are' if absent > 1 else ' is'} not in the library"
        if unknown:
            told += f"; {unknown:,} citation{'s have' if unknown > 1 else ' has'} no reference"
        return f"{told}."

    @property
    def rest(self) -> str:
        """How many sentences cite nothing, which brackets are no citations, and who judged."""
        uncited = self.count(None)
        cite, were = ("cites", "was") if uncited == 1 else ("cite", "were")
        told = f"{uncited:,} more {cite} nothing and {were} not checked."
        return " ".join(filter(None, (told if uncited else "", self._left, self.judged)))

    @property
    def _left(self) -> str:
        """Which brackets with numbers were left as text."""
        found = [mark for said in self.sentences() for mark in _BRACKET.findall(said.text)]
        left = list(dict.fromkeys(found))
        if not left:
            return ""
        numbers, they = ("numbers", "they were") if len(left) > 1 else ("number", "it was")
        shown = ", ".join(left[:MOST_SHOWN]) + (" …" if len(left) > MOST_SHOWN else "")
        return f"No reference has the {numbers} of {shown}: {they} left as text."


def review_text(
    blocks: Sequence[CitedBlock],
    checked: Sequence[CheckedSentence],
    find: Callable[[str], Paper | None],
    judged: str = "",
) -> TextReview:
    """Returns a text with the verdicts on its sentences.

    Args:
        blocks: The text.
        checked: The verdicts on those of its sentences that cite, in their order.
        find: Returns the paper of a name, as ``Library.paper`` does.
        judged: In words, who judged.
    """
    reviewer = _Reviewer(checked, find)
    shown: list[ReviewedBlock] = []
    for kind, group in groupby(blocks, key=lambda block: block.kind):
        rows = [reviewer.row(block) for block in group]
        match kind:
            case "item":
                shown.append(ReviewedBlock("list", tuple(rows)))
            case "row":
                shown.append(ReviewedBlock("table", tuple(_even(rows))))
            case _:
                shown += [ReviewedBlock(kind, (row,)) for row in rows]
    return TextReview(tuple(shown), tuple(reviewer.papers.values()), judged)


def _even(rows: Sequence[tuple[Cell, ...]]) -> Iterator[tuple[Cell, ...]]:
    """Yields the rows of a table, as long as the longest."""
    width = max(map(len, rows))
    for row in rows:
        yield row + ((),) * (width - len(row))


class _Reviewer:
    """Pairs sentences with their verdicts and numbers the papers by first use."""

    def __init__(
        self, checked: Sequence[CheckedSentence], find: Callable[[str], Paper | None]
    ) -> None:
        self.papers: dict[str | tuple[str, ...], CitedPaper] = {}
        self._checked = iter(enumerate(checked, 1))
        self._find = find
        self._known: dict[tuple[str, ...], Paper | None] = {}

    def row(self, block: CitedBlock) -> tuple[Cell, ...]:
        heads = block.kind == "heading"
        return tuple(tuple(self._sentence(said, heads) for said in cell) for cell in block.cells)

    def _sentence(self, said: CitedSentence, heads: bool) -> ReviewedSentence:
        cites = said.citations and not heads
        return self._review(said) if cites else ReviewedSentence(_bare(said.text))

    def _review(self, said: CitedSentence) -> ReviewedSentence:
        number, found = next(self._checked)
        labels = zip(said.labels, said.citations, strict=True)
        marks = tuple(self._mark(label, names, found) for label, names in labels)
        quotes = tuple((" ".join(q.quote.split()), q.title) for q in found.quotes)
        why = _explain(found, [mark.cited for mark in marks])
        return ReviewedSentence(_bare(said.text), number, found.verdict, why, marks, quotes)

    def _mark(self, label: str, names: tuple[str, ...], found: CheckedSentence) -> Mark:
        if names not in self._known:
            self._known[names] = next(filter(None, map(self._find, names)), None)
        paper = self._known[names]
        key = paper.id if paper else names
        if key not in self.papers:
            name = paper.title or paper.id if paper else _best_name(names)
            known = paper is not None or names != (label,)
            self.papers[key] = CitedPaper(
                shorten(name, LONGEST_NAME), len(self.papers) + 1, {}, paper, referenced=known
            )
        cited = self.papers[key]
        cited.labels |= {label: None} if label else {}
        spans = tuple(_spans(paper, found)) if paper else ()
        cited.spans |= dict.fromkeys(spans)
        return Mark(shorten(label, LONGEST_LABEL) or "link", cited, spans)


def _bare(text: str) -> str:
    """Returns a sentence without marks of emphasis, which nobody writes otherwise."""
    return text.replace("**", "").replace("__", "")


def _spans(paper: Paper, found: CheckedSentence) -> Iterator[Span]:
    for quote in found.quotes:
        start = paper.abstract.find(quote.quote) if quote.paper_id == paper.id else -1
        if start >= 0:
            yield start, start + len(quote.quote)


def _best_name(names: Sequence[str]) -> str:
    """Returns the first name that may be a title, else the first."""
    return next((name for name in names if " " in name and "/" not in name), names[0])


def _explain(found: CheckedSentence, cited: Sequence[CitedPaper]) -> str:
    """Returns what contradicts a sentence or keeps it open; nothing for a supported one."""
    if found.verdict == "supported":
        return ""
    told = [note for note in found.notes if not note.startswith(NOT_HERE)]
    told += [f"{NOT_HERE}: {one.name}" for one in cited if one.paper is None and one.referenced]
    told += [f"no reference for {one.name}" for one in cited if not one.referenced]
    if not told:
        return OPEN
    line = "; ".join(told)
    return f"{line[:1].upper()}{line[1:]}."
