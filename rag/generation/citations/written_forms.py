"""Written forms: rewrites every way a model writes a citation as ``[7]``.

What may be something else stays text: a year, a list number, a value, an exponent.
"""

import re

from footnote.rag.generation.citations.patterns import (
    ABOVE_ZERO,
    BETWEEN,
    GAP,
    HALF_INNER,
    LONGEST_MARKER,
)

_LABEL = rf"(?:(?:sentences?|s|#|\^){GAP})?"
_LIST = rf"{_LABEL}(?:{ABOVE_ZERO}(?:{BETWEEN}{_LABEL}{ABOVE_ZERO})*+|[0-9]{{1,9}})"
_INNER = rf"{GAP}{_LIST}{GAP}"
_SQUARE = rf"\[(?=[^\[\]]{{1,{LONGEST_MARKER}}}\]){_INNER}\]"
# OpenAI's models point into a file: 【7†L1-L3】.
_WIDE = rf"【{_INNER}(?:†[^】\n]{{0,60}})?】|［{_INNER}］"
_MARK = rf"(?:{_SQUARE}|\\\[{_INNER}\\\]|{_WIDE})"
_SEPARATOR = rf"{GAP}[,;]?{GAP}"
_MARKS = rf"{_MARK}(?:{_SEPARATOR}{_MARK}){{0,3}}"
# **[7]** and ([7]) would leave empty bold text and empty parentheses.
_WRAPPED = rf"(?<![^\s(])(?P<mark_up>\*{{1,2}}|`)(?P<bold>{_MARKS})(?P=mark_up)"
_PARENTHESES = rf"\({GAP}(?P<inside>{_MARKS}){GAP}\)"
_NUMBER = rf"\((?P<number>[1-9][0-9]{{0,2}})\)(?=(?P<next>[.!?][*_]{{0,3}}[\s|]|{GAP}[^ \t]))"
_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_TO_DIGITS = str.maketrans(_RAISED, "0123456789")
_SUPERSCRIPT = rf"(?<=[^\W\d][.!?])(?P<raised>[{_RAISED}]{{1,3}})(?=[\s|])"
_TOKEN = re.compile(
    rf"{_WRAPPED}|{_PARENTHESES}|(?P<mark>{_MARK})|{_NUMBER}|{_SUPERSCRIPT}", re.IGNORECASE
)
# The end of a stream that may become one of these.
_HALF = rf"(?:\\?\[?{HALF_INNER}\\?|【[^】\n]{{0,{LONGEST_MARKER}}}|［{HALF_INNER}|)\Z"
_SEVERAL = rf"{GAP}(?:{_MARK}{_SEPARATOR}){{0,4}}"
_UNFINISHED = re.compile(
    rf"\*{{1,2}}{_SEVERAL}(?:\*\Z|{_HALF})|`{_SEVERAL}{_HALF}|\({_SEVERAL}{_HALF}"
    rf"|\\?\[{HALF_INNER}\\?\Z|\\\Z|【[^】\n]{{0,{LONGEST_MARKER}}}\Z|［{HALF_INNER}\Z"
    rf"|\([0-9]{{0,3}}(?:\)(?:[.!?][*_]{{0,3}}|{GAP}))?\Z|[{_RAISED}]{{1,3}}\Z",
    re.IGNORECASE,
)
_JOIN = re.compile(rf"{_SEPARATOR}(?={_MARK})", re.IGNORECASE)
_MAY_JOIN = re.compile(rf"{_SEPARATOR}{_HALF}", re.IGNORECASE)
_LABELS = re.compile(rf"(?:sentences?|s|#|\^){GAP}(?=[0-9])", re.IGNORECASE)
_EACH_MARK = re.compile(_MARK, re.IGNORECASE)
# An interval such as [1, 20] keeps the comma after it.
_RANGE = re.compile(r"[^0-9]*[0-9]+[^0-9]+[0-9]+[^0-9]*")

