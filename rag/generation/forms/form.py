"""Form: what an answer is written from, and how its text is put together.

A form is a function from a Reading to a Composed. Its text is Markdown; what it says in words of
our own is short and checkable, everything else is a quote with its marker.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from footnote.index.library import EVERYTHING, Filters, LibraryReader
from footnote.index.models import Hit, Paper
from footnote.rag.answer import Kind, Side, Statement, Usage
from footnote.rag.generation.citations import CitationBinder
from footnote.rag.query.names import is_abbreviation, missing_names
from footnote.rag.query.question import Question
from footnote.rag.retrieval.evidence import Sentence
from footnote.rag.retrieval.hybrid import RetrievalResult

# Log odds of an answer (``footnote.rag.retrieval.answer_ranker.presence``). Below ABSENT no
# sentence that was read answers the question by its wording; from PRESENT on one does, and what is
# missing is not told from single words.
ABSENT, PRESENT = -0.7, 0.8
# Begins what is said of something that was asked for and is not there.
NOT_STATED, NOT_COMPARED = "No abstract states", "No abstract compares"


@dataclass(frozen=True, slots=True)
class Composed:
    """What was written; no statements, where the kind needs some, means a refusal.

    Attributes:
        reason: Why it refused, or what it left out.
        missing: What was asked for and is not there; also the first line of the text.
        more: Papers that come near and are not cited, best first.
        read: Papers that a model read for it; None where none did.
        settled: Whether its words alone show that it answers, however far the search judged them.
    """

    text: str
    statements: tuple[Statement, ...]
    papers: tuple[Paper, ...]
    usage: Usage = field(default_factory=Usage)
    reason: str | None = None
    missing: str | None = None
    more: tuple[Paper, ...] = ()
    read: int | None = None
    settled: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """A question with all that was found and read for it.

    Attributes:
        question: As it is searched for.
        evidence: Sentences of the papers that were read, most telling first.
        kind: What the question asks for.
        found: What the search returned; None where the kind needs none.
        library: What was searched.
        filters: Which papers could be found.
        search: Finds sentences for other words, among the same papers, most telling first.
        rank: Says how far each of some sentences, at most ``MOST_PAIRS``, answers some words; None
            without an answer ranker.
        most: Sentences of the answer to a fact; as shipped when None.
        chance: In [0, 1], that the papers answer the question.
        presence: How far some sentence answers it, higher for more; None where that is not read.
        refused: Why there is nothing to answer from.
        needs: What a complete answer must state, where a model planned the search.
    """

    question: Question
    evidence: Sequence[Sentence] = ()
    kind: Kind = "fact"
    found: RetrievalResult | None = None
    library: LibraryReader | None = None
    filters: Filters = EVERYTHING
    search: Callable[[str], Sequence[Sentence]] = lambda words: ()
    rank: Callable[[str, Sequence[Sentence]], Sequence[float]] | None = None
    most: int | None = None
    chance: float = 1.0
    presence: float | None = None
    refused: str | None = None
    needs: str = ""

    @property
    def hits(self) -> Sequence[Hit]:
        """The papers found, best first."""
        return self.found.hits if self.found else ()

    @property
    def by_paper(self) -> Mapping[str, list[Sentence]]:
        """The sentences of each paper that was read, most telling first."""
        sentences: dict[str, list[Sentence]] = {}
        for sentence in self.evidence:
            sentences.setdefault(sentence.paper.id, []).append(sentence)
        return sentences

    def say_missing_names(self) -> str | None:
        """Returns that no paper found has a name of the question, None where each is found.

        Abstracts may spell an abbreviation out: where a sentence answers by its wording, only names
        that are no abbreviation are missing.
        """
        missing = missing_names(self.question.wording, [hit.paper for hit in self.hits])
        if self.is_surely_present:
            missing = [name for name in missing if not is_abbreviation(name)]
        return f"{NOT_STATED} anything about {join_names(missing)}." if missing else None

    def say_absent(self) -> str | None:
        """Returns that no sentence read answers the question, None where one may."""
        absent = self.presence is not None and self.presence < ABSENT
        return f"{NOT_STATED} this plainly." if absent else None

    @property
    def is_surely_present(self) -> bool:
        """Whether a sentence answers, by its wording."""
        return self.presence is not None and self.presence >= PRESENT


Form = Callable[[Reading], Composed]


class Draft:
    """An answer in the making: blocks of Markdown, and the statements that they hold."""

    def __init__(self, evidence: Sequence[Sentence]) -> None:
        """Takes every sentence that may be cited."""
        self._binder = CitationBinder(evidence)
        self._statements: list[Statement] = []
        self._blocks: list[str] = []

    def quote(self, sentence: Sentence, *, side: Side | None = None, cell: bool = False) -> str:
        """Returns a sentence with its marker, to be put into the next block.

        Args:
            sentence: Quoted as it stands.
            side: What its paper says to a question of yes or no.
            cell: Whether it goes into a table, where a vertical bar would end it.
        """
        citation = self._binder.citation(sentence)
        self._statements.append(
            Statement(sentence.text, (citation,), "supported", 1.0, side=side or sentence.side)
        )
        text = escape_cell(sentence.text) if cell else sentence.text
        return f"{text} [{citation.marker}]"

    def claim(self, text: str, quoted: Sentence) -> str:
        """Returns a sentence of ours with its marker; the quote says just that."""
        citation = self._binder.citation(quoted)
        self._statements.append(Statement(text, (citation,), "supported", 1.0))
        return f"{text} [{citation.marker}]"

    def add(self, *lines: str) -> None:
        """Adds a block; an empty line stands between two."""
        self._blocks.append("\n".join(lines))

    def row(self, paper: Paper, said: str, label: str = "") -> str:
        """Returns a row of a list: the paper's title and year, and what it says."""
        return f"- {label}**{heading(paper)}**: {said}"

    def finish(
        self, *, missing: str | None = None, more: Sequence[Paper] = (), reason: str | None = None
    ) -> Composed:
        """Returns the whole, what is missing as its first line."""
        blocks = [missing, *self._blocks] if missing else self._blocks
        return Composed(
            "\n\n".join(blocks), tuple(self._statements), tuple(self._binder.papers),
            reason=reason, missing=missing, more=tuple(more),
        )  # fmt: skip


