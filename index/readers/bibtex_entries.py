"""BibTeX entries: the parser of pybtex, made to read what programs and people really write."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pybtex.database.input.bibtex import LowLevelParser, UndefinedMacro, month_names
from pybtex.scanner import Pattern, PrematureEOF, PybtexSyntaxError, Token

from footnote.index.readers.record import LONGEST

# What a list has before an entry.
MARK = r"(?:(?:\d{1,4}[.)]|[*•-])[ \t]{1,9})?"
# At the start of a line, or after the end of an entry or a tag on the same one. The end of what
# a page shows begins a record that is no entry.
START = re.compile(
    rf"</(?:pre|textarea|body)>|(?:^[ \t\ufeff]{{0,99}}{MARK}|(?<=[}})>])[,;]?[ \t]{{0,99}})"
    r"@[ \t]{0,9}\w[\w:.+/-]{0,40}(?:\s{0,9}[{(]|[ \t]\w{1,40}[ \t]{0,9}\{)",
    re.MULTILINE,
)

# Characters that abbreviations may add to a file: so many to begin with, and so many times what
# was read of it.
_FREE_GROWTH, _MOST_GROWTH = 1_000_000, 10
# Characters before the first "=" of an entry: its key, and the name of a field.
_MOST_KEY = 1_000

# Rules of a style sheet, which a saved page may hold, begin as entries do.
_NO_PAPER = frozenset(
    "comment preamble media font-face supports page keyframes layer import container".split()
)
_KIND = re.compile(rf"[\s,;\ufeff]{{0,120}}{MARK}@\s{{0,9}}(\w[\w:.+/-]{{0,40}})")
# "@Conference Paper{", as no parser of BibTeX takes it.
_TWO_WORDS = re.compile(rf"\A({_KIND.pattern})[ \t](\w{{1,40}}[ \t]{{0,9}}\{{)")
_NAME = r"[^\W\d][^=,{}\"#\n()]{0,60}?\s{0,20}="
# What may follow the end of a value, so that a quotation mark before it is the closing one.
_AFTER_VALUE = re.compile(
    r"\s{0,99}(?:[#%<})]|,\s{0,99}(?:[})%<]|NAME)|NAME|\Z)".replace("NAME", _NAME)
)
_MORE_FIELDS = re.compile(rf"\s{{0,99}},\s{{0,99}}{_NAME}\s{{0,20}}[{{\"\d]")
_BRACE_OR_QUOTE = re.compile(r"[{}\"]")
# A field of an entry whose braces do not pair: after a comma or at the start of a line.
_LOOSE = re.compile(
    rf"(?:^|,)\s{{0,99}}(?:({_NAME})\s{{0,20}}(?=[{{\"])|((?:year|month|date|volume|number)\s{{0,20}}=))",
    re.MULTILINE | re.IGNORECASE,
)
# Behind the end of a value that of the entry.
_ENTRY_END = re.compile(r"[}\",]\s{0,99}[})]\Z")
_BRACE = re.compile(r"(?<!\\)[{}]")
_ESCAPED = {r"\{": "\ue000", r"\}": "\ue001"}
_TAG = re.compile(r"<[^<>]{0,300}>")
_ESCAPED_QUOTE = re.compile(r"=\s{0,20}&(?:quot|#34|#x22);")


@dataclass(slots=True)
class Entry:
    """One entry of a file.

    Attributes:
        kind: In lower case, as "article".
        key: Which may be empty.
        fields: By their names in lower case.
    """

    kind: str
    key: str = ""
    fields: dict[str, str] = field(default_factory=dict)


class Strings(dict[str, str]):
    """The ``@string`` abbreviations of a file, which may blow up no record, and not the file.

    Attributes:
        used: Characters that they added to the present record.
        added: Characters that they added to the file so far.
        read: Characters of the file that were read so far.
    """

    def __init__(self) -> None:
        super().__init__(month_names)
        self.update({name.lower(): name for name in month_names.values()}, sept="September")
        self.used = self.added = self.read = 0

    def begin(self, entry: str) -> None:
        """Takes note that a record begins."""
        self.used = 0
        self.read += len(entry)

    def __getitem__(self, name: str) -> str:
        value = super().__getitem__(name.lower())
        self.used += len(value)
        self.added += len(value)
        if self.used > LONGEST:
            raise ValueError(f"its @string abbreviations grow beyond {LONGEST:,} characters")
        if self.added > _FREE_GROWTH + _MOST_GROWTH * self.read:
            raise ValueError(
                f"the @string abbreviations of this file grow beyond {_MOST_GROWTH} times its "
                "length; write them out"
            )
        return value

    def __setitem__(self, name: str, value: str) -> None:
        super().__setitem__(name.lower(), value)


def parse_entry(entry: str, strings: Strings) -> Entry | None:
    """Returns an entry that stands at the start of a text, None where it is no paper.

    Raises:
        ValueError: It cannot be read.
    """
    strings.begin(entry)
    kind = _KIND.match(entry)
    if kind is None or kind[1].lower() in _NO_PAPER:
        return None
    if _ESCAPED_QUOTE.search(entry):
        # Out of the source of a web page.
        entry = html.unescape(_TAG.sub("", entry))
    entry = _TWO_WORDS.sub(r"\1_\3", entry, count=1)
    try:
        return _parsed(entry, strings)
    except PybtexSyntaxError as error:
        apart = entry
        for written, sign in _ESCAPED.items():
            apart = apart.replace(written, sign)
        try:
            if apart != entry:
                # BibTeX counts an escaped brace; people do not.
                return _parsed(apart, strings)
        except PybtexSyntaxError:
            pass
        if loose := _parsed_loosely(kind[1], entry):
            return loose
        cut = "; it has no end" if "premature" in str(error) else ""
        what = re.sub(r"^.*?: ", "", str(error), count=1)
        raise ValueError(f"not a BibTeX entry ({what} in its line {error.lineno}){cut}") from error


def _parsed(entry: str, strings: Strings) -> Entry | None:
    parser = _Parser(entry, macros=strings, handle_error=_complain)
    kind, parts = next(iter(parser), ("comment", None))
    if parts is None or kind.lower() in ("string", "comment"):
        return None
    found = Entry(kind.lower(), parts[0])
    for name, values in parts[1]:
        value = "".join(values).strip()
        for written, sign in _ESCAPED.items():
            value = value.replace(sign, written)
        # Of two the first counts, unless it says nothing.
        if value.strip("{} ") and name not in found.fields:
            found.fields[name] = value
    return found


def _parsed_loosely(kind: str, entry: str) -> Entry | None:
    """Returns an entry with a brace too many or too few, each field up to the next one.

    None where it was cut off, or has no fields.
    """
    body = entry.rstrip().removesuffix(",").rstrip()
    starts = list(_LOOSE.finditer(body))
    if not starts or not (_ENTRY_END.search(body) or (starts[-1][2] and body[-1] in "})")):
        return None
    found = Entry(kind.lower())
    ends = [start.start() for start in starts[1:]] + [len(body) - 1]
    for start, end in zip(starts, ends, strict=True):
        name = " ".join((start[1] or start[2])[:-1].split()).lower()
        value = body[start.end() : end].strip(" \t\n,")
        if value[:1] in ("{", '"'):
            value = value[1:].removesuffix("}" if value[0] == "{" else '"')
        if value := _BRACE.sub("", value).strip():
            found.fields.setdefault(name, value)
    return found


def _complain(error: PybtexSyntaxError) -> None:
    # An abbreviation that stands in another file leaves its field empty.
    if not isinstance(error, UndefinedMacro):
        raise error


class _Parser(LowLevelParser):  # type: ignore[misc]
    """Reads names with spaces, keys of any kind or none, and fields without a comma between."""

    # Between fields: comments, and the tags of a web page.
    WHITESPACE = Pattern(r"(?:\s|%[^\n]*\n|<[^<>\n]{1,300}>|&nbsp;|\ufeff)+", "whitespace")
    # A kind or an abbreviation may begin with a digit or any letter.
    NAME = Pattern(r"[^\s\"#%'(),={}]+", "a valid name")
    FIELD = Pattern(_NAME, "a field")
    pos: int
    current_value: list[str]
    _names_entry = False
    BARE = Pattern(r"[^\s,{}\"#()]+", "a word")

    def parse_entry_body(self, body_end: Any) -> None:
        """Reads the key and the fields, up to the end of the entry."""
        self._skip_key(body_end)
        while True:
            while self.optional([self.COMMA]):
                pass
            if self._ends(body_end):
                return
            name = self.required([self.FIELD], description=body_end.description).value
            self.current_value = []
            name = " ".join(_TAG.sub("", name[:-1]).split()).lower()
            self._names_entry = name in ("crossref", "xdata")
            self.parse_value_of(body_end)
            self.current_fields.append((name, self.current_value))

    def _skip_key(self, body_end: Any) -> None:
        """Goes to the name of the first field, or to the end of an entry that has none."""
        self.eat_whitespace()
        begin = self.pos
        end = self.text.find("=", begin, begin + _MOST_KEY)
        close = body_end.search(self.text, begin, begin + _MOST_KEY)
        if end < 0 or (close and close.start() < end):
            self.pos = close.start() if close else begin
        else:
            head = self.text[begin:end].rstrip()
            # A key may hold commas and spaces; the name of a field stands on one line.
            comma, line = head.rfind(",") + 1, head.rfind("\n") + 1
            word = re.search(r"\S{1,99}\Z", head)
            last = comma if comma or line else (word.start() if word else 0)
            self.pos = begin + max(last, line)
        self.current_entry_key = self.text[begin : self.pos].strip(" \t\n,")
        self.update_lineno(self.text[begin : self.pos])

    def _ends(self, body_end: Any) -> bool:
        """Returns whether the entry ends here; a brace too many does not end it."""
        if not body_end.match(self.text, self.pos):
            return False
        if not _MORE_FIELDS.match(self.text, self.pos + 1):
            return True
        self.pos += 1
        return self.optional([self.COMMA]) is None

    def parse_value_of(self, body_end: Any) -> None:
        """Reads a value, of parts between number signs; it may be missing."""
        self.eat_whitespace()
        if self.COMMA.match(self.text, self.pos) or body_end.match(self.text, self.pos):
            return
        self.parse_value()

    def parse_value_part(self) -> str:
        """Returns one part of a value."""
        token = self.required([self.QUOTE, self.LBRACE, self.BARE], description="field value")
        if token.pattern is self.BARE:
            bare = str(token.value)
            # A key may stand without braces, and is no abbreviation.
            plain = bare[0].isdigit() or (self._names_entry and bare.lower() not in self.macros)
            return bare if plain else str(self.substitute_macro(bare))
        end = self.QUOTE if token.pattern is self.QUOTE else self.RBRACE
        return str(self.flatten_string(self.parse_string(end)))

    def parse_string(self, string_end: Any, level: int = 0, max_level: int = 0) -> Iterator[Token]:
        """Yields a text up to its end, in time of its length."""
        begin, depth, first, at = self.pos, 0, 0, self.pos
        for found in _BRACE_OR_QUOTE.finditer(self.text, begin):
            sign, at = found[0], found.end()
            if sign == "{":
                depth += 1
            elif sign == "}" and depth:
                depth -= 1
            elif sign == "}" and string_end is self.RBRACE:
                first = found.end()
                break
            elif sign == "}" and first:
                break
            elif sign == "}":
                raise PybtexSyntaxError("unbalanced braces", self)
            elif string_end is self.QUOTE and not depth:
                first = first or found.end()
                if _AFTER_VALUE.match(self.text, found.end()):
                    first = found.end()
                    break
        if not first:
            self.update_lineno(self.text[begin:at])
            raise PrematureEOF(self)
        self.pos = first
        text = self.text[begin:first]
        self.update_lineno(text)
        yield Token(text, string_end)
