"""Markup: texts that hold HTML, JATS or entities, as one line of plain text."""

import html
import re
from html.entities import html5

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_ATTRIBUTES = r"(?:\s{1,9}[\w:.-]{1,40}\s{0,3}=\s{0,3}(?:\"[^\"<]{0,500}\"|'[^'<]{0,500}')){0,9}"
_PREFIX = r"(?:jats:|mml:)?"
_COMMENT = re.compile(r"<!--[^<>]{0,2000}-->|<!\[CDATA\[|\]\]>")
# What ends a line or begins one: its words do not touch the next.
_BLOCK = re.compile(
    rf"</?{_PREFIX}(?:p|br|hr|div|li|ul|ol|list|list-item|sec|title|abstract|h[1-6]|t[rdh]|tbody|"
    rf"table|blockquote|section|disp-formula){_ATTRIBUTES}\s{{0,3}}/?>",
    re.IGNORECASE,
)
# Names that no formula has between its signs: "a<b and c>d" stays as it is.
_INLINE = re.compile(
    rf"</?{_PREFIX}(?:em|strong|italic|bold|span|font|small|big|underline|monospace|sc|roman|"
    r"ext-link|xref|named-content|inline-formula|alternatives|tex-math|"
    r"math|m(?:row|i|n|o|text|sub|sup|subsup|frac|sqrt|style|space|fenced|over|under))"
    rf"{_ATTRIBUTES}\s{{0,3}}/?>",
    re.IGNORECASE,
)
# One letter may be a name in a formula; it is a tag where one of its name is closed.
_SHORT = re.compile(rf"</?([biuasq]){_ATTRIBUTES}\s{{0,3}}>", re.IGNORECASE)
_HEADING = re.compile(
    rf"<{_PREFIX}(title|h[1-6]){_ATTRIBUTES}>\s{{0,9}}([^<]{{0,200}})</{_PREFIX}\1>", re.IGNORECASE
)
_RAISED = re.compile(
    rf"<{_PREFIX}(su[bp]){_ATTRIBUTES}>([^<]{{0,200}})</{_PREFIX}\1\s{{0,3}}>", re.IGNORECASE
)
# "10 <sup>-5</sup>" is a power too.
_POWER = re.compile(r"(?<=\d) (?=<sup>[-−–]\d)", re.IGNORECASE)
_LEAF = r"<(?:mml:)?m(?:i|n|o|text)>[^<]{0,50}</(?:mml:)?m(?:i|n|o|text)>"
_SCRIPT = re.compile(
    rf"<(?:mml:)?m(su[bp])>\s{{0,9}}({_LEAF})\s{{0,9}}"
    rf"((?:<(?:mml:)?mrow>)?(?:\s{{0,9}}{_LEAF}){{1,5}})",
    re.IGNORECASE,
)
_LEFT = re.compile(rf"</?{_PREFIX}su[bp]{_ATTRIBUTES}>", re.IGNORECASE)
_INDEX_END = re.compile(rf"</{_PREFIX}su[bp]\s{{0,3}}>\Z", re.IGNORECASE)
_ORDINALS = frozenset({"st", "nd", "rd", "th"})


def plain_text(text: str) -> str:
    """Returns a text without tags and entities, on one line; indices stay readable.

    "10<sup>-5</sup>" becomes "10^-5", "H<sub>2</sub>O" becomes "H2O", "p &lt; 0.05" "p < 0.05".
    """
    # Some exports escape their tags once more.
    for _ in range(2):
        text = _ENTITY.sub(_character, _without_tags(text))
    return " ".join(_without_tags(text).split())


def _character(found: re.Match[str]) -> str:
    # "a&parameter;" begins as a paragraph sign does, and is none.
    known = found[0][1] == "#" or found[0][1:] in html5
    return html.unescape(found[0]) if known else found[0]


def _without_tags(text: str) -> str:
    if "<" not in text and "]]>" not in text:
        return text
    text = _HEADING.sub(_heading, _COMMENT.sub("", text))
    text = _SCRIPT.sub(r"\2<\1>\3</\1>", text)
    closed = {name for name in "biuasq" if f"</{name}>" in text.casefold()}
    text = _SHORT.sub(lambda found: "" if found[1].casefold() in closed else found[0], text)
    text = _POWER.sub("", _INLINE.sub("", _BLOCK.sub(" ", text)))
    # An index may have another.
    for _ in range(2):
        text = _RAISED.sub(_index, text)
    return _LEFT.sub("", text)


def _heading(found: re.Match[str]) -> str:
    """Returns the heading of a part as "Methods: "; "Abstract" heads the whole, and goes."""
    name = found[2].strip()
    if name.casefold().rstrip(":.") in ("", "abstract"):
        return " "
    return f" {name} " if name[-1] in ".:?!" else f" {name}: "


def _index(found: re.Match[str]) -> str:
    """Returns an index or an exponent, with a sign between where digits or letters would run on."""
    inner = found[2].strip()
    before = found.string[found.start() - 1 : found.start()] if found.start() else ""
    raised = found[1].casefold() == "sup"
    # "SO<sub>4</sub><sup>2-</sup>" has two, one after another.
    second = bool(_INDEX_END.search(found.string[max(0, found.start() - 20) : found.start()]))
    apart = second or before.isalnum() or before in (")", "]")
    if not (inner and apart) or not any(map(str.isalnum, inner)):
        return inner
    if raised:
        return inner if inner.casefold() in _ORDINALS and before.isdigit() else f"^{inner}"
    runs_on = before.isdigit() if inner.isdigit() else True
    return f"_{inner}" if runs_on else inner
