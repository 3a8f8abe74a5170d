"""XML records: one element of a set, parsed by itself, with names free of their prefixes."""

import re
from collections.abc import Iterator

from lxml import etree

from footnote.index.readers.markup import plain_text

# Prefixes are declared where the set begins, which a record by itself does not have.
_PREFIX = re.compile(r"(</?)[A-Za-z_][\w.-]{0,40}:(?=[A-Za-z_])")
_ATTRIBUTE = re.compile(r"(\s)(?:xmlns(?::[\w.-]{1,40})?|[A-Za-z_][\w.-]{0,40}:([\w.-]{1,40}))=")


class Record:
    """One element of a set, asked for the texts within it."""

    def __init__(self, text: str, end: re.Pattern[str]) -> None:
        """Parses the record that a text begins with.

        Args:
            text: From its start tag on.
            end: Its end tag.

        Raises:
            ValueError: It has no end, or is not XML.
        """
        closed = end.search(text)
        if not closed:
            raise ValueError("record has no end tag; the file seems to be cut off here")
        bare = _ATTRIBUTE.sub(_rename, _PREFIX.sub(r"\1", text[: closed.end()]))
        parser = etree.XMLParser(
            encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False,
            huge_tree=False,
        )  # fmt: skip
        try:
            self._root = etree.fromstring(bare.encode(errors="replace"), parser)
        except etree.XMLSyntaxError as error:
            what = re.sub(r", line \d+, column \d+.*", "", error.msg or "not well-formed")
            raise ValueError(f"not XML ({what} in its line {error.lineno})") from error

    def first(self, *paths: str) -> str:
        """Returns the text of the first element on one of the paths that has any."""
        return next((text for path in paths for text in self.all(path)), "")

    def all(self, path: str) -> list[str]:
        """Returns the texts of the elements on a path, those without any left out."""
        return [text for found in self._root.iterfind(path) if (text := _text(found))]

    def names(self, path: str, first: str, last: str) -> Iterator[str]:
        """Yields the names of the people on a path, in the order in which they are spoken."""
        for person in self._root.iterfind(path):
            parts = (_text(part) for kind in (first, last) for part in person.iterfind(kind))
            if name := " ".join(part for part in parts if part):
                yield name


def _rename(found: re.Match[str]) -> str:
    # What was a declaration names nothing now.
    return f"{found[1]}{found[2] or 'was-xmlns'}=" if found[2] else f"{found[1]}data-xmlns="


def _text(element: "etree._Element") -> str:
    return plain_text("".join(element.xpath(".//text()")))
