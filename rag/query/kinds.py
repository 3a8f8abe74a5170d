"""Kinds of questions: what form an answer should have, read from the words alone.

Rules, tried in order; the first that fits decides, and what none fits asks for a fact. Each reads
the *core* of a question: its first interrogative sentence, without polite words and without the
clause that stands before the question word.
"""

import re
from typing import Literal

from footnote.index.search.fulltext import STOP_WORDS, query_words

Kind = Literal[
    "fact",
    "number",
    "yesno",
    "define",
    "list",
    "overview",
    "compare",
    "metadata",
    "talk",
    "vague",
]

_I = re.IGNORECASE
_BE = r"(?:is|are|was|were|'s|’s|'re)"
_AUX = (
    r"(?:do|does|did|is|are|was|were|can|could|should|shall|will|would|has|have|had|may|might"
    r"|must|isn't|aren't|doesn't|don't|didn't|wasn't|weren't|can't|won't|hasn't|haven't)"
)
_WORKS = (
    r"(?:papers?|abstracts?|articles?|publications?|works?|stud(?:y|ies)|research|literature"
    r"|preprints?|references?|surveys?|reviews?|trials?|reports?)"
)
_HERE = (
    r"(?:(?:this|the|your|our|my)\s+(?:whole\s+|entire\s+)?(?:library|collection|corpus|database"
    r"|data\s?base|index|catalog(?:ue)?|repository|archive|holdings|set of papers)|you)"
)

# Words of courtesy before a question, taken off one after another.
_POLITE = re.compile(
    r"^\W*(?:(?:hi|hello|hey|hej|dear)(?: (?:there|all|footnote))?[,.!]\s*"
    r"|(?:ok(?:ay)?|well|so|and|but|also|then|now|thanks?|great|cool|sorry|actually|quick question)"
    r"\b[,.:;!]*\s+"
    r"|(?:please|pls|kindly)\b,?\s+"
    r"|(?:can|could|would|will) you (?:please |kindly |maybe |perhaps )?(?=(?:tell|give|list|show"
    r"|name|find|explain|define|describe|compare|contrast|summari[sz]e|sum|recommend|suggest|point"
    r"|walk|outline|help me (?:find|understand))\b)"
    r"|(?:do|would) you (?:know|mind telling me|happen to know)(?: of)?(?: (?:if|whether))?\s+"
    r"|(?:i(?:'d| would)? (?:like|want|need|love)(?: you)?|i(?:'m| am) (?:trying|looking|hoping))"
    r" to (?=(?:know|see|find|understand|learn|get|compare|hear|read)\b)(?:know|understand|learn"
    r"|hear|read)?\s*"
    r"|i (?:wonder|am wondering|was wondering)\s+|i'm wondering\s+"
    r"|(?:please )?(?:tell|remind) me\s+(?=(?:what|which|how|who|why|when|where|if|whether)\b)"
    r"|(?:any idea|do we know|is it known|is there evidence)\s+(?=(?:what|which|how|why|if|whether)"
    r"\b))",
    _I,
)
_WHETHER = re.compile(r"^whether\s+|^if\s+(?![^?]*,)", _I)
_ASKS = re.compile(
    rf"\b(?:what|which|who|whom|whose|how|why|when|where)\b|\b{_AUX}\b(?!\s+to\b)", _I
)
_CLAUSE = re.compile(
    r"^[^?]{3,300}?(?:[,:;–—]|\s-)\s+(?=(?:and |but |so |then |in |on |by |at |for |to |of |with "
    rf"|from |under )?(?:what|which|who|how|why|when|where|{_AUX})\b)",
    _I,
)
_CONDITION = re.compile(r"^(?:when|where|if|with|for)\b", _I)
_SENTENCE = re.compile(r"(?<=[.!?])\s+")