# Its maximum length, four markers with the space between.
_LONGEST_UNFINISHED = 700
# Characters of the text before a marker that decide whether it is one.
_LONGEST_BEFORE = 60
_LAST_WORD = re.compile(r"([^\W\d_]{3,40})[\"'”’)*_]{0,3} ?$")
_AFTER_STOP = re.compile(r"(?:[^\W\d_]{2}|[)\]\"”’%*_]|\d)[.!?][\"”’)*_]{0,3} {0,3}$")
_SHORTENED = re.compile(
    r"\b(?:al|etc|vs|cf|resp|approx|fig|eq|sec|no)\.[*_]{0,3} {0,3}$", re.IGNORECASE
)
# A number after these is a name or goes on with a list: "in step (2)", "and (3)".
_NAMED = frozenset(
    "algorithm and appendix assumption case category chapter class condition cluster constraint"
    " criterion definition epoch eqn equation equations experiment fig figure for footnote formula"
    " from goal group item label layer lemma level line method model objective option part phase"
    " point problem property question reason row rule section see setting stage stages step steps"
    " table task than that the theorem tier type value version via with".split()
)
_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
    " sixteen seventeen eighteen nineteen twenty".split()
)


class FormReader:
    """Rewrites the markers of one text, while it is written."""

    def __init__(self, given: int) -> None:
        """Takes how many sentences were given: a number above that in parentheses stays text."""
        self._given = given
        self._held = ""
        self._before = ""
        self._after_mark = False
        # The last number in parentheses that stays text on its line: "(1) fast, (2) small".
        self._listed = 0

    def feed(self, piece: str, *, last: bool = False) -> str:
        """Returns the next piece of the rewritten text; holds back what may become a marker.

        Args:
            piece: What was written next.
            last: Whether the text ends here.
        """
        # The end of a text counts as the end of a line.
        text = self._before + self._held + piece + "\n" * last
        begin, found = len(self._before), []
        at = begin
        while True:
            at, part = self._next(text, at, last)
            if part is None:
                break
            found.append(part)
        self._held, self._before = text[at:], text[max(0, at - _LONGEST_BEFORE) : at]
        shown = "".join(found)
        return shown[:-1] if last else shown

    def _next(self, text: str, at: int, last: bool) -> tuple[int, str | None]:
        """Returns where the text goes on, and the rewritten part before; None at the end."""
        if self._after_mark:
            if joined := _JOIN.match(text, at):
                self._after_mark = False
                return joined.end(), ""
            if not last and _MAY_JOIN.match(text, at):
                return at, None
            self._after_mark = False
        half = None if last else _UNFINISHED.search(text, max(at, len(text) - _LONGEST_UNFINISHED))
        stop = half.start() if half else len(text)
        token = _TOKEN.search(text, at)
        if token is None or token.start() > stop:
            self._note_lines(text[at:stop])
            return stop, (text[at:stop] or None)
        self._note_lines(text[at : token.start()])
        return token.end(), text[at : token.start()] + self._rewrite(token)

    def _note_lines(self, text: str) -> None:
        if "\n" in text:
            self._listed = 0

    def _rewrite(self, token: re.Match[str]) -> str:
        """Returns a token as markers with square brackets, or as it is."""
        marks = token["bold"] or token["inside"] or token["mark"]
        if marks:
            self._after_mark = not _RANGE.fullmatch(marks)
            return "".join(map(_plain, _EACH_MARK.findall(marks)))
        if token["raised"]:
            number = int(token["raised"].translate(_TO_DIGITS))
            return f"[{number}]" if 0 < number <= self._given else token[0]
        number = int(token["number"])
        before = token.string[max(0, token.start() - _LONGEST_BEFORE) : token.start()]
        if number <= self._given and _is_citation(number, before, token["next"], self._listed):
            return f"[{number}]"
        self._listed = number
        return token[0]


def _plain(mark: str) -> str:
    """Returns a marker with square brackets and bare numbers."""
    inner = mark.strip("\\[]【】［］").partition("†")[0]
    return f"[{_LABELS.sub('', inner)}]"


def _is_citation(number: int, before: str, following: str, listed: int) -> bool:
    """Returns whether a number in parentheses can be nothing but a citation.

    Args:
        number: Of a given sentence.
        before: The text before it.
        following: The characters after it.
        listed: The last number in parentheses on the line.
    """
    line = before.rpartition("\n")[2]
    if following[0] in ".!?":
        word = _LAST_WORD.search(line)
        named = word is None or word[1].casefold() in _NAMED
        spelled = number < len(_WORDS) and _WORDS[number] in line.casefold().split()
        return not (named or spelled or (listed and number == listed + 1))
    if not _AFTER_STOP.search(line) or _SHORTENED.search(line):
        return False
    ends = following[-1] in "\n|"
    return ends or number not in (1, listed + 1)
