"""Reference list: where a text has one, its entries, and what may name the paper of each."""

import re
from collections.abc import Iterator, Sequence

from footnote.index.readers.plain_latex import plain

# Characters of a reference's piece that may be a title.
_SHORTEST_TITLE = 8

_ITEM = re.compile(r"\\bibitem(?:\[[^\]\n]{0,200}\])?\{([^{}\\]{0,200})\}")
_LATEX_LIST = r"\begin{thebibliography}", r"\end{thebibliography}"
_LIST_HEADING = re.compile(
    r"[#*_> \t]{0,12}(?:(?:\d{1,2}(?:\.\d{1,2}){0,2}|[a-z]|[ivx]{1,5})[.):]?[ \t]{1,4})?"
    r"(?:references?(?: list| and notes)?|list of references|bibliography|sources|citations"
    r"|literature(?: cited)?|works cited|cited works|cited literature)[*_:# \t]{0,12}",
    re.IGNORECASE,
)
_UNDERLINE = re.compile(r"[ \t]{0,9}(?:-{3,}|={3,}|_{3,}|\*{3,})[ \t]{0,9}")
_ENTRY = re.compile(
    r"^[ \t]{0,9}(?:[-*][ \t]{1,3})?(?:\*{0,2}\[\^?([\w.:-]{1,60})\]\*{0,2}[.:]?(?!\()"
    r"|\(?(\d{1,3})[.)](?=[ \t]))[ \t]{0,9}(\S.*)$"
)
_NUMBERED = re.compile(
    r"^[ \t]{0,9}(?:[-*][ \t]{1,3})?\*{0,2}\[(\d{1,3})\]\*{0,2}[.:]?[ \t]{0,9}(\S)"
)
_FOOTNOTE = re.compile(
    r"^\[\^([\w.:-]{1,60})\]:[ \t]([^\n]+(?:\n[ \t]{1,9}\S[^\n]*){0,20})$", re.MULTILINE
)
_CITING = re.compile(r"\[\d{1,3}[\],–-]|\[-?@|\\[a-zA-Z]{0,20}[cC]ite")
_ARXIV = re.compile(r"\b(\d{4}\.\d{4,5})(?:v\d+)?\b")
_DOI = re.compile(r"\b10\.\d{4,9}/[^\s,;\"'<>{}]{1,200}")
_QUOTED = re.compile(r"[\"“”]([^\"“”\n]{8,300})[\"“”]|``([^'`\n]{8,300})''")
_DATED = re.compile(r",? ?\(?\b(?:19|20)\d\d[a-z]?\)?[.,]?$")
_PIECES = re.compile(r"(?<=[^A-Z\s.])[.?!] |\(\d{4}[a-z]?\)\.?|[.,] ?\*|\*")

Names = dict[str, tuple[str, ...]]


def names_in_reference(entry: str) -> tuple[str, ...]:
    """Returns what may name the paper of a reference.

    Its identifiers, then its possible titles; last the whole entry, in which a title may stand.
    """
    found = [*_ARXIV.findall(entry)[:1], *_DOI.findall(entry)[:1]]
    found += [a or b for a, b in _QUOTED.findall(entry)]
    whole = " ".join(entry.split())
    pieces = _PIECES.split(whole)
    found += sorted((p.strip(" .,*_") for p in pieces if p), key=len, reverse=True)
    found += [_DATED.sub("", name) for name in found]
    found.append(whole)
    return tuple(dict.fromkeys(name.rstrip(".,") for name in found if len(name) >= _SHORTEST_TITLE))


def is_identified(url: str) -> bool:
    """Returns whether a link leads to where papers are, and not to a file or a heading."""
    web = url.casefold().startswith(("http://", "https://", "doi:", "arxiv:", "www."))
    return web or bool(_ARXIV.search(url) or _DOI.search(url))


