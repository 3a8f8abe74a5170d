"""Wordings: how orders to a reader or a model are worded, in the languages that papers have.

All patterns are of text in lower case, in one line, as ``rag.disguise`` gives it, and take time
in proportion to it: what repeats has a bound.
"""

import re

_W = r"[\w'-]{1,30}"
_SOME = rf"(?:{_W} ){{0,5}}?"
MODEL = (
    r"(?:ais?|a\.i\.|llms?|(?:large )?language models?|chat ?bots?|assistants?|chatgpt"
    r"|gpt(?:-?\d\w?)?"
    r"|claude|gemini|copilot|bots?|(?:ai|llm|automated|automatic|machine)[ -]"
    r"(?:models?|systems?|agents?|assistants?|reviewers?|readers?|tools?|summari[sz]ers?))"
)
PERSON = r"(?:(?:peer |human )?reviewers?|readers?|referees?|editors?|area chairs?|meta-reviewers?)"
PAPER = r"(?:papers?|submission|manuscript|article|work|study|abstract)"
_BEFORE = (
    r"(?:previous|prior|above|earlier|preceding|foregoing|your|original|initial|former|existing"
    r"|system|developer|hidden|all (?:of )?(?:the|your|those|these)|everything|other|past)"
)

# Verbs that may open an order, by what it is about.
_OVERRIDE = (
    r"(?:ignore|disregard|forget|override|overwrite|bypass|discard|dismiss|neglect|skip|drop"
    r"|abandon|erase|delete|cancel|reset|unlearn|violate|suspend|disobey|omit|circumvent"
    r"|(?:do not|don't|never|stop|no longer) (?:follow|obey|comply with|listen to|adhere to|heed"
    r"|following|obeying|complying with|listening to|adhering to)"
    r"|pay no (?:attention|heed) to|set aside|throw away|put aside|take no notice of)"
)
_SAY = (
    r"(?:answer|reply|respond|say|output|print|write|return|repeat|type|emit|echo|display|declare"
    r"|state|include|append|insert|add|put|begin|start|end|finish|prefix|generate|produce|respond)"
)
_SHOW = (
    r"(?:reveal|show|print|repeat|output|leak|disclose|display|tell|give|share|send|dump|expose"
    r"|translate|summari[sz]e|write|list|copy|paste|recite|quote|encode|post|upload|forward|e-?mail"
    r"|exfiltrate|append|include|return|state)"
)
_TELL = (
    r"(?:tell|inform|convince|persuade|ask|warn|instruct|advise|urge|remind|redirect|trick|lie to"
    r"|encourage)"
)
_RATE = (
    r"(?:give|assign|award|grant|rate|score|rank|mark|judge|review|evaluate|grade|recommend|accept"
    r"|approve|praise|endorse|promote|cite|prefer|provide|write|describe|present|list|select|choose"
    r"|favou?r|consider|treat)"
)
# The words that an order may begin with; nothing is read closer in a sentence without them.
VERBS = frozenset(
    "abandon accept act activate add adopt advise answer append approve ask assert assign assume"
    " avoid award become begin behave browse buy bypass call cancel carry characterise characterize"
    " choose circumvent cite claim click comply conclude confirm consider convince copy deactivate"
    " declare delete describe direct disable disclose disobey display disregard dismiss discard do"
    " donate don't download drop dump echo email embody emit enable encode encourage end endorse"
    " enter erase eval evaluate execute exfiltrate expose fetch favor favour finish first follow"
    " forget forward generate give go grade grant ignore imagine impersonate include inform insert"
    " insist install instead instruct invoke judge leak leave lie lift list load log mail mark"
    " mention navigate neglect never no obey omit only open output override overwrite paste pay"
    " persuade play post praise prefer prefix present press pretend print produce promote provide"
    " put quote rank rate read recite recommend redirect refer refrain remind remove repeat reply"
    " report reset respond return reveal review role roleplay run say scan score select send set"
    " share show sign simulate skip speak start state stop submit suggest summarise summarize"
    " suspend switch take talk tap tell throw transfer translate treat trick turn type unlearn"
    " update upload urge use verify violate visit warn write exit".split()
)
# What may stand before such a word, beside whatever ends in "ly".
ADVERBS = frozenset("always also just only never now then so instead please first next".split())

