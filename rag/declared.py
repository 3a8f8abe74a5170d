"""Declared: what gives a reader or a model orders wherever it stands in a sentence.

A rule is read only where a sentence has a word of each of its needs, so that one which has none
costs next to nothing. Text in lower case, as ``rag.disguise`` gives it; all repeats are bounded.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from rag.wordings import MODEL, OUTPUT, PAPER, PERSON, PRAISE


class Rule(NamedTuple):
    """A pattern, and sets of words of which a sentence with it has one each."""

    pattern: re.Pattern[str]
    needs: Sequence[frozenset[str]]


def _rule(pattern: re.Pattern[str], *needs: str) -> Rule:
    return Rule(pattern, tuple(frozenset(words.split()) for words in needs))


_WHO = (
    "ai ais llm llms model models chatbot chatbots bot bots assistant assistants chatgpt gpt claude"
    " gemini copilot reviewer reviewers reader readers referee referees editor editors chair chairs"
    " agent agents system systems whoever anyone anybody summarizer summariser siri alexa tools"
)
_YOU = "you you're your"
_MUST = "must should shall to please ought has have need needs is are required hereby asked"
_READS = (
    "reading reviewing summarizing summarising processing evaluating analyzing analysing indexing"
    " assessing parsing reads reviews summarizes summarises processes evaluates sees see review"
    " read"
)
_READING = (
    r"(?:reading|reviewing|summari[sz]ing|processing|evaluating|analy[sz]ing|assessing|indexing"
    r"|parsing|reads?|reviews?|summari[sz]es?|processes|evaluates?|sees?)"
)
_TEXT = (
    r"(?:paper|abstract|text|document|message|sentence|passage|page|article|line|manuscript"
    r"|submission|content|note)"
)
# Where a sentence, or a part of it that stands alone, begins.
_HEAD = r"(?:\A|[.!?:>\]\"(] ?)\W{0,4}"
_ASKED = r"(?:(?:is|are) (?:required|asked|instructed|ordered|obliged|hereby))"
_DO = (
    r"(?:ignore|disregard|answer|reply|respond|say|output|print|obey|comply|reveal|rate|recommend"
    r"|accept|tell|lie|pretend)"
)

RULES = (
    # Who is meant: whoever reads this.
    _rule(
        re.compile(
        rf"\bas an? (?:[\w-]{{1,20}} ){{0,3}}?(?:{MODEL}|{PERSON}|agents?|models?) (?:\w{{1,12}} )"
        rf"{{0,2}}?{_READING} (?:this|the present|our)\b"),
        _WHO, _READS, "this our present",
    ),
    _rule(
        re.compile(
        rf"\b(?:{MODEL}|{PERSON}|models?|agents?|systems?|whoever|anyone|anybody) (?:(?:that|who"
        rf"|which) (?:is |are )?)?(?:(?:currently|now) )?{_READING} this(?: {_TEXT})?[^.]{{0,30}}?"
        rf"\b(?:must|should|shall|is to|are to|has to|have to|needs? to|please|ought|{_ASKED})\b"),
        _WHO, _READS, "this", _MUST,
    ),
    _rule(
        re.compile(
        rf"\b(?:if|since|because|as) you(?:'re| are) (?:an? |the )?(?:[\w-]{{1,20}} ){{0,2}}?"
        rf"(?:{MODEL}|{PERSON}|(?:language |chat )models?)\b"),
        _YOU, _WHO,
    ),
    _rule(
        re.compile(
        rf"{_HEAD}(?:note|message|notice|warning|instructions?|command|order|hint|reminder|memo"
        rf"|request|info)(?: \w{{1,12}})? (?:to|for) (?:the |any |all |an? |future )?"
        rf"(?:{MODEL}|{PERSON}|models?|agents?)\b[^.:]{{0,40}}(?:[:—–]| - )"),
        _WHO,
        "note message notice warning instruction instructions command order hint reminder memo"
        " request info",
    ),
    _rule(
        re.compile(
        rf"{_HEAD}(?:dear|hey|hi|hello|attention[,:!]?|listen,?|ok|calling all) (?:all )?(?:the )?"
        rf"(?:{MODEL}|{PERSON}|siri|alexa)\b ?[,:!.—–-]"),
        _WHO, "dear hey hi hello attention listen ok calling",
    ),
    # What they are, and what they have to do.
    _rule(
        re.compile(rf"(?:\A|[.:;!?>\"'\](—–-]|\b(?:and|now|that|where|hello|remember)) ?you(?:'re"
        rf"| are) (?:now )?"
        rf"(?:an? |the )?(?:[\w-]{{1,20}} ){{0,4}}?(?:{MODEL}|dan|hacker|pirate)\b"),
        _YOU, f"{_WHO} dan hacker pirate language",
    ),
    _rule(
        re.compile(
        r"\byou(?:'re| are) (?:now (?!able|ready|invited|in )\w{1,20}|no longer (?:an?|bound"
        r"|restricted|limited|required|the|allowed)|from now on|free (?:from|of) (?:all|any|your"
        r"|the)|not bound|hereby)\b"),
        "you you're", "now longer free not hereby",
    ),
    _rule(
        re.compile(
        r"\bfrom (?:now|this point) on,? ?(?:you|your|act|answer|respond|always|never|only|reply"
        r"|speak|ignore|all (?:your|answers))\b"),
        "from", "now point", "on",
    ),
    _rule(
        re.compile(r"\byour (?:new|real|true|actual|only|updated|sole|secret) (?:task|job|goal|role"
        r"|instructions?|objective|mission|purpose|directive|system prompt|system message|orders?"
        r"|name|identity|rules)\b"),
        "your",
    ),
    _rule(
        re.compile(rf"\byour {OUTPUT} (?:must|should|shall|has to|needs to|is to"
        rf"|will be) "), "your", _MUST + " will"
    ),
    _rule(
        re.compile(
        r"\byou (?:must|shall|are (?:required|instructed|ordered|obliged|commanded|to)|have to"
        r"|need to)"
        rf" (?:\w{{1,12}} ){{0,2}}?(?:to )?{_DO}\b"),
        "you", "must shall are have need",
    ),
    _rule(
        re.compile(
        r"\byou have been (?:instructed|ordered|hacked|jailbroken|authori[sz]ed|reprogrammed"
        r"|updated"
        r"|granted)\b"),
        "you", "been",
    ),
    _rule(
        re.compile(
        r"\bit is (?:mandatory|imperative|required|crucial|vital) that (?:you|the (?:ai|assistant"
        r"|llm"
        r"|reviewer|chatbot)s?)\b"),
        "mandatory imperative required crucial vital", f"you {_WHO}",
    ),
    _rule(
        re.compile(
        r"\b(?:i|we) (?:want|need|order|command|urge|ask|instruct|require|beg|request) (?:you"
        r"|the (?:ai|llm|chatbot|assistant) reading) to\b"),
        f"you {_WHO}", "want need order command urge ask instruct require beg request",
    ),
    _rule(
        re.compile(
        rf"\b{MODEL} (?:must|shall|{_ASKED} to) [^.]{{0,60}}?(?:{PRAISE}|\b(?:recommend|cite|praise"
        rf"|accept) (?:this|our)|(?:ignore|disregard) (?:[\w'-]{{1,30}} ){{0,3}}?(?:previous|prior"
        rf"|other|its) (?:instructions|papers|sources))"),
        _WHO, "must shall required instructed ordered asked obliged hereby",
    ),
    _rule(
        re.compile(
        rf"\b{PERSON} (?:{_ASKED} to|must|should|shall|are to) (?:\w{{1,12}} )?(?:give|accept"
        rf"|recommend|rate|score|assign|award|approve) (?:it|this|our|a (?:positive|high)"
        rf"|(?:only )?"
        rf"(?:positive|high)|acceptance|the highest)"),
        _WHO, "give accept recommend rate score assign award approve",
    ),
    _rule(
        re.compile(rf"\bthis {PAPER} (?:must|shall|should|deserves to|has to|needs to|is to"
        rf"|ought to) (?:always )?"
        rf"be (?:accepted|rated|ranked|scored|recommended|praised|approved|cited (?:first|always"
        rf"|in every)|(?:considered|described|presented|called|listed) (?:as )?(?:the )?(?:best"
        rf"|first"
        rf"|superior|groundbreaking|most important))(?! step)"),
        "this", "be", "accepted rated ranked scored recommended praised approved cited considered"
        " described presented called listed",
    ),
    _rule(
        re.compile(
        r"\b(?:if|when|whenever) (?:(?:the |an? |any |some )?(?:users?|someone|anyone|anybody"
        r"|readers?"
        r"|humans?|people|they|somebody)|asked|you are asked|you're asked|you summari[sz]e"
        r"|you answer|summari[sz]ing|answering)\b[^,.]{0,80}, ?(?:always |please |only |simply "
        r"|just |then |you (?:must|should|shall) )*(?:say|answer|reply|respond|tell|claim|insist"
        r"|pretend|deny|lie|mention|recommend|state|include|refuse|output|cite) (?:that|with|['\"]"
        r"|only|the user|them|yes|no\b|this|it is|by|to|our)"),
        "if when whenever", "user users someone anyone anybody reader readers human humans people"
        " they"
        " somebody asked summarize summarise summarizing summarising answer answering",
    ),
    # In whose name, and how much it counts.
    _rule(
        re.compile(
        rf"{_HEAD}(?:new|updated|revised|secret|hidden|real|important|special|urgent|system"
        rf"|override"
        rf"|admin|developer|additional|emergency)(?: \w{{1,12}})? ?(?:instructions?|prompt|command"
        rf"|directive|orders?|override|message|notice|note) ?(?:(?:for|to) (?:the |any |all )?"
        rf"(?:{MODEL}|{PERSON}|models?))?(?:[:—–]| - )"),
        "instruction instructions prompt command directive order orders override message notice"
        " note",
    ),
    _rule(
        re.compile(
        r"\bthis (?:instruction|message|prompt|command|directive|text|note|sentence) (?:overrides?"
        r"|supersedes?|takes (?:precedence|priority)|has (?:priority|precedence)|replaces|cancels"
        r"|is (?:an order|a command|mandatory|from (?:your|the) (?:developers?|admin\w*|creators?"
        r"|system)))"),
        "this", "instruction message prompt command directive text note sentence",
    ),
    _rule(
        re.compile(
        r"\bthe (?:user|developer|administrator|admin|system|operator|owner) (?:has|have)"
        r" (?:authori[sz]ed|granted|approved|instructed|ordered|permitted|asked|told|given) you\b"),
        "you",
    ),
    _rule(
        re.compile(
        r"\b(?:developer|dan|god|admin|sudo|debug|unrestricted|jailbreak|maintenance|root) mode"
        r" (?:is )?(?:now )?(?:enabled|activated|on\b|engaged)"),
        "mode",
    ),
    _rule(re.compile(r"\bdo anything now\b"), "anything"),
    _rule(re.compile(r"\breviewer guidelines?:? (?:give|accept|rate|assign)\b"), "reviewer"),
)  # fmt: skip

# Marks by which chat templates tell who speaks, and by which a text pretends to have ended; also
# an order whose words were joined. Nothing of it stands in a text without one of these signs.
SIGNS = re.compile(r"[<\[#=*|:]|--|__|ignore[-_a-z]{12}")
MARKS = re.compile(
    r"<\|? ?/?(?:im_start|im_end|im_sep|system|user|assistant|endoftext|end_of_text|begin_of_text"
    r"|start_header_id|end_header_id|eot_id|human|bot) ?\|?>|<</?sys>>|</?(?:start|end)_of_turn>"
    r"|\[/?(?:inst|system|system_prompt|assistant)\]"
    r"|#{2,8} ?(?:instructions?|system|user|assistant|human|response|input|new instructions?)\b ?:?"
    r"|(?:\A|[.!?>\]\"] )\W{0,4}(?:assistant ?: ?(?=[\w\"'<\[])|(?:system|human|user"
    r"|developer) ?: ?"
    r"(?=[^.]{0,80}?\b(?:you|your|rules|instructions?|safety|mode|prompts?|override|answer|respond"
    r"|reply|ignore|must|always|never|assistant|say|write)\b))"
    r"|(?:--|==|##|\*\*|\[|<) ?(?:end|begin|start)(?: of)? (?:the )?(?:abstract|document|context"
    r"|input|prompt|paper|text|data|sentences|instructions|system|user|new)\b"
    r"|\bignore[_-]?(?:(?:all|any|the)[_-]?){0,3}(?:previous|prior|above|your)[_-]?instructions"
)
# What a sentence calls such marks where it is about them.
NAMES = re.compile(
    r"\b(?:tokens?|tags?|templates?|delimiters?|markers?|formats?|markup|syntax|strings?)\b"
)

# What a sentence says of itself that mentions an order, and gives none.
ABOUT = re.compile(
    r"\b(?:attack\w{0,9}|inject\w{0,9}|adversar\w{1,9}|jailbr\w{1,9}|malicious\w{0,2}|hidden"
    r"|embed\w{0,9}|prompts?|prompt(?:ing|ed)|phras\w{1,9}|strings?|instruct(?:ions?|ed|s)?"
    r"|commands?|such as|e\.g|for example|for instance|like|called|titled|entitled|named|dubbed"
    r"|termed|tokens?|tags?|formats?|templates?|delimiters?|markers?|prefix\w{0,3}|suffix\w{0,3}"
    r"|triggers?|defen[cs]es?|vulnerab\w{1,9}|robust\w{0,4}|red[- ]team\w{0,4}|payloads?"
    r"|messages?|utterances?|queries|query|question|answers?|responses?|inputs?|text|sentences?"
    r"|examples?|dialog\w{0,5}|wordings?|requests?)\b"
)
# What stands right before an example that has no quotation marks.
FRAME = re.compile(
    r"\b(?:such as|like|e\.g\.?|i\.e\.?|for (?:example|instance)|namely|including|called|termed"
    r"|dubbed|titled|prefix|suffix|string|phrase|tokens?|tags?)\W{0,4}\Z"
)

# A question that is about orders, and wants to see them.
ASKS = re.compile(
    r"\b(?:(?:prompt|instruction|command|indirect)[- ]inject\w*|inject\w{0,5} (?:\w{1,20} ){0,2}?"
    r"(?:prompts?|instructions?|commands?|text|orders?)|jail-?break\w*"
    r"|prompt[- ](?:attacks?|leak\w*|hijack\w*|extraction|stealing)"
    r"|(?:hidden|malicious|adversarial|embedded|hostile|secret|injected|conflicting|harmful)"
    r" (?:prompts?|instructions?|orders?|commands?|text)|system prompts?"
    r"|instruction hierarch\w*|red[- ]team\w*"
    r"|(?:ignor|disregard|overrid|forget)\w{0,5} (?:\w{1,20} ){0,4}?(?:instructions?|prompts?"
    r"|orders?"
    r"|rules|guidelines)"
    r"|(?:instructions?|orders?|commands?|prompts?) (?:\w{1,20} ){0,4}?(?:hidden|embedded|inside"
    r"|within|to (?:the |a )?(?:reader|reviewer|model|assistant|llm|ai)s?)"
    r"|(?:which|what) (?:orders?|instructions?|commands?)"
    r"|manipulat\w{0,5} (?:\w{1,20} ){0,3}?(?:peer[- ]review\w*|reviewers?|reviews?))\b",
    re.IGNORECASE,
)
