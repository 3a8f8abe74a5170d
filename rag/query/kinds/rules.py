"""Rules that tell the kind of a question by its words, where the words leave little doubt.

Each reads the *core* of a question: the sentence that asks, without polite words. Most questions
fit no rule; the trained model of :mod:`footnote.rag.query.kinds.classifier` reads those.
"""

import re
from typing import Literal, get_args

from footnote.index.search.fulltext import STOP_WORDS, query_words
from footnote.rag.answer import Kind
from footnote.rag.query.names import find_names

Reasons = Literal["why", "how", "what"]
"""How a question asks for reasons or ways."""

KINDS: tuple[Kind, ...] = get_args(Kind)

_I = re.IGNORECASE
_AUX = (
    r"(?:do|does|did|is|are|was|were|can|could|should|will|would|has|have|had|may|might|must"
    r"|isn't|aren't|doesn't|don't|didn't|wasn't|weren't|can't|won't|hasn't|haven't)"
)
_WORKS = (
    r"(?:papers?|abstracts?|articles?|publications?|stud(?:y|ies)|preprints?|references?|titles?"
    r"|records?|documents?|entries)"
)
_HERE = (
    r"(?:(?:this|the|your|our|my) (?:whole |entire )?(?:library|collection|corpus|database|index"
    r"|archive)|you)"
)

_POLITE = re.compile(
    r"^\W*(?:(?:hi|hello|hey|dear)(?: there| all| footnote)?[,.!]\s*"
    r"|(?:ok|okay|well|so|and|but|also|then|now|thanks|great|sorry|actually|quick question)"
    r"\b[,.:;!]*\s+"
    r"|(?:please|pls|kindly)\b,?\s+"
    r"|(?:can|could|would|will) you (?:please )?(?=(?:tell|give|list|show|name|find|explain|define"
    r"|describe|compare|contrast|summari[sz]e|recommend|suggest|outline)\b)"
    r"|do you know (?=(?:what|which|how|who|why|when|where|if|whether)\b)"
    r"|i(?:'d| would)? (?:like|want|need) to (?:know|understand|learn|hear)\s+"
    r"|i(?:'m| am|) (?:was )?wonder(?:ing)?\s+"
    r"|(?:tell|remind) me\s+(?=(?:what|which|how|who|why|when|where|if|whether)\b))",
    _I,
)
_CLAUSE = re.compile(
    r"^(?:in|on|for|with|when|if|given|since|after|as|because|while|where|suppose|i)\b[^?,:]{3,200}"
    rf"[,:]\s+(?=(?:what|which|who|how|why|when|where|{_AUX})\b)",
    _I,
)
_SENTENCE = re.compile(r"(?<=[.!?])(?<!\bi\.e\.)(?<!\be\.g\.)(?<!\bvs\.)\s+")
_WH = re.compile(r"\b(?:what|which|who|whom|whose|how|why|when|where)\b", _I)
_ABBREVIATION = re.compile(r"^\W*[A-Z][A-Za-z]*-?[A-Z0-9][\w-]*\W*$")

_TALK = re.compile(
    r"^\W*(?:(?:hi+|hello+|hey+|greetings|howdy|good (?:morning|afternoon|evening|day))\b"
    r"(?: (?:there|all|everyone|footnote|again|team|friend))?(?:[\s,.!?]*how are you)?"
    r"|(?:ok(?:ay)?|great|perfect|nice|cool|awesome|alright|got it|i see|good job|well done|wow)"
    r"|(?:(?:ok(?:ay)?|many|great|perfect|cool|alright)[\s,.!]+)?(?:thanks?|thank you|thx|cheers)\b"
    r"[^?]{0,80}"
    r"|(?:(?:ok(?:ay)?|alright|well)[\s,.!]+)?(?:good\s?bye|bye+|see you|good night|take care)\b"
    r"[^?]{0,60}"
    r"|(?:what can you do|who (?:are|made|built) you|what are you|how are you|how do you work"
    r"|are you (?:an? )?(?:bot|ai|robot|human|real)|help)\b(?: today| here| for me)?)\W*$",
    _I,
)