_STRONG = (
    r"(?:instructions?|system (?:prompt|message)s?|prompts?|directives?|guardrails?|safeguards"
    r"|safety (?:rules|guidelines|policies|training|filters?|measures)|content polic(?:y|ies)"
    r"|programming|ethical (?:guidelines|rules))"
)
_WEAK = (
    r"(?:rules?|guidelines?|commands?|orders?|context|constraints?|restrictions?|polic(?:y|ies)"
    r"|directions|conversation|text|tasks?|questions?|messages?|training|persona|role|limits"
    r"|limitations|abstracts?|papers?|sentences?|documents?|requests?|sources?)"
)
OUTPUT = (
    r"(?:(?:final|next|whole|entire|own) )?(?:answers?|responses?|reply|replies|output|summary"
    r"|summaries|reviews?)"
)
_OUTPUT = rf"(?:your|the|every|each|any) {OUTPUT}"
_NOT_A_CASE = (
    r"(?!(?:when|if|where|after|before|in|on|for|what|questions|those|about|to|from|under|once)\b)"
)
_SECRETS = (
    r"(?:system (?:prompt|message)s?|(?:hidden|secret|internal|initial|original|developer|previous"
    r"|confidential|above|first) (?:prompts?|instructions?|messages?|rules|guidelines)"
    r"|(?:your|the user's|users'|user) (?:own )?(?:[\w-]{1,20} ){0,2}?(?:instructions|prompts?"
    r"|rules"
    r"|guidelines|api[ -]?keys?|keys|secrets?|passwords?|credentials?|configuration|training data"
    r"|conversations?|chat history|history|data|e-?mails?|contacts|address(?:es)?|cookies|files)"
    r"|api[ -]?keys?|environment variables?|everything above|text above|conversation history"
    r"|all (?:of )?(?:the )?(?:text|words) (?:above|before))"
)
PRAISE = (
    r"(?:positive (?:review|rating|evaluation|assessment|feedback|score|recommendation|light)s?"
    r"|(?:highest?|top|maximum|max|perfect|best|full|excellent) (?:possible )?"
    r"(?:scores?|ratings?|marks?|grades?|ranking|rank|recommendation|confidence)"
    r"|strong(?:ly)? accept\w*|(?:10|5|ten|five) ?(?:/|out of) ?(?:10|5|ten|five)|five stars?"
    r"|acceptance|favou?rabl[ey]|as (?:the )?(?:best|excellent|outstanding|most important"
    r"|groundbreaking|superior|novel|first choice)|above (?:all|any|every) others?)"
)
_THIS = rf"(?:this|the present|our|my) {PAPER}"

