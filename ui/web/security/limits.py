"""How much a server takes from whoever sends it something."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

from footnote.index import FootnoteError
from footnote.index.readers.files import MOST_UNPACKED
from footnote.rag.query.question import MAX_CHARACTERS

MEGABYTE = 1_000_000
# A conversation that its browser keeps travels with every request: at most 200 answers
# (``footnote.ui.web.requests``), of which those over the demo library have 39,000 bytes each.
_CONVERSATION = 10 * MEGABYTE
# Above this a number is a slip of the hand: no disk that papers lie on holds a petabyte.
_MOST = 10**15
_SIZE = re.compile(r"([0-9]{1,15})[ ]?([kmgt]?)b?", re.ASCII | re.IGNORECASE)
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


@dataclass(frozen=True, slots=True)
class Limits:
    """What is refused before it is read.

    Attributes:
        body: Bytes of a request.
        upload: Bytes of one file.
        unpacked: Bytes that a packed file may open to.
        question: Characters of a question.
    """

    body: int = MEGABYTE
    upload: int = 100 * MEGABYTE
    unpacked: int = MOST_UNPACKED
    question: int = MAX_CHARACTERS

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "Limits":
        """Returns the limits that ``FOOTNOTE_MAX_BODY`` and its like set: "500000", "500 kB", "2G".

        Raises:
            FootnoteError: One of them is no number above zero.
        """
        named = {field.name: f"FOOTNOTE_MAX_{field.name.upper()}" for field in fields(cls)}
        given = {field: environ.get(name, "").strip() for field, name in named.items()}
        return cls(**{f: _number(named[f], text) for f, text in given.items() if text})

    def with_conversations(self) -> "Limits":
        """Returns the limits of a server whose readers' browsers keep the conversations."""
        return replace(self, body=max(self.body, _CONVERSATION))


def _number(name: str, text: str) -> int:
    found = _SIZE.fullmatch(text)
    of_characters = name.endswith("QUESTION")
    if found and not (of_characters and not text.isdecimal()):
        number = int(found[1]) * _UNITS[found[2].lower()]
        if 0 < number <= _MOST:
            return number
    right = "characters, such as 4000" if of_characters else "bytes, such as 500000, 500 kB or 2G"
    raise FootnoteError(f"{name} is {text[:40]!r}; give a whole number of {right}")
