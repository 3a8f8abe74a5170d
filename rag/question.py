"""Questions: what can be asked, and how a follow-up is made to stand alone."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag import QuestionError
from rag.answer import Turn

# An abstract has about 1,300 characters; no question needs three of them.
MAX_CHARACTERS = 4000
# Words of an earlier answer that travel with a follow-up: its topic comes first.
CARRIED_WORDS = 60

_LEANS_ON_HISTORY = re.compile(
    r"^\W*(?:and|but|so|also|or|then|what about|how about|why)\b"
    r"|\b(?:it|its|they|them|their|theirs|this|that|these|those|he|she|there|former|latter|"
    r"same|other|others|one|ones|another|such|else|instead|both|either|again|previous|above)\b",
    re.IGNORECASE,
)
# So few words cannot name a topic of their own.
_FEW_WORDS = 5


@dataclass(frozen=True, slots=True)
class Question:
    """A question in the forms that the stages need.

    Attributes:
        asked: As it was asked.
        standalone: With what the conversation left implicit, for people and models.
        query: What is searched for.
    """

    asked: str
    standalone: str
    query: str


def understand(question: str, history: Sequence[Turn] = ()) -> Question:
    """Returns the question, made to stand alone where it leans on the conversation.

    Raises:
        QuestionError: It is empty or too long.
    """
    asked = " ".join(question.split())
    if not asked:
        raise QuestionError("the question is empty; ask something about the papers")
    if len(asked) > MAX_CHARACTERS:
        raise QuestionError(
            f"the question has {len(asked):,} characters, at most {MAX_CHARACTERS:,} are read; "
            "shorten it"
        )
    asked_before = next((t.content for t in reversed(history) if t.role == "user"), None)
    if asked_before is None or not _leans(asked):
        return Question(asked, asked, asked)
    before = " ".join(asked_before.split())
    answered = next((t.content for t in reversed(history) if t.role == "assistant"), "")
    carried = " ".join(answered.split()[:CARRIED_WORDS])
    return Question(asked, f"{before} {asked}", f"{before} {carried} {asked}")


def _leans(question: str) -> bool:
    few = len(re.findall(r"\w+", question)) <= _FEW_WORDS
    return few or _LEANS_ON_HISTORY.search(question) is not None
