"""Outline: the sections of a review and their papers, as a model plans them, or by groups."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from footnote.rag.generation.forms.group_names import OTHERS, group_papers
from footnote.rag.generation.thorough.parts import OPEN, names_open
from footnote.rag.retrieval.evidence import Sentence

MOST_SECTIONS = 6
# Papers of one section; their whole abstracts are read in one call.
MOST_PAPERS = 12
# Papers that the groups are made of where no model outlines: the rest may be off the topic.
GROUPED = 24
_LONGEST_HEADING, _LONGEST_LINE = 100, 300
OUTLINE_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "sections": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "heading": {"type": "string"},
                    "says": {"type": "string"},
                    "papers": {"type": "array", "items": {"type": "integer"}},
                },
                "required": ["heading", "says", "papers"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["sections"],
    "additionalProperties": False,
}
_SECTION = re.compile(r"\{[^{}]{1,4000}\}")
_NOTHING = re.compile(r'"sections"\s{0,9}:\s{0,9}\[\s{0,9}\]')
# What would be a marker, or structure of its own.
_MARKUP = re.compile(r"\[[^\[\]]{0,20}\]|[#*_|`<>\[\]]")


@dataclass(frozen=True, slots=True)
class OutlineSection:
    """One section to be written.

    Attributes:
        heading: On one line, without markup.
        says: What it must say; may be empty.
        papers: Places of its papers in what was outlined, from 0.
    """

    heading: str
    says: str
    papers: tuple[int, ...]


def parse_outline(reply: str, count: int) -> list[OutlineSection] | None:
    """Returns the sections in a model's reply, whatever stands around them; None without any.

    No sections at all means that no paper bears on the question. Of a reply that was cut off the
    whole sections stand.

    Args:
        reply: What the model said.
        count: Papers that it was given.
    """
    found: dict[str, OutlineSection] = {}
    for text in _SECTION.findall(reply):
        try:
            row = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if (section := _read_section(row, count)) is not None:
            name = section.heading.casefold()
            found[name] = _join(found[name], section) if name in found else section
    if found:
        return list(found.values())[:MOST_SECTIONS]
    return [] if _NOTHING.search(reply) else None


def _read_section(row: object, count: int) -> OutlineSection | None:
    if not isinstance(row, dict):
        return None
    heading, given = _plain(row.get("heading"), _LONGEST_HEADING), row.get("papers")
    numbers = given if isinstance(given, list) else []
    papers = dict.fromkeys(n - 1 for n in numbers if type(n) is int and 1 <= n <= count)
    if not heading or not papers:
        return None
    says = _plain(row.get("says"), _LONGEST_LINE)
    heading = OPEN if names_open(heading) else heading
    return OutlineSection(heading, says, tuple(papers)[:MOST_PAPERS])


def _join(one: OutlineSection, other: OutlineSection) -> OutlineSection:
    """Returns two sections of one heading as one."""
    says = " ".join(filter(None, (one.says, other.says)))[:_LONGEST_LINE]
    papers = tuple(dict.fromkeys(one.papers + other.papers))[:MOST_PAPERS]
    return OutlineSection(one.heading, says, papers)


def _plain(value: object, most: int) -> str:
    """Returns a text on one line without markup, empty for anything else."""
    if not isinstance(value, str):
        return ""
    text = value.encode("utf-8", "ignore").decode("utf-8").replace("\0", "")
    return " ".join(_MARKUP.sub(" ", text[: 4 * most]).split())[:most].strip()


def group_outline(found: Sequence[Sentence], topic: str) -> list[OutlineSection]:
    """Returns sections by what papers have in common, as an overview without a model has them.

    Args:
        found: One sentence of each paper, best first.
        topic: What all of them are about.
    """
    papers = [(one.paper.title, one.paper.abstract) for one in found[:GROUPED]]
    if not papers:
        return []
    groups = group_papers(papers, topic)
    return [
        OutlineSection(
            {OTHERS: "Further findings", "": "Findings"}.get(name, name),
            "",
            tuple(group)[:MOST_PAPERS],
        )
        for name, group in groups
    ]