def heading(paper: Paper) -> str:
    """Returns a paper's title on one line, with its year where that is known.

    Beside it stands whether it was retracted or withdrawn.
    """
    title = _unmarked((paper.title or paper.id).replace("**", "*"))
    facts = ", ".join(filter(None, (str(paper.year or ""), paper.status)))
    return f"{title} ({facts})" if facts else title


def escape_cell(text: str) -> str:
    """Returns foreign text for a cell of a table."""
    return text.replace("|", "\\|")


def count_papers(count: int) -> str:
    """Returns "1 paper", "12 papers"."""
    return f"{count:,} paper{'s' * (count != 1)}"


_SPACE = re.compile(r"\s+")
_MARKER = re.compile(r"\[(\d+)\]")


def _unmarked(text: str) -> str:
    """Returns foreign words on one line, with nothing in them that reads as a marker."""
    return _MARKER.sub(r"(\1)", _SPACE.sub(" ", text)).strip()


def name_topic(words: str, *, most: int = 60) -> str:
    """Returns words of a question to be named in an answer: on one line, not too long."""
    short = _unmarked(words).strip(" .?!:;,\"“”'")
    return short if len(short) <= most else f"{short[:most].rsplit(' ', 1)[0]} …"


def join_names(names: Collection[str]) -> str:
    """Returns "A", "A and B", "A, B and C"."""
    *first, last = names or ("",)
    return f"{', '.join(first)} and {last}" if first else last
