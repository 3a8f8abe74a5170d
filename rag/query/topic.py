"""Topic: what a question is about, without the words that only ask for an answer."""

import re
from dataclasses import replace

from footnote.rag.query.kinds.rules import find_core
from footnote.rag.query.question import Question

_WORKS = (
    r"(?:papers?|abstracts?|articles?|publications?|works?|stud(?:y|ies)|research|literature"
    r"|surveys?)"
)
_PLACE = (
    r"(?:in|of|from|within|across|among) (?:this|the|these|your|our|my|all(?: the)?)"
    r" (?:library|collection|corpus|papers|abstracts|database|literature)"
)
_ABOUT = r"(?:about|on|of|regarding|concerning|around|with|for|in)"
_SAY = r"(?:say|says|said|tell us|know|think|report|show|find|found|conclude|have)"
# What may stand before the topic; the first that fits is taken off.
_LEADS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"^(?:(?:give|write|make|show) (?:me |us )?)?(?:an? |the )?(?:short |brief |quick )?"
        rf"(?:overview|summary|survey|review|outline|synthesis) {_ABOUT} (?:how |what )?",
        r"^(?:what|how) (?:have|has|do|did) (?:people|researchers|papers|authors|others) "
        r"(?:tried|done|try|do|proposed|found|used)? ?(?:to|about)? ?",
        rf"^(?:which|what|any) (?:of (?:the|these|your) )?(?:other )?{_WORKS}"
        rf"(?: (?:here|are there|do you have|{_PLACE}))?(?: (?:are|is|were|deal(?:s|ing)?))?"
        rf"(?: (?:there )?(?:about|on|with)\b| that| which)? ",
        rf"^(?:list|find|show|give me|name|get|collect|enumerate|recommend|suggest)\b(?: me)?"
        rf"(?: (?:all|everything|any|some|the|every|anything))*(?: {_WORKS})?"
        rf"(?: (?:you|we|the library) (?:have|has|hold|holds|know))?(?: (?:{_ABOUT}|that"
        rf"|which))? ",
        rf"^what (?:else )?(?:do|does|did) (?:the |these |your |this )?(?:library|{_WORKS}|people"
        rf"|researchers|we|you|collection|authors|field)(?: \w+)? {_SAY}(?: {_ABOUT})? ",
        rf"^(?:briefly )?summari[sz]e (?:what (?:the |these )?(?:library|{_WORKS}) {_SAY} {_ABOUT}"
        rf"|(?:the |all )?{_WORKS} {_ABOUT}|the|what is known {_ABOUT})? ?",
        rf"^what(?:'s| is| has been| else is)(?: there| known| new| done| written| going on| out"
        rf" there)+ {_ABOUT} ",
        rf"^(?:tell|teach) me (?:everything |all |more )?{_ABOUT} ",
        rf"^how many {_WORKS} (?:are |is |were )?(?:there )?(?:{_ABOUT}|that|which|mention|use) ",
        rf"^{_WORKS} (?:{_ABOUT}|that|which) ",
        r"^how (?:are|is|do|does|did|can|have|has|could) ",
        r"^(?:which|what) (?:are|is|were|was) (?:the )?",
        r"^(?:is|are) there (?:any |some )?",
        r"^(?:which|what|who) ",
    )
)
_TAIL = re.compile(
    rf" (?:{_PLACE}|here|in (?:the )?(?:library|{_WORKS})|so far|please)\W{0, 5}$", re.IGNORECASE
)
# Words that ask, wherever they stand; as words to search for they bring the wrong papers.
SCAFFOLD = frozenset(
    """paper papers library collection overview summary summarise summarize list everything say says
    said people studies abstracts abstract literature researchers give show find tell recommend
    please""".split()
)


def find_topic(question: str) -> str:
    """Returns the words of a question that say what it is about, to be named in its answer."""
    core = find_core(" ".join(question.split()))
    for lead in _LEADS:
        rest = lead.sub("", core, count=1)
        if rest != core and rest.strip(" ?.!"):
            core = rest
            break
    return _TAIL.sub("", core).strip(" ?.!:;,")


def drop_scaffold(question: Question) -> Question:
    """Returns a wide question without the words that only ask, unless none is left."""
    words = question.asked.split()
    kept = [word for word in words if re.sub(r"\W", "", word).lower() not in SCAFFOLD]
    if not any(map(str.isalnum, "".join(kept))):
        return question
    return replace(question, asked=" ".join(kept))