_TALK = re.compile(
    r"^\W*(?:(?:hi+|hello+|hey+|hiya|yo|hej|hola|greetings|good (?:morning|afternoon|evening|day)"
    r"|howdy|sup|what'?s up)\b"
    r"(?: (?:there|all|everyone|footnote|bot|again|team|friend|assistant|and welcome))*"
    r"(?:[\s,.!?]*how are you(?: doing)?(?: today)?)?"
    r"|(?:ok(?:ay)?|great|perfect|nice|cool|awesome|super|brilliant|excellent|wonderful|lovely"
    r"|alright|right|got it|i see|makes sense|fine|sounds good|good job|well done|wow|yes|no|yep"
    r"|nope)(?:[\s,.!]+(?:thanks?|thank you|ok(?:ay)?|great|bye|got it|then|that helps?|very"
    r" helpful|helpful))*"
    r"|(?:ok(?:ay)?[\s,.!]+|many |great |perfect |nice |cool |alright[\s,.!]+)?(?:thanks?|thank"
    r" (?:you|u)|thx|ty|cheers|much appreciated|appreciate)\b[^?]{0,80}"
    r"|that (?:was|is|'s) (?:all|it|really|very|so|great|useful|helpful|perfect|enough)[^?]{0,60}"
    r"|(?:ok(?:ay)?[\s,.!]+|alright[\s,.!]+|well[\s,.!]+)?(?:good\s?bye|bye+|see (?:you|ya)|cya"
    r"|farewell|good night|talk (?:to you )?later|later|take care|ciao)\b[^?]{0,60}"
    r"|help|help me|start|test|testing|menu|how are you(?: doing)?(?: today)?)\W*$",
    _I,
)
# About the assistant, not about the papers.
_ABOUT_US = re.compile(
    r"^(?:what (?:can|could|do|are) you(?: \w+){0,3}?(?: (?:do|answer|help|good at|able))?(?: for me"
    r"| here| with| to do)?|what are you|who are you|who (?:made|built|created|wrote) you"
    r"|what(?:'s| is) your name|are you (?:an? )?(?:\w+ )?(?:bot|ai|robot|human|real|person|chatgpt"
    r"|gpt|llm|language model|model|machine)\b.*|how (?:do|does|can|should) (?:you|i|we|this|it)"
    r" (?:work|use (?:you|this|it)|ask|start|begin|get started)\b.{0,60}"
    r"|what (?:kind|kinds|sort|sorts|type|types) of (?:questions?|things?)\b.{0,60}"
    r"|what (?:should|can|could|may) i ask.{0,40}|can i (?:ask|upload|trust|use|export)\b.{0,80}"
    r"|(?:can|could|will|do) you (?:help|speak|understand|read|make mistakes|hallucinate|remember)"
    r"\b.{0,60}|how (?:can|could|do) you help.{0,40}|how does this (?:\w+ )?work.{0,30}"
    r"|(?:i need|give me|show me) (?:some )?help)\W*$",
    _I,
)
_METADATA = re.compile(
    rf"^(?:how many|what number of|number of|count)(?: \w+){{0,3}}? (?:{_WORKS}|titles?|records?"
    r"|documents?|entries|items|authors|venues|journals|conferences|sources|years)\b"
    rf"|\b(?:what(?:'s| is| do| does| kinds?| sorts?| topics| subjects| areas| fields)?|which)\b"
    rf"(?: \w+){{0,5}}? {_HERE} (?:hold|have|contain|cover|include|store|know about|index)"
    r"(?:s|ed)?\b(?! (?:to say|say))"
    rf"|^what(?:'s| is| are| all is)?(?: \w+){{0,3}}? in {_HERE}\W*$"
    rf"|^(?:describe|show|list) {_HERE}\W*$"
    r"|^who (?:wrote|authored|published|are the authors?|is the (?:first |last |lead )?author"
    r"|were the authors|is behind|came up with|introduced|proposed|invented|developed|did the)\b"
    r"|\b(?:authors?|co-?authors?|affiliations?|doi|arxiv (?:id|number)|publication date|venue"
    r"|journal)\b[^?]{0,10} (?:of|for|to) (?:the|this|that|it|paper)\b"
    r"|^(?:which|what|who)(?: (?:is|are|was|were))?(?: \w+){0,2}? (?:authors?|venues?|journals?"
    r"|conferences?|sources?|years?|publication dates?)\b"
    r"|^(?:when|where|what year|in (?:what|which) year|which year)\b[^?]{0,80}\b(?:published|appear"
    r"(?:ed)?|come out|came out|released|written|accepted|presented)\b"
    r"|\b(?:newest|latest|most recent|oldest|earliest|last|first)"
    rf"(?: \w+)?(?: \d+| one| two| three| five| ten)? (?:{_WORKS}|entry|record|addition|import)\b"
    r"(?! (?:to|that)\b)"
    r"|\b(?:what|which)(?: \w+){0,2}? years?\b[^?]{0,40}\b(?:cover|span|range)"
    r"|\bwhere (?:did|do|does|are) (?:you|these|the|they|those)\b[^?]{0,60}\b(?:get|come|from)\b"
    rf"|\b(?:papers?|anything|something|works?|articles?|stuff|publications)\b[^?]{{0,40}}? (?:by|from|of)"
    r" (?:author |prof(?:essor)?\.? |dr\.? )?(?-i:[A-Z][a-z]+)(?: (?-i:[A-Z])[\w.'-]*)+"
    r"|^which (?:of (?:these|those|the|your) )?(?:papers?|ones?)?\s?(?:came out|come out|appeared"
    r"|were published|are from|was published|is from|are dated)\b"
    r"|\b(?:came out|appeared|published|dated|presented|accepted) (?:in|at|by|since|before|after"
    r"|between|from) (?:(?:19|20)\d\d|(?-i:[A-Z]\w*[A-Z]\w*)|last year|this year|the last)\b"
    r"|\bhow (?:old|recent|big|large|up[- ]to[- ]date|current)\b[^?]{0,30}"
    r"\b(?:library|collection|corpus|papers|database|records)\b"
    rf"|^(?:does|do|is|are) {_HERE} (?:have|hold|contain|include|cover) (?:any )?(?:paper|the paper"
    r"|a paper called)\b",
    _I,
)
_COMPARE = re.compile(
    r"\b(?:differences?|distinctions?|similarit(?:y|ies)|trade-?offs?|comparisons?|contrast) "
    r"(?:is there |are there )?(?:between|of|among|with)\b"
    r"|\b(?:differs?|different|distinct|distinguish\w*|sets?)\b[^?]{0,40} (?:from|between|apart)\b"
    r"|\bwhat(?:'s| is| makes| are)[^?]{0,60} different\b"
    r"|^(?:compare|contrast|differentiate|distinguish)\b"
    r"|\bcompar(?:e|es|ed|ing|ison)\b(?: \w+){0,3}? (?:to|with|against|and)\b"
    r"|\bhow (?:do|does|did|would)\b[^?]{1,120} (?:compare|differ|stack up|measure up|fare"
    r"|relate to each other)\b"
    r"|\b(?:vs\.?|versus)(?:\s|$)|\bstack\w* up against\b|\bin common\b|\bas opposed to\b"
    r"|\b(?:better|worse|faster|safer|cheaper|stronger|preferable|prefer(?:red)?|more \w+)\b"
    r"[^?]{0,80}[:,–—-]?\s[^?]{1,80} or\b(?! (?:not|worse|less|more)\b)"
    r"|\b(?:is|are|should|does|do|which)\b[^?]{1,100} or [^?]{1,80}"
    r" (?:better|worse|faster|safer|cheaper|preferable|stronger|more|first)\b"
    r"|\bpros and cons\b[^?]*\b(?:and|versus|over)\b|\badvantages?\b[^?]{0,60} over\b"
    r"|^[\w-]+(?: [\w-]+){0,3} or [\w-]+(?: [\w-]+){0,3}[,?:]"
    r"|\bwhich(?: one)? (?:is|are|of (?:them|the two|these)|works?|performs?|does)\b[^?]{0,60}"
    r"\b(?:better|worse|best of|faster|more)\b[^?]{0,60} or\b",
    _I,
)
_MEASURES = (
    r"(?:accurac(?:y|ies)|f1|f-?score|bleu|rouge|fid|scores?|rates?|ratios?|percent(?:age)?s?|share"
    r"|fraction|proportion|number|count|speed|latency|throughput|size|dimension(?:ality)?|costs?"
    r"|price|factors?|time|age|duration|length|weight|height|width|depth|temperature|dose|dosage"
    r"|frequency|prevalence|incidence|mortality|p-?values?|auc|auroc|sensitivity|specificity|errors?"
    r"|wer|perplexity|budget|speed-?up|precision|recall|map|miou|iou|psnr|ssim|rmse|mae|mse|bound"
    r"|complexity|interval|threshold|capacity|resolution|bandwidth|memory|parameters?|samples?"
    r"|performance|improvement|gain|reduction|increase|decrease|correlation|coefficient|half-?life"
    r"|pass@\d+|hits@\d+|top-?\d+|ndcg(?:@\d+)?|distance|range|average|mean|median|maximum|minimum"
    r"|power|energy|efficiency|yield|sample size|hertz|hz|margin|likelihood|probability|odds)"
)
_NUMBER = re.compile(
    r"^(?:by |at |in |on |to |of |with |from |for |over )?(?:how (?:many|much|long|often|large|big"
    r"|fast|far|high|low|old|few|small|deep|wide|heavy|tall|frequent(?:ly)?|quickly|close|accurate"
    r"(?:ly)?|expensive|late|early|likely)\b(?! (?:do|does|did) [^?]{1,60} (?:matter|help)\b)"
    r"|(?:about )?how (?:many|much)\b)"
    r"|^(?:by|at|to) (?:what|which) (?:\w+ )?(?:factor|rate|extent|margin|amount|percentage)\b"
    r"|^(?:by |at |in |on |to |of |with |from |for |over )?(?:what|which)(?:'s|(?: is| was| are"
    r"| were)(?: the| its| their| a)?)?(?: (?!of\b|in\b|for\b|on\b|role\b|effect\b|impact\b"
    rf"|influence\b|relation\w*\b|best\b|main\b|to\b|that\b|if\b|and\b)[\w@/-]+){{0,4}}? {_MEASURES}\b"
    r"(?=\W*$| (?:do|does|did|is|was|are|were|of|for|on|in|at|can|could|has|have|had|with|between"
    r"|when|after|under|per|reported|achieved|reached|needed|required|used|and|to|by)\b|,)"
    r"(?!\W*$ (?:matter))"
    r"|^what (?:does|do|did|would|will) [^?]{1,100} (?:cost|weigh|measure|score)\b\W*",
    _I,
)
_DEFINE = re.compile(
    r"^(?:what|wat)(?:'s|’s|s)? (?:does|do|did|is|are)?\s?[^?]{1,80}"
    r"\b(?:stands? for|meant by|means?\b(?=\W*(?:$|in |here|there|exactly|by|when)))"
    r"|^(?:define|definition of|meaning of|the meaning of|what(?:'s| is) the (?:meaning|definition"
    r"|full form|expansion) of|abbreviation|acronym|expand|spell out)\b"
    r"|\b(?:stand|stands|short) for\b|^what (?:do|does) (?:you|they|people|we|the authors) mean by\b"
    r"|^explain (?:to me )?(?:what [^?]{1,60} (?:is|are|means?)|(?:the (?:term|concept|notion|idea)"
    r" )?(?:of )?[\w' /-]{1,50}?)(?: to me| in (?:simple|plain|short)[^?]*| simply| briefly| like"
    r"[^?]*)?\W*$"
    r"|^(?:the term|what exactly (?:is|are)|wtf is)\b",
    _I,
)
_WHAT_IS = re.compile(
    r"^(?:what|wat)(?:'s|’s|s| is| are| was| were)(?: exactly| actually| even)? (?P<article>an?|the)?"
    r"\s?(?P<term>[^?]{1,80}?)(?: (?:exactly|anyway|again|please|then|here|there|in (?:this|that"
    r"|the|ml|ai|machine|deep|medicine|statistics|nlp|rl|physics|biology|short|simple)[^?]{0,40}))?"
    r"\W*$",
    _I,
)
# "What is the result?", "What is needed to ...": not a term.
_NO_TERM = re.compile(
    r"\b(?:effects?|role|impact|influence|relation\w*|results?|findings?|reasons?|causes?|best"
    r"|main|major|key|most|least|worst|first|biggest|largest|difference|problem|problems|challenges?"
    r"|limitations?|advantages?|benefits?|drawbacks?|weakness\w*|evidence|way|ways|point|purpose|goal"
    r"|aim|known|new|there|used|needed|required|missing|wrong|right|conclusion\w*|contribution\w*"
    r"|consequences?|state|status|latest|current|optimal|typical|common|due|responsible|possible"
    r"|alternatives?|it|they|this|that|these|those|its|their|your|you|trend\w*|options?|approach(?:es)?"
    r"|methods?|risk factors?|symptoms?|treatments?|applications?|examples?|strateg\w+|idea)\b",
    _I,
)
_LIST = re.compile(
    rf"\b(?:which|what|whose|any|some|other|more|all|every|find|show|recommend|suggest|relevant"
    rf"|similar|recent|related|good|give me|list|see|need|want)\b(?: (?:the|of|me|a few|few|recent"
    rf"|relevant|good|related|other|more|all|some|any|your|these|those|two|three|five|ten|top|[\w-]+))"
    rf"{{0,3}}? {_WORKS}\b(?!'s)(?! (?:say|says|tell|tells|think|find|found|is|was|does|did|conclude)\b)"
    r"|^(?:list|enumerate|name|find|show|give me|collect|get|recommend|suggest|search|look)\b"
    rf"|^{_WORKS} (?:on|about|that|which|with|using|where|in which|dealing|related|concerning|for|of)\b"
    rf"|^{_AUX} (?:there|you (?:have|hold|know)|we have|the library have|any|anyone|anybody|somebody"
    rf"|someone)\b[^?]{{0,60}}\b(?:{_WORKS}|anything|something|work|examples?|datasets?|benchmarks?"
    r"|methods?|approaches|models?|any|else|used|tried|done|studied|looked|worked|applied)\b"
    r"|^(?:anything|something|everything|all|any)\b[^?]{0,60}\b(?:on|about|that|with|using|for)\b"
    r"|^(?:who|which groups?|which teams?) (?:works?|has worked|have worked|is working|else|uses?"
    r"|studies|studied|has studied|tried|trains?|does)\b"
    r"|^(?:for |with |by |from )?which (?:of (?:the|these|those|your) )?(?!two\b|three\b)"
    rf"(?:(?!{_AUX}\b|one\b)[\w-]+ ){{0,2}}?"
    r"(?!(?:is|was|has|does|this|its|us|vs|loss|bias|class|process|analysis|basis|hypothesis"
    r"|diagnosis|consensus|corpus|focus|status|virus|stimulus|access|address|stress|success|relies"
    r"|answers|gets|helps|uses|makes|gives|shows|takes|goes|comes|tells|leads|reduces|increases"
    r"|improves|causes|allows|lets|means|keeps|needs|wins|reaches|achieves|performs|yields|runs"
    r"|predicts|explains|drives|outperforms|generali[sz]es|beats|works|depends|requires|scales"
    r"|produces|contains|provides|removes|prevents|matters|determines|decides|serves|learns)\b)"
    r"[a-z][\w-]*(?:[^s\W]s|ren|ata|ria)\b(?! (?:profit|most|best|least|more|better|worst)\b)"
    r"|^(?:in |on |for |with |by )?what (?:are (?:the |some |all )?)?(?:(?:other|different|various"
    r"|existing|available|common|popular|known|alternative|public|open|possible|all|main|recent"
    r"|kinds? of|types? of|sorts? of|[\w-]+) ){0,3}?(?:methods|approaches|techniques|datasets"
    r"|data ?sets|benchmarks|models|algorithms|tools|strategies|architectures|libraries|frameworks"
    r"|solvers|planners|optimi[sz]ers|metrics|systems|tasks|applications|examples|alternatives"
    r"|options|treatments|drugs|therapies|biomarkers|genes|proteins|materials|sensors|robots"
    r"|simulators|environments|corpora|languages|countries|species|risk factors|side effects"
    r"|symptoms|defen[cs]es|attacks|losses|baselines|variants|extensions|markers|features"
    r"|interventions|instruments|uses|use cases)\b",
    _I,
)
_OVERVIEW = re.compile(
    rf"\bwhat (?:do|does|did|can|have|has|else do|else does)\b[^?]{{0,40}}(?:{_WORKS}|library|collection"
    r"|corpus|field|community|researchers|people|scientists|we|authors|evidence|experts)\b[^?]{0,20}"
    r" (?:say|says|said|tell|know|knows|think|report|show|find|found|conclude|learned|learnt|tried"
    r"|done|write|understand|suggest|agree|propose|proposed|have)\b"
    r"|\b(?:overview|summar(?:y|ies|i[sz]e|i[sz]ing)|sum up|recap|synthesi[sz]e|tl;?dr|big picture"
    r"|landscape|state[- ]of[- ]the[- ](?:art|field|science)|literature review|primer|introduction"
    r" to|rundown|roundup|briefing|briefly describe|outline)\b"
    r"|\bwhat(?:'s| is| has been| have been)?(?: \w+)? (?:there|known|new|happening|going on|out there"
    r"|understood|written|done|available|going on|been (?:done|tried|written|said|learned|found))\b"
    r"(?: \w+)? (?:on|about|in|of|with|regarding|to|for|so far|around)\b"
    r"|^(?:tell|teach|brief|update|catch|bring|walk|talk) (?:me|us)\b"
    r"|\b(?:advances|progress|trends?|developments?|directions|themes|topics|open (?:problems|questions"
    r"|challenges|issues)|research gaps?|current (?:state|status|work|research|thinking|practice"
    r"|understanding)|recent (?:work|research)|lines of (?:work|research)|schools of thought)\b"
    r"[^?]{0,30}\b(?:in|on|of|for|about|around|with|there)\b"
    r"|\bhow (?:do|did|have|has|are|can|is|could) (?:people|researchers|scientists|authors|others"
    r"|practitioners|clinicians|engineers|the papers|these papers|papers|papers here|the field)\b"
    r"|\bhow (?:are|is|have|has|do|does)\b[^?]{1,80}\b(?:in|across|by|over) (?:these|the|this|your|all)"
    r" (?:papers?|abstracts|library|literature|collection|field|works?|studies)\b"
    r"|^what (?:are|were) (?:the )?(?:[\w-]+ ){0,3}?(?:challenges|limitations|problems|weak(?:nesses"
    r"| points)|issues|risks|concerns|debates|controversies|obstacles|difficulties|approaches|ideas"
    r"|advantages|benefits|drawbacks|implications|trends|developments|theories|views|findings"
    r"|perspectives|ways)\b"
    r"|^(?:describe|discuss|survey|review|explore)\b|\b(?:evolved?|evolution of|history of)\b"
    r"|^(?:background|context|everything you know) (?:on|about)\b",
    _I,
)
_YES_NO = re.compile(rf"^{_AUX}\b(?! you (?:tell|give|list|explain)\b)", _I)
_TAG_QUESTION = re.compile(
    r",? (?:right|correct|true|is that (?:right|true|so)|isn't it|doesn't it|don't they|aren't they"
    r"|or not|yes or no)\?*\W*$",
    _I,
)
_TRUE_THAT = re.compile(r"^(?:is it (?:true|the case|possible|known|safe|ok)|true or false)\b", _I)
_ABBREVIATION = re.compile(r"^\W*(?-i:[A-Z][A-Za-z]*-?[A-Z0-9][\w-]*)\W*$")
_WH = re.compile(r"\b(?:what|which|who|whom|whose|how|why|when|where)\b", _I)
_FIRST_WH = re.compile(rf"(?:\b(?:by|at|in|on|to|of|for|from) )?{_WH.pattern}", _I)
# Words of a question that name nothing to look for.
_EMPTY_WORDS = STOP_WORDS | frozenset(
    """more tell why how what else elaborate explain continue go further detail details example
    examples second first third last one ones better best worse same again really sure true mean
    means paper papers thing things it please give show say said something anything answer clarify
    expand next previous other others result results way ok happened happens work works good bad
    much many come done any so and another simpler shorter longer simply short long way depth""".split()
)
# Of a question without a question word, a verb in front or a mark at its end.
MOST_KEYWORDS = 8