# What an imperative says, from its verb on.
COMMANDS = re.compile(
    rf"(?:{_W}ly |always |only |just |never |also |now |then |so |instead |please |first "
    rf"|next ){{0,2}}+(?:"
    # Forget what you were told.
    rf"{_OVERRIDE} {_SOME}{_STRONG}\b"
    rf"|{_OVERRIDE} {_SOME}{_BEFORE} {_SOME}{_WEAK}\b"
    rf"|{_OVERRIDE} (?:about )?(?:everything|anything|all|whatever|what)(?: that)? (?:(?:you|i|we) "
    r"(?:know|were|have|are|learned|read|said|told)|(?:was |is |were )?(?:said |written |stated )?"
    r"(?:above|before|so far)\b)"
    # The same letters in French, Spanish and Portuguese.
    r"|ignore [^.]{0,60}?\b(?:consignes|directives|règles|reglas|regras|ordens|órdenes"
    r"|instruc\w{2,5}|instruç\w{2,4})\b"
    rf"|{_OVERRIDE} (?:the|all)(?: of)?(?: the)? (?:above|foregoing|preceding|rest)\b"
    r"|(?:stop|exit|leave|end) (?:being|acting as|behaving as|your role|the role)\b"
    # Say so.
    rf"|(?:answer|reply|respond)(?: {_W}ly| only| just| always| instead| exactly| to {_W} {_W}"
    rf"(?: {_W})?){{0,3}}? "
    r"(?:with|by (?:saying|writing|printing|stating|quoting|repeating)|yes\b|no\b|that\b|['\"]"
    r"|as (?:if|though"
    r"|an? )|in (?:the (?:voice|style|affirmative|negative)|all caps|capitals|uppercase|base64|json"
    r"|rhyme|one word|pirate))"
    rf"|(?:answer|reply|respond|say|output|print|write|return) (?:only|exactly|just|exclusively) "
    rf"{_NOT_A_CASE}(?:the (?:word|phrase|text|sentence|string|letter|number|following)\b"
    rf"|['\"]|\S{{1,40}}(?: \S{{1,40}})?[.!\"']*$|{_W} and nothing else)"
    rf"|{_SAY} (?:{_W} ){{0,2}}?(?:(?:the|this) (?:(?:exact|following|literal|single"
    rf"|whole) ){{0,2}}"
    r"(?:words?|phrase|sentence|string|message|link|url|line|statement|text)\b"
    r"|(?<!answer )(?<! a )(?<! an )(?<! the )['\"]|https?:|"
    rf"{_OUTPUT}\b|verbatim\b|nothing else\b|nothing but\b)"
    rf"|(?:use|mention|cite|include|put|add|end|begin|start|finish) [^.]{{0,60}}?\b(?:in|of"
    rf"|with|at the "
    rf"end of|to) {_OUTPUT}\b"
    rf"|(?:say|state|claim|conclude|declare|report|mention|confirm|assert|insist"
    rf"|answer) (?:only )?that "
    rf"(?:this|these|the|our|it|there|no|all|every)\b"
    rf"|(?:summari[sz]e|describe|present|characteri[sz]e) (?:this|the) (?:{PAPER}|findings?"
    rf"|results?) as\b"
    # Be somebody else.
    r"|act (?:as (?:a|an|if|the|my|though|dan)|like)\b"
    r"|pretend (?:to be|that you|you|that the|this)\b|(?:role-?play|role play) (?:as|that|the|a)\b"
    r"|(?:simulate|become|impersonate) (?:being|an? (?:unrestricted|evil|jailbroken|hacker|ai"
    r"|llm)|dan)\b"
    rf"|imagine (?:that )?you(?:'re| are| were) (?:an? |the |now )?(?:{_W} )?(?:{MODEL}|free"
    rf"|unrestricted"
    r"|no longer|evil|hacker)\b"
    r"|(?:assume|adopt|take on|play|embody) the (?:role|persona|identity|character) of\b"
    r"|(?:behave|speak|talk) (?:as|like) (?:a|an|if|though|the|my)\b"
    r"|(?:switch|enter|enable|activate|go)(?: in)?(?:to)? (?:the )?[\w-]{1,20} mode\b"
    rf"|(?:disable|turn off|remove|lift|deactivate|drop|switch off) (?:your|all|any|the) (?:{_W} )?"
    r"(?:safety|filters?|restrictions?|guardrails|safeguards|censorship|moderation"
    r"|content polic\w+)\b"
    r"|obey (?:this|these|me|my|the following|every)\b|comply with (?:this|these|my"
    r"|the following)\b"
    r"|(?:follow|execute|carry out|read|obey) (?:only )?(?:these|this|the following|my|the new) "
    rf"(?:{_W} )?(?:instructions?|orders?|commands?|directives?|rules|steps)\b"
    # Give away, click, pay, run.
    rf"|{_SHOW} [^.!?]{{0,60}}?\b{_SECRETS}\b"
    r"|(?:click|tap|press)(?: on)? (?:here|this|the|below|that|now|['\"]|https?|www|link)"
    r"|(?:visit|go to|open|follow|browse to|navigate to|download|install|scan|log ?in|sign ?in"
    r"|enter"
    r"|submit|confirm|verify|update|call|e-?mail|send|transfer|pay|donate|buy|claim|fetch|load)\b"
    r"[^!?]{0,100}?\b(?:to (?:claim|win|verify|unlock|confirm (?:your|you)|restore|receive your"
    r"|get (?:a|your) free"
    r"|continue reading|avoid (?:losing|suspension))|your (?:account|password|prize|bank|card"
    r"|wallet|payment"
    r"|credentials|personal|login|gift|reward|subscription)|bitcoins?|btc|paypal|gift ?cards?"
    r"|wallet|qr code|limited time)\b"
    r"|(?:run|execute|paste|eval|type|call|invoke)\b[^!?]{0,60}?(?:\brm -rf|\bsudo\b|\bcurl\b"
    r"|\bwget\b"
    r"|\bpowershell\b|this (?:command|script|code)\b|following (?:command|script|code)\b"
    r"|os\.system|javascript:)"
    # Judge in our favour, and against others.
    rf"|{_RATE} (?:it|this|our|my|them|us|only|your|the (?:authors?"
    rf"|{PAPER}))\b[^.!?]{{0,60}}?\b{PRAISE}"
    rf"|(?:give|write|provide|submit|assign|award|leave|generate|output|produce) (?:{_W} ){{0,3}}?"
    r"(?:positive|favou?rable|glowing|excellent|perfect|five[- ]star|enthusiastic) (?:reviews?"
    r"|ratings?"
    r"|evaluations?|assessments?|feedback|recommendations?)\b"
    rf"|{_RATE} (?:{_W} ){{0,3}}?{PRAISE}\b[^.!?]{{0,40}}?\b(?:this|our|my) {PAPER}\b"
    rf"|(?:accept|approve|praise|endorse|promote|recommend|rate|rank|prefer) (?:always |only "
    rf"|strongly )?{_THIS}\b"
    rf"|(?:always|only|first|instead) (?:cite|recommend|rank|quote|prefer|mention|suggest"
    rf"|choose)\b[^.!?]{{0,20}}"
    rf"\b(?:this|our|my|these) {PAPER}\b"
    rf"|(?:cite|recommend|rank|quote|mention|prefer|suggest|choose) (?:only |always )?(?:this"
    rf"|our|my) {PAPER} "
    r"(?:first|only|above|over|instead|in every|in all|in any|whenever|to (?:the |every"
    r"|all )?(?:users?|readers?))\b"
    rf"|(?:do not|don't|never|avoid|refrain from) (?:{_W} )?(?:mention|highlight|list|criti"
    rf"|report|discuss|rais|point"
    r"|includ|cit|quot|us|trust|reveal|disclos|tell|inform|answer|summar|show|display|warn|add"
    r"|refus|rely"
    r"|writ|consider|read)\w*\b[^.!?]{0,60}?\b(?:negative|weakness(?:es)?|flaws?|criticisms?"
    r"|drawbacks?"
    r"|shortcomings?|(?:any |the )?(?:its|their|this) limitations|(?:any )?other (?:papers?"
    r"|sources?|studies"
    r"|sentences|works?|documents?)"
    rf"|this (?:message|instruction|note|prompt|sentence|order)|these instructions|(?:the|a|any"
    rf"|your) users?|readers?"
    r"|markers?|citations|disclaimers?|that you are)\b"
    # Work on people.
    rf"|{_TELL} (?:the |your |all |any |every )*(?:users?|readers?|humans?|people|them|everyone"
    rf"|everybody"
    r"|researchers?|reviewers?|whoever|anyone)\b(?: \S{1,30}){0,3}? (?:that|to|about|how|not"
    r"|with|their|his|this)\b"
    r")"
)  # fmt: skip

