"""Cells: what each of some papers says on each of some points, one quote a cell.

A column is a question. Of the sentences of a paper's abstract the answer ranker chooses the best;
it stands only where it is good enough, and for the named columns where its words are of that kind.
An abstract that says nothing on a point has an empty cell: most tell no limits.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from footnote.index.library import LibraryReader
from footnote.index.models import Paper
from footnote.index.search.fulltext import STOP_WORDS, stems
from footnote.rag.query.question import understand
from footnote.rag.retrieval.answer_ranker.ranker import (
    MOST_PAIRS,
    AnswerRanker,
    bundled_ranker,
    with_title,
)
from footnote.rag.retrieval.injection.detector import select_quotable
from footnote.rag.retrieval.wording import begins_with_name, is_own, leans, sets_out

Span = tuple[int, int]

# What the ranker's score of a reader's own question must reach, also of a sentence that shares no
# word with it (python -m footnote.evals.lab.bench.cells); and what the words of a named column add
# to it and take from it.
BOUND, WITHOUT_WORDS = 2.0, 3.0
TELLS, LEANS = 3.0, 1.0

_METHOD = re.compile(
    r"\b(?:we|this (?:paper|work)|authors?|here) (?:\w+ )?"
    r"(?:propose|present|introduce|develop|describe|design|build|devise|formulate|offer|extend"
    r"|explore|leverage|adopt|instantiate|combine|use|cast|frame|reframe|view|study|consider"
    r"|investigate|analy[sz]e|examine)s?\b"
    r"|\b(?:is|are) (?:proposed|presented|introduced|developed)\b"
    r"|\bour (?:key|main|core|central) (?:idea|insight|contribution)\b",
    re.IGNORECASE,
)
_DATA = re.compile(
    r"\b(?:data ?sets?|benchmarks?|corpus|corpora|test ?sets?|testbeds?|(?:hours|minutes) of"
    r"|(?:evaluated?|trained|tested|pre-?trained|experiments?) (?:\w+ ){0,3}?(?:on|over|across)"
    r"|(?:\d[\d,.]{0,12}[kKMB]?|thousands of|millions of) (?:\w+ ){0,2}?(?:samples|examples|images"
    r"|videos|trajectories|episodes|demonstrations|questions|tasks|pairs|documents|papers|instances))\b",
    re.IGNORECASE,
)
_RESULT = re.compile(
    r"\b(?:outperform|surpass|exceed|achiev|improv|reduc|increas|match|reach|demonstrat|show|find"
    r"|found|reveal|suggest|yield|attain|gain|boost|generali[sz]|prove)\w*\b"
    r"|\bstate[- ]of[- ]the[- ]art\b|\d\s?(?:%|×|x\b)",
    re.IGNORECASE,
)
_NO_DATA = re.compile(r"\bwithout (?:\w+ ){0,2}(?:data ?sets?|benchmarks?)\b", re.IGNORECASE)
# What was found is no method, however much "our method" it says.
_FOUND = re.compile(
    r"\b(?:experiments?|experimental|evaluations?|empirical\w*|results?|outperforms?"
    r"|effectiveness|demonstrat\w+ (?:that|the)|we (?:show|find|found|demonstrate|observe))\b",
    re.IGNORECASE,
)
_LIMITS = re.compile(
    r"\b(?:limitations? of (?:our|this|the (?:method|approach|model))|our \w+ (?:cannot|does not"
    r"|do not|fails?|struggles?|is limited)|we leave|future (?:work|research)|only (?:tested"
    r"|evaluated|studied)|(?:remains?|still) (?:far from|behind|limited|falls? short|struggles?)"
    r"|even the (?:best|most|strongest)|at the (?:cost|expense) of|fall(?:s|ing)? short)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Column:
    """A point on which papers are compared.

    Attributes:
        name: At the head of the column.
        question: What its cells answer.
        tells: Words that a sentence must have to stand in it; None where any may.
        not_of: Words that tell that a sentence is of another column.
        named: Whether a sentence that begins with the paper's own name may stand in it, too.
    """

    name: str
    question: str
    tells: re.Pattern[str] | None = None
    not_of: re.Pattern[str] | None = None
    named: bool = False


@dataclass(frozen=True, slots=True)
class QuotedRow:
    """One paper of a table.

    Attributes:
        cells: A span of the abstract for each column; None where it says nothing on it.
    """

    paper: Paper
    cells: tuple[Span | None, ...]


@dataclass(frozen=True, slots=True)
class QuotedTable:
    """Papers as rows, points as columns; each row has a cell for every column."""

    columns: tuple[Column, ...]
    rows: tuple[QuotedRow, ...]


COLUMNS = (
    Column("Method", "What method do the authors propose?", _METHOD, _FOUND, named=True),
    Column("Data", "Which data sets or benchmarks are used?", _DATA, _NO_DATA),
    Column("Result", "What results does it achieve?", _RESULT),
    Column("Limits", "What are the limitations of the method?", _LIMITS),
)


def make_column(text: str) -> Column:
    """Returns a named column, or one of a reader's own question.

    Raises:
        QuestionError: The text is empty, too long, or not text.
    """
    asked = understand(text).asked
    named = next((one for one in COLUMNS if one.name.casefold() == asked.casefold()), None)
    return named or Column(asked, asked)


def fill_table(
    library: LibraryReader,
    papers: Iterable[Paper],
    columns: Sequence[Column],
    *,
    ranker: AnswerRanker | None = None,
    on_row: Callable[[], None] | None = None,
) -> QuotedTable:
    """Returns papers side by side; a pair of sentence and column takes some 3 ms of two cores.

    Args:
        library: Has the papers and their sentences.
        papers: In the order of the rows.
        columns: From left to right.
        ranker: The bundled one when not given.
        on_row: Called after each paper.
    """
    ranker, rows = ranker or bundled_ranker(), []
    for paper in papers:
        spans = library.sentences(paper)
        kept = select_quotable(paper, spans, "")
        quotable = [spans[n] for n in kept][:MOST_PAIRS]
        cells = tuple(choose_cell(column, paper, quotable, ranker) for column in columns)
        rows.append(QuotedRow(paper, cells))
        if on_row:
            on_row()
    return QuotedTable(tuple(columns), tuple(rows))


def choose_cell(
    column: Column, paper: Paper, spans: Sequence[Span], ranker: AnswerRanker
) -> Span | None:
    """Returns the span of the sentence that stands in a column, None where none does."""
    texts = [paper.abstract[start:end] for start, end in spans]
    fit = list(range(len(texts)))
    own = [is_own(text) or begins_with_name(text, paper.title) for text in texts]
    if column.tells is not None:
        # What stands before the authors speak of their work is about that of others.
        first = next((n for n in fit if own[n]), 0)
        told = [n for n in fit[first:] if column.tells.search(texts[n])]
        fit = told or [n for n in fit if column.named and own[n]]
        fit = [n for n in fit if own[n] or not sets_out(texts[n])]
    if column.not_of is not None:
        fit = [n for n in fit if not column.not_of.search(texts[n])]
    if not fit:
        return None
    titled = [with_title(paper.title, texts[n]) for n in fit]
    scores = np.array(ranker.scores(column.question, titled))
    if column.tells is None:
        words = set(stems(column.question)) - STOP_WORDS
        shares = [bool(words.intersection(stems(texts[n]))) for n in fit]
        enough = scores >= np.where(shares, BOUND, WITHOUT_WORDS)
        if not enough.any():
            return None
        scores[~enough] = -np.inf
    for place, n in enumerate(fit):
        scores[place] += TELLS * own[n] * (column.tells is not None) - LEANS * leans(texts[n])
    return spans[fit[int(scores.argmax())]]
