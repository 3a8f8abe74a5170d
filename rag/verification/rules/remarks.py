"""Remarks: sentences about the evidence itself need no quote: "The abstracts do not say ...".

Nor does what says nothing by itself: headings, heads of tables, "Yes.", "In short,". In doubt a
sentence is one about the world, and needs its quote.
"""

import re

_COUNT = (
    r"(?:\d{1,2}|two|three|four|five|six|seven|eight|nine|ten|twelve|several|some|many|most|few"
    r"|both|all)"
)
_KIND = (
    r"(?:given|provided|retrieved|supplied|cited|numbered|available|present|other|remaining|relevant"
    r"|following|listed|selected|quoted|paper)"
)
_MANY = (
    r"(?:(?:paper )?abstracts|papers|studies|sentences|excerpts|sources|passages|articles|works"
    r"|snippets|quotes|publications)"
)
_ONE = (
    r"(?:(?:paper )?abstract|paper|study|sentence|excerpt|source|passage|article|work|snippet"
    r"|quote|publication)"
)
# "The paper does not report gains" and "the library provides no GPU support" may be of the world.
_ONE_TEXT = r"(?:(?:paper )?abstract|excerpt|snippet|passage)"
_WHOLE = r"(?:evidence|(?:given|provided|retrieved) (?:context|material|information|text))"
_THE = r"(?:the|these|those|this|that|my|your)"
_OF_WHICH = (
    r"(?: (?:here|above|below|at hand|among (?:these|them)"
    r"|in (?:this|the|your) (?:library|evidence|list|context)"
    r"|(?:given|provided|retrieved)(?: here)?|i (?:have|was given)|you (?:gave|provided)"
    r"|(?:on|about) (?!average\b)[\w-]+(?: [\w-]+)?))?"
)
# "the abstracts", "these two papers", "the evidence".
_EVIDENCE = (
    rf"(?:{_THE}(?: {_COUNT})?(?: {_KIND}){{0,2}} (?:{_MANY}|{_ONE_TEXT}|{_WHOLE})"
    rf"|(?:{_KIND} ){{1,2}}{_MANY}){_OF_WHICH}"
)
# "The study covers 40 languages" is of the world.
_EVIDENCES = rf"{_THE}(?: {_COUNT})?(?: {_KIND}){{0,2}} (?:{_MANY}|{_WHOLE}){_OF_WHICH}"
_NONE = (
    rf"(?:(?:none|neither|not one|not a single one|no one|few|hardly any) of (?:{_THE} |them)"
    rf"(?:{_COUNT} )?(?:{_KIND} )?(?:{_MANY})?|(?:no|neither|not a single|not one)"
    rf" (?:{_KIND} )?(?:{_ONE}|{_MANY}))"
)
# What only a text does. "Show" and "find" are of the world: "No paper found an effect."
_TELL = (
    r"(?:say|state|mention|report|give|specify|describe|discuss|address|compare|contain|cover"
    r"|provide|answer|tell|quantify|evaluate|test|examine|include|settle|indicate|name|list"
    r"|disclose|detail|explain|offer|speak|touch|go into|present|define|consider|study|measure"
    r"|analyse|analyze|resolve|deal|look|note|make clear|agree|quote|refer"
    r"|allow (?:a|any|us|one))"
)
_TELLS = (
    rf"(?:{_TELL}s?|addresses|discusses|touches|goes into|makes clear|specifies|quantifies|studies"
    r"|analyses|analyzes)"
)
_TOLD = (
    r"(?:stated|reported|mentioned|specified|disclosed|given|described|discussed|addressed"
    r"|covered|compared|quantified|explained|evaluated|named|listed|answered|detailed|clear"
    r"|found|provided|contained|included|available|present|defined|examined|measured|tested)"
)
_DECIDED = (
    r"(?:determined|answered|inferred|told|concluded|decided|judged|established|derived|settled"
    r"|said|drawn|made|verified|confirmed|given|compared|found)"
)
_NOT = r"(?:(?:do|does|did)(?: not|n't)|cannot|can not|can't|never|nowhere)"
_ADVERB = (
    r"(?: (?:directly|explicitly|also|only|mainly|mostly|themselves|itself|however|together))?"
)
_ABOUT = (
    r"(?:cover|address|concern|discuss|study|examine|deal with|focus on|look at|are about|disagree"
    r"|differ|agree|conflict|contradict|are relevant|bear on|touch|mention|speak|treat|report on"
    r"|hint at)"
)
_THIN = (
    r"(?:mixed|limited|silent|thin|inconclusive|scarce|insufficient|conflicting|sparse|indirect"
    r"|incomplete|weak|unclear|not (?:conclusive|clear|enough|sufficient|consistent))"
)
# "So a direct comparison is impossible" follows from what is missing.
_JUDGED = (
    r"(?:an? (?:direct |fair |full )?(?:comparison|answer|verdict|conclusion)"
    r"|the (?:question|point))"
)
_UNSAID = [
    rf"{_EVIDENCE}{_ADVERB} {_NOT}{_ADVERB} {_TELL}\b",
    rf"what {_EVIDENCE} {_NOT} {_TELL}\b",
    rf"{_NONE}{_OF_WHICH}{_ADVERB} {_TELLS}\b(?! (?:the|any) (?:\w+ )?(?:task|baseline)s?\b)",
    rf"there (?:is|are|was|were) (?:no|nothing|little|not)\b.* (?:in|among|from|within)"
    rf" (?:any of )?{_EVIDENCE}",
    rf"nothing in {_EVIDENCE} {_TELLS}\b",
    rf"(?:{_EVIDENCE} (?:gives?|contains?|provides?|offers?|says?|has|have|"
    rf"holds?|reports?|makes?|mentions?|includes?)) (?:no|nothing|little|neither)\b",
    rf".+ (?:is|are|was|were) (?:not|nowhere|never){_ADVERB} {_TOLD}\b.*\b(?:in|by|from)"
    rf"(?: any of| either of)? {_EVIDENCE}",
    r".+ (?:is|are) not (?:stated|reported|mentioned|specified|disclosed)$",
    rf"no .+ (?:is|are) {_TOLD} (?:in|by|anywhere in)(?: any of)? {_EVIDENCE}",
    rf".+ (?:is|are) (?:missing|absent) (?:from|in) {_EVIDENCE}",
    rf"{_EVIDENCE} leaves? .*\bopen\b",
    rf"only (?:{_COUNT}|one) of {_EVIDENCE} {_TELLS}\b",
    rf"there (?:is|are) no (?:{_ONE}|{_MANY}) that {_TELLS}\b",
    rf".+ (?:is|are|remains?) (?:unclear|unknown|(?:left )?open|not clear) (?:from|in|by)"
    rf" {_EVIDENCE}",
    r"the library (?:holds|has|contains) (?:no|nothing|not)\b.* (?:papers?|abstracts?)\b",
    rf"nothing (?:is|was) {_TOLD.replace('stated', 'said|stated', 1)} (?:in|by) {_EVIDENCE}",
    rf"it is not possible to (?:tell|say|judge|decide|conclude|determine)\b.* from {_EVIDENCE}",
    rf"(?=.*\b{_EVIDENCE}).+ (?:cannot|can not|could not|can't) be {_DECIDED}\b",
    r"it (?:is|was) (?:not|nowhere|never) (?:stated|reported|mentioned|specified|disclosed|given"
    r"|said) (?:how|which|what|whether|who|when|where|why|if)\b",
    r"(?:(?:its|their) (?:[\w-]+ ){1,4}|(?:the|any) (?:[\w-]+ ){0,3}(?:times?|numbers?|sizes?"
    r"|costs?|rates?|figures?|details?|hardware) )(?:is|are) not (?:given|named|told|provided"
    r"|listed)$",
    rf"only (?:{_COUNT}|one) of (?:{_THE} )?(?:[\w-]+ )?{_MANY} {_TELLS}\b",
    r"nothing (?:here|in them) (?:speaks|points|refers|relates) to\b",
    rf"{_JUDGED} (?:is|are|remains?) (?:impossible|not possible|left open|open)$",
    r"i found (?:nothing|no)\b",
    r"i (?:cannot|can't|can not|could not|couldn't|did not|didn't|do not|don't|found no|see no)\b",
    rf"not (?:according to|in|from|by) {_EVIDENCE}",
]  # fmt: skip
_SPOKEN_OF = [
    rf"(?:only )?(?:{_EVIDENCES}|(?:{_COUNT}|one) of {_EVIDENCES}|{_COUNT} {_MANY})"
    rf"{_ADVERB} (?:{_ABOUT}|addresses|covers|concerns|discusses)\b",
    rf"(?:{_COUNT}|one) of {_EVIDENCE} (?:are|is) about\b",
    # The line over a list.
    rf"(?:only |exactly )?(?:{_COUNT}|one) (?:{_ONE}|{_MANY}) (?:qualify|qualifies|fits?|match)$",
    r"the (?:overall )?(?:picture|evidence) is (?:mixed|unclear|incomplete|thin|limited)$",
    rf"(?:{_EVIDENCE}|(?:the )?(?:results|findings|evidence)"
    rf"(?: (?:across|in|of|from) {_EVIDENCE})?)"
    rf" (?:is|are|remains?) {_THIN}",
]  # fmt: skip
_LEAD_IN = re.compile(
    rf"(?:{_EVIDENCE}|{_COUNT} (?:{_KIND} )?(?:{_MANY})|here|these|the (?:main|key) \w+"
    rf"|{_COUNT} [a-z ]{{1,24}} (?:stands? out|emerges?)"
    rf"|(?:the )?(?:findings|results|details|answer|sources)|there are|according to|in|from|among"
    rf"|as follows|the following)\b(?!.* that\b)[^,.;]*:"
)
_WORDS_ALONE = re.compile(
    r"(?:(?:(?:yes|no|not directly|short answer|bottom line|key takeaways?|answer)[,:]? ?){0,2}"
    r"(?:yes|no|n/a|partly|partially|mostly|not directly"
    r"|not (?:reported|stated|given|specified|mentioned"
    r"|available|applicable|(?:in|by) the abstracts?|really|necessarily|always|quite|entirely)"
    r"|it depends|mixed|maybe|unclear|in (?:short|summary|brief|sum|conclusion|detail|contrast"
    r"|particular|addition|other words)|to (?:summari[sz]e|sum up|conclude)|overall|in general"
    r"|on the whole|on the other hand|however|therefore|for example|for instance|by contrast"
    r"|first|second|third|finally|also|similarly|further(?:more)?|more specifically|summary"
    r"|short answer|bottom line|(?:key |main )?(?:takeaways?|points|findings|results|insights)"
    r"|(?:known |open |main )?(?:limitations?|questions|issues|caveats|challenges)|background"
    r"|overview|discussion|implications|methods?|comparison|conclusions?|answer|tl;dr|strengths"
    r"|weaknesses|trade-offs|why it matters|what (?:this|it) means|in practice"
    r"|ja|nein|teils|kurz|zusammenfassend|kurz gesagt))"
)
_GERMAN_SOURCE = (
    r"(?:abstracts?|papers?|arbeit(?:en)?|artikeln?|studien?|sätzen?|quellen?|zusammenfassungen"
    r"|textauszüge|belege)"
)
_GERMAN_TELL = (
    r"(?:nenn|sag|erwähn|bericht|geb|gibt|enth[aä]lt|vergleich|mach|beschreib|behandel|untersuch"
    r"|beantwort|äußer)\w*"
)
_GERMAN = [
    rf"(?:die|diese|den)(?: \w+en)? {_GERMAN_SOURCE} {_GERMAN_TELL}\b.*\b(?:kein\w*|nichts?)\b",
    rf"(?:keine?[rs]?|weder)(?: der| dieser)?(?: \w+en)? {_GERMAN_SOURCE} {_GERMAN_TELL}\b",
    rf".*\bin (?:den|diesen|keinem der)(?: \w+en)? {_GERMAN_SOURCE}\b.*\b(?:kein\w*|nichts?)\b",
]
_UNSAID_PATTERN = re.compile("|".join(f"(?:{p})" for p in [*_UNSAID, *_GERMAN]))
_SPOKEN_OF_PATTERN = re.compile("|".join(f"(?:{p})" for p in _SPOKEN_OF))
# A claim about the world may follow: "The abstracts do not say so, but PPO is faster."
_CLAUSES = re.compile(
    r";\s+|,\s+(?=(?:but|and|yet|while|whereas|although|though|so|because|since)\b)"
    r"|\s(?=(?:but|whereas|because|although)\b)"
)
_JOINED_BY = re.compile(
    r"(?:but|and|yet|while|whereas|although|though|so|because|since|however|also|moreover|still"
    r"|overall|in short|in summary|unfortunately|on the whole|(?:yes|no)(?=,)"
    r"|(?:based on|from|in|beyond|among) [^,]{1,80}),?\s{1,4}(?=\S)"
)
# Texts that are data of a study, or the past of the field, are the world.
_WORLD = re.compile(
    r"\d ?(?:%|percent|points)"
    r"|\b(?:corpus|data ?sets?|benchmark|training set|test set) (?:do|does)\b"
    r"|\b(?:before|until|prior to|ever|had|has yet)\b"
)
# Said of all that was read they are remarks; with a citation they claim something of its paper.
_CLAIMS_OF_A_PAPER = re.compile(
    rf"{_NONE} (?:evaluat|test|examin|compar|stud|measur|analy|consider|includ|us)"
    r"(?:e?s|ies|[sz]es)\b"
    r"|i (?:found|see) no (?!(?:abstract|paper|evidence|mention|statement|stud(?:y|ies)|information"
    r"|quote|source|sentence|figure|number|answer|comparison|report|data)s?\b)"
)
_MARKER = re.compile(r"\[[0-9, –-]{1,40}\]")
_HEADING = re.compile(r"\s*#{1,6}\s")
_HEAD_CELL = re.compile(
    r"(?:[\w-]+ )?(?:papers?|methods?|approach(?:es)?|models?|data ?sets?|data|tasks?|results?"
    r"|findings?|metrics?|years?|venues?|authors?|source|evidence|scores?|settings?|domains?|aspects?"
    r"|benchmarks?|limitations?|conclusions?|citations?|size|measures?|titles?|ref|references?)"
)
_CORNER = re.compile(r"aspect|property|criterion|feature|dimension|")
_LONGEST = 600


