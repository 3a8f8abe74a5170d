r"""Citation marks: which brackets of a text cite, and what.

Each is taken out of its text and a *place* put there, which no text that is read can hold. So what
looks like a mark and is none, ``[0, 1]`` or ``x[1]``, stays as it was written.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from footnote.index.readers.reference_list import is_identified, names_in_reference

# What a citation is called in the text, and the names by which its paper may be known.
Citation = tuple[str, tuple[str, ...]]

# Signs that only this package puts into a text: places, headings and items.
SIGNS = re.compile(r"[\x01-\x03]")
PLACED = r"\s?\[\x03(\d{1,7})\]"
# Papers of one "[1-40]": what is wider is an interval.
MOST_LISTED = 50

_LISTED = r"(?:\[[^\]]{0,200}\]\s{0,3}){0,2}\{[^{}\\]{0,2000}\}"
CITE = re.compile(
    r"\\(?!nocite|[a-zA-Z]{0,20}citestyle|DeclareCite)[a-zA-Z]{0,20}[cC]ite(?:"
    rf"s\*?(?:\s{{0,3}}\([^()]{{0,200}}\)){{0,2}}(?:\s{{0,3}}{_LISTED}){{1,20}}"
    rf"|[a-zA-Z]{{0,20}}\*?\s{{0,3}}{_LISTED})"
)
_OPTIONS = re.compile(r"\[[^\]]{0,200}\]")
_KEYS = re.compile(r"\{([^{}]{0,2000})\}")

_LOCATOR = (
    r"(?:§{1,2}|(?:pp?|pages?|secs?|sections?|ch|chap|chapters?|figs?|figures?|tab|tables?|thm"
    r"|theorems?|lemmas?|eqs?|eqn|app|appendix|vol|def|alg|algorithm)\b\.?)\s?[\w.–-]{1,20}"
)
_NUMBERS = re.compile(
    r"(?:(?:see also|see|also|cf\.?|e\.?g\.?|i\.?e\.?|compare|following),?\s){0,2}"
    rf"(\d{{1,3}}(?:\s?[,;–-]\s?\d{{1,3}}){{0,60}})(?:,\s?{_LOCATOR}){{0,2}}",
    re.IGNORECASE,
)
_RANGE = re.compile(r"(?<!\d)(\d{1,3})(?:\s?[–-]\s?(\d{1,3}))?")
_JOINED = re.compile(r"\[(\d{1,3})\]\s?[–-]\s?\[(\d{1,3})\]")
_KEY = re.compile(r"(?<![\w.])@([\w:.#$%&+?<>~/-]{1,100})")
_WORD = re.compile(r"[\w-]{1,40}$")
_MARK = re.compile(
    # Code and formulas hold no marks.
    r"(?P<kept>``[^\n]{1,300}?``|`[^`\n]{1,300}`|\$\$[^$\n]{1,2000}\$\$"
    r"|(?<![\\$])\$(?![\s$])[^$\n]{1,300}(?<![\s\\])\$(?!\d)|\\\((?:(?!\\\()[^\n]){1,300}?\\\)"
    r"|\\\[(?:(?!\\\[)[^\n]){1,1000}?\\\])"
    rf"|(?P<cite>{CITE.pattern})"
    r"|\s?(?:\[(?P<keys>(?:[^@\[\]\n]{0,60}[\s;(])?-?@[^\[\]\n]{1,300})\]"
    r"|\[\^(?P<note>[\w.:-]{1,60})\](?!:)"
    r"|\[(?P<numbers>[^@^\[\]\n]{1,400})\](?!\()"
    r"|!?\[(?P<shown>[^\[\]\n]{0,300})\]\((?P<url>[^()\s]{1,500})(?:\s\"[^\"\n]{0,200}\")?\))"
)


class Marks:
    """The citations of one text, each at the place that was put where it stood."""

    def __init__(self, known: Mapping[str, Sequence[str]]) -> None:
        """Takes what names each paper of the references, by number or key."""
        self._known = known
        self._numbered = any(key.isdigit() for key in known)
        self._placed: list[list[Citation]] = []

    def at(self, place: str) -> list[Citation]:
        """Returns the citations at a place."""
        return self._placed[int(place)]

    def place(self, keys: Iterable[str]) -> str:
        """Returns the place of a citation by keys."""
        return self._put([(key, tuple(self._known.get(key, ())) or (key,)) for key in keys])

    def place_cites(self, text: str) -> str:
        r"""Returns a text with places where its ``\cite`` commands stood."""
        return CITE.sub(lambda match: self.place(_cited_keys(match[0])), text)

    def place_all(self, text: str) -> str:
        """Returns a part of a Markdown text with places where its marks stood."""
        joined = _JOINED.sub(r"[\1–\2]", text)
        return _MARK.sub(self._replaced, joined)

    def _put(self, citations: list[Citation]) -> str:
        self._placed.append(citations)
        return f" [\x03{len(self._placed) - 1}]"

    def _replaced(self, match: re.Match[str]) -> str:
        if match["kept"]:
            return match[0]
        if match["cite"]:
            return self.place(_cited_keys(match["cite"]))
        if match["url"]:
            cites = is_identified(match["url"])
            named = (*names_in_reference(match["url"]), match["url"], match["shown"])
            mark = self._put([("", tuple(filter(None, named)))]) if cites else ""
            return f"{' ' * match[0][0].isspace()}{match['shown']}{mark}"
        if match["note"]:
            return self.place([match["note"]])
        if match["keys"]:
            keys = _KEY.findall(match["keys"])
            return self.place(keys) if keys else match[0]
        glued = not match[0][0].isspace() and _is_variable(match.string[: match.start()][-50:])
        keys = [] if glued else self._numbers(match["numbers"])
        return self.place(keys) if keys else match[0]

    def _numbers(self, inner: str) -> list[str]:
        """Returns the numbers that a bracket cites; none where it is no citation."""
        match = _NUMBERS.fullmatch(inner)
        found: list[int] = []
        for first, last in _RANGE.findall(match[1]) if match else ():
            low, high = int(first), int(last or first)
            if not 0 < low <= high < low + MOST_LISTED:
                return []
            found += range(low, high + 1)
        keys = list(map(str, found))
        listed = not self._numbered or any(key in self._known for key in keys)
        return keys if listed else []


def _cited_keys(command: str) -> list[str]:
    """Returns the keys of a cite command."""
    groups = _KEYS.findall(_OPTIONS.sub("", command))
    keys = (key.strip() for group in groups for key in group.split(","))
    return [key for key in keys if key]


def _is_variable(before: str) -> bool:
    """Returns whether a text ends with a name as programs and formulas have it: "x", "a_b"."""
    match = _WORD.search(before)
    word = match[0] if match else ""
    plain = word.islower() and (len(word) < 3 or any(c.isdigit() for c in word))
    return len(word) == 1 or "_" in word or plain
