"""Group: a question that is asked of the papers of the last answer, made one of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from footnote.index.library import Filters, LibraryReader
from footnote.rag.answer import Turn
from footnote.rag.query.back_references import find_group


@dataclass(frozen=True, slots=True)
class GroupQuestion:
    """A question such as "Which papers use diffusion?", of the last answer's papers alone.

    Attributes:
        question: Which needs no conversation.
        filters: Those that were given, and the papers.
    """

    question: str
    filters: Filters


def ask_of_group(
    question: str, history: Sequence[Turn], filters: Filters, library: LibraryReader
) -> GroupQuestion | None:
    """Returns a question of the last answer's papers; None if it asks of no such group.

    Args:
        question: What is asked: "Which of them use diffusion?".
        history: The conversation so far.
        filters: Which papers may be found.
        library: Where the papers are.
    """
    last = next((turn.content for turn in reversed(history) if turn.role == "assistant"), "")
    group = find_group(question, last)
    if group is None:
        return None
    asked, titles = group
    papers = frozenset(paper.id for name in titles if (paper := library.paper(name)))
    papers &= filters.papers or papers
    return GroupQuestion(asked, replace(filters, papers=papers)) if papers else None