def classify_kind(question: str, *, first: bool = True) -> Kind:
    """Returns the kind of a question.

    Args:
        question: As it was asked.
        first: Whether nothing was asked before; only then can a question be ``vague``.
    """
    text = " ".join(question.split())
    if _TALK.match(text):
        return "talk"
    core = find_core(text)
    if _ABOUT_US.match(core):
        return "talk"
    if first and set(query_words(text)) <= _EMPTY_WORDS and not _ABBREVIATION.match(text):
        return "vague"
    return _kind_of(core, text)


def _kind_of(core: str, text: str) -> Kind:
    if _METADATA.search(core):
        return "metadata"
    if _DEFINE.search(core) or _ABBREVIATION.match(core):
        return "define"
    if _COMPARE.search(core) and not (_YES_NO.match(core) and " or " not in core):
        return "compare"
    if _OVERVIEW.search(core) and not _YES_NO.match(core):
        return "overview"
    if not _YES_NO.match(core) and (
        _NUMBER.search(core) or _NUMBER.search(_from_question_word(core))
    ):
        return "number"
    if _LIST.search(core):
        return "list"
    if _YES_NO.match(core) or _TAG_QUESTION.search(core):
        return "yesno"
    if _is_term(core):
        return "define"
    if not _WH.search(text) and not text.endswith("?") and len(text.split()) <= MOST_KEYWORDS:
        return "overview"
    return "fact"


def _from_question_word(core: str) -> str:
    """Returns a core from its first question word on, with the preposition before that."""
    match = _FIRST_WH.search(core)
    return core[match.start() :] if match else ""


def _is_term(core: str) -> bool:
    """Returns whether a question asks what one term is: "What is a VLA?"."""
    match = _WHAT_IS.match(core)
    if not match or _NO_TERM.search(match["term"]):
        return False
    words = match["term"].split()
    return len(words) <= (6 if match["article"] != "the" else 5) and not re.search(
        r"\b(?:of|by|when|if|that|to|between|for|from|with)\b", match["term"], _I
    )


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
    core = _WHETHER.sub("is it so that ", core)
    if not _ASKS.match(core) or _CONDITION.match(core):
        core = _CLAUSE.sub("", core, count=1)
        core = re.sub(r"^(?:and|but|so|then)\s+", "", core, flags=_I)
    return core
