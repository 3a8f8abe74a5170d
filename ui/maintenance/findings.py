"""Findings: what an examination says of one part of a library."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

State = Literal["whole", "note", "wrong", "repaired"]
_RERUN = "run: footnote doctor"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one part.

    Attributes:
        part: Of the library: "catalog", "words", "collection", a file's name.
        found: What is there.
        means: What that means for whoever uses the library; "" where all is well.
        todo: What to do about it.
        state: Whether it is whole, to be known, wrong, or was wrong and is repaired.
        mendable: Whether it can be repaired without loss, from what is whole.
    """

    part: str
    found: str
    means: str = ""
    todo: str = ""
    state: State = "whole"
    mendable: bool = False

    @property
    def line(self) -> str:
        """One line for a person."""
        told = "; ".join(filter(None, (self.found, self.means, self.todo)))
        label = "ok" if self.state == "whole" else self.state
        return f"{label}: {self.part}: {' '.join(told.split())}"


def whole(part: str, found: str) -> Finding:
    """Returns that a part is as it should be."""
    return Finding(part, found)


def wrong(part: str, found: str, means: str, todo: str) -> Finding:
    """Returns that a part is wrong, and has to be put right by whoever reads this."""
    return Finding(part, found, means, todo, "wrong")


def mendable(part: str, found: str, means: str) -> Finding:
    """Returns that a part is wrong, and can be made anew from what is whole."""
    return Finding(part, found, means, _RERUN, "wrong", mendable=True)


def count_wrong(findings: Iterable[Finding]) -> int:
    """Returns how many parts are wrong and not repaired."""
    return sum(finding.state == "wrong" for finding in findings)
