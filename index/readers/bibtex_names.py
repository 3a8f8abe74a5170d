"""BibTeX names: the authors of an entry, as they are spoken of."""

import re

from pybtex.bibtex.exceptions import BibTeXError
from pybtex.bibtex.utils import split_name_list, split_tex_string
from pybtex.database import InvalidNameString, Person

from footnote.index.readers.author_names import turn_name
from footnote.index.readers.markup import plain_text
from footnote.index.readers.plain_latex import plain

# pybtex may look through the rest of a field once for each.
_MOST_BRACES = 5_000
_NOBODY = frozenset({"others", "et al", "et al.", "and others"})
_EXTENDED = re.compile(r"\s*\"?(?:family|given|prefix|suffix|useprefix)(?:-i)?\s*=")
# DBLP tells authors of one name apart by a number.
_HOMONYM = re.compile(r" \d{4}\Z", re.ASCII)
_PART = re.compile(r"\s*\"?(given|prefix|family|suffix)\s*=([^\n]*)")


def spoken_names(field: str) -> list[str]:
    """Returns authors as they are spoken of: first names, particle, last name, "Jr.".

    Raises:
        ValueError: The field has more braces than any names have.
    """
    if field.count("{") > _MOST_BRACES:
        raise ValueError(f"authors with more than {_MOST_BRACES:,} braces")
    names = (plain_text(plain(_spoken(one))) for one in _split(" ".join(field.split())))
    told = (_HOMONYM.sub("", name) for name in names)
    return [name for name in told if name and name.casefold() not in _NOBODY]


def _split(field: str) -> list[str]:
    field = field.removeprefix("and ").removesuffix(" and").strip()
    inner = field[1:-1] if field.startswith("{") and field.endswith("}") else ""
    if inner and not re.search(r"[{}]", inner):
        # Braces around all of the names, not around one of a group.
        parts = inner.split(" and ")
        if len(parts) > 1 and all("," in part for part in parts):
            return parts
    if joined := _joined(field):
        return joined
    # An entity ends in a semicolon.
    if " and " not in field and "&" not in field and ";" in field:
        return field.split(";")
    if listed := _listed(field):
        return listed
    try:
        return [str(name) for name in split_name_list(field)]
    except BibTeXError:
        return [field]


def _joined(field: str) -> list[str]:
    """Returns names with "&" between, where each is one of a person: "Ada Marsh & Bo Lind"."""
    if " and " in field or "{" in field:
        return []
    parts = [part.strip() for part in re.split(r"\s\\?&\s", field)]
    people = all(re.search(r"^[^\W\d_][^\s,]{0,60},?\s[^\W\d_]", part) for part in parts)
    return parts if len(parts) > 1 and people else []


def _listed(field: str) -> list[str]:
    """Returns names with commas between, as no BibTeX has them; nothing where it may be one."""
    before, _, last = field.rpartition(" and ")
    if ("," in last and before) or "{" in field or " and " in before or "=" in field:
        return []
    parts = [part.strip() for part in (before or last).split(",")]
    oxford = bool(before) and not parts[-1]
    parts = [part for part in parts if part]
    whole = all(" " in part for part in parts)
    # Of "Ada Marsh, Bo Lind and Cy Dow" the last is written as the others are.
    spoken = bool(before) and " " in last.strip() and not parts[0][:1].islower()
    if whole and (len(parts) > 2 or oxford or spoken):
        return [*parts, last] if before else parts
    if not before and len(parts) > 3 and len(parts) % 2 == 0:
        return [f"{family}, {given}" for family, given in zip(parts[::2], parts[1::2], strict=True)]
    return []


def _spoken(name: str) -> str:
    if _EXTENDED.match(name):
        return _from_parts(name)
    if (
        "," not in name
        and "{" not in name
        and "\\" not in name
        and (turned := turn_name(name)) != name
    ):
        # "Marsh A.", as some programs write it.
        return turned
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


def _from_parts(name: str) -> str:
    """Returns a name that is written "family=Berg, given=Jan, prefix=van der"."""
    try:
        written = split_tex_string(name, ",", strip=True)
    except BibTeXError:
        written = name.split(",")
    found = {part[1]: part[2].strip(' "') for one in written if (part := _PART.match(one))}
    order = ("given", "prefix", "family", "suffix")
    return " ".join(found[part] for part in order if found.get(part))
