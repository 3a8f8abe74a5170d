"""XML records: one element of a set, parsed by itself, with names free of their prefixes."""

import html
import re
from collections.abc import Iterator
from html.entities import html5
from typing import TypeAlias

from lxml import etree

from footnote.index.readers.markup import plain_text
from footnote.index.readers.plain_latex import plain

Element: TypeAlias = etree._Element
# Characters of one record: three thousand authors with their affiliations take 2 MB.
LONGEST = 10_000_000
# What may stand before a name in a tag.
PREFIX = r"(?:[A-Za-z_][\w.-]{0,40}:)?"

_PREFIXED = re.compile(
    r"</?([a-z_][\w.-]{0,40}):[a-z_]|\s([a-z_][\w.-]{0,40}):[\w.-]{1,40}\s{0,3}=\s{0,3}[\"']",
    re.ASCII | re.IGNORECASE,
)
_MOST_PREFIXES = 100
# XML knows five by itself; the others of HTML are written as if it knew them.
_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)([A-Za-z][A-Za-z0-9]{1,31};)")
# Signs that XML does not have, written as they are or by their number, and an "&" that is none.
_NO_SIGN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_NUMBERED = re.compile(r"&#(?:x([0-9a-fA-F]{1,6})|(\d{1,7}));")
_BARE_AND = re.compile(r"&(?!#?\w{1,32};)")
_NAMES = {"sup": "sup", "superscript": "sup", "sub": "sub", "subscript": "sub"}
# What ends a line or begins one: its words do not touch the next.
_BLOCKS = frozenset({"p", "br", "break", "sec", "title", "list-item", "li", "div", "AbstractText"})
# A formula may say the same twice.
_TWICE = frozenset({"annotation", "annotation-xml", "mphantom", "none", "mprescripts"})
_ACCENTS = {"^": "\u0302", "ˆ": "\u0302", "~": "\u0303", "˜": "\u0303", "¯": "\u0304",
            "‾": "\u0304", "→": "\u20d7", "˙": "\u0307", "¨": "\u0308"}  # fmt: skip


class Record:
    """One element of a set, asked for the texts within it."""

    def __init__(self, text: str, end: re.Pattern[str]) -> None:
        """Parses the record that a text begins with.

        It is parsed by itself, so that the DOCTYPE of its set, and any entity made there, is not
        seen.

        Args:
            text: From its start tag on.
            end: Its end tag.

        Raises:
            ValueError: It has no end, or is not XML.
        """
        closed = end.search(text)
        if not closed:
            raise ValueError("record has no end tag; the file seems to be cut off here")
        parser = etree.XMLParser(
            encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False,
            huge_tree=False,
        )  # fmt: skip
        try:
            around = etree.fromstring(_declared(text[: closed.end()]), parser)
        except etree.XMLSyntaxError as error:
            what = re.sub(r", line \d+, column \d+.*", "", error.msg or "not well-formed")
            raise ValueError(f"not XML ({what} in its line {error.lineno})") from error
        for element in around.iter("{*}*"):
            element.tag = etree.QName(element).localname
        self.root = around[0]

    def first(self, *paths: str) -> str:
        """Returns the text of the first element on one of the paths that has any."""
        return next((text for path in paths for text in self.all(path)), "")

    def all(self, path: str) -> list[str]:
        """Returns the texts of the elements on a path, those without any left out."""
        return [text for found in self.elements(path) if (text := text_of(found))]

    def elements(self, path: str) -> Iterator[Element]:
        """Yields the elements on a path."""
        yield from self.root.iterfind(path)


def turned(name: str) -> str:
    """Returns "Last, First, Jr." as "First Last Jr."; any other name as it is."""
    last, first, *suffix = [*(part.strip() for part in name.split(",")), ""]
    return " ".join(part for part in (first, last, *suffix) if part)


