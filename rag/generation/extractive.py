"""Composers: evidence to statements. The default one quotes; that in ``llm`` writes."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from footnote.index.models import Paper
from footnote.rag.answer import Delta, Mode, Side, Stage, Statement, Usage
from footnote.rag.generation.citations import CitationBinder
from footnote.rag.retrieval.evidence import Sentence

# Text before a paper's title when papers disagree.
SIDES: Mapping[Side, str] = {"yes": "Yes", "no": "No", "mixed": "Yes and no"}


@dataclass(frozen=True, slots=True)
class Composed:
    """A composer's result; no statements means that it refused.

    Attributes:
        reason: Why it refused, or what it left out.
    """

    text: str
    statements: tuple[Statement, ...]
    papers: tuple[Paper, ...]
    usage: Usage = field(default_factory=Usage)
    reason: str | None = None


class Composer(Protocol):
    """Writes an answer from evidence."""

    @property
    def mode(self) -> Mode:
        """How it writes."""

    @property
    def model(self) -> str | None:
        """The language model's name, None without one."""

    @property
    def evidence_count(self) -> int:
        """How many evidence sentences it uses."""

    def compose(
        self, question: str, evidence: Sequence[Sentence]
    ) -> Iterator[Delta | Stage | Composed]:
        """Yields text as it arrives, stages, and finally one ``Composed``.

        Raises:
            ComposerError: The model did not answer.
        """


def compose(
    composer: Composer, question: str, evidence: Sequence[Sentence]
) -> Generator[Delta | Stage, None, Composed]:
    """Yields a composer's text, again if the final text differs; returns the result."""
    shown = ""
    for part in composer.compose(question, evidence[: composer.evidence_count]):
        if isinstance(part, Delta):
            shown += part.text
            yield part
            continue
        if isinstance(part, Stage):
            yield part
            continue
        if part.text != shown:
            yield Stage("write", "Writing")
            yield Delta(part.text)
        return part
    raise TypeError(f"{type(composer).__name__} ended without a Composed")


class ExtractiveComposer:
    """Answers in the papers' own words: the most relevant sentence first, the rest by paper."""

    mode: Mode = "extractive"
    model = None

    def __init__(self, *, sentences: int = 5) -> None:
        """Takes the maximum number of sentences in an answer."""
        self.evidence_count = sentences

    def compose(self, question: str, evidence: Sequence[Sentence]) -> Iterator[Delta | Composed]:
        """Yields the best sentence, then others of its paper, then one paragraph a paper.

        If papers disagree, each paper's paragraph has its title and side as a heading.
        """
        binder = CitationBinder(evidence)
        statements: list[Statement] = []
        paragraphs: list[str] = []
        apart = _papers_disagree(evidence)
        for group in _group_by_side(evidence) if apart else _group_by_paper(evidence):
            lines = []
            for sentence in group:
                citation = binder.citation(sentence)
                statements.append(
                    Statement(sentence.text, (citation,), "supported", 1.0, side=sentence.side)
                )
                lines.append(f"{sentence.text} [{citation.marker}]")
            paragraph = " ".join(lines)
            # Further sentences of the first paper share its heading.
            if apart or len(paragraphs) != 1 or group[0].paper.id != evidence[0].paper.id:
                said = f"{SIDES[group[0].side]}: " if apart and group[0].side else ""
                paragraph = f"**{said}{_format_heading(group[0].paper)}**\n{paragraph}"
            paragraphs.append(paragraph)
            yield Delta(("\n\n" if len(paragraphs) > 1 else "") + paragraph)
        yield Composed("\n\n".join(paragraphs), tuple(statements), tuple(binder.papers))


def _group_by_paper(evidence: Sequence[Sentence]) -> Iterator[list[Sentence]]:
    """Yields the best sentence alone, then the others by paper, in the order of its text."""
    if not evidence:
        return
    lead, *others = evidence
    yield [lead]
    for paper_id in dict.fromkeys(sentence.paper.id for sentence in evidence):
        group = [sentence for sentence in others if sentence.paper.id == paper_id]
        if group:
            yield sorted(group, key=lambda sentence: sentence.start)


def _papers_disagree(evidence: Sequence[Sentence]) -> bool:
    """Returns whether one paper says yes and another says no or both."""
    sides = {sentence.paper.id: sentence.side for sentence in evidence if sentence.side}
    return len(set(sides.values())) > 1


def _group_by_side(evidence: Sequence[Sentence]) -> Iterator[list[Sentence]]:
    """Yields each paper's sentences in the order of its text, grouped by side."""
    papers = dict.fromkeys((sentence.paper.id, sentence.side) for sentence in evidence)
    sides = list(dict.fromkeys(side for _, side in papers if side))
    for side in (*sides, None):
        for paper_id in (paper for paper, its in papers if its == side):
            group = [sentence for sentence in evidence if sentence.paper.id == paper_id]
            yield sorted(group, key=lambda sentence: sentence.start)


def _format_heading(paper: Paper) -> str:
    title = paper.title or paper.id
    return f"{title} ({paper.year})" if paper.year else title
