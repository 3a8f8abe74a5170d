"""Define: the full form of an abbreviation by agreement, then the sentence that defines it."""

import re
from collections.abc import Iterable, Sequence

from footnote.index.models import Hit, Paper
from footnote.rag.generation.forms.abbreviations import (
    FullForm,
    choose_full_form,
    find_full_forms,
    same_form,
)
from footnote.rag.generation.forms.fact import choose_sentences
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
    papers = [hit.paper for hit in _gather(term, reading)]
    forms = find_full_forms(term, papers) if _SHORT.match(term) else []
    form = choose_full_form(forms)
    sentences = {s.paper.id: s for s in reading.evidence}
    spelled = _sentence_of(form, reading) if form else None
    defining = find_definition(term, form.text if form else "", reading.evidence, papers)
    draft = Draft([*reading.evidence, *filter(None, [spelled])])
    if form and spelled:
        agreed = sum(same_form(form, other) for other in forms)
        draft.add(f"**{term}** stands for **{form.text}** ({_say_agreement(agreed)}).")
        same = defining and (defining.paper.id, defining.start) == (spelled.paper.id, spelled.start)
        lines = [spelled] if same or not defining else [defining, spelled]
        draft.add(" ".join(draft.quote(sentence) for sentence in lines[:2]))
        return draft.finish()
    if defining:
        draft.add(draft.quote(defining))
        return draft.finish()
    if not sentences:
        return draft.finish()
    draft.add(" ".join(draft.quote(s) for s in choose_sentences(reading.evidence)[:2]))
    return draft.finish(missing=f"{NOT_STATED} what “{name_topic(term)}” means; nearest:")


def find_term(question: str) -> str:
    """Returns the term that a question asks to define."""
    core = find_core(" ".join(question.split())).strip(" ?.!\"“”'")
    rest = _LEAD.sub("", core, count=1)
    for _ in range(2):
        rest = _TAIL.sub("", rest).strip(" ?.!\"“”'")
    return rest or core


def find_definition(
    term: str, full: str, evidence: Sequence[Sentence], papers: Sequence[Paper]
) -> Sentence | None:
    """Returns the sentence that says what a term is; of the paper that is named after it first."""
    pattern = _defining_pattern([term, *([full] if full else [])])
    own = {paper.id for paper in papers if _is_named_after(paper, term)}
    found = [(s.paper.id in own, n, s) for n, s in enumerate(evidence) if pattern.search(s.text)]
    return min(found, key=lambda row: (not row[0], row[1]))[2] if found else None


def _defining_pattern(names: Iterable[str]) -> re.Pattern[str]:
    term = "|".join(re.escape(name) for name in names)
    named = rf"(?<![\w-])(?:{term})(?:\s*\([^()]{{1,40}}\))?"
    return re.compile(
        rf"{named}s?,?\s+(?:is|are|refers? to|means?|denotes?|describes?|involves?|aims? to|consists? of|occurs? when|learns?|enables?|trains?|combines?)\b"
        rf"|{named},\s+(?:an?|the|which|where|a phenomenon)\b"
        rf"|\b(?:called|termed|dubbed|named|known as|define[sd]?|introduce|propose|present)\s+(?:the\s+|an?\s+)?[^.;]{{0,60}}?{named}"
        rf"|{named}\s*[:—–-]\s",
        re.IGNORECASE,
    )


def _is_named_after(paper: Paper, term: str) -> bool:
    head = re.split(r"[:—–]|\s-\s", paper.title, maxsplit=1)[0]
    return head.strip().casefold() == term.casefold()


def _gather(term: str, reading: Reading) -> Sequence[Hit]:
    """Returns the papers that may spell a term out: those that were found, and those that have it."""
    if reading.search is None:
        return reading.hits
    known = {hit.paper.id for hit in reading.hits}
    return [*reading.hits, *(hit for hit in reading.search(term) if hit.paper.id not in known)]


def _sentence_of(form: FullForm, reading: Reading) -> Sentence | None:
    """Returns the sentence that spells an abbreviation out."""
    if reading.library is None:
        return None
    for start, end in reading.library.sentences(form.paper):
        if start <= form.span[0] and form.span[1] <= end:
            return Sentence(form.paper, start, end, 0.0)
    return None


def _say_agreement(agreed: int) -> str:
    return f"so in {count_papers(agreed)}"