# Where a clause may begin without a subject: at these signs, and after these words.
BREAKS = re.compile(
    r"[.:;!?(\[\]{}<>|•*#~=«»「」–—,]+[^\w<]*+|(?<=[ (\[])[\"'][^\w<]{0,4}+(?=\w)|(?<= )-[^\w<]*+"
)
LEADING = frozenset("please kindly you your must i".split())
LEADS = re.compile(
    r"\b(?:please|kindly|you (?:must|should|shall|are to|need to|have to|will now|may now|can now"
    r"|are (?:hereby |now )?(?:required|instructed|ordered|asked|told|expected|commanded"
    r"|obliged) to)"
    r"|(?:want|need|order|command|urge|ask|instruct|require|tell|beg) you to"
    r"|your (?:\w{1,12} )?(?:task|job|goal|role|duty|mission|purpose|objective) is (?:now )?to"
    r"|must now|i say)[^\w<]++"
)
# An imperative may go on with another one.
AND = re.compile(r"\b(?:and then|and|or|then) ")
# What stands before a comma where an imperative comes after it.
ADDRESS = re.compile(
    r"(?:\A|[.:;!?>\]\"] ?)\W{0,4}(?:and |but |so |also )?(?:please|now|then|instead|also"
    r"|finally|first|next"
    r"|therefore|however|attention|important|ok(?:ay)?|yes|no|sorry|thanks|(?:dear|hey|hi"
    r"|hello) [^,]{1,40}"
    r"|as (?:an?|the) [^,]{1,60}|(?:if|when|whenever|once|since|because|as|before|after|while"
    r"|unless) (?:you|the user"
    r"|someone|anyone|asked|answering|reading|summari|processing|reviewing|this|somebody|a user"
    r"|users|any)[^,]{0,80}"
    r"|from now on|from this point(?: on)?|for (?:this|the rest|every|each|any|all)[^,]{0,60}"
    rf"|(?:in|at|to) (?:your|the end|every|each)(?: [\w']{{1,20}}){{0,4}}|(?:the |any "
    rf"|all )?{MODEL}|{PERSON}"
    rf"|regardless[^,]{{0,60}}|whatever[^,]{{0,60}}|no matter[^,]{{0,60}}|(?:{_OVERRIDE}|stop"
    rf"|read|note)\b[^,]{{0,80}})\Z"
)

# A sentence that goes on with the order before it.
GOES_ON = re.compile(
    rf"\W{{0,4}}(?:{_SAY}|{_SHOW}|{_TELL}|{_RATE}|do not|don't|never|always|only|instead|you"
    rf"|your|then|from now|this (?:is|must|instruction|message)"
    r"|visit|click|go to|open|use|act|pretend|report|conclude|call|obey|comply|treat|make sure"
    r"|remember|thank|just|simply|nothing|no "
    r"(?:other|matter|exceptions?))\b"
)
