"""Cited text: a paragraph of somebody's own, sentence by sentence with what each cites.

Markdown with ``[3]``, ``[^3]``, ``[@key]`` or links, and LaTeX with its cite commands. The list of
references at its end, or beside it (``references``), says which papers these are.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from footnote.index.chunking import sentence_spans
from footnote.index.readers.bibtex import plain

References = Mapping[str, Sequence[str]]
# Characters of a reference's piece that may be a title, and entries of one list "[1-40]".
_SHORTEST_TITLE, _MOST_LISTED = 8, 50

_LATEX = re.compile(r"\\(?:begin|cite\w*|section|documentclass|bibitem)\b")
_COMMENT = re.compile(r"(?<!\\)%[^\n]*")
_CITE = re.compile(
    r"\\[a-zA-Z]{0,20}cite[a-zA-Z]{0,20}\*?\s{0,3}(?:\[[^\]\n]{0,200}\]\s{0,3}){0,2}"
    r"\{([^{}\\]{0,500})\}"
)
# Environments that hold no sentences.
_FLOATS = "figure table tabular equation align algorithm lstlisting".split()
_FLOAT = re.compile(rf"\\begin\{{({'|'.join(_FLOATS)})\*?\}}")
_THIN_SPACE = re.compile(r"\\[,;:!]|\\ ")
_MATHS = re.compile(r"\$([^$\n]{1,60})\$")
_ITEM = re.compile(r"\\bibitem(?:\[[^\]\n]{0,200}\])?\{([^{}\\]{0,200})\}")
_LIST = r"\begin{thebibliography}", r"\end{thebibliography}"
_SECTION = re.compile(
    r"\\(?:sub){0,2}(?:section|paragraph|chapter)\*?\{([^{}]{0,300})\}"
    r"|\\(?:begin|end)\{[^{}]{0,60}\}|\\item\b"
)
# What these become until the text is cut; no text that is read holds such characters.
_HEADED, _LISTED = "\x01", "\x02"
_BIB_COMMAND = re.compile(
    r"\\(?:bibliography|addbibresource)(?:\[[^\]\n\\]{0,100}\])?\{([^{}\\]{1,500})\}"
)
_BIB_FIELD = re.compile(r"^bibliography:[ \t]([^\n]{1,300})$", re.MULTILINE)
# Commands whose argument is no text.
_COMMAND_WITH_WORDS = re.compile(
    r"\\(?:bibliography|bibliographystyle|label|ref|input|include|usepackage|addbibresource)"
    r"(?:\[[^\]\n\\]{0,100}\])?\{[^{}\\]{0,500}\}"
)
_LIST_HEADING = re.compile(
    r"^[#*_ \t]{0,12}(?:references|bibliography|sources|literature|works cited)[*_: \t]{0,12}$",
    re.IGNORECASE | re.MULTILINE,
)
_ENTRY = re.compile(
    r"^[ \t]{0,9}(?:[-*][ \t]{1,3})?(?:\[\^?([\w.:-]{1,60})\]:?|(\d{1,3})[.)])[ \t]{1,9}(\S.*)$"
)
_FOOTNOTE = re.compile(r"^\[\^([\w.:-]{1,60})\]:[ \t]([^\n]+)$", re.MULTILINE)
_MARK = re.compile(
    r"\s?(?:\[(?P<keys>-?@[^\[\]\n]{1,300})\]|\[\^(?P<note>[\w.:-]{1,60})\](?!:)"
    r"|\[(?P<numbers>\d{1,3}(?:\s?[,;–-]\s?\d{1,3}){0,40})\](?!\()"
    r"|\[(?P<shown>[^\[\]\n]{1,300})\]\((?P<url>[^()\s]{1,500})\))"
)
_LATE = re.compile(r"([.!?])((?:\s?\[(?:\^|-?@)?[\w@;:,.\s–-]{1,100}\](?!\()){1,9})(?=\s|$)")
_KEY = re.compile(r"@([\w:.#$%&+?<>~/-]{1,100})")
_RANGE = re.compile(r"(?<!\d)(\d{1,3})(?:\s?[–-]\s?(\d{1,3}))?")
_ARXIV = re.compile(r"\b(\d{4}\.\d{4,5})(?:v\d+)?\b")
_DOI = re.compile(r"\b10\.\d{4,9}/[^\s,;\"'<>{}]{1,200}")
_QUOTED = re.compile(r"[\"“”]([^\"“”\n]{8,300})[\"“”]|``([^'`\n]{8,300})''")
_DATED = re.compile(r",? ?\(?\b(?:19|20)\d\d[a-z]?\)?[.,]?$")
_PIECES = re.compile(r"(?<=[^A-Z\s.])[.?!] |\(\d{4}[a-z]?\)\.?|[.,] ?\*|\*")
_BULLET = re.compile(r"^[ \t]{0,9}(?:[-*+]|\d{1,2}[.)])[ \t]")


@dataclass(frozen=True, slots=True)
class CitedSentence:
    """A sentence of a text.

    Attributes:
        text: Without its citations.
        citations: For each citation the names by which its paper may be known, best first:
            identifiers, titles, and the key where nothing else is known.
        labels: For each citation what stands in the text: a number or a key; "" for a link.
    """

    text: str
    citations: tuple[tuple[str, ...], ...] = ()
    labels: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class CitedBlock:
    """A paragraph, a heading, an item of a list, or a row of a table.

    Attributes:
        cells: The sentences; only a row has more than one cell.
    """

    kind: Literal["paragraph", "heading", "item", "row"]
    cells: tuple[tuple[CitedSentence, ...], ...]


def read_cited_text(text: str, references: References | None = None) -> list[CitedSentence]:
    """Returns the sentences of a Markdown or LaTeX text, without its headings.

    Args:
        text: With its list of references, if it has one.
        references: By key, from a BibTeX file.
    """
    blocks = (one for one in read_cited_blocks(text, references) if one.kind != "heading")
    return [sentence for block in blocks for cell in block.cells for sentence in cell]


def read_cited_blocks(text: str, references: References | None = None) -> list[CitedBlock]:
    """Returns a Markdown or LaTeX text in its parts; the arguments are as ``read_cited_text``'s."""
    known = dict(references or {})
    text = text.replace(_HEADED, " ").replace(_LISTED, " ")
    if _LATEX.search(text):
        known |= read_bibitems(text)
        parts = _latex_parts(text)
    else:
        text, listed = _split_references(text)
        known |= listed
        parts = _markdown_parts(text)
    blocks = (
        CitedBlock(kind, tuple(tuple(_sentences(cell, known)) for cell in cells))
        for kind, cells in parts
    )
    return [block for block in blocks if any(block.cells)]


