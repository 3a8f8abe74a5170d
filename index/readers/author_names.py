"""Author names: lists of people as other programs write them, as names that begin with the first.

"Last, First" and "Last A. B." are turned; affiliations and numbers behind a name are left out.
"""

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from footnote.index.models import LONGEST

# Characters of a text that may be a list in Python's or JSON's own writing.
_LONGEST_LIST = 200_000
_PARENTHESES = re.compile(r"\s{0,9}\([^()]{0,300}\)")
_NUMBER_BEHIND = re.compile(r"\s\d{4}$", re.ASCII)
_AND = re.compile(r"\s(?:and|&)\s")
_SUFFIX = re.compile(r"(?:jr|sr|ii|iii|iv)\.?", re.IGNORECASE)
_OTHERS = re.compile(r"(?:,|\band|&)?\s{0,9}\b(?:et al\b\.?|others)\s{0,9}$", re.IGNORECASE)
_WHOLE = (
    "fullname",
    "displayname",
    "name",
    "authorname",
    "literal",
    "rawauthorname",
    "text",
    "creator",
    "value",
)
_FIRST = ("given", "givenname", "firstname", "forename", "first")
_LAST = ("family", "familyname", "lastname", "surname", "last")
# What ends the name of a firm.
BODIES = frozenset({"inc", "llc", "ltd", "gmbh", "corp", "co"})
_NONE = frozenset({"nan", "none", "null", "n/a", "na", "[]"})

Clean = Callable[[str], str]


def read_names(value: Any, clean: Clean = str) -> Any:
    """Returns the names in a text, a list of texts or of objects; anything else as it is.

    Args:
        value: As it stands in a file.
        clean: Makes plain text of each name.
    """
    if isinstance(value, str):
        listed = _as_list(value)
        return split_names(clean(value)) if listed is None else read_names(listed, clean)
    if isinstance(value, Mapping):
        inner = next((v for k in ("authors", "author", "value") if (v := value.get(k))), None)
        value = inner if isinstance(inner, list) else [value]
    if not isinstance(value, Sequence):
        return value
    names = [_name(one, clean) for one in _writers(value)]
    return value if None in names else [name for name in names if name]


def _writers(people: Sequence[Any]) -> Sequence[Any]:
    """Returns those of some people who wrote it, where that is said; editors may stand beside."""
    roles = [
        str(one.get("creatorType") or "") if isinstance(one, Mapping) else "" for one in people
    ]
    wrote = [one for one, role in zip(people, roles, strict=True) if role in ("", "author")]
    return wrote or people


def _as_list(text: str) -> list[Any] | None:
    """Returns the list that a text is in Python's writing, as pandas puts lists into a table."""
    text = text.strip()
    if not (text.startswith("[") and text.endswith("]")) or len(text) > _LONGEST_LIST:
        return None
    try:
        found = ast.literal_eval(re.sub(r"\b(?:null|NaN)\b", "None", text))
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None
    return found if isinstance(found, list) else None


def _name(one: Any, clean: Clean) -> str | None:
    """Returns one author's name; "" where there is none, None where it is of another kind."""
    if isinstance(one, str):
        return turn_name(clean(one))
    if isinstance(one, list | tuple) and one and all(isinstance(part, str) for part in one):
        last, first, *suffix = [*(clean(part) for part in one[:3]), ""]
        return " ".join(part for part in (first, last, *suffix) if part)
    if not isinstance(one, Mapping):
        return None
    for within in ("author", "name"):
        if isinstance(one.get(within), Mapping):
            one = one[within]
    parts = {re.sub(r"[^a-z]", "", str(k).casefold()): v for k, v in one.items()}
    first, last = (_part(parts, names, clean) for names in (_FIRST, _LAST))
    if not last:
        return turn_name(_part(parts, _WHOLE, clean) or first)
    middle = parts.get("middle")
    middles = middle if isinstance(middle, list) else [middle]
    particle = _part(parts, ("nondroppingparticle", "droppingparticle"), clean)
    words = (
        first,
        *(word for word in middles if isinstance(word, str)),
        particle,
        last,
        _part(parts, ("suffix",), clean),
    )
    return " ".join(word for word in words if word)


def _part(parts: Mapping[str, Any], names: Sequence[str], clean: Clean) -> str:
    texts = (parts[name] for name in names if isinstance(parts.get(name), str))
    return next((clean(text).strip() for text in texts if text.strip()), "")


