"""Uses: whether a sentence says that its paper uses a thing, or only compares with it.

"Our policy outperforms PPO" names PPO and does not use it. What matters is the last word of
comparing before the name: "better than PPO" compares, "better than before by training with PPO"
does not.
"""

import re
from collections.abc import Iterator, Sequence

from footnote.index.search.fulltext import stems

# Characters before and behind a name that are read: a list of other names may stand between.
_BEFORE, _BEHIND = 120, 90
_COMPARING = re.compile(
    r"\b(?:(?:out-?perform|surpass|exceed|beat|out-?pac|out-?do|top|rival|match|dominat|outscor)"
    r"(?:s|es|ed|ing)?"
    r"|than|versus|vs|against|unlike|over|beyond|despite|whereas|while"
    r"|(?:compared?|comparisons?|comparable|comparably|superior|inferior|similar|equivalent"
    r"|competitive|relative|contrary|contrast|alternatives?|opposed|equal|par|close) (?:to|with)"
    r"|(?:replac|avoid|eliminat|remov|abandon|bypass)(?:e|es|ed|ing)|instead of|rather than|without"
    r"|baselines?|competitors?|counterparts?|benchmarked|differs? from|existing|prior|previous"
    r"|exemplified by|such as|like)\b|\be\.g\.",
    re.IGNORECASE,
)
# Says so only of what was compared before: "baselines such as PPO".
_EXAMPLES = re.compile(r"\b(?:such as|like|exemplified by)$|e\.g\.$", re.IGNORECASE)
_COMPARED_THINGS = re.compile(
    r"\b(?:baselines?|methods?|approach(?:es)?|algorithms?|competitors?|techniques?"
    r"|state-of-the-art|SOTA)\W{1,3}(?:\w{1,30}\W{1,3}){0,2}$",
    re.IGNORECASE,
)
_USING = re.compile(
    r"\b(?:us(?:e|es|ed|ing)|appl(?:y|ies|ied|ying)|employ\w*|adopt\w*|leverag\w+|utili[sz]\w+"
    r"|train\w*|optimi[sz](?:e|es|ed|ing)|via|through|by|based on|built (?:on|upon)|extend\w*"
    r"|incorporat\w+|combin\w+|integrat\w+|adapt\w*|fine-?tun\w+|propose\w*|introduc\w+|develop\w*"
    r"|with)\b",
    re.IGNORECASE,
)
_NEEDLESS = re.compile(
    r"^[^.;]{0,60}\b(?:not|never)(?: be)? (?:necessary|needed|required|used|suitable)\b",
    re.IGNORECASE,
)
_BASELINE = re.compile(
    r"^(?:[- ](?:based|style|trained|like|only)){0,2}\W{0,2}(?:[\w-]+ ){0,2}"
    r"(?:baselines?|counterparts?|competitors?)\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"[;:]|\. |, (?:and|but|which|we|our|it)\b")
_WORD = re.compile(r"[^\W_]+")


def is_used(text: str, spellings: Sequence[str]) -> bool:
    """Returns whether a text names a thing other than to compare with it.

    Args:
        text: A sentence or a title.
        spellings: The stems of each of its names, one space between two.
    """
    return any(not _is_compared(text, *place) for place in find_mentions(text, spellings))


def find_mentions(text: str, spellings: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yields where each of some stems stands in a text."""
    words = [(word.start(), word.end(), " ".join(stems(word[0]))) for word in _WORD.finditer(text)]
    kept = [word for word in words if word[2]]
    for spelling in spellings:
        wanted = spelling.split()
        for at in range(len(kept) - len(wanted) + 1):
            part = kept[at : at + len(wanted)]
            if wanted and [word[2] for word in part] == wanted:
                yield part[0][0], part[-1][1]


def _is_compared(text: str, start: int, end: int) -> bool:
    """Returns whether the clause of a name only compares with it."""
    behind = text[end : end + _BEHIND]
    if _BASELINE.match(behind) or _NEEDLESS.match(behind):
        return True
    before = _CLAUSE.split(text[max(0, start - _BEFORE) : start])[-1]
    cues = list(_COMPARING.finditer(before))
    if not cues or _USING.search(before, cues[-1].end()):
        return False
    if _EXAMPLES.search(cues[-1][0]):
        # "Methods such as PPO" are of others, unless it is said what is done with them.
        named = before[: cues[-1].start()]
        return _COMPARED_THINGS.search(named) is not None and not _USING.search(named)
    return True
