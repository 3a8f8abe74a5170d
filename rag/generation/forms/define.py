"""Define: the full form of an abbreviation by agreement, then the sentence that defines it."""

import re
from collections.abc import Sequence
from functools import lru_cache

from footnote.index.models import Paper
from footnote.index.search.fulltext import STOP_WORDS, stems
from footnote.rag.generation.forms.abbreviations import (
    choose_full_form,
    find_full_forms,
    same_form,
)
from footnote.rag.generation.forms.form import (
    NOT_STATED,
    Composed,
    Draft,
    Reading,
    count_papers,
    name_topic,
)
from footnote.rag.query.kinds import find_core
from footnote.rag.retrieval.evidence import Sentence

_LEAD = re.compile(
    r"^(?:what(?:'s|’s|s)?\s+(?:exactly\s+)?(?:is|are|does|do|did)?\s*|define\s+|definition of\s+"
    r"|the meaning of\s+|meaning of\s+|explain\s+(?:to me\s+)?(?:what\s+)?|expand\s+|spell out\s+)"
    r"(?:is\s+|are\s+)?(?:meant by\s+|the (?:meaning|definition|full form|expansion) of\s+)?"
    r"(?:the (?:term|concept|idea|abbreviation|acronym)\s+(?:of\s+)?)?(?:an?\s+|the\s+)?",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"\s+(?:stands?\s+for|means?|meant|is|are|refers? to|exactly|there|here|to me|in (?:this|these|the"
    r"|simple|plain)\b.*|simply|briefly|again|please|abbreviat\w+)\W*$",
    re.IGNORECASE,
)
_SHORT = re.compile(r"^[A-Za-z][\w-]*[A-Z][\w-]*s?$|^[A-Z][A-Z0-9-]+s?$|^[a-z]{2,6}$")


def write(reading: Reading) -> Composed:
    """Writes the full form, where the papers spell one out, then the defining sentence."""
    term = find_term(reading.question.asked)
    evidence = list(reading.search(term)) or list(reading.evidence)
    papers = list({s.paper.id: s.paper for s in evidence}.values())
    forms = find_full_forms(term, papers) if _SHORT.match(term) else []
    form = choose_full_form(forms)
    defining = find_definition([term, *([form.text] if form else [])], evidence)
    spelled = Sentence(form.paper, *form.span, 0.0) if form else None
    draft = Draft([*evidence, *([spelled] if spelled else [])])
    if form and spelled:
        agreed = count_papers(sum(same_form(form, other) for other in forms))
        said = draft.claim(f"{term} stands for {_plain(form.text)}", spelled)
        draft.add(f"{said}, as {agreed} spell{'s' * (agreed == '1 paper')} it out.")
    best = defining or _first_that_names(term, evidence)
    if best:
        draft.add(draft.quote(best))
    if form or defining or not best:
        return draft.finish()
    return draft.finish(missing=f"{NOT_STATED} what “{name_topic(term)}” means; nearest:")


def find_term(question: str) -> str:
    """Returns the term that a question asks to define."""
    core = find_core(" ".join(question.split())).strip(" ?.!\"“”'")
    rest = _LEAD.sub("", core, count=1)
    for _ in range(2):
        rest = _TAIL.sub("", rest).strip(" ?.!\"“”'")
    return rest or core


def find_definition(names: Sequence[str], evidence: Sequence[Sentence]) -> Sentence | None:
    """Returns the sentence that best says what a term is, None where none does.

    The paper that is named after the term comes first, then sentences that begin with it.

    Args:
        names: The term, and its full form.
        evidence: Most telling first.
    """
    term = "|".join(re.escape(name) for name in names)
    strong, weak = _patterns(term)
    found = [
        (not _is_named_after(s.paper, names[0]), -_strength(s.text, strong, weak), n)
        for n, s in enumerate(evidence)
        if strong.search(s.text) or weak.search(s.text)
    ]
    # What only uses a term defines it in the paper that is named after it alone.
    kept = [row for row in found if row[1] <= -2 or not row[0]]
    return evidence[min(kept or found)[2]] if found else None


def _strength(text: str, strong: re.Pattern[str], weak: re.Pattern[str]) -> int:
    match = strong.search(text)
    if match is None:
        return 1
    return 3 if match.start() < 30 else 2


@lru_cache(64)
def _patterns(term: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    named = (
        rf"(?<![\w-])(?:{term})s?(?:\s*\([^()]{{1,40}}\))?(?:\s+(?:models?|methods?|algorithms?))?"
    )
    strong = (
        rf"{named},?\s+(?:is|are|refers? to|means?|denotes?|describes?|consists? of|occurs? when)\b"
        rf"|{named}\s+\w+s\s+(?:\w+\s+){{0,3}}by\s"
        rf"|{named},\s+(?:an?|the|which|where|in which|a \w+ phenomenon)\b"
        rf"|\b(?:called|termed|dubbed|known as|define[sd]?)\s+(?:the\s+|an?\s+|as\s+)?{named}"
    )
    weak = (
        rf"\b(?:introduce|propose|present|develop)\s+(?:the\s+|an?\s+)?[^.;]{{0,60}}?{named}"
        rf"|{named}\s*(?:,|:|—|–|\w+s\b)"
    )
    return re.compile(strong, re.IGNORECASE), re.compile(weak, re.IGNORECASE)


def _is_named_after(paper: Paper, term: str) -> bool:
    head = re.split(r"[:—–]|\s-\s", paper.title, maxsplit=1)[0]
    return head.strip().casefold() == term.casefold()


def _first_that_names(term: str, evidence: Sequence[Sentence]) -> Sentence | None:
    """Returns the first sentence with all words of a term, else the first of all."""
    wanted = set(stems(term)) - STOP_WORDS
    naming = (s for s in evidence if wanted <= set(stems(s.text)))
    return next(naming, evidence[0] if evidence else None)


def _plain(form: str) -> str:
    """Returns a full form as it is read: on one line, without brackets of its own."""
    return " ".join(form.split())
