"""Written forms: rewrites every way a model writes a citation as ``[7]``.

What may be something else stays text: a year, a list number, a value, an exponent.
"""

import re

from footnote.rag.generation.citations.doubts import (
    LONGEST_BEFORE,
    is_citation,
    is_long_item,
    is_named,
    is_prose,
    is_raised_citation,
)
from footnote.rag.generation.citations.patterns import (
    ABOVE_ZERO,
    BETWEEN,
    DASH,
    GAP,
    GUARD,
    LONGEST_MARKER,
    SPACE,
)

# [see 7], [cite: 7], [S7], [^7]
_KINDS = r"(?:sentences?|papers?|sources?|refs?\.?|references?|cite|citations?|abstracts?)"
_SEE = rf"(?:(?:see(?: also)?|cf\.?|e\.g\.,?){GAP})?"
_LABEL = rf"(?:{_KINDS}{GAP}:?{GAP}|s{GAP}|#{GAP}|\^{GAP})"
_LIST = rf"{_LABEL}?(?:{ABOVE_ZERO}(?:{BETWEEN}{_LABEL}?{ABOVE_ZERO})*+|[0-9]{{1,9}})"
_PAGES = (
    rf"{GAP},{GAP}(?:pp?|pages?|sect?(?:ion)?|fig(?:ure)?|table)\.?{GAP}"
    rf"[0-9]{{1,4}}(?:[{DASH}][0-9]{{1,4}})?"
)
_INNER = rf"{GAP}{_SEE}{_LIST}(?:{_PAGES})?{GAP}"
# OpenAI's models point into a file: 【7†L1-L3】.
_INTO = r"(?:\^|†[^\[\]【】\n]{0,60})?"
_SQUARE = rf"\[(?=[^\[\]]{{1,{LONGEST_MARKER}}}\]){_INNER}{_INTO}\]"
_WIDE = rf"【{_INNER}{_INTO}】|［{_INNER}］|〔{_INNER}〕"
_ONE = rf"\[{GAP}{ABOVE_ZERO}{GAP}\]"
# [1]-[3] is a range.
_SPAN = rf"{_ONE}{GAP}[{DASH}]{GAP}{_ONE}"
_MARK = rf"(?:{_SPAN}|{_SQUARE}|\\\[{_INNER}\\\]|{_WIDE})"
_SEPARATOR = rf"{GAP}[,;]?{GAP}"
_MARKS = rf"{_MARK}(?:{_SEPARATOR}{_MARK}){{0,3}}"
# **[7]**, ([7]) and ^[7]^ would leave empty marks around nothing.
_WRAPPED = rf"(?<![^\s(])(?P<mark_up>\*{{1,2}}|`|\$)(?P<bold>{_MARKS})(?P=mark_up)"
_PARENTHESES = rf"\({GAP}(?P<inside>{_MARKS}){GAP}\)|\^(?P<hat>{_MARKS})\^"
_LATEX = rf"~?\\cite[tp]?\{{(?P<latex>{_INNER})\}}"
_TOLD = rf"\((?P<told>{GAP}{_SEE}(?P<label>{_LABEL}){_LIST}{GAP})\)"
_JOINED = rf"(?:{GAP}(?:[,;&]|,?{GAP}and){GAP}[1-9][0-9]{{0,2}}){{0,5}}"
_PLAIN = rf"\({GAP}[1-9][0-9]{{0,2}}{_JOINED}{GAP}\)"
_NEXT = rf"(?=(?P<next>[.!?][*_]{{0,3}}[\s|]|{GAP}[^ \t]))"
_NUMBER = rf"(?P<number>{_PLAIN}(?:{GAP}{_PLAIN}){{0,5}}+){_NEXT}"
_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_TO_DIGITS = str.maketrans(_RAISED + "⁻˒", "0123456789-,")
_RAISED_LIST = (
    rf"[{_RAISED}]{{1,3}}(?:(?:{SPACE}?[,˒⁻–-]{SPACE}?|{SPACE})[{_RAISED}]{{1,3}}){{0,5}}+"
)
_SUPERSCRIPT = (
    rf"(?:(?P<raised>{_RAISED_LIST})|<sup>(?P<sup>{_INNER}|{_MARKS})</sup>"
    rf"|\$\^(?:(?P<bare>[1-9])|\{{(?P<tex>{_INNER}|{_MARKS})\}})\$)(?=(?P<after>[^{_RAISED}]))"
)
_TOKEN = re.compile(
    rf"{_WRAPPED}|{_PARENTHESES}|(?P<mark>{_MARK})|{_LATEX}|{_TOLD}|{_NUMBER}|{_SUPERSCRIPT}",
    re.IGNORECASE,
)
# The end of a stream that may become one of these. Marks are whole, or their brackets open.
_OPEN = rf"\[[^\[\]\n]{{0,{LONGEST_MARKER}}}+\\?\Z"
_HALF = rf"(?:\\?(?:{_OPEN})|\\\Z|[【〔［][^】〕］\n]{{0,{LONGEST_MARKER}}}\Z|\Z)"
_SEVERAL = rf"{GAP}(?:{_MARK}{_SEPARATOR}){{0,4}}"
_UNFINISHED = re.compile(
    rf"\*{{1,2}}{_SEVERAL}(?:\*\Z|{_HALF})|[`^$]{_SEVERAL}{_HALF}|\({_SEVERAL}{_HALF}"
    rf"|{_MARK}{GAP}(?:[{DASH}]{GAP}{_HALF}|\Z)|\\?{_OPEN}|\\\Z"
    rf"|[【〔［][^】〕］\n]{{0,{LONGEST_MARKER}}}\Z"
    rf"|(?:{_PLAIN}{GAP}){{1,5}}(?:\([0-9]{{0,3}}|[.!?][*_]{{0,3}})?\Z"
    rf"|\([ a-z0-9,;:&.#^{DASH}]{{0,40}}\Z|(?:~|~?\\(?:c(?:i(?:t(?:e[tp]?)?)?)?))\Z"
    rf"|~?\\cite[tp]?\{{[^{{}}\n]{{0,40}}\Z|<(?:s(?:u(?:p(?:>[^<\n]{{0,40}}(?:<(?:/(?:s(?:u(?:p>?)?)?)?)?)?)?)?)?)?\Z"
    rf"|\$\^?(?:[0-9]|\{{[^{{}}\n]{{0,40}}\}}?)?\$?\Z"
    rf"|[{_RAISED}][{_RAISED},˒⁻–\- \u00a0\u202f]{{0,30}}\Z",
    re.IGNORECASE,
)
_JOIN = re.compile(rf"{_SEPARATOR}(?={_MARK})", re.IGNORECASE)
_MAY_JOIN = re.compile(rf"{_SEPARATOR}{_HALF}", re.IGNORECASE)
_LABELS = re.compile(
    rf"{_SEE}{_LABEL}(?=[0-9])|(?:see(?: also)?|cf\.?|e\.g\.,?){GAP}", re.IGNORECASE
)
_PAGES_AFTER = re.compile(_PAGES, re.IGNORECASE)
_EACH_MARK = re.compile(_MARK, re.IGNORECASE)
_ENDS = re.compile(rf"\[{GAP}([0-9]+)")

