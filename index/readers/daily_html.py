"""Hugging Face's pages of papers, saved as HTML: Daily Papers, and a paper's own.

A page holds what its script shows as JSON in attributes (``data-props``): on Daily Papers a list
``dailyPapers`` of the same objects that the API answers (huggingface.co/docs/hub/api), on the page
of one paper a ``paper``.
"""

import html
import json
from collections.abc import Iterator
from typing import Any

from footnote.index import SourceError
from footnote.index.models import DAILY_PAPERS, Paper, Problem
from footnote.index.readers.encodings import Text, in_pieces
from footnote.index.readers.fields import our_fields
from footnote.index.readers.foreign import name_text
from footnote.index.readers.record import describe_fault, parse_paper

# Characters of a page, which is read whole: of a month it has 3 million.
_LONGEST_PAGE = 30_000_000
_PROPS = "data-props="
# What of these holds papers, however its quotes are written.
_HOLDS = ("dailyPapers", "summary")


def recognises(head: str) -> bool:
    """Returns whether a text begins as a web page of Hugging Face does."""
    start = head.lstrip("\ufeff \t\r\n")[:200].casefold()
    return start.startswith(("<!doctype html", "<html", "<!--")) and "huggingface.co" in head


def read(text: Text, name: str) -> Iterator[Paper | Problem]:
    """Yields one paper or one Problem for each paper of the page, in order.

    Raises:
        SourceError: The page holds no papers.
    """
    page = ""
    for piece in in_pieces(text):
        page += piece
        if len(page) > _LONGEST_PAGE:
            raise SourceError(f"{name}: page of more than {_LONGEST_PAGE:,} characters")
    found = False
    for line, props in _props(page):
        for record in _records(props):
            found = True
            try:
                yield parse_paper({**our_fields(record), "source": DAILY_PAPERS})
            except (ValueError, RecursionError) as error:
                yield Problem(name, line, describe_fault(error))
    if page.strip() and not found:
        raise SourceError(f"{name}: this is {name_text(page[:8_000]) or 'a page without papers'}")


def _props(page: str) -> Iterator[tuple[int, Any]]:
    """Yields what the attributes of a page hold, each with its line."""
    at = 0
    while (at := page.find(_PROPS, at)) >= 0:
        at += len(_PROPS)
        quote = page[at : at + 1]
        end = page.find(quote, at + 1) if quote in ("'", '"') else -1
        written = page[at + 1 : end] if end > 0 else ""
        if any(name in written for name in _HOLDS):
            try:
                yield page.count("\n", 0, at) + 1, json.loads(html.unescape(written), strict=False)
            except (ValueError, RecursionError):
                continue


def _records(props: Any) -> Iterator[dict[str, Any]]:
    """Yields the records in what an attribute holds."""
    if not isinstance(props, dict):
        return
    listed = props.get("dailyPapers")
    one = props.get("paper")
    found = listed if isinstance(listed, list) else [one]
    yield from (record for record in found if isinstance(record, dict))
