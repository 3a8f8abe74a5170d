"""Remarks: sentences about the evidence itself, which need no quote.

"The abstracts do not say how much memory it needs" claims nothing of the world; nor do headings,
"Yes." before a quote, and "In short:".
"""

import re

_PAPERS = (
    r"(?:abstracts?|papers?|sentences?|sources?|excerpts?|passages?|evidence|library|documents?"
    r"|texts?|materials?|works?|studies)"
)
_GIVEN = (
    r"(?:(?:given|provided|available|listed|retrieved|cited|supplied|numbered|present|above)\s+)?"
)
_SAYS = (
    r"(?:say|state|tell|mention|report|give|specify|describe|discuss|address|compare|cover|contain"
    r"|include|define|quantify|explain|settle|provide|list|name|show|answer|indicate|detail|hold"
    r"|offer|evaluate|measure|examine|study|disclose|clarify|spell)"
)
_SAYING = rf"(?:{_SAYS}(?:s|es)?|studies|{_SAYS}d|{_SAYS}ed)"
_DENYING = r"(?:do|does|did)(?:\s+not|n['’]t)"
_ABOUT = (
    # The abstracts do not say ...
    rf"(?:the|these|those|this)\s+{_GIVEN}{_PAPERS}\s+(?:here\s+)?{_DENYING}\s+(?:\w+ly\s+)?{_SAYS}\b",
    # None of the papers reports ..., no abstract compares ...
    rf"(?:none|neither)\s+of\s+(?:the|these|those)\s+{_GIVEN}{_PAPERS}\s+(?:\w+ly\s+)?{_SAYING}\b",
    rf"(?:no|neither)\s+{_GIVEN}{_PAPERS}\s+(?:here\s+)?(?:\w+ly\s+)?{_SAYING}\b",
    # It is not stated in the abstracts; no figure is given in them.
    r"(?:this|that|it|which|what|how\s+\w+|whether)\b[^.]{0,80}\b(?:is|are|was|were)\s+not\s+"
    rf"(?:\w+ly\s+)?(?:stated|said|given|mentioned|reported|specified|described|discussed|covered)"
    rf"\s+(?:in|by)\s+(?:the|these)\s+{_GIVEN}{_PAPERS}\b",
    rf"(?:nothing|no\s+\w+(?:\s+\w+)?)\s+(?:is|are)\s+(?:given|stated|reported|mentioned|said)"
    rf"\s+(?:in|by)\s+(?:the|these)\s+{_GIVEN}{_PAPERS}\b",
    rf"(?:the|these)\s+{_GIVEN}{_PAPERS}\s+(?:only|merely)\s+{_SAYS}\b",
    rf"(?:the|these)\s+{_GIVEN}{_PAPERS}\s+(?:are|is)\s+(?:silent|unclear)\b",
    r"(?:the|this)\s+library\s+(?:holds|has|contains)\s+(?:no|nothing|only)\b",
    rf"(?:whether|how|why|what|which)\b[^.]{{3,160}}\b(?:is|remains?)\s+(?:left\s+)?(?:open|unanswered)"
    rf"\s+(?:in|by)\s+(?:the|these)\s+{_GIVEN}{_PAPERS}",
    r"die\s+(?:abstracts?|arbeiten|quellen|texte)\s+(?:nennen|sagen|enthalten|berichten|geben|machen)"
    r"\s+(?:\w+\s+){0,3}(?:keine?n?|nicht|nichts)\b",
    r"kein(?:e|es|er)?\s+(?:abstract|arbeit|quelle)\b",
)
_EVIDENCE = re.compile(
    rf"^(?:(?:however|but|also|still|yet),?\s+)?(?:{'|'.join(_ABOUT)})", re.IGNORECASE
)
# One or two words that answer, before what carries them.
_VERDICT = re.compile(
    r"^(?:yes|no|partly|mixed|it depends|the papers (?:disagree|agree|differ)|opinions differ"
    r"|ja|nein)$",
    re.IGNORECASE,
)
_CONNECTS = re.compile(
    r"^(?:in (?:short|sum|summary|brief)|overall|to sum up|first|second|third|finally|for example"
    r"|here (?:is|are) .{0,80}|(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|several|some"
    rf"|these|the following) (?:\w+ )?{_PAPERS} [^.]{{0,60}}|the (?:main |following )?"
    r"(?:findings?|differences?|answers?|points?|results?)(?: (?:is|are))?)$",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"^[\s>#*_\-|:•]+|[\s*_|:]+$")
_ROW = re.compile(r"^\s*+\|[\s:|-]++$")


def is_about_evidence(sentence: str) -> bool:
    """Returns whether a sentence tells of the evidence, or of nothing, and needs no quote.

    Args:
        sentence: Without citation markers, as Markdown.
    """
    if _ROW.match(sentence) or sentence.lstrip().startswith("#"):
        return True
    plain = " ".join(_MARKUP.sub("", sentence).split())
    bare = plain.rstrip(".:;,!")
    if not re.search(r"\w", bare) or _VERDICT.match(bare) or _EVIDENCE.match(plain):
        return True
    return sentence.rstrip().rstrip("*_").endswith((":", ",")) and bool(_CONNECTS.match(bare))
