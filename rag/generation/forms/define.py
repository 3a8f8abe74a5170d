"""Define: the full form of an abbreviation by agreement, then the sentence that defines it."""

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from footnote.index.models import Paper
from footnote.index.search.fulltext import STOP_WORDS, query_words
from footnote.rag.generation.forms.abbreviations import (
    FullForm,
    find_full_forms,
    normalize_form,
    same_form,
    spell_out,
)
from footnote.rag.generation.forms.fact import write as write_fact
from footnote.rag.generation.forms.form import (
    NOT_STATED,
    Composed,
    Draft,
    Reading,
    count_papers,
    name_topic,
)
from footnote.rag.query.kinds.rules import find_core
from footnote.rag.retrieval.evidence import Sentence

_LEAD = re.compile(
    r"^(?:what(?:'s|’s|s)? (?:exactly )?(?:is|are|does|do|did)? ?|define |definition of "
    r"|the meaning of |meaning of |explain (?:to me )?(?:what )?|expand |spell out )"
    r"(?:is |are )?(?:meant by |the (?:meaning|definition|full form|expansion) of )?"
    r"(?:the (?:term|concept|idea|abbreviation|acronym) (?:of )?)?(?:an? |the )?",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r" (?:stands? for|means?|meant|is|are|refers? to|exactly|there|here|to me|in (?:this"
    r"|these|the"
    r"|simple|plain)\b.{0,80}|simply|briefly|again|please|abbreviat\w+)\W{0,9}$",
    re.IGNORECASE,
)
_I = re.IGNORECASE
# Papers with an abbreviation that are looked through for what it stands for.
COUNTED = 500
# Words of a term; more are a question of another kind.
LONGEST_TERM = 6
# Two words that begin with so many letters alike are one word.
_SAME_BEGINNING = 6
_SHORT = re.compile(r"^[A-Za-z][\w-]{0,15}[A-Z][\w-]{0,15}$|^[A-Z][A-Z0-9-]{1,20}s?$|^[a-z]{2,6}$")


def write(reading: Reading) -> Composed:
    """Writes the full form, where the papers spell one out, then the defining sentence."""
    term = find_term(reading.question.asked)
    if len(term.split()) > LONGEST_TERM:
        return write_fact(reading)
    evidence = list(reading.search(term)) or list(reading.evidence)
    papers = list({s.paper.id: s.paper for s in evidence}.values())
    form = spell_out(term, papers) if _SHORT.match(term) else None
    if form:
        # The paper that is named after it may spell it out and seldom say it short.
        evidence = list(dict.fromkeys([*evidence, *reading.search(_plain(form.text))]))
    names = [term, *([form.text] if form else [])]
    kind = _asks_for_kind(reading, term)
    defining = find_definition(names, evidence, any_of_kind=kind)
    draft = Draft([*evidence, *([_spelled(form)] if form else [])])
    if form:
        said = draft.claim(f"{term} stands for {_plain(form.text)}", _spelled(form))
        draft.add(f"{said}{_say_agreement(term, form, reading)}.")
    # What the abbreviation stands for is the answer; beside it only a definition says more.
    best = defining or (None if form else _nearest(term, evidence))
    if best:
        draft.add(draft.quote(best))
    of_one = best is not None and kind and _ONE.match(_mark(best.text, names)) is not None
    if form or defining:
        return replace(draft.finish(), settled=True)
    if not best or (reading.is_surely_present and not of_one):
        return draft.finish()
    return draft.finish(missing=f"{NOT_STATED} what “{name_topic(term)}” means; nearest:")


def _say_agreement(term: str, form: FullForm, reading: Reading) -> str:
    """Returns how many papers spell an abbreviation out like this, where more than one does."""
    if reading.library is None:
        return ""
    searcher = reading.library.searcher
    ranked = searcher.rank_by_words(term, k=COUNTED, filters=reading.filters)
    papers = [hit.paper for hit in searcher.hits(ranked, "bm25")]
    agreed = sum(same_form(form, other) for other in find_full_forms(term, papers))
    least = "at least " if len(ranked) == COUNTED else ""
    return f", as {least}{count_papers(agreed)} spell it out" if agreed > 1 else ""


def find_term(question: str) -> str:
    """Returns the term that a question asks to define."""
    core = find_core(" ".join(question.split())).strip(" ?.!\"“”'")
    rest = _LEAD.sub("", core, count=1)
    for _ in range(2):
        rest = _TAIL.sub("", rest).strip(" ?.!\"“”'")
    return rest or core


def _asks_for_kind(reading: Reading, term: str) -> bool:
    """Returns whether a question asks for a kind of thing: "a world model", not "the DRM"."""
    return re.search(rf"\ban? {re.escape(term)}(?![\w-])", reading.question.asked, _I) is not None