def citing_sentences(blocks: Sequence[CitedBlock]) -> list[CitedSentence]:
    """Returns the sentences that cite a paper, in their order; a heading claims nothing."""
    cells = (cell for block in blocks if block.kind != "heading" for cell in block.cells)
    return [sentence for cell in cells for sentence in cell if sentence.citations]


def names_in_reference(entry: str) -> tuple[str, ...]:
    """Returns what may name the paper of a reference: its identifiers, then its possible titles."""
    found = [*_ARXIV.findall(entry)[:1], *_DOI.findall(entry)[:1]]
    found += [a or b for a, b in _QUOTED.findall(entry)]
    pieces = _PIECES.split(" ".join(entry.split()))
    found += sorted((p.strip(" .,*_") for p in pieces if p), key=len, reverse=True)
    found += [_DATED.sub("", name) for name in found]
    return tuple(dict.fromkeys(name.rstrip(".,") for name in found if len(name) >= _SHORTEST_TITLE))


_Kind = Literal["paragraph", "heading", "item", "row"]
_Part = tuple[_Kind, Sequence[str]]
_MARKED: Mapping[str, _Kind] = {_HEADED: "heading", _LISTED: "item"}

# LaTeX.


def _latex_parts(text: str) -> Iterator[_Part]:
    before, _, after = _COMMENT.sub("", text).partition(_LIST[0])
    body = before + after.partition(_LIST[1])[2]
    _, begin, rest = body.partition(r"\begin{document}")
    body = _without_floats(rest if begin else body)
    cited = _CITE.sub(lambda m: f" [@{'; @'.join(key.strip() for key in m[1].split(','))}]", body)
    for block in re.split(r"\n\s*\n", _SECTION.sub(_apart, cited)):
        block = _THIN_SPACE.sub(" ", block.replace(r"\times", "×"))
        block = _COMMAND_WITH_WORDS.sub("", block)
        kind = _MARKED.get(block.lstrip()[:1], "paragraph")
        words = block.replace(_HEADED, "").replace(_LISTED, "")
        yield kind, [_MATHS.sub(r"\1", plain(words))]


def _apart(section: re.Match[str]) -> str:
    if section[1] is not None:
        return f"\n\n{_HEADED}{section[1]}\n\n"
    return f"\n\n{_LISTED}" if section[0] == r"\item" else "\n\n"


def _without_floats(text: str) -> str:
    """Returns a text without figures, tables and formulas; one without an end goes to the end."""
    kept, at = [], 0
    while match := _FLOAT.search(text, at):
        kept.append(text[at : match.start()])
        end = text.find(rf"\end{{{match[1]}", match.end())
        at = text.find("}", end) + 1 if end >= 0 else len(text)
    return "\n\n".join([*kept, text[at:]])


