"""BibTeX: one entry a record, with LaTeX's accents, braces and dashes made plain text."""

import re
from collections.abc import Iterator
from functools import lru_cache

from latexcodec.codec import UnicodeLatexIncrementalDecoder
from pybtex.bibtex.exceptions import BibTeXError
from pybtex.bibtex.utils import split_name_list
from pybtex.database import InvalidNameString, Person
from pybtex.database.input.bibtex import LowLevelParser, UndefinedMacro, month_names
from pybtex.scanner import PybtexSyntaxError

from footnote.index.models import Paper, Problem, arxiv_number
from footnote.index.readers.decompression import Text
from footnote.index.readers.record import LONGEST, arxiv_in, parse_date, pmid_in, read_each
from footnote.index.readers.splitting import split_records

# Characters that abbreviations may add to a file: so many to begin with, and so many times what
# was read of it.
_FREE_GROWTH, _MOST_GROWTH = 1_000_000, 10
# pybtex may look through the rest of an entry once for each.
MOST_BRACES = 5_000

_KINDS_WITHOUT_PAPER = frozenset({"string", "preamble", "comment"})
# At the start of a line, or after the end of an entry on the same one.
_START = re.compile(r"(?:^[ \t]*|(?<=[})])[ \t]*)@[ \t]*[A-Za-z]+\s*[{(]", re.MULTILINE)
# The same as no line of a program starts: with a key.
_ENTRY_KEY = re.compile(r"\s*@[ \t]*[A-Za-z]+\s*[{(]\s*([^\s,{}()]+)\s*,")
_KEYED = re.compile(
    r"^[ \t]*@[ \t]*(?:(?:string|preamble|comment)\s*[{(]|[a-z]+\s*[{(]\s*[^\s,{}()=\"]+\s*,)",
    re.MULTILINE | re.IGNORECASE,
)
_MATH = re.compile(r"((?<!\\)\$[^$]*(?<!\\)\$)")
_COMMAND = re.compile(
    r"\\(?:emph|text(?:it|bf|sc|rm|tt|sf|sl|up|md|superscript|subscript)|mbox|url|"
    r"it|bf|sc|rm|tt|em|relax)(?![A-Za-z])\s*"
)
# A command, with the letter that it puts an accent on.
_ACCENT = re.compile(
    r"\\(?:[A-Za-z]+|[^A-Za-z\s])(?:\s*\{[^{}\\]{0,3}\}|\s*[A-Za-z](?![A-Za-z]*\\))?"
)
_LIGATURES = {"---": "—", "--": "–", "``": "“", "''": "”", "\\\\": " "}
_TIE = re.compile(r"(?<!\\)~|\\(?=\s)")
# latexcodec does not put an accent on the i that has no dot.
_DOTLESS = re.compile(r"(\\[`'^\"~=])\s*\{?\\([ij])(?![A-Za-z])")


class _Strings(dict[str, str]):
    """The ``@string`` abbreviations of a file, which may blow up no record, and not the file.

    Attributes:
        used: Characters that they added to the present record.
        added: Characters that they added to the file so far.
        read: Characters of the file that were read so far.
    """

    def __init__(self) -> None:
        super().__init__(month_names)
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


def recognises(head: str) -> bool:
    """Returns whether an entry begins within the first characters of a text."""
    return bool(_KEYED.search(head)) and not head.lstrip().startswith(("{", "<"))


def read(text: Text, name: str) -> Iterator[Paper | Problem]:
    """Yields one paper or one Problem for each entry, in order."""
    strings = _Strings()
    return read_each(text, name, _START, lambda entry: _fields(entry, strings))


def read_keys(text: str) -> dict[str, tuple[str, ...]]:
    """Returns what names each entry's paper, by its key: arXiv number, DOI, title.

    An entry that cannot be read is left out.
    """
    strings = _Strings()
    found: dict[str, tuple[str, ...]] = {}
    for _, entry, _ in split_records(text, _START, LONGEST):
        key = _ENTRY_KEY.match(entry)
        try:
            fields = _fields(entry, strings) if key else None
        except ValueError:
            continue
        if key and fields:
            names = (fields["arxiv_id"], fields["doi"], fields["title"])
            found[key[1].strip()] = tuple(str(name) for name in names if name)
    return found