def text_of(element: Element | None) -> str:
    """Returns the text of an element as one line; indices, exponents and formulas stay readable.

    "" where there is no element.
    """
    if element is None:
        return ""
    pieces: list[str] = []
    walk = etree.iterwalk(element, events=("start", "end", "comment", "pi"))
    for event, node in walk:
        if event == "start":
            pieces.append(_opened(node))
            if node.tag in ("math", "tex-math") or node.tag in _TWICE:
                walk.skip_subtree()
            else:
                pieces.append(node.text or "")
            continue
        if event == "end":
            pieces.append(f"</{index}>" if (index := _index(node)) else _space(node))
        if node is not element:
            pieces.append(node.tail or "")
    return plain_text("".join(pieces))


def _declared(record: str) -> bytes:
    """Returns a record within an element that declares what prefixes it uses.

    They are declared where the set begins, which a record by itself does not have.
    """
    found = {one or other for one, other in _PREFIXED.findall(record)}
    prefixes = sorted(name for name in found if not name.lower().startswith("xml"))
    declared = "".join(f' xmlns:{name}="{name}"' for name in prefixes[:_MOST_PREFIXES])
    known = _NUMBERED.sub(_valid_number, _BARE_AND.sub("&amp;", _NO_SIGN.sub(" ", record)))
    known = _ENTITY.sub(lambda e: html.unescape(e[0]) if e[1] in html5 else e[0], known)
    return f"<record{declared}>{known}</record>".encode(errors="replace")


def _valid_number(found: re.Match[str]) -> str:
    code = int(found[1], 16) if found[1] else int(found[2])
    valid = code in (9, 10, 13) or 32 <= code < 0xD800 or 0xDFFF < code < 0xFFFE
    return found[0] if valid or 0x10000 <= code <= 0x10FFFF else " "


def _index(node: Element) -> str:
    """Returns "sup" or "sub" for what stands above or below the line; else ""."""
    names = (node.get("face") or "").split() if node.tag == "style" else [str(node.tag)]
    return next((_NAMES[name] for name in names if name in _NAMES), "")


def _space(node: Element) -> str:
    return " " if node.tag in _BLOCKS else ""


def _opened(node: Element) -> str:
    """Returns what a text has for the start of an element; for a formula, all of it."""
    if node.tag == "math":
        return _formula(node)
    if node.tag == "tex-math":
        parent = node.getparent()
        twice = parent is not None and parent.tag == "alternatives" and len(parent) > 1
        return "" if twice else plain(f"${''.join(node.itertext())}$")
    return f"<{index}>" if (index := _index(node)) else _space(node)


def _formula(node: Element) -> str:
    """Returns a formula of MathML as a line: 10^-5, x_i, a/b, √x."""
    if not isinstance(node.tag, str) or node.tag in _TWICE:
        return ""
    parts = [*map(_formula, node)]
    if not parts:
        return " " if node.tag == "mspace" else (node.text or "").strip(" \t\n")
    kind = (node.tag, len(parts))
    if kind in (("msub", 2), ("msup", 2)):
        index = str(node.tag)[1:]
        return f"{parts[0]}<{index}>{parts[1]}</{index}>"
    if kind == ("msubsup", 3):
        return f"{parts[0]}<sub>{parts[1]}</sub><sup>{parts[2]}</sup>"
    if kind == ("mover", 2):
        return parts[0] + _ACCENTS.get(parts[1], f"^{parts[1]}")
    if kind == ("munder", 2):
        return f"{parts[0]}_{parts[1]}"
    if kind == ("munderover", 3):
        return f"{parts[0]}_{parts[1]}^{parts[2]}"
    if kind == ("mfrac", 2):
        return "/".join(part if part.isalnum() else f"({part})" for part in parts)
    if kind == ("mroot", 2):
        return f"{parts[0]}^(1/{parts[1]})"
    if node.tag in ("msqrt", "mfenced"):
        inner = ("," if node.tag == "mfenced" else "").join(parts)
        root = "√" if node.tag == "msqrt" else ""
        return f"{root}{inner}" if root and inner.isalnum() else f"{root}({inner})"
    return (" " if node.tag in ("mtable", "mtr", "mlabeledtr") else "").join(parts)