def find_definition(
    names: Sequence[str], evidence: Sequence[Sentence], *, any_of_kind: bool = False
) -> Sentence | None:
    """Returns the sentence that best says what a term is, None where none does.

    Args:
        names: The term, and its full form; a paper that is named after either is its own.
        evidence: Most telling first.
        any_of_kind: Whether the term is a kind of thing, of which "the" tells of one alone.
    """
    marked = [_mark(s.text, names) for s in evidence]
    found = [
        (0 if any_of_kind and _ONE.match(text) else _strength(text), n, s)
        for n, (text, s) in enumerate(zip(marked, evidence, strict=True))
    ]
    # "We propose X, which ..." defines X in the paper that is named after it alone.
    own = [row for row in found if row[0] and is_named_after(row[2].paper, names)]
    plain = [row for row in found if row[0] >= PLAIN]
    # A term is explained where it first comes up, which is early.
    ranked = sorted(own or plain, key=lambda row: (-row[0], row[2].start // _EARLY, row[1]))
    return ranked[0][2] if ranked else None


# Characters of about two sentences.
_EARLY = 300
# Strength from which a sentence defines a term whoever wrote it.
PLAIN = 3


# Stands for the term where a sentence is read.
_TERM = "\ue000"
_NAMED = rf"{_TERM}(?: ?\([^()]{{1,40}}\))?"
# "The world model is a recurrent ..." tells of one world model.
_ONE = re.compile(rf"(?:the|our|this) {_TERM}", re.IGNORECASE)
# A verb of what a thing does: not "has gained" or "was shown".
_DOES = r"(?!has\b|was\b|as\b|its\b|this\b)\w{2,20}s\b"
_NOUN = rf"{_NAMED}(?: (?:models?|methods?|algorithms?|policy|policies|learning))?"
_SAYS = r"(?:refers? to|means?|denotes?|describes?|consists? of|occurs? when|aims? to)"
# What defines a term, the plainest first.
_DEFINES = (
    re.compile(
        rf"^(?:the |an? )?{_NOUN}(?:,? (?:is|are) (?:an?|the|one of)\b|,? {_SAYS}\b|, short for\b"
        rf"|,? (?:which|where|in which)\b|, an?\b| {_DOES}(?: [\w-]{{1,30}}){{1,8}}? by\b)",
        re.IGNORECASE,
    ),
    re.compile(
        rf"{_NOUN},? (?:is|are) (?:an?|the)\b|{_NAMED}, (?:an?|the)(?: [\w-]{{1,30}}){{1,6}}?"
        rf" (?:where|which|that|in which|when|of|for)\b|^(?:the |an? )?{_NOUN} {_DOES}"
        rf"|\b(?:(?:which )?we (?:call|term|dub|name)|called|termed|dubbed|known as"
        rf"|defined? as) (?:the |an? )?{_NAMED}",
        re.IGNORECASE,
    ),
    re.compile(rf"{_NOUN},? (?:is|are|{_SAYS})\b|{_NAMED}[,:—–] ", re.IGNORECASE),
    re.compile(rf"\b(?:introduce|propose|present|develop)\b[^.;]{{0,80}}?{_NAMED}", re.IGNORECASE),
)


def _mark(text: str, names: Sequence[str]) -> str:
    """Returns a sentence on one line with the term, by any of its names, put as ``_TERM``."""
    marked = " ".join(text.split())
    for name in sorted(names, key=len, reverse=True):
        marked = re.sub(
            rf"(?<![\w-]){re.escape(name)}s?(?![\w-])", _TERM, marked, flags=re.IGNORECASE
        )
    return marked


def _strength(marked: str) -> int:
    """Returns how plainly a sentence defines the term that is marked in it, 0 for not at all."""
    if _TERM not in marked:
        return 0
    for strength, pattern in zip((4, 3, 2, 1), _DEFINES, strict=True):
        if pattern.search(marked):
            return strength
    return 0


def is_named_after(paper: Paper, names: Collection[str]) -> bool:
    """Returns whether a paper's title begins with one of a thing's names: "DPO: ..."."""
    head = re.split(r"[:—–]|\s-\s", paper.title, maxsplit=1)[0]
    return normalize_form(head) in set(map(normalize_form, names))


def _spelled(form: FullForm) -> Sentence:
    """Returns the place that spells an abbreviation out, to be cited."""
    return Sentence(form.paper, *form.span, 0.0)


def _nearest(term: str, evidence: Sequence[Sentence]) -> Sentence | None:
    """Returns the first sentence with the most words of a term, endings apart."""
    wanted = {word[:_SAME_BEGINNING] for word in query_words(term)} - STOP_WORDS

    def lacks(sentence: Sentence) -> int:
        return len(wanted - {word[:_SAME_BEGINNING] for word in query_words(sentence.text)})

    return min(evidence, key=lacks, default=None)


def _plain(form: str) -> str:
    """Returns a full form as it is read: on one line, without brackets of its own."""
    return " ".join(form.split())