_METADATA = re.compile(
    rf"^(?:how many|number of|count)(?: \w+){{0,3}}? (?:{_WORKS}|authors|venues|journals)\b"
    rf"|^(?:what|which)(?: \w+){{0,4}}? {_HERE} (?:hold|have|contain|cover|include|index)"
    r"(?:s|ed)?\b(?! (?:to )?say)"
    rf"|^what(?:'s| is| do you have) in {_HERE}\W*$"
    r"|^who (?:wrote|authored|published|are the authors?|is the (?:first |last )?author)\b"
    r"|^(?:when|where|what year|in (?:what|which) year)\b[^?]{0,80}\bpublished\b"
    rf"|^(?:which|what)(?:'s| is| are|) (?:the |your )?(?:newest|latest|most recent|oldest"
    rf"|earliest) {_WORKS}\b"
    rf"|\b(?:{_WORKS}|anything|something|everything) (?:written )?(?:by|from)"
    r" (?-i:[A-Z])[\w'-]+(?: (?-i:[A-Z])[\w'-]*)+"
    rf"|\b{_WORKS} (?:(?:came|come) out|appeared|(?:are |were )?from (?:in )?(?:19|20)\d\d)\b"
    rf"|^how (?:big|old|large|up[- ]to[- ]date) (?:is|are) {_HERE}\b",
    _I,
)
_DEFINE = re.compile(
    r"^what (?:does|do|did|is|are) [^?]{1,80}\b(?:stands? for|meant by|mean(?=\W*(?:$|in |here"
    r"|there|exactly)))|^what(?:'s| is| are) meant by\b"
    r"|^(?:define|definition of|meaning of|what(?:'s| is) the (?:meaning|definition|full form)"
    r" of|expand)\b|\bshort for\b"
    r"|^explain (?:the (?:term|concept|notion|idea)(?: of)? )?[\w' /-]{1,50}"
    r" (?:to me|in (?:simple|plain) \w+|simply|briefly)\W*$",
    _I,
)
_COMPARE = re.compile(
    r"\b(?:differences?|distinctions?|similarit(?:y|ies)|trade-?offs?|comparison) between\b"
    r"|^(?:compare|contrast|differentiate|distinguish)\b|\b(?:vs\.?|versus)(?:\s|$)"
    r"|^how (?:well )?(?:do|does|did|would|is|are)\b[^?]{1,120} (?:compare|differ|different"
    r"|(?:stack|measure|hold) up (?:to|against)|fare against)\b"
    r"|\bsets? [^?]{0,40} apart\b|\bin common\b|\bpros and cons of\b[^?]{1,60} (?:and|over)\b"
    r"|^(?:which|what|is it)\b[^?]{0,40} (?:better|worse|faster|safer|cheaper|preferable)\b"
    r"[^?]{1,80} or\b",
    _I,
)
_OVERVIEW = re.compile(
    rf"^what (?:else )?(?:do|does|did|have|has)\b[^?]{{0,30}}\b(?:{_WORKS}|library|collection"
    r"|literature|field|research|researchers|people|we)\b[^?]{0,20} (?:say|know|known|think"
    r"|report|conclude|learned|tried|done|suggest|agree)\b"
    r"|\b(?:overview|summary of|state of the (?:art|field)|literature review|big picture)\b"
    r"|^summari[sz]e\b|^sum up\b|^what(?:'s| is|) (?:there|known|new) (?:on|about|in)\b"
    r"|^how (?:do|did|have|are) (?:people|researchers|scientists|the papers|these papers)\b"
    r"|^how (?:are|is|have|has)\b[^?]{1,80}\b(?:in|across) (?:these|the|this|your) (?:papers"
    r"|abstracts|library|literature|collection|field)\b"
    r"|^what (?:are|were) the (?:[\w-]+ )?(?:challenges|limitations|weaknesses|weak points"
    r"|open problems|trends|drawbacks|debates|risks|main ideas)\b",
    _I,
)
_NUMBER = re.compile(
    r"^(?:by |at |in |on |to |of |with |from |for |over )?how (?:many|much|long|often|large"
    r"|fast|high|low|small|deep|heavy|tall|hot|cold|wide|accurate)\b(?! (?:worse|better|hits)\b)"
    r"|^(?:by|at|to) (?:what|which) (?:\w+ )?(?:factor|rate|margin|amount|percentage)\b"
    r"|^(?:what|which)(?: (?:is|was) the)?(?: [\w@/-]+){0,3} (?:accuracy|auroc|f1|score|rate|ratio"
    r"|percentage|share|fraction|number|speed|latency|cost|price|factor|auc|fid|bleu"
    r"|perplexity|error|precision|recall|sensitivity|specificity|prevalence|mortality|dose"
    r"|temperature|frequency|sample size) (?:do|does|did|is|was|of|for|on|in|at|with"
    r"|reported)\b"
    r"|^what (?:does|do|did) [^?]{1,100} (?:cost|weigh|measure|score)\W*$",
    _I,
)
_LIST = re.compile(
    rf"^(?:in |on |for )?(?:which|what)(?: (?:of (?:the|your|these)|other|more))*"
    rf" {_WORKS}\b"
    rf"|^(?:in )?(?:which|what)(?: (?!{_AUX}\b)[\w-]+){{1,2}} (?:papers|articles|studies|works)\b"
    r"|^(?:list|enumerate|name all)\b(?! (?:of |the |all )*(?:venues|authors|categories"
    r"|years)\b)"
    rf"|^(?:find|show me|give me|recommend|suggest) (?:[\w-]+ ){{0,3}}{_WORKS}\b"
    rf"|^(?:any|some|all|more|other) (?:\w+ )?{_WORKS}\b"
    rf"|^{_WORKS} (?:on|about|that|which|with|using|where)\b"
    rf"|^(?:are there|is there|do you have|have you got) (?:any |other |more )?(?:{_WORKS}"
    r"|anything|something) (?:on|about|that|which|where)\b",
    _I,
)
# Not whether the library has something, and not which of two.
_YESNO = re.compile(
    rf"^(?:{_AUX}|whether)\b(?! (?:you|there|we|i)\b)(?![^?]{{0,100}} (?:or|{_WORKS}"
    r"|library|collection|anything|something|any ?one|anybody|you|my)\b)",
    _I,
)
# In this order: the first that fits a core gives the verdict.
_RULES: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("metadata", _METADATA),
    ("define", _DEFINE),
    ("compare", _COMPARE),
    ("overview", _OVERVIEW),
    ("number", _NUMBER),
    ("list", _LIST),
    ("yesno", _YESNO),
)

