"""Taken back: whether a record says that its paper was retracted, or withdrawn by its authors.

Only plain statements count, in the places where publishers, arXiv and PubMed make them: a paper
about retractions is none, nor is the notice that tells of another paper's.

Source: nlm.nih.gov/bsd/policy/errata.html, info.arxiv.org/help/withdraw.html,
crossref.org/documentation/crossmark/version-control-corrections-and-retractions.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from footnote.index.models import PaperStatus

_WORK = r"(?:paper|article|manuscript|submission|preprint|work|publication|chapter|letter|version)"
# "RETRACTED: ...", "[Retracted] ...", "RETRACTED ARTICLE: ..."; "Retraction: ..." is a notice.
_TITLE_BEGINS = re.compile(
    rf"\s{{0,9}}(?:[\[(]\s?(retracted|withdrawn|removed)(?: {_WORK})?[^\])\n]{{0,200}}[\])]"
    rf"|(retracted|withdrawn|removed)(?: {_WORK})?\s?(?::|\.\s|\s[-–—]\s))",
    re.IGNORECASE,
)
# "... (Retracted article. See vol. 3, 2020)", as Web of Science writes it.
_TITLE_ENDS = re.compile(
    rf"[\[(]\s?(retracted|withdrawn)(?: {_WORK})?\b[^\])\n]{{0,200}}[\])][\s.]{{0,9}}$",
    re.IGNORECASE,
)
_SAID = re.compile(
    rf"\b(?:this|the present|our) (?:arxiv )?{_WORK}\s(?:has been|is|was|is being|has now been) "
    r"(?:now |temporarily |hereby |voluntarily |formally ){0,2}(withdrawn|retracted)\b"
    rf"|\b{_WORK} (?:has been )?(withdrawn|retracted) (?:by (?:the )?(?:author|arxiv|publisher|"
    r"journal|editor)|due to|because)",
    re.IGNORECASE,
)
# All that an abstract or a remark says, or how it begins: "Withdrawn by the author due to ...".
_BEGINS = re.compile(
    rf"\W{{0,5}}(?:(?:this|the) )?(?:{_WORK} )?(?:(?:has been|is|was) )?(?:temporarily )?"
    rf"(withdrawn|retracted)(?: (?:publication|article|paper))?"
    r"(?:\W{0,9}$|\W{0,3}(?:by|due|because|for|since|as|see|on|effective)\b|[.;:,!)])",
    re.IGNORECASE,
)
_TYPES = frozenset({"retracted publication", "retracted article", "retracted paper"})
# What Crossref calls updates that take a paper back.
_UPDATES: Mapping[str, PaperStatus] = {
    "retraction": "retracted",
    "partial_retraction": "retracted",
    "removal": "retracted",
    "withdrawal": "withdrawn",
}


def find_status(title: str, abstract: str, remarks: Iterable[str] = ()) -> PaperStatus | None:
    """Returns whether a record says that its paper was taken back; None where it does not.

    Args:
        title: As publishers change it: "RETRACTED: ...".
        abstract: As arXiv has it: "This paper has been withdrawn by the author".
        remarks: Comments, notes and types of the record.
    """
    if match := _TITLE_BEGINS.match(title) or _TITLE_ENDS.search(title):
        return _status(match)
    for text in (abstract, *remarks):
        if match := _BEGINS.match(text) or _SAID.search(text):
            return _status(match)
    return "retracted" if any(one.strip().casefold() in _TYPES for one in remarks) else None


def read_status(given: Mapping[str, Any], doi: str) -> PaperStatus | None:
    """Returns what a record of OpenAlex, Crossref or ours says by fields of their own.

    Args:
        given: Fields by their names in lower case without signs.
        doi: The record's own, in lower case.
    """
    if (said := given.get("status")) in ("retracted", "withdrawn"):
        return "retracted" if said == "retracted" else "withdrawn"
    flags = (given.get("isretracted"), given.get("retracted"))
    if any(flag is True or str(flag).casefold() == "true" for flag in flags):
        return "retracted"
    # What updates another paper is the notice; some publishers write it over the paper itself.
    own = [one for one in _updates(given.get("updateto")) if str(one.get("DOI")).casefold() == doi]
    updates = [*_updates(given.get("updatedby")), *own]
    found = (_UPDATES.get(str(one.get("type")).casefold()) for one in updates)
    return next((status for status in found if status), None)


def _updates(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _status(match: re.Match[str]) -> PaperStatus:
    word = next(group for group in match.groups() if group).casefold()
    return "withdrawn" if word == "withdrawn" else "retracted"