# Its maximum length, four markers with the space between.
_LONGEST_UNFINISHED = 700
# Characters of a line that tell whether it is an item of a list.
_LINE_START = 200


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
        # How the line begins.
        self._line = ""

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
        self._held, self._before = text[at:], text[max(0, at - LONGEST_BEFORE) : at]
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
        if token is None or token.start() >= stop:
            self._note_lines(text[at:stop])
            return stop, (text[at:stop] or None)
        self._note_lines(text[at : token.start()])
        rewritten = self._rewrite(token)
        self._note_lines(token[0])
        return token.end(), text[at : token.start()] + rewritten

    def _note_lines(self, text: str) -> None:
        _, newline, line = text.rpartition("\n")
        if newline:
            self._listed, self._line = 0, ""
        self._line = (self._line + line)[:_LINE_START]

    def _rewrite(self, token: re.Match[str]) -> str:
        """Returns a token as markers with square brackets, or as it is."""
        before = token.string[max(0, token.start() - LONGEST_BEFORE) : token.start()]
        if mark := token["mark"]:
            after = token.string[token.end() :].lstrip()[:1]
            if mark.startswith("[") and is_prose(mark, before, after, self._given):
                return f"[{GUARD}{mark[1:]}"
        if marks := token["bold"] or token["inside"] or token["hat"] or mark:
            self._after_mark = True
            return "".join(map(_plain, _EACH_MARK.findall(marks)))
        if inner := token["latex"]:
            return _plain(f"[{inner}]")
        if inner := token["told"]:
            label = token["label"].strip(" :")
            known = self._are_given(_numbers_in(inner)) and not is_named(label, before)
            return _plain(f"[{inner}]") if known else token[0]
        if token["number"]:
            return self._read_number(token, before)
        return self._read_raised(token, before)

    def _read_number(self, token: re.Match[str], before: str) -> str:
        """Returns numbers in parentheses as markers, or as they are."""
        numbers = _numbers_in(token["number"])
        item = is_long_item(self._line)
        if self._are_given(numbers) and is_citation(
            numbers, before, token["next"], self._listed, item=item
        ):
            return "".join(f"[{number}]" for number in numbers)
        self._listed = numbers[-1]
        return token[0]

    def _read_raised(self, token: re.Match[str], before: str) -> str:
        """Returns raised numbers as markers, or as they are."""
        raised = token["raised"]
        before = before if raised else before.rstrip()
        inner = (
            " ".join(raised.translate(_TO_DIGITS).split()) if raised
            else token["sup"] or token["tex"] or token["bare"]
        )  # fmt: skip
        numbers = _numbers_in(inner)
        if raised and not self._are_given(numbers) and inner.isdecimal():
            # Two adjacent ones, unless there is a sentence of that number.
            numbers = [int(digit) for digit in inner]
            inner = ",".join(inner)
        if not (self._are_given(numbers) and is_raised_citation(numbers, before, token["after"])):
            return token[0]
        if "[" in inner:
            return "".join(map(_plain, _EACH_MARK.findall(inner)))
        return _plain(f"[{inner.replace(' ', ',') if raised else inner}]")

    def _are_given(self, numbers: list[int]) -> bool:
        return bool(numbers) and all(0 < number <= self._given for number in numbers)


def _numbers_in(text: str) -> list[int]:
    return [int(number) for number in re.findall("[0-9]{1,9}", text)]


def _plain(mark: str) -> str:
    """Returns a marker with square brackets and bare numbers."""
    ends = _ENDS.findall(mark)
    if len(ends) == 2:
        low, high = ends
        return f"[{low}-{high}]" if int(low) < int(high) else f"[{low}][{high}]"
    inner = mark.strip("\\[]【】［］〔〕").partition("†")[0].rstrip("^ ")
    return f"[{_LABELS.sub('', _PAGES_AFTER.sub('', inner))}]"
