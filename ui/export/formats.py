"""Papers as BibTeX, RIS and CSL-JSON, for people who cite them; every word is of the record."""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from footnote.ui.export.citation_data import CitationData, Kind, Name

_BIBTEX_TYPES: dict[Kind, tuple[str, str]] = {
    "article": ("article", "journal"),
    "conference": ("inproceedings", "booktitle"),
    "preprint": ("misc", "howpublished"),
    "other": ("misc", "howpublished"),
}
_RIS_TYPES: dict[Kind, str] = {
    "article": "JOUR",
    "conference": "CPAPER",
    "preprint": "UNPB",
    "other": "GEN",
}
_CSL_TYPES: dict[Kind, str] = {
    "article": "article-journal",
    "conference": "paper-conference",
    "preprint": "article",
    "other": "document",
}
_PUBMED = "https://pubmed.ncbi.nlm.nih.gov/{}/"
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
# BibTeX counts braces even behind a backslash, so a brace is written by its name.
_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{special: f"\\{special}" for special in "%&$#_"},
}
# TeX would make one character of two of these: -- of dashes, `` and '' of quotes, ?` of ¿.
_LIGATURE = re.compile(r"(?<=[-`'?!<>,])(?=[-`'<>,])")


def bibtex(cited: Iterable[CitationData]) -> str:
    r"""Returns entries as BibTeX in UTF-8; what TeX would obey is written as its name.

    An address and a DOI stand as they are, as ``\url`` takes them, braces and backslashes
    percent-encoded.
    """
    return "\n".join(_bibtex_entry(entry) for entry in cited)


def _bibtex_entry(entry: CitationData) -> str:
    kind, place = _BIBTEX_TYPES[entry.kind]
    fields = {
        "author": " and ".join(_bibtex_names(entry)),
        # A second pair of braces keeps the title's capitals.
        "title": f"{{{_latex(entry.title)}}}" if entry.title else "",
        place: _latex(entry.venue),
        "year": f"{entry.date[0]:04}" if entry.date else "",
        "doi": _address(entry.doi),
        "eprint": _address(entry.arxiv),
        "archiveprefix": "arXiv" if entry.arxiv else "",
        "pmid": _address(entry.pmid),
        "url": _address(entry.url),
        # JabRef's and Zotero's own: a comma ends a word, and TeX prints neither field.
        "keywords": _latex(", ".join(tag.replace(",", ";") for tag in entry.tags)),
        "annote": _latex(entry.comment),
        "abstract": _latex(entry.abstract),
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    if len(entry.date) > 1:
        lines.append(f"  month = {_MONTHS[entry.date[1] - 1]},")
    if len(entry.date) > 2:
        lines.append(f"  day = {{{entry.date[2]}}},")
    return "\n".join([f"@{kind}{{{entry.key},", *lines, "}\n"])


def _bibtex_names(entry: CitationData) -> list[str]:
    return [_bibtex_name(name) for name in entry.names] + ["others"] * bool(entry.unnamed)


def _bibtex_name(name: Name) -> str:
    if not name.given:
        # Braces keep BibTeX from looking for parts in it, or for a list: Barnes and Noble.
        return f"{{{_latex(name.family)}}}"
    surname = f"{_latex(name.particle)} {_latex(name.family)}".strip()
    return ", ".join(part for part in (surname, name.suffix, _latex(name.given)) if part)


def _latex(text: str) -> str:
    apart = "\0".join(_LIGATURE.split(text))
    return "".join(_LATEX.get(a, a) for a in apart).replace("\0", "{}")


def _address(text: str) -> str:
    return re.sub(r"[{}\\\s]", lambda found: quote(found[0]), text)


def ris(cited: Iterable[CitationData]) -> str:
    """Returns entries as RIS."""
    return "\n".join(_ris_entry(entry) for entry in cited)


def _ris_entry(entry: CitationData) -> str:
    accession = f"arXiv:{entry.arxiv}" if entry.arxiv else ""
    lines = [
        ("TY", _RIS_TYPES[entry.kind]),
        ("ID", entry.key),
        ("TI", entry.title),
        *(("AU", _ris_name(name)) for name in entry.names),
        ("PY", f"{entry.date[0]:04}" if entry.date else ""),
        ("DA", _ris_date(entry.date)),
        ("T2", entry.venue),
        ("DO", entry.doi),
        ("AN", accession or (f"PMID:{entry.pmid}" if entry.pmid else "")),
        ("UR", entry.url),
        # A related record.
        ("L3", _PUBMED.format(entry.pmid) if entry.pmid and accession else ""),
        *(("KW", tag) for tag in entry.tags),
        ("N1", entry.remark),
        ("N1", entry.comment),
        ("AB", entry.abstract),
    ]
    told = "".join(f"{tag}  - {value}\n" for tag, value in lines if value)
    return f"{told}ER  - \n"


def _ris_name(name: Name) -> str:
    return ", ".join(part for part in (name.surname, name.given, name.suffix) if part)


def _ris_date(date: Sequence[int]) -> str:
    """Returns ``YYYY/MM/DD``, empty where the month is not known."""
    return "/".join(f"{part:02}" for part in date) if len(date) > 1 else ""


def csl_json(cited: Iterable[CitationData]) -> str:
    """Returns entries as CSL-JSON, which Zotero and pandoc read."""
    items = [csl_item(entry) for entry in cited]
    return json.dumps(items, ensure_ascii=False, indent=2) + "\n"


def csl_item(entry: CitationData) -> dict[str, Any]:
    """Returns an entry with CSL's names of variables; nothing stands for what is not known."""
    preprint = entry.kind == "preprint"
    item: dict[str, Any] = {
        "id": entry.key,
        "type": _CSL_TYPES[entry.kind],
        "title": entry.title,
        "author": [_csl_name(name) for name in entry.names],
        "issued": {"date-parts": [list(entry.date)]} if entry.date else None,
        "container-title": "" if preprint else entry.venue,
        "publisher": (entry.venue or "arXiv") if preprint else "",
        "number": f"arXiv:{entry.arxiv}" if preprint and entry.arxiv else "",
        "archive": "arXiv" if entry.arxiv else "",
        "archive_location": entry.arxiv,
        "DOI": entry.doi,
        "PMID": entry.pmid,
        "URL": entry.url,
        "note": entry.remark,
        "keyword": ", ".join(entry.tags),
        "annote": entry.comment,
        "abstract": entry.abstract,
    }
    return {name: value for name, value in item.items() if value}


def _csl_name(name: Name) -> dict[str, str]:
    if not name.given:
        return {"literal": name.family}
    parts = {
        "family": name.family,
        "given": name.given,
        "non-dropping-particle": name.particle,
        "suffix": name.suffix,
    }
    return {part: value for part, value in parts.items() if value}