def split_names(text: str) -> list[str]:
    """Returns the names in "Last, First; Last, First", "Last, First and Last, First", "A, B"."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > 1 and not re.search(r";|,\s*\n|\band\s", text):
        text = ";".join(lines)
    text = " ".join(text.split())
    # "((1) Here, (2) There)" stands within others.
    for _ in range(3):
        text = _PARENTHESES.sub("", text)
    text = _OTHERS.sub("", text).strip(" ,;|")
    if text.casefold() in _NONE:
        return []
    if ";" in text or "|" in text:
        # Of an "and" after the last sign a name is left.
        parts = [re.sub(r"^\s*(?:and|&)\s", "", part) for part in re.split(r"[;|]", text)]
    else:
        parts = _split_commas(text)
    parts = [part.strip() for part in parts if part.strip() and not _OTHERS.fullmatch(part.strip())]
    if len(parts) > 1 and parts[-1].endswith(".") and "." not in "".join(parts)[:-1]:
        # PubMed's line of names ends as a sentence does.
        parts[-1] = parts[-1][:-1]
    # PubMed's way, "Marsh AB, Lind C", is told by all of them: one could be Malcolm X.
    bare = len(parts) > 0 and all(_ends_in_initials(part) for part in parts)
    return [name for part in parts if (name := turn_name(part, bare=bare))]


def _split_commas(text: str) -> list[str]:
    """Returns the names between commas and "and", where a comma may stand in a name too."""
    people = [part.strip(" ,") for part in _AND.split(f" {text} ")]
    if all(_is_turned(person) for person in people):
        return people
    parts: list[str] = []
    for person in people:
        for part in (part.strip() for part in person.split(",")):
            if part and parts and _SUFFIX.fullmatch(part):
                parts[-1] += f" {part}"
            elif part:
                parts.append(part)
    # "Marsh, A., Lind, B. C."
    pairs = list(zip(parts[::2], parts[1::2], strict=False))
    if pairs and all(_are_initials(b) and not _ends_in_initials(a) for a, b in pairs):
        odd = parts[-1:] if len(parts) % 2 else []
        return [f"{last}, {first}" for last, first in pairs] + odd
    # "Marsh, Ada, Lind, Bo": nobody has one name alone.
    if len(people) == 1 and len(parts) > 3 and not len(parts) % 2 and " " not in "".join(parts):
        return [f"{last}, {first}" for last, first in pairs]
    return parts


def _is_turned(person: str) -> bool:
    """Returns whether a text is one "Last, First" and not two names between a comma."""
    last, comma, first = (part.strip() for part in person.partition(","))
    if not comma or not first or not last or "," in first or _SUFFIX.fullmatch(first):
        return False
    if _ends_in_initials(last):
        return False
    particle = last[0].islower()
    return " " not in last or particle or " " not in first or _are_initials(first)


def _are_initials(text: str) -> bool:
    letters = re.sub(r"[\s.-]", "", text)
    most = 6 if "." in text else 3
    return (
        0 < len(letters) <= most
        and letters.isalpha()
        and letters.isupper()
        and ("." not in text or all(len(part) <= 1 for part in re.split(r"[\s.-]+", text)))
    )


def _ends_in_initials(name: str, *, dotted: bool = False) -> bool:
    """Returns whether initials stand behind a last name: "van Dam A.B.", "Marsh AB"."""
    if len(name) > LONGEST["author"]:
        return False
    last, space, first = name.rpartition(" ")
    while space and "." in first and _are_initials(last.rpartition(" ")[2]) and " " in last:
        last, _, more = last.rpartition(" ")
        first = f"{more} {first}"
    return bool(
        space
        and (not dotted or "." in first)
        and _are_initials(first)
        and not _are_initials(last.partition(" ")[0])
        and "." not in last
    )


def turn_name(name: str, *, bare: bool = False) -> str:
    """Returns "Last, First, Jr." and "Last A. B." with the first name first; others as they are.

    Args:
        name: Of one author.
        bare: Whether initials without a dot may stand behind the last name.
    """
    name = _NUMBER_BEHIND.sub("", _PARENTHESES.sub("", " ".join(name.split()))).strip(" ,;")
    if name.casefold() in _NONE:
        return ""
    # What is too long is no name, and told as such.
    if len(name) > LONGEST["author"]:
        return name
    last, *rest = [part for part in (part.strip() for part in name.split(",")) if part] or [""]
    suffixes = [part for part in rest if _SUFFIX.fullmatch(part)]
    firsts = [part for part in rest if part not in suffixes]
    if len(firsts) > 1 or (firsts and firsts[0].casefold().rstrip(".") in BODIES):
        return name
    if rest:
        return " ".join([*firsts, last, *suffixes])
    if not _ends_in_initials(name, dotted=not bare):
        return name
    words = name.split(" ")
    behind = next(n for n, word in enumerate(words) if n and _are_initials(" ".join(words[n:])))
    return " ".join([*words[behind:], *words[:behind]])
