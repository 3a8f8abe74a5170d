"""Saved listing pages of Hugging Face Daily Papers, in the three layouts that saving gives.

- flat: a title and its abstract on alternating lines, "Subscribe" glued to the first title;
- spaced: the same with blank lines between;
- spaced with metadata: after an abstract a count of authors, a dot and a date, which
  lacks its year when that was the current one, and a count of comments where there were any.

A listing may lack its metadata. Nothing is filled in that the page does not say.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from footnote.index.models import DAILY_PAPERS, Listing, Paper, Problem, make_paper, normal_title
from footnote.index.readers.decompression import Text, in_pieces
from footnote.index.readers.record import check_encodable
from footnote.index.readers.taken_back import find_status

_HEAD = frozenset(
    {
        "new",
        "Subscribe",
        "Daily Papers",
        "byAK and the research community",
        "Get trending papers in your email inbox!",
        "Get trending papers in your email inbox once a day!",
    }
)
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_DATE = re.compile(
    rf"(?P<month>{'|'.join(_MONTHS)}) (?P<day>\d{{1,2}})(?:, (?P<year>\d{{4}}))?"
    r"(?:\s+(?P<comments>\d{1,9}))?"
)
_AUTHORS = re.compile(r"•\s*(?P<count>\d{1,9}) authors?")
_LINE_END = re.compile(r"\r\n?|\n")
_CUT_OFF = "; the page seems to be cut off here"
# Over the five pages titles run to 133 characters and abstracts start at 639.
_LONGEST_TITLE = 300
# Characters of a page, which is read whole; the longest of the five has 350,000.
_LONGEST_PAGE = 5_000_000
_SHORTEST_ABSTRACT = 200


@dataclass(frozen=True, slots=True)
class _Block:
    line: int
    text: str


def recognises(head: str) -> bool:
    """Returns whether a text starts as a saved Daily Papers page does."""
    lines = {line.strip() for line in head.splitlines()}
    return bool(lines & (_HEAD - {"new", "Subscribe"}))


def read(text: Text, name: str) -> Iterator[Paper | Problem]:
    """Yields the page's listings as papers, in order, each with its Listing."""
    whole = ""
    for piece in in_pieces(text):
        whole += piece
        if len(whole) > _LONGEST_PAGE:
            yield Problem(name, None, f"page of more than {_LONGEST_PAGE:,} characters; split it")
            return
    blocks = _blocks(whole)
    page_date, blocks = _without_head(blocks)
    position = 0
    while position < len(blocks):
        # A copy of all that follows would make the page take the square of its length.
        title, rest = blocks[position], blocks[position + 1 : position + 3]
        position += 1
        if _is_metadata(title):
            yield Problem(name, title.line, f"metadata without a listing: {title.text[:60]!r}")
        elif _is_abstract(title):
            yield Problem(name, title.line, f"abstract without a title: {title.text[:60]!r}…")
        elif not rest or not _can_be_abstract(rest):
            cut = "" if rest else _CUT_OFF
            yield Problem(
                name, title.line, f"listing without an abstract: {title.text[:80]!r}{cut}"
            )
        else:
            position += 1
            metadata = []
            while position < len(blocks) and _is_metadata(blocks[position]):
                metadata.append(blocks[position])
                position += 1
            if position == len(blocks) and not metadata and not _ends_sentence(rest[0].text):
                yield Problem(
                    name,
                    rest[0].line,
                    f"abstract of {title.text[:80]!r} stops inside a sentence{_CUT_OFF}",
                )
            else:
                yield _paper(title, rest[0], metadata, name, page_date)


