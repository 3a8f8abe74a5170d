"""How much a server takes from whoever sends it something."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

from index import FootnoteError
from rag.question import MAX_CHARACTERS

MEGABYTE = 1_000_000
# A conversation that its browser keeps travels with every request: at most 200 answers
# (``ui.asked``), of which those over the demo library have 39,000 bytes each.
_CONVERSATION = 10 * MEGABYTE
# Above this a number is a slip of the hand: no disk that papers lie on holds a petabyte.
_MOST = 10**15


@dataclass(frozen=True, slots=True)
class Limits:
    """What is refused before it is read.

    Attributes:
        body: Bytes of a request.
        upload: Bytes of one file.
        question: Characters of a question.
    """

    body: int = MEGABYTE
    upload: int = 100 * MEGABYTE
    question: int = MAX_CHARACTERS

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "Limits":
        """Returns the limits that ``FOOTNOTE_MAX_BODY``, ``_UPLOAD`` and ``_QUESTION`` set.

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
    # isdecimal: int() would read " 1_0" and "+5" too. Seventeen digits are past _MOST anyway.
    if text.isascii() and text.isdecimal() and 0 < int(text[:17]) <= _MOST:
        return int(text)
    unit = "characters" if name.endswith("QUESTION") else "bytes"
    raise FootnoteError(f"{name} is {text[:40]!r}; give a whole number of {unit}, such as 1000000")
