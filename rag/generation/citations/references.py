"""References: drops the footnotes and the list of sources that a model writes below its answer.

They bind nothing: the reader sees the sources of the answer anyway. Without a heading a line is one
of them if it begins with a number, stands apart below a text that cites, and names a source.
"""

import re
from collections.abc import Sequence

from footnote.rag.retrieval.evidence import Sentence

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
_NOTE_NAMES = "notes|endnotes|anmerkungen"
_HALVES = f"{_NAMES}|{_NOTE_NAMES}".split("|")
# Notes may be about the world, so what stands below them must name a source.
_NOTES = re.compile(
    rf"[ \t]{{0,3}}(?:\#{{1,6}}[ \t]{{0,4}})?[*_]{{0,3}}(?:{_NOTE_NAMES})"
    r"[*_]{0,3}:?[*_]{0,3}\s*+",
    re.IGNORECASE,
)
_APART = re.compile(r"[\s*_-]*+")
_ENTRY = re.compile(
    r"\s{0,8}(?:[-*•+]\s{1,4})?\\?\[\s{0,3}(?:[#^]|s|sentences?)?\s{0,3}(\d{1,3})\s{0,3}\\?\]"
    r"(?!\s{0,3}\[)[:.]?\s{0,8}(.*)",
    re.IGNORECASE | re.DOTALL,
)
_HALF_ENTRY = re.compile(
    r"\s{0,8}(?:[-*•+]\s{0,4})?\\?(?:\[\s{0,3}(?:[#^]|s|sentences?)?\s{0,3}\d{0,3}\s{0,3})?",
    re.IGNORECASE,
)
_SOURCE = re.compile(
    r"\bet al\b|\b(?:19|20)\d\d[a-z]?\W{0,4}$|\((?:19|20)\d\d[a-z]?\)|https?://|\bdoi\b|\barxiv\b"
    r"|\bproceedings\b|\bproc\.",
    re.IGNORECASE,
)
_VERB = re.compile(
    r"\b(?:is|are|was|were|be|been|has|have|had|does|do|did|can|could|may|might|will|would|must"
    r"|shows?|showed|uses?|used|reach(?:es|ed)?|improves?|improved|beats?|outperforms?|gives?|gave"
    r"|needs?|takes?|took|learns?|reports?|finds?|found|makes?|gets?|keeps?|helps?)\b",
    re.IGNORECASE,
)
_NUMBERS = re.compile(r"[\[【［(^,;S]\s{0,3}(\d{1,3})(?!\d)")
# Characters of a line in which we look for what it cites.
_LONGEST_NOTED = 4_000
_MOST_TITLE_WORDS, _LEAST_TITLE = 25, 12


class ReferenceFilter:
    """Passes on a text without its footnotes and its list of sources, while it is written."""

    def __init__(self, evidence: Sequence[Sentence] = ()) -> None:
        """Takes what the numbers mean: a line that repeats it names a source."""
        self._evidence = evidence
        # What was cited above, and whether the line before left a gap or was one of the list.
        self._cited, self._apart, self._goes_on = set[int](), True, False
        self._passed = ""
        self._line = ""
        # What the rest of the current line is: undecided, shown or dropped.
        self._state = "begin"
        self._in_list = self._in_notes = False
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
        self._note(shown, ends=ends)
        if ends:
            self._state = "begin"
        return shown

    def _note(self, shown: str, *, ends: bool) -> None:
        """Notes what is cited in a line that is shown, and whether it left a gap."""
        self._passed = (self._passed + shown)[:_LONGEST_NOTED]
        if ends:
            self._cited.update(int(n) for n in _NUMBERS.findall(self._passed))
            self._goes_on = self._state == "drop" and not self._passed.strip()
            self._apart = self._goes_on or _APART.fullmatch(self._passed) is not None
            self._passed = ""

    def _may_be_reference(self) -> bool:
        """Returns whether the beginning of a line leaves open what the line is."""
        line = self._line
        if self._apart and self._cited and "\n" not in line:
            begun = _HALF_ENTRY.fullmatch(line) or _ENTRY.fullmatch(line)
            if begun and len(line) < _LONGEST_LINE:
                return True
        if self._in_list or len(line) >= _LONGEST_LINE:
            return len(line) < _LONGEST_LINE
        named = _HALF_NAME.fullmatch(line)
        if _HALF_FOOTNOTE.fullmatch(line) or named is None:
            return named is not None
        words, rest = named[1].casefold(), named[2]
        if not rest:
            return any(name.startswith(words.rstrip() or words) for name in _HALVES)
        return words.strip() in _HALVES and _AFTER_NAME.fullmatch(rest) is not None

    def _decide(self) -> str:
        """Returns what is shown of a line that can be told, and sets what its rest is."""
        line, self._line = self._line, ""
        self._state = "drop"
        shown = ""
        if self._in_list:
            if not line.strip():
                self._pending += line * (0 < len(self._pending) < _LONGEST_LINE)
                return ""
            entry = self._names_source(line) if self._in_notes else _is_entry(line)
            if entry or (not self._pending.strip() and line.startswith("  ")):
                self._pending = ""
                return ""
            self._in_list, shown, self._pending = False, self._pending, ""
        apart = self._apart and self._cited
        if (
            (apart and self._names_source(line))
            or _FOOTNOTE.match(line)
            or _ON_ONE_LINE.fullmatch(line)
        ):
            return shown
        self._in_notes = _NOTES.fullmatch(line) is not None
        if self._in_notes or _HEADING.fullmatch(line):
            self._in_list, self._pending = True, line
            return shown
        self._state = "show"
        return shown + line

    def _names_source(self, line: str) -> bool:
        """Returns whether a line that begins with a number names a source, and claims nothing."""
        found = _ENTRY.fullmatch(line)
        if found is None or _HAS_MARK.search(found[2]):
            return False
        number, said = int(found[1]), " ".join(found[2].split())
        if 0 < number <= len(self._evidence):
            given = self._evidence[number - 1]
            bare = said.strip("\"'“”*_. ").casefold()
            for known in (given.paper.title, given.text):
                whole = " ".join(known.split()).strip(". ").casefold()
                part = len(bare) >= _LEAST_TITLE and (bare in whole or whole[:60] in bare)
                if bare == whole or part:
                    return True
        if _SOURCE.search(said):
            return not _VERB.search(said) or "et al" in said
        titled = not _VERB.search(said) and not said.endswith((".", "!", "?"))
        expected = number in self._cited or self._goes_on or self._in_notes
        fewest = 1 if self._goes_on else 2
        return titled and expected and fewest <= len(said.split()) <= _MOST_TITLE_WORDS


def _is_entry(line: str) -> bool:
    """Returns whether a line names a source: its marker comes first, or it has none."""
    bullet = _BULLET.match(line)
    rest = line[bullet.end() if bullet else 0 :]
    return bool(_BEGINS_WITH_MARK.match(rest)) or bool(bullet and not _HAS_MARK.search(rest))