# Speaks of the assistant or the library, so it names what it is about.
_ADDRESSED = re.compile(r"\b(?:you|your|here|i use)\b", _I)
# Words of a question that name nothing to look for.
_EMPTY_WORDS = STOP_WORDS | frozenset(
    """more tell why how what else elaborate explain continue go further detail details example
    examples second first third last one ones better best worse same again really sure true mean
    means paper thing things it please give show say said something anything answer clarify
    expand next previous other others result results way happened happens work works good bad
    much many come done any so and another simpler shorter longer simply short long define compare
    summarise summarize stand differ""".split()
)


def find_rule(question: str, *, first: bool) -> Kind | None:
    """Returns the kind that the words of a question tell, None where no rule fits.

    Args:
        question: As it was asked.
        first: Whether nothing was asked before; only then can a question be ``vague``.
    """
    text = " ".join(question.split())
    if _TALK.match(text):
        return "talk"
    if _ABBREVIATION.match(text):
        return "define"
    if first and not _ADDRESSED.search(text) and not find_topic_words(text):
        return "vague"
    core = find_core(text)
    if _TALK.match(core):
        return "talk"
    return next((kind for kind, pattern in _RULES if pattern.search(core)), None)


def find_topic_words(text: str) -> set[str]:
    """Returns the words of a question that name something to look for."""
    return set(query_words(text)) - _EMPTY_WORDS


