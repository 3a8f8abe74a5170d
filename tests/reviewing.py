"""A scripted model that writes literature reviews, each call by what its prompt asks for."""

import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from footnote.rag.generation.thorough.prompts import GAPS, OUTLINE
from tests.endpoint import USAGE, Reply, says

REVIEWED = "How do policies learn from demonstrations and from reinforcement?"
PLANNED = {
    "question": REVIEWED, "kind": "overview", "since": None, "until": None,
    "queries": ["imitation learning from demonstrations", "policy gradient reinforcement learning"],
    "needs": "what each way of learning needs",
}  # fmt: skip
GAP = "low-rank adaptation of language models"
SECTIONS = ("Demonstrations teach skills", "Rewards improve policies", "Models predict ahead")
_NUMBERED = re.compile(r"^\[(\d+)\] (.+)$", re.MULTILINE)
_PAPER = re.compile(r"^Paper: (.+)$", re.MULTILINE)


@dataclass
class ScriptedReviewer:
    """Replies to each call of a review; ``instead`` has other replies, by what they answer.

    Attributes:
        instead: By "gaps", "outline", a heading, "lead" or "table".
        calls: What was asked, in the order of arrival.
        most_at_once: Calls that were under way at the same time, at most.
        papers: Papers of each section.
        pause: Seconds before a reply, by what it answers.
    """

    instead: dict[str, Reply] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    papers: int = 4
    pause: Callable[[str], float] = lambda asked: 0.0
    most_at_once: int = 0
    rounds: int = 1
    _now: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, handler: Any) -> None:
        system, user = (m["content"] for m in handler.asked["messages"])
        asked = self.name(system, user)
        with self._lock:
            self.calls.append(asked)
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        try:
            time.sleep(self.pause(asked))
            reply = self.instead.get(asked) or says(self.write(asked, user), usage=USAGE)
            reply(handler)
        finally:
            with self._lock:
                self._now -= 1

    def name(self, system: str, user: str) -> str:
        """Returns what a prompt asks for."""
        if system == GAPS:
            return "gaps"
        if system == OUTLINE:
            return "outline"
        if heading := re.search(r'under the heading "(.+?)"', user):
            return heading[1]
        if "Form: the opening" in user:
            return "lead"
        return "table" if "Form: rows of a Markdown table" in user else "repair"

    def write(self, asked: str, user: str) -> str:
        """Returns a good reply."""
        if asked == "gaps":
            new = self.calls.count("gaps") < self.rounds
            return json.dumps({"enough": not new, "queries": [GAP] if new else []})
        if asked == "outline":
            return outline(self.papers)
        if asked == "table":
            return rows(user)
        first, second = quotes(user)[:2]
        if asked == "lead":
            return f"{first}\n\n## Open questions\n\nThe abstracts do not say what fails. {second}"
        return f"## {asked}\n\n{first} {second}"


def quotes(user: str) -> list[str]:
    """Returns the first sentence of each paper in a prompt, with its number."""
    papers = re.split(r"^Paper: .+$", user, flags=re.MULTILINE)[1:]
    found = [_NUMBERED.search(paper) for paper in papers]
    return [f"{match[2].rstrip('.')} [{match[1]}]." for match in found if match]


def rows(user: str) -> str:
    """Returns a row for each paper in a prompt."""
    lines = []
    for paper in re.split(r"^Paper: ", user, flags=re.MULTILINE)[1:]:
        numbers = [match[1] for match in _NUMBERED.finditer(paper)]
        said = [match[2] for match in _NUMBERED.finditer(paper)]
        cells = [
            f"{' '.join(text.split()[:12]).rstrip('.').replace('|', '/')} [{number}]"
            for number, text in list(zip(numbers, said, strict=True))[:2]
        ]
        title = paper.splitlines()[0][:20]
        lines.append(f"| {title} | {cells[0]} | – | {cells[-1]} |")
    return "\n".join(lines)


def outline(papers: int = 4, headings: tuple[str, ...] = SECTIONS) -> str:
    """Returns an outline in which each section has its own papers and one of the next's."""
    sections = [
        {
            "heading": heading,
            "says": "what its papers find",
            "papers": list(range(at * papers + 1, (at + 1) * papers + 2)),
        }
        for at, heading in enumerate(headings)
    ]
    return json.dumps({"sections": sections})
