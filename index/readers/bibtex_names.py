"""BibTeX names: the authors of an entry, as they are spoken of."""

import re

from pybtex.bibtex.exceptions import BibTeXError
from pybtex.bibtex.utils import split_name_list, split_tex_string
from pybtex.database import InvalidNameString, Person

from footnote.index.readers.markup import plain_text
from footnote.index.readers.plain_latex import plain

# pybtex may look through the rest of a field once for each.
_MOST_BRACES = 5_000
_NOBODY = frozenset({"others", "et al", "et al.", "and others"})
_EXTENDED = re.compile(r"\s*\"?(?:family|given|prefix|suffix|useprefix)(?:-i)?\s*=")
_PART = re.compile(r"\s*\"?(given|prefix|family|suffix)\s*=([^\n]*)")


def spoken_names(field: str) -> list[str]:
    """Returns authors as they are spoken of: first names, particle, last name, "Jr.".

    Raises:
        ValueError: The field has more braces than any names have.
    """
    if field.count("{") > _MOST_BRACES:
        raise ValueError(f"authors with more than {_MOST_BRACES:,} braces")
    names = (plain_text(plain(_spoken(one))) for one in _split(" ".join(field.split())))
    return [name for name in names if name and name.casefold() not in _NOBODY]


def _split(field: str) -> list[str]:
    inner = field[1:-1] if field.startswith("{") and field.endswith("}") else ""
    if inner and not re.search(r"[{}]", inner):
        # Braces around all of the names, not around one of a group.
        parts = inner.split(" and ")
        if len(parts) > 1 and all("," in part for part in parts):
            return parts
    # An entity ends in a semicolon.
    if " and " not in field and "&" not in field and field.count(";") >= 1 and "," in field:
        return field.split(";")
    try:
        return [str(name) for name in split_name_list(field)]
    except BibTeXError:
        return [field]


def _spoken(name: str) -> str:
    if _EXTENDED.match(name):
        return _from_parts(name)
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