def _fields(entry: str, strings: _Strings) -> dict[str, object] | None:
    found = _entry(entry, strings)
    if found is None:
        return None
    doi, url = (_address(found.get(field, "")) for field in ("doi", "url"))
    archive = (found.get("archiveprefix") or found.get("eprinttype") or "").casefold()
    eprint = _address(found.get("eprint", ""))
    named = (url, doi, *(found.get(field, "") for field in ("journal", "note", "howpublished")))
    ours = archive in ("", "arxiv") and arxiv_number(eprint)
    venue = found.get("journal") or found.get("journaltitle") or found.get("booktitle")
    return {
        "title": plain(found.get("title", "")),
        "abstract": plain(found["abstract"]) if "abstract" in found else None,
        "doi": doi,
        "arxiv_id": ours or arxiv_in(*named),
        "pmid": found.get("pmid") or (eprint if archive == "pubmed" else pmid_in(url)),
        "authors": _authors(found.get("author", "")),
        "published": _published(found),
        "venue": plain(venue) if venue else None,
        "url": url,
    }


def _entry(entry: str, strings: _Strings) -> dict[str, str] | None:
    """Returns the fields of an entry by their names in lower case, None where it is no paper."""
    strings.begin(entry)
    if entry.count("{") > MOST_BRACES:
        raise ValueError(f"entry with more than {MOST_BRACES:,} braces")
    try:
        parser = LowLevelParser(entry, macros=strings, handle_error=_complain)
        kind, parts = next(iter(parser), ("comment", None))
    except PybtexSyntaxError as error:
        cut = "; it has no end" if parser.eof() or "premature" in str(error) else ""
        what = re.sub(r"^.*?: ", "", str(error), count=1)
        raise ValueError(f"not a BibTeX entry ({what} in its line {error.lineno}){cut}") from error
    if parts is None or kind.lower() in _KINDS_WITHOUT_PAPER:
        return None
    fields: dict[str, str] = {}
    for field, values in parts[1]:
        fields.setdefault(field.lower(), "".join(values).strip())
    return fields


def _complain(error: PybtexSyntaxError) -> None:
    # An abbreviation that stands in another file leaves its field empty.
    if not isinstance(error, UndefinedMacro):
        raise error


def _published(found: dict[str, str]) -> str | None:
    if date := found.get("date"):
        year, month, day, *_ = [*date.partition("/")[0].split("-"), "", ""]
        return parse_date(year, month, day)
    return parse_date(found.get("year", ""), found.get("month", ""), found.get("day", ""))


def _authors(field: str) -> list[str]:
    """Returns authors as they are spoken of: first names, particle, last name, "Jr."."""
    try:
        written = split_name_list(" ".join(field.split()))
    except BibTeXError:
        written = [field]
    return [name for one in written if one != "others" and (name := plain(_spoken(one)))]


def _spoken(name: str) -> str:
    try:
        person = Person(name)
    except (InvalidNameString, BibTeXError):
        return name
    parts = (
        person.first_names,
        person.middle_names,
        person.prelast_names,
        person.last_names,
        person.lineage_names,
    )
    return " ".join(part for names in parts for part in names)


def plain(latex: str) -> str:
    """Returns LaTeX as one line of plain text; formulas between dollars stay as they are."""
    pieces = _MATH.split(latex)
    text = "".join(piece if n % 2 else _decoded(piece) for n, piece in enumerate(pieces))
    return " ".join(text.split())


def _decoded(latex: str) -> str:
    for written, meant in _LIGATURES.items():
        latex = latex.replace(written, meant)
    text = _DOTLESS.sub(r"\1{\2}", _COMMAND.sub("", _TIE.sub(" ", latex)))
    text = _ACCENT.sub(lambda found: _character(found[0]), text)
    return re.sub(r"\\([{}$])", r"\1", re.sub(r"(?<!\\)[{}]", "", text))


# latexcodec reads 0.3 MB/s, and a language has few accents.
@lru_cache(4096)
def _character(command: str) -> str:
    """Returns what a command of LaTeX stands for; one that is not known stays as it is."""
    try:
        decoder = UnicodeLatexIncrementalDecoder()  # type: ignore[no-untyped-call]
        text = str(decoder.decode(command, final=True))
    except ValueError:
        return command
    return command if text.startswith("\\") else text


def _address(field: str) -> str:
    """Returns an address or identifier without what LaTeX needs around it."""
    bare = re.sub(r"\\url\s*|(?<!\\)[{}]", "", field)
    return re.sub(r"\\([_%&#~{}$])", r"\1", bare).strip()
