"""The memory of a process while it works: what it holds, and how fast that grows; Linux only."""

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np


@dataclass(slots=True)
class Memory:
    """Notes the memory of a process from time to time, in MB.

    Attributes:
        process: Its number.
        noted: For each note, how much work was done by then, what is resident, and how much of
            that is the process's own: the rest are pages of files, which the system takes back
            when it needs them.
    """

    process: int
    noted: list[tuple[int, float, float]] = field(default_factory=list)

    def note(self, done: int) -> None:
        """Notes the memory as it is after so much work."""
        text = Path(f"/proc/{self.process}/status").read_text("ascii")
        self.noted.append((done, _megabytes(text, "VmRSS"), _megabytes(text, "RssAnon")))

    def __str__(self) -> str:
        _, resident, own = self.noted[-1]
        return f"{resident:.0f} MB ({own:.0f} its own)"

    def growth(self, after: int, per: int = 1000) -> float:
        """Returns the MB that resident memory grows in so much work, by least squares.

        Args:
            after: Work that is left out at the beginning.
            per: The unit of work.
        """
        done, resident = np.array([(n, mb) for n, mb, _ in self.noted if n >= after] or [(0, 0)]).T
        if len(set(done)) < 3:
            return float("nan")
        return float(np.polyfit(done, resident, 1)[0]) * per


def _megabytes(status: str, name: str) -> float:
    found = re.search(rf"{name}:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else float("nan")