# "Which papers ...", in the languages that have a glossary.
_FOREIGN_LIST = re.compile(
    r"^\W*(?:welche[rn]?|quel(?:le)?s|cu[aá]les|qu[eé] (?:art[ií]culos|trabajos|estudios|papers)"
    r"|quali|quais|que artigos|哪些|哪幾|哪几|有哪些)",
    _I,
)


def find_foreign_kind(question: str) -> Kind:
    """Returns the kind of a question that is not in English, of which only lists are known."""
    return "list" if _FOREIGN_LIST.match(question) else "fact"


_DOES = re.compile(
    r"^(?:how|why|when|where)\b"
    r"|^what (?:does|do|did) (?![^?]*\b(?:means?|stands?|denotes?|refers?)\b)",
    _I,
)


# "Why do policies fail?", "How is X measured?", "What improves sample efficiency?"
_REASONS = re.compile(
    rf"^(?:why {_AUX}|how (?:do|does|did|can|could|should|might|to)"
    r"|how (?:is|are|was|were)\b[^?]{1,100} (?:\w+ed|made|done|taught|built|kept|found|shown)"
    r"|what (?:can |could |might |would |most |best |usually |really )?(?:improv|increas|rais|boost"
    r"|reduc|lower|decreas|limit|prevent|avoid|mitigat|caus|lead|driv|determin|affect|influenc|help"
    r"|hurt|harm|mak|speed|slow|stop|enabl|explain|hinder|stabili[sz])(?:e|es|s|ds?)?"
    r"|what (?:is|are|was|were) (?:the )?(?:main |common |best )?(?:reasons?|causes?|ways?))\b",
    _I,
)
# Asks for several papers, and something of each of them.
_OF_EACH = re.compile(
    rf"\b(?:does|do|did|is|of) each\b|\beach (?:{_WORKS}|of them)\b|\bin each\W*$", _I
)


_EACH = re.compile(r"\beach\b", _I)


def find_reasons(question: str) -> Reasons | None:
    """Returns how a question asks for reasons or ways, which several papers may give."""
    core = find_core(" ".join(question.split()))
    if not _REASONS.search(core):
        return None
    return next(word for word in get_args(Reasons) if core.lower().startswith(word))


def asks_of_each(question: str) -> bool:
    """Returns whether a question asks something of each of several papers."""
    # "How do Octo, RT-2 and OpenVLA each ...": several names are several papers.
    named = len(find_names(question)) > 1 and _EACH.search(question)
    return bool(named) or _OF_EACH.search(question) is not None


# Who says "overview" wants one, whatever it is of.
_NAMES_OVERVIEW = re.compile(
    r"^(?:(?:give|write|provide|show|make|draft) (?:me |us )?)?(?:an? |the )?(?:\w{2,12} )?"
    r"(?:overview|literature review)\b",
    _I,
)


def names_overview(question: str) -> bool:
    """Returns whether a question calls what it wants an overview."""
    return _NAMES_OVERVIEW.match(find_core(" ".join(question.split()))) is not None


def asks_what_it_does(question: str) -> bool:
    """Returns whether a question asks what something does, which is no definition of it."""
    return _DOES.search(find_core(" ".join(question.split()))) is not None


def find_core(text: str) -> str:
    """Returns the words that ask: without courtesy, and without what is said before them."""
    sentences = _SENTENCE.split(text)
    asking = [s for s in sentences if s.endswith("?")] or [s for s in sentences if _WH.search(s)]
    core = asking[0] if asking else text
    for _ in range(4):
        shorter = _POLITE.sub("", core, count=1)
        if shorter == core or not shorter:
            break
        core = shorter
    return _CLAUSE.sub("", core, count=1)