def read_bibitems(text: str) -> Names:
    """Returns what names each paper of a LaTeX list of references, by its key."""
    listed = text.partition(_LATEX_LIST[0])[2].partition(_LATEX_LIST[1])[0]
    parts = _ITEM.split(listed)
    items = zip(parts[1::2], parts[2::2], strict=True)
    return {key: names_in_reference(plain(item)) for key, item in items}


def read_entries(listed: str) -> Names:
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


def split_references(text: str) -> tuple[str, Names]:
    """Returns a Markdown text without its list of references and footnotes, and these by key."""
    known = {key: names_in_reference(entry) for key, entry in _FOOTNOTE.findall(text)}
    lines = _FOOTNOTE.sub("", text).split("\n")
    head, start, end = _find_list(lines)
    rest = "\n".join([*lines[:head], "", *lines[end:]])
    return rest, known | read_entries("\n".join(lines[start:end]))


def has_list(text: str) -> bool:
    """Returns whether a Markdown text has a list of references."""
    _, start, end = _find_list(text.split("\n"))
    return start < end


def _find_list(lines: Sequence[str]) -> tuple[int, int, int]:
    """Returns the lines of the list's heading, its begin and its end; all at the end without one.

    The last heading of references counts that heads a list and no text.
    """
    for head in reversed([n for n, line in enumerate(lines) if _LIST_HEADING.fullmatch(line)]):
        end = _end_of_list(lines, head + 1)
        if end is not None:
            return head, head + 1, end
    start = _trailing_list(lines)
    return start, start, len(lines)


def _end_of_list(lines: Sequence[str], start: int) -> int | None:
    """Returns the line after the list that begins at a line; None if text begins there."""
    first = _next_said(lines, start)
    if first is None:
        return None
    if not (_ENTRY.match(lines[first]) or lines[first].startswith("#")):
        # Without numbers the list goes on to the next heading.
        end = next((n for n in range(first, len(lines)) if lines[n].startswith("#")), len(lines))
        written = any(line.strip() and line[0] != "#" for line in lines[: start - 1])
        return None if not written or any(map(_CITING.search, lines[first:end])) else end
    return _end_of_entries(lines, first)


def _end_of_entries(lines: Sequence[str], start: int) -> int | None:
    """Returns the line after the last entry; between entries there may be headings."""
    end, within = None, False
    seen: set[str] = set()
    for at in range(start, len(lines)):
        line = lines[at]
        entry = _ENTRY.match(line)
        if entry:
            key = entry[1] or entry[2]
            if key in seen:
                break
            seen.add(key)
        if line.startswith("#"):
            following = _next_said(lines, at + 1)
            if following is None or not _ENTRY.match(lines[following]):
                break
        within = bool(entry) or (within and bool(line.strip()) and not line.startswith("#"))
        end = at + 1 if within else end
    return end


def _next_said(lines: Sequence[str], start: int) -> int | None:
    """Returns the next line that is neither empty nor a rule."""
    found = (n for n in range(start, len(lines)) if lines[n].strip())
    return next((n for n in found if not _UNDERLINE.fullmatch(lines[n])), None)


def _trailing_list(lines: Sequence[str]) -> int:
    """Returns the line on which numbered references begin that end a text without a heading."""
    start = len(lines)
    keys: list[str] = []
    for first, end in reversed(list(_paragraphs(lines))):
        found = [_NUMBERED.match(line) for line in lines[first:end]]
        # "[2] shows that ..." is a sentence; a reference begins with a name or a title.
        if not found[0] or any(one and one[2].islower() for one in found):
            break
        keys += [one[1] for one in found if one]
        start = first
    body = "\n".join(lines[:start])
    cited = any(re.search(rf"[\[,–-]\s?{key}[\],–-]", body) for key in keys)
    return start if cited and len(set(keys)) == len(keys) else len(lines)


def _paragraphs(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yields the first line of each paragraph, and the line after it."""
    start = None
    for at, line in enumerate([*lines, ""]):
        said = line.strip() and not _UNDERLINE.fullmatch(line)
        if said and start is None:
            start = at
        elif not said and start is not None:
            yield start, at
            start = None
