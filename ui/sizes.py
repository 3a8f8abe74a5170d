"""Sizes: how many bytes a setting of the environment allows."""

import os
import re

from index import FootnoteError

_SIZE = re.compile(r"([0-9]{1,15})[ ]?([kmgt]?)b?", re.ASCII | re.IGNORECASE)
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


def size_of(name: str, default: int) -> int:
    """Returns the bytes that a setting names: "500000", "500 kB", "2G"; without it the default.

    Raises:
        FootnoteError: It is set to something else.
    """
    value = os.environ.get(name, "").strip()
    if not value:
        return default
    found = _SIZE.fullmatch(value)
    if not found or not int(found[1]):
        raise FootnoteError(
            f"{name} is {value[:40]!r}, no size in bytes; set one such as 500M or 1G"
        )
    return int(found[1]) * _UNITS[found[2].lower()]


def most_unpacked() -> int:
    """Returns the bytes that a packed file may open to, as FOOTNOTE_MAX_UNPACKED says."""
    from index.sources.unpacking import MOST_UNPACKED

    return size_of("FOOTNOTE_MAX_UNPACKED", MOST_UNPACKED)
