"""References: drops the footnotes and the list of sources that a model writes below its answer.

They bind nothing: the reader sees the sources of the answer anyway.
"""

import re

# Characters of a line that decide what it is.
_LONGEST_LINE = 300
_NAMES = (
    "references|reference list|sources|bibliography|works cited|citations|cited sentences"
    "|cited papers|footnotes|literature|quellen|quellenangaben|referenzen|literatur"
    "|literaturverzeichnis|fußnoten"
)
_NAME = rf"[ \t]{{0,3}}(?:\#{{1,6}}[ \t]{{0,4}})?[*_]{{0,3}}(?P<name>{_NAMES})[*_]{{0,3}}"
_HEADING = re.compile(rf"{_NAME}[ \t]{{0,4}}:?[ \t]{{0,4}}[*_]{{0,3}}:?\s*+", re.IGNORECASE)
_MARKS_ONLY = r"[\s\d\[\]【】［］(),;.^S#†L:–-]*+"
# "Sources: [1], [4]." on one line.
_ON_ONE_LINE = re.compile(
    rf"{_NAME}[ \t]{{0,4}}:[*_]{{0,3}}[ \t]{{0,4}}[\[【(\\]{_MARKS_ONLY}", re.IGNORECASE
)
_FOOTNOTE = re.compile(r"[ \t]{0,3}\[\^[^\]\s]{1,20}\]:")
_HALF_FOOTNOTE = re.compile(r"[ \t]{0,3}(?:\[(?:\^(?:[^\]\s]{1,20}(?:\]:?)?)?)?)?")
_HALF_NAME = re.compile(
    r"[ \t]{0,3}(?:#{1,6}[ \t]{0,4})?[*_]{0,3}([A-Za-zß ]{0,24})(.*)", re.DOTALL
)
_AFTER_NAME = re.compile(
    rf"[*_]{{0,3}}[ \t]{{0,4}}:?[*_]{{0,3}}[\r \t]{{0,8}}(?:\\?{_MARKS_ONLY})?", re.IGNORECASE
)
_BULLET = re.compile(r"\s{0,8}(?:[-*•+]|\d{1,3}[.)])\s++")
_MARK = r"(?:\\?[\[【［]\s{0,3}(?:[#^]|s|sentences?)?\s{0,3}\d{1,3}(?!\d)|\(\d{1,3}\))"
_BEGINS_WITH_MARK = re.compile(
    rf"\s{{0,8}}[*_]{{0,3}}(?:{_MARK}|(?:sentence|s) ?\d)", re.IGNORECASE
)
_HAS_MARK = re.compile(_MARK, re.IGNORECASE)


class ReferenceFilter:
    """Passes on a text without its footnotes and its list of sources, while it is written."""

    def __init__(self) -> None:
        self._line = ""
        # What the rest of the current line is: undecided, shown or dropped.
        self._state = "begin"
        self._in_list = False
        # A heading and blank lines, shown if no list follows.
        self._pending = ""

    def feed(self, piece: str, *, last: bool = False) -> str:
        """Returns the next piece of the text; holds back a line that may be a reference.

        Args:
            piece: What was written next.
            last: Whether the text ends here.
        """
        shown, at = "", 0
        while at < len(piece):
            # A line that may be a reference is read by character: it is decided at the same
            # place wherever the pieces end.
            end = at + 1 if self._state == "begin" else piece.find("\n", at) + 1 or len(piece)
            shown += self._take(piece[at:end])
            at = end
        if last:
            shown += self._decide() if self._line else ""
            self._pending = ""
        return shown

    def _take(self, part: str) -> str:
        """Returns what is shown after the next part of a line."""
        shown = part if self._state == "show" else ""
        ends = part.endswith("\n")
        if self._state == "begin":
            self._line += part
            shown = self._decide() if ends or not self._may_be_reference() else ""
        if ends:
            self._state = "begin"
        return shown

    def _may_be_reference(self) -> bool:
        """Returns whether the beginning of a line leaves open what the line is."""
        line = self._line
        if self._in_list or len(line) >= _LONGEST_LINE:
            return len(line) < _LONGEST_LINE
        named = _HALF_NAME.fullmatch(line)
        if _HALF_FOOTNOTE.fullmatch(line) or named is None:
            return named is not None
        words, rest = named[1].casefold(), named[2]
        if not rest:
            return any(name.startswith(words.rstrip() or words) for name in _NAMES.split("|"))
        return words.strip() in _NAMES.split("|") and _AFTER_NAME.fullmatch(rest) is not None

    def _decide(self) -> str:
        """Returns what is shown of a line that can be told, and sets what its rest is."""
        line, self._line = self._line, ""
        self._state = "drop"
        shown = ""
        if self._in_list:
            if not line.strip():
                self._pending += line * (0 < len(self._pending) < _LONGEST_LINE)
                return ""
            if _is_entry(line) or (not self._pending.strip() and line.startswith("  ")):
                self._pending = ""
                return ""
            self._in_list, shown, self._pending = False, self._pending, ""
        if _FOOTNOTE.match(line) or _ON_ONE_LINE.fullmatch(line):
            return shown
        if _HEADING.fullmatch(line):
            self._in_list, self._pending = True, line
            return shown
        self._state = "show"
        return shown + line


def _is_entry(line: str) -> bool:
    """Returns whether a line names a source: its marker comes first, or it has none."""
    bullet = _BULLET.match(line)
    rest = line[bullet.end() if bullet else 0 :]
    return bool(_BEGINS_WITH_MARK.match(rest)) or bool(bullet and not _HAS_MARK.search(rest))
