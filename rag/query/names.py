"""Names in a question: of a system, a data set or a method, by how they are spelled."""

import re
from collections.abc import Iterable, Sequence

from footnote.index.models import Paper

# A capital or a digit inside a word: OpenVLA, GRPO, Llama-2, pi0. "CPU-bound" is a word.
_NAME = re.compile(
    r"(?<![\w-])(?=[\w-]{0,30}(?:[a-z0-9][A-Z]|[A-Z]{2}|[A-Za-z]\d))[A-Za-z][\w-]{1,30}(?![\w-])"
)
_WORD_BEHIND = re.compile(r"-[a-z]{2,}$")


def find_names(question: str) -> list[str]:
    """Returns the names in a question, in order, each once."""
    found = (_WORD_BEHIND.sub("", name) for name in _NAME.findall(question))
    return list(dict.fromkeys(found))


def is_abbreviation(name: str) -> bool:
    """Returns whether a name is capitals alone, as CPU is, and may be spelled out elsewhere."""
    return name.rstrip("s").isupper() and name.isalpha()


def spells_out(text: str, name: str) -> bool:
    """Returns whether words of a text, one after the other, begin with an abbreviation's letters.

    Chance does that too for short ones.
    """
    letters = "".join(part[0] for part in re.findall(r"[^\W_]+", text.casefold()))
    return is_abbreviation(name) and name.rstrip("s").casefold() in letters


def missing_names(question: str, papers: Iterable[Paper]) -> list[str]:
    """Returns the names in a question that none of these papers has."""
    texts = [f"{paper.title} {paper.abstract}".casefold() for paper in papers]
    return [name for name in find_names(question) if not _occurs(name.casefold(), texts)]


def _occurs(name: str, texts: Sequence[str]) -> bool:
    plain = name.replace("-", "")
    return any(name in text or plain in text.replace("-", "") for text in texts)
