"""References: a bibliography that was handed over beside a text, in whatever form it has."""

import re

from footnote.index.readers.bibtex import read_keys
from footnote.index.readers.reference_list import names_in_reference, read_bibitems, read_entries

_BIBTEX = re.compile(r"^[ \t]{0,9}@[a-zA-Z]{1,30}[ \t]{0,9}[{(]", re.MULTILINE)
_BLANK = re.compile(r"\n[ \t]{0,99}\n")


def read_references(text: str) -> dict[str, tuple[str, ...]]:
    r"""Returns what names each paper of a bibliography, by its number or key.

    BibTeX, a LaTeX list of ``\bibitem``, or lines such as ``[3] Authors. Title. Year.`` Entries
    without numbers are numbered in their order. What cannot be read is left out.
    """
    if _BIBTEX.search(text):
        found = read_keys(text)
    elif r"\bibitem" in text:
        begin = "" if r"\begin{thebibliography}" in text else r"\begin{thebibliography}"
        found = read_bibitems(begin + text)
    else:
        found = read_entries(text) or _in_order(text)
    return {key: names for key, names in found.items() if names}


def _in_order(text: str) -> dict[str, tuple[str, ...]]:
    """Returns entries without numbers: paragraphs if there are some, else lines."""
    apart = [" ".join(part.split()) for part in _BLANK.split(text.strip())]
    entries = apart if len(apart) > 1 else [line.strip() for line in text.splitlines()]
    named = [names_in_reference(entry) for entry in entries if entry]
    return {str(number): names for number, names in enumerate(named, 1)}
