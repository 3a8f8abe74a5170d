"""Full forms of abbreviations, as abstracts spell them out: "world model (WM)".

Source: Schwartz and Hearst 2003, "A simple algorithm for identifying abbreviation definitions in
biomedical text": the short form's characters are found, from the last to the first, in the words
before its bracket, and its first character begins a word.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from footnote.index.models import Paper, Span

# Words of a full form at most, for a short form of so many characters: as in the source.
_MORE_WORDS, _TIMES_WORDS = 5, 2
_IN_BRACKETS = re.compile(r"\(([^()]{2,40})\)")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")


@dataclass(frozen=True, slots=True)
class FullForm:
    """One place that spells an abbreviation out.

    Attributes:
        text: The full form, as it stands there.
        span: Of it and the short form in brackets, in the abstract.
    """

    paper: Paper
    text: str
    span: Span


def find_full_forms(short: str, papers: Iterable[Paper]) -> list[FullForm]:
    """Returns each place where a paper spells a short form out, one a paper."""
    wanted = _key(short)
    found = []
    for paper in papers:
        for match in _IN_BRACKETS.finditer(paper.abstract):
            form = _spelled_out(paper, match, wanted)
            if form:
                found.append(form)
                break
    return found


def choose_full_form(forms: Iterable[FullForm]) -> FullForm | None:
    """Returns the full form that most papers give, as the first of them writes it."""
    forms = list(forms)
    counts = Counter(normalize_form(form.text) for form in forms)
    return max(forms, key=lambda form: counts[normalize_form(form.text)], default=None)


def spell_out(short: str, papers: Iterable[Paper]) -> FullForm | None:
    """Returns what most of some papers say that a short form stands for, None where none does."""
    return choose_full_form(find_full_forms(short, papers))


def same_form(one: FullForm, other: FullForm) -> bool:
    """Returns whether two papers give the same full form, spelling and plural apart."""
    return normalize_form(one.text) == normalize_form(other.text)


def _spelled_out(paper: Paper, match: re.Match[str], wanted: str) -> FullForm | None:
    inside = match[1].strip()
    text = paper.abstract
    head = re.split(r"[,;:]| e\.g\.| i\.e\.", inside)[0].strip()
    if _key(head) == wanted:
        begin = _begin_of(head.rstrip("s"), text[: match.start()].rstrip())
        if begin is not None:
            return FullForm(paper, text[begin : match.start()].rstrip(), (begin, match.end()))
    # "GRPO (group relative policy optimization)".
    before = text[: match.start()].rstrip().rpartition(" ")[2].strip("\"'([“")
    if _key(before) == wanted and _begin_of(before.rstrip("s"), inside) == 0:
        begin = text.rindex(before, 0, match.start())
        return FullForm(paper, inside, (begin, match.end()))
    return None


def _begin_of(short: str, before: str) -> int | None:
    """Returns where the full form begins in what stands before the bracket; None without one."""
    letters = [c for c in short.lower() if c.isalnum()]
    most = min(len(letters) + _MORE_WORDS, len(letters) * _TIMES_WORDS)
    words = list(_WORD.finditer(before))[-most:]
    if not letters or not words:
        return None
    # A bracket or a full stop within cannot be part of the form.
    floor = max(before.rfind(mark, words[0].start()) for mark in (". ", "? ", ") ", "; ", ": "))
    # Its letters as initials first: "Policy Optimization" would do for PPO, too.
    for initials in (True, False):
        begin = _match_letters(letters, before, max(floor + 1, words[0].start()), initials=initials)
        if begin is not None and before[begin:].strip().lower() != short.lower():
            return begin
    return None


def _match_letters(letters: list[str], before: str, first: int, *, initials: bool) -> int | None:
    """Returns where the first letter stands, all found in turn from the end; None where not."""
    at = len(before)
    for n in range(len(letters) - 1, -1, -1):
        at -= 1
        while at >= first and not (
            before[at].lower() == letters[n]
            and (not (initials or n == 0) or at == 0 or not before[at - 1].isalnum())
        ):
            at -= 1
        if at < first:
            return None
    return at


def _key(short: str) -> str:
    """Returns a short form as compared: GRPO, GRPOs and "GRPO" are one."""
    kept = "".join(c for c in short if c.isalnum())
    return (kept[:-1] if kept.endswith("s") and kept[:-1].isupper() else kept).casefold()


def normalize_form(form: str) -> str:
    """Returns a full form as it is compared: spelling, plural and punctuation apart."""
    words = re.sub(r"[\W_]+", " ", form.casefold()).split()
    return " ".join(word.replace("isation", "ization").rstrip("s") for word in words)
