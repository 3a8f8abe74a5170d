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
_SAY = (
    r"(?:say|says|said|tell us|know|think|report|show|find|found|conclude|have|holds?|contains?"
    r"|covers?|offers?)"
)
# What may stand before the topic; the first that fits is taken off.
_LEADS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"^(?:(?:give|write|make|show) (?:me |us )?)?(?:an? |the )?(?:short |brief |quick )?"
        rf"(?:overview|summary|survey|review|outline|synthesis) {_ABOUT} "
        rf"(?:(?:the |all |recent )?{_WORKS} {_ABOUT} )?(?:how |what )?",
        r"^(?:what|how) (?:have|has|do|did) (?:people|researchers|papers|authors|others) "
        r"(?!(?:say|tell us|know|think|report|show|conclude)\b)(?:tried|done|try|do|proposed|found"
        r"|used)? ?(?:to|about)? ?",
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
        r"^(?:what(?:'s| is) |(?:describe|summari[sz]e) )?the (?:current |present )?"
        r"(?:state|status)"
        r" of (?:the )?(?:research|art|knowledge|field|literature|work|play)"
        rf" {_ABOUT} ",
        r"^(?:which|what) (?:are|is|were|was) (?:the )?",
        rf"^(?:is|are) there (?:any |some )?(?:{_WORKS} (?:{_ABOUT}|that|which) )?",
        r"^(?:which|what|who) ",
    )
)
_TAIL = re.compile(
    rf" (?:{_PLACE}|here|in (?:the )?(?:library|{_WORKS})|so far|please)\W{{0,5}}$", re.IGNORECASE
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


# "are" of "which planners are used for driving" goes without saying; that of "are public" does not.
_BE = r"(?:are|is|were|was|have been|has been)"
_PART = r"(?:\w+ed|built|made|shown|done|taught)"
_AUX = rf"(?:{_BE}|have|has|had|can|could|do|does|will|may|need|must|should)"
_NOUN = rf"^(?:which|what) (?P<noun>(?!(?:{_WORKS}|{_AUX}|did|else)\b)"
_WHICH_NOUN = re.compile(rf"{_NOUN}(?:[\w-]+ ){{1,4}}?)(?P<rest>{_AUX} .+)$", re.IGNORECASE)
# Without an auxiliary the noun ends with the first plural.
_WHICH_PLURAL = re.compile(
    rf"{_NOUN}(?:[\w-]+ ){{0,2}}?[\w-]+(?<![su])s) (?P<rest>\w.+)$",
    re.IGNORECASE,
)
_WHICH_PAPERS = re.compile(
    rf"^(?:and )?(?:(?:which|what|(?:list|find|show|give)(?: me)?(?: all| the)?) )?"
    rf"(?:of (?:the|these|your) |other )?{_WORKS}(?: here|(?: {_PLACE}))?"
    r"(?: (?:that|which))? (?P<rest>\w.+)$",
    re.IGNORECASE,
)
_IS_ABOUT = re.compile(rf"^(?:{_BE} )?(?:there )?(?:about|on|dealing with) ", re.IGNORECASE)
_PREPOSITION = re.compile(r"^(?:for|in|of|with|on|from|about|to|at|by)\b", re.IGNORECASE)
_IN_WHICH = re.compile(
    rf"^in (?:which|what) (?:of the )?{_WORKS} (?:do|does|did) (?P<rest>\w.+)$", re.IGNORECASE
)
_DO_ANY = re.compile(
    rf"^(?:do|does|did) any (?:of (?:the|these|your|those) )?{_WORKS} (?P<rest>\w.+)$",
    re.IGNORECASE,
)
_HOW = re.compile(
    rf"^how (?P<aux>{_BE}) (?P<noun>(?:[\w-]+ ){{1,4}}?)(?P<rest>{_PART}\b.*)$", re.IGNORECASE
)
_HOW_DO_PEOPLE = re.compile(
    rf"^how (?:do|can|could|should) (?:the |these )?(?:people|researchers|authors|others|we"
    rf"|{_WORKS}) (?P<rest>.+)$",
    re.IGNORECASE,
)
_HOW_DO = re.compile(
    r"^(?:(?:give|show|write) (?:me )?)?(?:an? )?(?:overview of )?how (?:do |can |could )?"
    r"(?P<rest>.+)$",
    re.IGNORECASE,
)
_TRIED = re.compile(
    r"^what (?:have|has|did|do) (?:people|researchers|others|authors|we|the papers)"
    r" (?:tried|try|done|do) to (?P<rest>.+)$",
    re.IGNORECASE,
)
_ASK = r"(?:what|how|why|which|who|whose|whom|where|when)\b"
# ", and in which role?". Without a comma only what has the order of words of a question: "and what
# do they find", not "and how they act".
_SECOND_QUESTION = re.compile(
    rf"(?:, and (?:(?:in|on|at|by|to|for|from|of|with|under|through|beyond) )?{_ASK}"
    rf"| and {_ASK}(?: [\w-]+){{0,3}} (?:do|does|did|is|are|was|were|can|has|have)\b)",
    re.IGNORECASE,
)
_NEXT_SENTENCE = re.compile(r"[.?!] \w")
# "used", "uses"; but "need", "embed".
_AGREES = re.compile(r"(?:s|(?<!e)(?<!emb)ed)$")
_THIRD = re.compile(r"(?:s|x|z|ch|sh|o)$")


def split_question(question: str) -> tuple[str, str]:
    """Returns what is asked first, and what is asked beside it, empty for nothing.

    "Which papers count kelp, and what does each find?" asks for papers on kelp, and of each of
    them what it finds.
    """
    second = _SECOND_QUESTION.search(question)
    if second is None or _NEXT_SENTENCE.search(question, second.end()):
        return question, ""
    return question[: second.start()], question[second.start() :].removeprefix(",").strip()


def name_asked(question: str, count: int) -> str:
    """Returns what is asked for, as it goes on after "7 papers": "on kelp", "that count kelp"."""
    question, _ = split_question(" ".join(question.split()))
    core = _TAIL.sub("", find_core(question)).strip(" ?.!:;,")
    if (papers := _WHICH_PAPERS.match(core)) and not _IS_ABOUT.match(papers["rest"]):
        if not _PREPOSITION.match(papers["rest"]):
            return f"that {agree(papers['rest'], count)}"
    elif noun := _WHICH_NOUN.match(core) or _WHICH_PLURAL.match(core):
        name, rest = noun["noun"].strip(), noun["rest"]
        short = re.sub(rf"^{_BE} (?={_PART}\b)", "", rest)
        link = " " if short != rest or _PREPOSITION.match(rest) else " that "
        return f"on {name}{link}{short}"
    elif within := _IN_WHICH.match(core):
        return f"in which {within['rest']}"
    elif of_any := _DO_ANY.match(core):
        return f"that {agree(of_any['rest'], count)}"
    elif tried := _TRIED.match(core) or _HOW_DO_PEOPLE.match(core):
        return f"on how to {tried['rest']}"
    elif how := _HOW.match(core):
        return f"on how {how['noun'].strip()} {how['aux']} {how['rest']}"
    elif do := _HOW_DO.match(core):
        return f"on how {do['rest']}"
    return f"on {_IS_ABOUT.sub('', find_topic(question))}"


def agree(clause: str, count: int) -> str:
    """Returns a clause whose verb agrees with the number of papers: "uses" of one."""
    verb, _, rest = clause.partition(" ")
    known = {"are": "is", "have": "has", "were": "was", "do": "does"}
    plain = count != 1 or _AGREES.search(verb) or not verb.islower()
    if plain or verb in {"can", "could", "will", "may", "also"}:
        return clause
    if verb in known:
        return f"{known[verb]} {rest}"
    ending = "es" if _THIRD.search(verb) else "s"
    stem = f"{verb[:-1]}i" if re.search(r"[^aeiou]y$", verb) else verb
    return f"{stem}{'es' if stem != verb else ending} {rest}".strip()


def drop_scaffold(question: Question) -> Question:
    """Returns a wide question without the words that only ask, unless none is left."""
    words = question.asked.split()
    kept = [word for word in words if re.sub(r"\W", "", word).lower() not in SCAFFOLD]
    if not any(map(str.isalnum, "".join(kept))):
        return question
    return replace(question, asked=" ".join(kept))
