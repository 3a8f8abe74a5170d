"""Imperatives: where in a sentence an imperative may be, and how it begins.

The orders themselves are in ``speech_commands`` and ``action_commands``. The input is one line of
lower-case text from ``normalization``. Matching takes linear time: all repeats are bounded.
"""

import re

from footnote.rag.retrieval.injection.action_commands import DEEDS
from footnote.rag.retrieval.injection.lexicon import (
    DROP,
    MODEL,
    OVERRIDE,
    PERSON,
    RATE,
    SAY,
    SHOW,
    TELL,
    WORD,
    either,
    words,
)
from footnote.rag.retrieval.injection.speech_commands import SAYINGS

RULES = (*SAYINGS, *DEEDS)

# Words that may come before the verb, besides words ending in "ly".
ADVERBS = frozenset(
    words(
        "always also just only never now then so instead please first next henceforth henceforward"
    )
)
# Words that an order may begin with; a sentence without them is skipped.
VERBS = frozenset(verb.split()[0] for rule in RULES for verb in rule.verbs) - ADVERBS
COMMANDS = re.compile(
    rf"(?:(?:{WORD}ly|{'|'.join(sorted(ADVERBS))}) ){{0,2}}"
    rf"(?:{'|'.join(rule.pattern for rule in RULES)})"
)

# Where a clause may begin without a subject: at these signs, and after these words.
BREAKS = re.compile(
    r"[.:;!?(\[\]{}<>|•*#~=«»「」–—,]+[^\w<]*+|(?<=[ (\[])[\"'][^\w<]{0,4}+(?=\w)|(?<= )-[^\w<]*+"
)
LEADING = frozenset(words("please kindly you your must i"))
LEADS = re.compile(
    r"\b(?:please|kindly|you (?:must|should|shall|are to|need to|have to|will now|may now|can now"
    r"|are (?:hereby |now )?(?:required|instructed|ordered|asked|told|expected|commanded"
    r"|obliged) to)|(?:want|need|order|command|urge|ask|instruct|require|tell|beg) you to"
    r"|your (?:\w{1,12} )?(?:task|job|goal|role|duty|mission|purpose|objective) is (?:now )?to"
    r"|you (?:would do well|had better|are advised|are encouraged|are invited|ought)(?: to)?"
    r"|must now|i say)[^\w<]++"
)
# An imperative may be followed by another one.
AND = re.compile(r"\b(?:and then|and|or|then) ")
# Text before a comma that an imperative may follow.
ADDRESS = re.compile(
    r"(?:\A|[.:;!?>\]\"] ?)\W{0,4}(?:and |but |so |also )?(?:please|now|then|instead|also"
    r"|finally|first|next|henceforth|therefore|however|attention|important|ok(?:ay)?|yes|no|sorry"
    r"|thanks|(?:dear|hey|hi|hello) [^,]{1,40}|as (?:an?|the) [^,]{1,60}|(?:if|when|whenever|once"
    r"|since|because|as|before|after|while|unless) (?:you|the user|someone|anyone|asked"
    r"|answering|reading|summari|processing|reviewing|this|somebody|a user|users|any)[^,]{0,80}"
    r"|from now on|from this point(?: on)?|for (?:this|the rest|every|each|any|all)[^,]{0,60}"
    r"|(?:in|at|to) (?:your|the end|every|each)(?: [\w']{1,20}){0,4}|(?:the |any |all )?"
    rf"{MODEL}|{PERSON}|regardless[^,]{{0,60}}|whatever[^,]{{0,60}}|no matter[^,]{{0,60}}"
    rf"|(?:{either(OVERRIDE, DROP)}|stop|read|note)\b[^,]{{0,80}})\Z"
)

# A sentence that continues the order before it.
GOES_ON = re.compile(
    rf"\W{{0,4}}(?:{either(SAY, SHOW, TELL, RATE)}|do not|don't|never|always|only|instead|you"
    r"|your|then|from now|this (?:is|must|instruction|message)|visit|click|go to|open|use|act"
    r"|pretend|report|conclude|call|obey|comply|treat|make sure|remember|thank|just|simply"
    r"|nothing|no (?:other|matter|exceptions?))\b"
)