def is_about_evidence(sentence: str, *, cites: bool = False) -> bool:
    """Returns whether a sentence is about the evidence, not the world, and needs no quote.

    Args:
        sentence: In Markdown, with or without markers.
        cites: Whether it cites something, where its markers were taken out.
    """
    if len(sentence) > _LONGEST:
        return False
    if _HEADING.match(sentence):
        return True
    plain = _plain(sentence)
    if not re.search(r"\w", plain):
        return True
    if plain.startswith("|"):
        return _is_table_head(plain)
    lowered = plain.casefold()
    if (cites or _MARKER.search(sentence)) and _CLAIMS_OF_A_PAPER.match(lowered):
        return False
    if _WORDS_ALONE.fullmatch(lowered.strip(" .,:;!-–—")):
        return True
    if lowered.endswith(":"):
        return _LEAD_IN.fullmatch(lowered) is not None
    return all(map(_is_clause_about_evidence, _CLAUSES.split(lowered.rstrip(" .!?"))))


def tells_what_is_missing(sentence: str) -> bool:
    """Returns whether a sentence says, in one of its clauses, that the evidence lacks something.

    Args:
        sentence: In Markdown, with or without markers.
    """
    if len(sentence) > _LONGEST:
        return False
    clauses = _CLAUSES.split(_plain(sentence).casefold().rstrip(" .!?"))
    return any(
        _UNSAID_PATTERN.match(part)
        for clause in clauses
        for part in (clause, _JOINED_BY.sub("", clause, count=1))
        if not _WORLD.search(clause)
    )


def _plain(sentence: str) -> str:
    """Returns a sentence without markers and markup, on one line."""
    return " ".join(re.sub(r"[*_`>]", "", _MARKER.sub("", sentence)).replace("’", "'").split())


def _is_table_head(row: str) -> bool:
    cells = [cell.strip().casefold() for cell in row.strip("| ").split("|")]
    if all(not cell or _HEAD_CELL.fullmatch(cell) for cell in cells):
        return True
    # A comparison has what it compares in its head.
    corner = row.split("|")[1].strip().casefold()
    return _CORNER.fullmatch(corner) is not None and not re.search(r"\d", row)


def _is_clause_about_evidence(clause: str) -> bool:
    if _WORLD.search(clause):
        return False
    for part in (clause, _JOINED_BY.sub("", clause, count=1)):
        if _UNSAID_PATTERN.match(part):
            return True
        # With a number or a comparison it says more than what the papers are about.
        spoken = _SPOKEN_OF_PATTERN.match(part)
        if spoken and not re.search(r"\d|\bthat\b|\bthan\b", part[spoken.end() :]):
            return True
    return False
