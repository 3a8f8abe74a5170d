"""Limits: maximum sizes of requests, files and questions."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, ClassVar

from pydantic.dataclasses import dataclass

from footnote.index.readers.files import MOST_UNPACKED
from footnote.index.settings import SettingInfo, read_fields
from footnote.rag.query.question import MAX_CHARACTERS

MEGABYTE = 1_000_000
# A conversation stored in the browser is sent with every request: at most 200 answers
# (``footnote.ui.web.requests``), of which those over the demo library have 39,000 bytes each.
_CONVERSATION = 10 * MEGABYTE
# A larger number is a typing error: no disk with papers holds a petabyte.
_MOST = 10**15
_SIZE = re.compile(r"([0-9]{1,15})[ ]?([kmgt]?)b?", re.ASCII | re.IGNORECASE)
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


_BYTES = "give a whole number of bytes, such as 500000, 500 kB or 2G"


def _parse_bytes(text: str) -> int:
    found = _SIZE.fullmatch(text.strip())
    number = int(found[1]) * _UNITS[found[2].lower()] if found else 0
    if not 0 < number <= _MOST:
        raise ValueError(text)
    return number


def _parse_characters(text: str) -> int:
    if not text.strip().isdecimal():
        raise ValueError(text)
    return _parse_bytes(text)


@dataclass(frozen=True, slots=True)
class Limits:
    """What is refused before it is read."""

    SECTION: ClassVar[str] = "limits"

    body: Annotated[
        int,
        SettingInfo(
            "FOOTNOTE_MAX_BODY", "Maximum size of a request.", "bytes", _parse_bytes, _BYTES
        ),
    ] = MEGABYTE
    upload: Annotated[
        int,
        SettingInfo(
            "FOOTNOTE_MAX_UPLOAD",
            "Maximum size of an uploaded file.",
            "bytes",
            _parse_bytes,
            _BYTES,
        ),
    ] = 100 * MEGABYTE
    unpacked: Annotated[
        int,
        SettingInfo(
            "FOOTNOTE_MAX_UNPACKED",
            "Maximum unpacked size of a compressed file.",
            "bytes",
            _parse_bytes,
            _BYTES,
        ),
    ] = MOST_UNPACKED
    question: Annotated[
        int,
        SettingInfo("FOOTNOTE_MAX_QUESTION", "Maximum length of a question.", "characters",
                _parse_characters,
                "give a whole number of characters, such as 4000"),
    ] = MAX_CHARACTERS  # fmt: skip

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "Limits":
        """Returns the limits from ``FOOTNOTE_MAX_BODY`` and others: "500000", "500 kB", "2G".

        Raises:
            FootnoteError: A limit is not a number above zero.
        """
        return cls(**read_fields(cls, environ))

    def with_conversations(self) -> "Limits":
        """Returns the limits of a server whose readers' browsers store the conversations."""
        return replace(self, body=max(self.body, _CONVERSATION))
