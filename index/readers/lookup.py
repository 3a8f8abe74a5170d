"""Lookup: the records of papers that are named by their DOI, arXiv number or PMID.

arXiv's API (info.arxiv.org/help/api) and PubMed's E-utilities (www.ncbi.nlm.nih.gov/books/NBK25501)
are asked for all their papers in one call, Crossref's REST API (api.crossref.org) for one after
another. The answers are read as files of these services.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from urllib.parse import quote

import httpx

from footnote.index import SourceError
from footnote.index.embeddings.endpoints import bounded_client_options
from footnote.index.models import arxiv_number, identifier
from footnote.index.readers.gathering import FileReading, Gathered

# Papers that are looked up at a time; bytes and seconds that one answer may take.
MOST, MOST_BYTES, SECONDS = 100, 20_000_000, 30.0
SERVICES = {
    "arxiv": "https://export.arxiv.org/api/query",
    "doi": "https://api.crossref.org/works",
    "pmid": "https://eutils.ncbi.nlm.nih.gov/entrez/eutils/efetch.fcgi",
}
_NAMES = {"arxiv": "arXiv", "doi": "Crossref", "pmid": "PubMed"}
_BETWEEN = re.compile(r"[\s,;]+")
_PMID = re.compile(r"(?:pmid:?|https?://pubmed\.ncbi\.nlm\.nih\.gov/)?(\d{1,9})/?", re.IGNORECASE)


class Answered(NamedTuple):
    """What a service answered.

    Attributes:
        name: The service, with what was asked for.
        text: Its answer; "" where there is none.
        error: Why there is none, one line; "" where there is one.
    """

    name: str
    text: str
    error: str = ""


def parse_identifiers(text: str) -> list[str]:
    """Returns the papers that a text names by identifiers alone, such as "doi:10.1000/x".

    Empty where anything else stands in it, so that a list of references is none.
    """
    joined = re.sub(r"\b(doi|arxiv|pmid):\s+", r"\1:", text, flags=re.IGNORECASE)
    found = []
    for word in filter(None, _BETWEEN.split(joined)):
        number = arxiv_number(word)
        pmid = _PMID.fullmatch(word)
        name = (
            f"arxiv:{number}" if number else f"pmid:{pmid[1]}" if pmid else identifier("doi", word)
        )
        if name is None:
            return []
        found.append(name)
    return list(dict.fromkeys(found))


def look_up(
    names: Sequence[str], *, services: Mapping[str, str] | None = None
) -> Iterator[Answered]:
    """Yields the answers of the services that were asked for papers.

    Args:
        names: As ``parse_identifiers`` returns them; at most ``MOST``.
        services: The address of each service; those above when not given.

    Raises:
        SourceError: There are too many.
    """
    if len(names) > MOST:
        raise SourceError(f"{len(names):,} papers are named; at most {MOST} are looked up")
    by_kind: dict[str, list[str]] = {}
    for name in names:
        kind, _, value = name.partition(":")
        by_kind.setdefault(kind, []).append(value)
    places = services or SERVICES
    with httpx.Client(timeout=SECONDS, **bounded_client_options(MOST_BYTES)) as client:
        client.headers["user-agent"] = "Footnote (reads abstracts that its user named)"
        for kind, values in by_kind.items():
            told = ", ".join(values[:3]) + (" …" if len(values) > 3 else "")
            for parts in _split(kind, values):
                yield _ask(client, places[kind], kind, parts, f"{_NAMES[kind]} ({told})")


def gather(
    found: Gathered, names: Sequence[str], *, services: Mapping[str, str] | None = None
) -> None:
    """Looks papers up and takes the answers as files; what was not found is told of like those.

    Raises:
        SourceError: There are too many.
    """
    with TemporaryDirectory() as folder:
        for answered in look_up(names, services=services):
            if answered.error:
                failed = FileReading(answered.name, answered.name, error=answered.error)
                found.files.append(failed)
                continue
            path = Path(folder) / "answer"
            path.write_text(answered.text, "utf-8", errors="replace")
            found.take(path, answered.name)


def _split(kind: str, values: Sequence[str]) -> Sequence[Sequence[str]]:
    """Returns what is asked for in one call: Crossref tells of one paper a call."""
    return [[value] for value in values] if kind == "doi" else [values]


def _ask(client: httpx.Client, place: str, kind: str, values: Sequence[str], name: str) -> Answered:
    name = f"{_NAMES[kind]} ({values[0]})" if kind == "doi" else name
    try:
        if kind == "doi":
            answer = client.get(f"{place}/{quote(values[0], safe='')}")
        elif kind == "arxiv":
            asked = {"id_list": ",".join(values), "max_results": str(len(values))}
            answer = client.get(place, params=asked)
        else:
            asked = {"db": "pubmed", "retmode": "xml", "id": ",".join(values)}
            answer = client.get(place, params=asked)
    except httpx.HTTPError as error:
        # Its words may be many and name the machine; its kind says what is to be done.
        return Answered(
            name, "", f"could not be asked ({type(error).__name__}); without a network add a file"
        )
    if answer.status_code == 404:
        return Answered(name, "", "knows no such paper; check the number")
    if answer.status_code != 200:
        return Answered(name, "", f"answered {answer.status_code}; try again later")
    return Answered(name, answer.text)