def read_bibitems(text: str) -> dict[str, tuple[str, ...]]:
    """Returns what names each paper of a LaTeX list of references, by its key."""
    listed = text.partition(_LIST[0])[2].partition(_LIST[1])[0]
    parts = _ITEM.split(listed)
    items = zip(parts[1::2], parts[2::2], strict=True)
    return {key: names_in_reference(plain(item)) for key, item in items}


# Markdown.


def _split_references(text: str) -> tuple[str, dict[str, tuple[str, ...]]]:
    """Returns a text without its list of references and footnotes, and these by key."""
    known = {key: names_in_reference(entry) for key, entry in _FOOTNOTE.findall(text)}
    text = _FOOTNOTE.sub("", text)
    headings = list(_LIST_HEADING.finditer(text))
    if not headings:
        return text, known
    heading = headings[-1]
    return text[: heading.start()], known | read_entries(text[heading.end() :])


def read_entries(listed: str) -> dict[str, tuple[str, ...]]:
    """Returns what names each paper of a list of references, by its number or key.

    An entry may go on over several lines, until the next one or an empty line.
    """
    entries: dict[str, list[str]] = {}
    open_: list[str] = []
    for line in listed.splitlines():
        if entry := _ENTRY.match(line):
            open_ = entries[entry[1] or entry[2]] = [entry[3]]
        elif line.strip() and not line.startswith("#"):
            open_.append(line.strip())
        else:
            open_ = []
    return {key: names_in_reference(" ".join(lines)) for key, lines in entries.items()}


def _markdown_parts(text: str) -> Iterator[_Part]:
    """Yields the parts of a Markdown text, without its code."""
    lines: list[str] = []
    kind: _Kind = "paragraph"
    for line in [*_without_code(text), ""]:
        bare = line.strip()
        if lines and (not bare or bare[0] in "#|>" or _BULLET.match(line)):
            yield kind, [" ".join(lines)]
            lines = []
        if bare.startswith("|"):
            yield "row", bare.strip("|").split("|") if re.search(r"\w", bare) else []
        elif bare.startswith("#"):
            yield "heading", [bare.strip("# ")]
        elif bare:
            kind = kind if lines else ("item" if _BULLET.match(line) else "paragraph")
            lines.append(_BULLET.sub("", line).strip("> "))


def _without_code(text: str) -> list[str]:
    """Returns the lines of a text that stand in no fence."""
    lines, fence = [], ""
    for line in text.splitlines():
        mark = line.lstrip()[:3]
        if mark in ("```", "~~~") and fence in ("", mark):
            fence = "" if fence else mark
            lines.append("")
        elif not fence:
            lines.append(line)
    return lines


# Both.


def _sentences(block: str, known: References) -> Iterator[CitedSentence]:
    """Yields the sentences of a paragraph; marks that follow a full stop belong before it."""
    block = _LATE.sub(r"\2\1", block)
    for start, end in sentence_spans(block):
        sentence = block[start:end]
        marks = [one for match in _MARK.finditer(sentence) for one in _citations(match, known)]
        cited = {names: label for label, names in reversed(marks)}
        bare = _MARK.sub(lambda m: f" {m['shown']}" if m["shown"] else "", sentence)
        said = re.sub(r" ([.,;:!?])", r"\1", " ".join(bare.split()))
        if re.search(r"\w", said):
            named = tuple(dict.fromkeys(names for _, names in marks))
            yield CitedSentence(said, named, tuple(cited[names] for names in named))


def _citations(match: re.Match[str], known: References) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yields the label of each citation of a mark, and what names its paper."""
    if match["url"]:
        yield "", (*names_in_reference(match["url"]), match["url"], match["shown"])
        return
    keys = [match["note"]] if match["note"] else _KEY.findall(match["keys"] or "")
    for first, last in _RANGE.findall(match["numbers"] or ""):
        upto = min(int(last or first), int(first) + _MOST_LISTED)
        keys += [str(number) for number in range(int(first), upto + 1)]
    for key in keys:
        yield key, tuple(known.get(key, ())) or (key,)


def named_bibliographies(text: str) -> list[str]:
    """Returns the names of the BibTeX files that a LaTeX or Markdown text names, with their end."""
    found = [name.strip() for names in _BIB_COMMAND.findall(text) for name in names.split(",")]
    found += [name.strip(" \"'") for name in _BIB_FIELD.findall(text[:2_000])]
    return [name if name.endswith(".bib") else f"{name}.bib" for name in found if name]