def _blocks(text: str) -> list[_Block]:
    """Returns paragraphs where blank lines separate listings, else lines."""
    lines = [_Block(n, line.strip()) for n, line in enumerate(_LINE_END.split(text), 1)]
    filled = [line for line in lines if line.text]
    between = filled[-1].line - filled[0].line + 1 - len(filled) if filled else 0
    if between < len(filled) / 4:
        return filled
    paragraphs: list[list[_Block]] = []
    for line in filled:
        before = paragraphs[-1][-1] if paragraphs else None
        if not before or before.line != line.line - 1 or _alone(before) or _alone(line):
            paragraphs.append([])
        paragraphs[-1].append(line)
    return [block for paragraph in paragraphs for block in _unwrapped(paragraph)]


def _alone(block: _Block) -> bool:
    return _is_metadata(block) or block.text in _HEAD


def _unwrapped(lines: list[_Block]) -> list[_Block]:
    """Joins lines that were broken for width: where the next word would have passed it."""
    width = max(len(line.text) for line in lines)
    blocks = lines[:1]
    for before, line in pairwise(lines):
        if len(before.text) + 1 + len(line.text.split()[0]) > width:
            blocks[-1] = _Block(blocks[-1].line, f"{blocks[-1].text} {line.text}")
        else:
            blocks.append(line)
    return blocks


def _without_head(blocks: list[_Block]) -> tuple[str | None, list[_Block]]:
    page_date = None
    for position, block in enumerate(blocks):
        date = _DATE.fullmatch(block.text)
        if date:
            page_date = _iso(date)
        elif block.text.startswith("Subscribe") and block.text not in _HEAD:
            glued = _Block(block.line, block.text.removeprefix("Subscribe").strip())
            return page_date, [glued, *blocks[position + 1 :]]
        elif block.text not in _HEAD:
            return page_date, blocks[position:]
    return page_date, []


def _is_metadata(block: _Block) -> bool:
    return (
        block.text == "·"
        or _AUTHORS.fullmatch(block.text) is not None
        or _DATE.fullmatch(block.text) is not None
    )


def _is_abstract(block: _Block) -> bool:
    if len(block.text) > _LONGEST_TITLE:
        return True
    return len(block.text) >= _SHORTEST_ABSTRACT and block.text.endswith(".")


def _can_be_abstract(rest: list[_Block]) -> bool:
    """Returns whether the next block is an abstract: long, or a sentence not followed by one."""
    if _is_metadata(rest[0]):
        return False
    if len(rest[0].text) >= _SHORTEST_ABSTRACT or len(rest) == 1:
        return True
    return rest[0].text.endswith((".", "!", "?")) and not _is_abstract(rest[1])


def _ends_sentence(text: str) -> bool:
    """Returns whether a text ends with a sentence, quotes and brackets apart, or an address."""
    last = text.rsplit(maxsplit=1)[-1]
    return "." in last or "/" in last or last.rstrip("\"'”’)]").endswith(("!", "?", "…"))


def _paper(
    title: _Block, abstract: _Block, metadata: list[_Block], name: str, page_date: str | None
) -> Paper | Problem:
    if not normal_title(title.text):
        return Problem(name, title.line, f"title without a word: {title.text[:60]!r}")
    authors = next((m for b in metadata if (m := _AUTHORS.fullmatch(b.text))), None)
    date = next((m for b in metadata if (m := _DATE.fullmatch(b.text))), None)
    listing = Listing(
        page=name,
        line=title.line,
        page_date=page_date,
        published=_iso(date) if date else None,
        author_count=int(authors["count"]) if authors else None,
        comments=int(date["comments"]) if date and date["comments"] else None,
    )
    try:
        return make_paper(
            check_encodable(title.text),
            check_encodable(abstract.text),
            published=listing.published,
            source=DAILY_PAPERS,
            author_count=listing.author_count,
            listings=(listing,),
            status=find_status(title.text, abstract.text),
        )
    except ValueError as error:
        return Problem(name, title.line, str(error))


def _iso(date: re.Match[str]) -> str:
    month_and_day = f"{_MONTHS.index(date['month']) + 1:02d}-{int(date['day']):02d}"
    return f"{date['year']}-{month_and_day}" if date["year"] else f"--{month_and_day}"
