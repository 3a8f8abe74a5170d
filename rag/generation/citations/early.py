"""Early verdicts: the rules judge each sentence of a model as soon as it is whole.

What follows a sentence may still be on its way, so the last one waits for the next or the end, and
the cells of a row for the row: its sources may stand in its last column. A
verdict is found once: the check of the whole answer takes the same verifier.
"""

import re
import time
from collections.abc import Sequence

from footnote.rag.answer import JudgedSentence, Statement
from footnote.rag.generation.citations import Bound, CitationBinder
from footnote.rag.generation.citations.patterns import BAR
from footnote.rag.generation.repair import verify_sentences
from footnote.rag.retrieval.evidence import Sentence
from footnote.rag.verification.verifier import Verifier

# Characters of what ends a sentence.
_LONGEST_END = 6
_ENDS = re.compile(r"[.!?…|][\"'”’)*_\]]{0,4}\s|\n")


class EarlyJudge:
    """Judges the sentences of one answer while it is written."""

    def __init__(self, evidence: Sequence[Sentence], verifier: Verifier, deadline: float) -> None:
        """Takes what the numbers in the text mean, who judges, and until when."""
        self._evidence, self._verifier, self._deadline = evidence, verifier, deadline
        self._judged: list[Bound] = []
        self._read = 0

    def judge(self, text: str, *, last: bool = False) -> list[JudgedSentence]:
        """Returns the sentences that are whole since the latest call, each with its verdict.

        Args:
            text: Of the model so far.
            last: Whether nothing follows.
        """
        # One that thinks again begins anew.
        start = max(0, self._read - _LONGEST_END) if self._read <= len(text) else 0
        ended = last or _ENDS.search(text, start)
        if not ended or time.monotonic() >= self._deadline:
            return []
        self._read = len(text)
        bounds = CitationBinder(self._evidence).bind(text if last else _without_growing_row(text))
        whole = bounds if last else bounds[:-1]
        new = whole[len(self._judged) :]
        self._judged += new
        drafts = verify_sentences(
            new, self._evidence, verifier=self._verifier, deadline=self._deadline
        )
        return [
            JudgedSentence(
                Statement(
                    draft.bound.text, draft.bound.citations, draft.verdict, draft.support,
                    (*draft.notes, *draft.bound.notes),
                )
            )
            for draft in drafts
        ]  # fmt: skip


def _without_growing_row(text: str) -> str:
    """Returns a text up to a line at its end that is, or may become, a row of a table.

    What the first row is, the line below it tells.
    """
    whole, newline, growing = text.rpartition("\n")
    above, _, line = whole.rpartition("\n")
    if not newline:
        return "" if BAR.search(text) else text
    is_first = BAR.search(line) and not BAR.search(above.rpartition("\n")[2])
    if is_first:
        return f"{above}\n" if above else ""
    return f"{whole}\n" if BAR.search(growing) else text
