"""Papers named by identifiers are looked up; a scripted server answers as the services do."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from footnote.index import SourceError
from footnote.index.readers import feeds, lookup
from footnote.index.readers.gathering import Gathered
from footnote.index.readers.lookup import MOST, gather, parse_identifiers
from tests.command import inside
from tests.local_server import listen

PUBMED = """<?xml version="1.0"?>
<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>7</PMID><Article>
<ArticleTitle>Tides and sleep.</ArticleTitle>
<Abstract><AbstractText>Sailors sleep by the tide.</AbstractText></Abstract>
</Article></MedlineCitation></PubmedArticle></PubmedArticleSet>"""
ATOM = """<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>ArXiv Query</title><entry>
<id>http://arxiv.org/abs/2105.00001v2</id><published>2021-05-04T10:00:00Z</published>
<title>Tides of the harbour</title><summary>We measure the tide.</summary>
<author><name>Ada Lund</name></author></entry></feed>"""
CROSSREF = {
    "status": "ok", "message-type": "work",
    "message": {
        "DOI": "10.1000/tide", "title": ["A tide"], "container-title": ["Sea"],
        "abstract": "<jats:p>It comes and goes.</jats:p>",
        "author": [{"given": "Ada", "family": "Lund"}],
        "issued": {"date-parts": [[2020, 3, 1]]},
    },
}  # fmt: skip
NOWHERE = dict.fromkeys(("arxiv", "doi", "pmid"), "http://127.0.0.1:9/nothing")


@contextmanager
def services(asked: list[str]) -> Iterator[dict[str, str]]:
    """Gives the addresses of the services; ``asked`` gets what each was asked for."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            status, body = 200, ATOM
            if url.path == "/arxiv":
                asked.append(query["id_list"])
            elif url.path == "/pubmed":
                asked.append(query["id"])
                body = PUBMED
            else:
                asked.append(unquote(url.path.removeprefix("/works/")))
                known = asked[-1] == "10.1000/tide"
                status, body = (200 if known else 404), json.dumps(CROSSREF)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body.encode())

    with listen(Handler) as port:
        at = f"http://127.0.0.1:{port}"
        yield {"arxiv": f"{at}/arxiv", "doi": f"{at}/works", "pmid": f"{at}/pubmed"}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("10.1000/tide", ["doi:10.1000/tide"]),
        ("doi: 10.1000/Tide, https://doi.org/10.1000/tide", ["doi:10.1000/tide"]),
        ("arXiv:2105.00001v2\n hep-th/9901001", ["arxiv:2105.00001", "arxiv:hep-th/9901001"]),
        ("https://arxiv.org/abs/2105.00001; PMID: 7", ["arxiv:2105.00001", "pmid:7"]),
        ("https://pubmed.ncbi.nlm.nih.gov/7/", ["pmid:7"]),
        ("10.1000/tide and more", []),
        ("@article{a, doi = {10.1000/tide}}", []),
        ("", []),
    ],
)
def test_identifiers_alone_are_told_from_references(text: str, names: list[str]) -> None:
    assert parse_identifiers(text) == names


def test_each_service_is_asked_for_its_papers() -> None:
    asked: list[str] = []
    names = ["arxiv:2105.00001", "doi:10.1000/tide", "pmid:7", "doi:10.1000/none"]
    with services(asked) as places, Gathered() as found:
        gather(found, names, services=places)
        papers = {paper.id: paper for _, paper in found.records()}
        errors = {file.name: file.error for file in found.files if file.error}
    assert asked == ["2105.00001", "10.1000/tide", "10.1000/none", "7"]
    assert {id: paper.title for id, paper in papers.items()} == {
        "arxiv:2105.00001": "Tides of the harbour",
        "doi:10.1000/tide": "A tide",
        "pmid:7": "Tides and sleep.",
    }
    assert papers["doi:10.1000/tide"].abstract == "It comes and goes."
    assert errors == {"Crossref (10.1000/none)": "knows no such paper; check the number"}


def test_without_a_network_it_is_said_and_nothing_is_lost() -> None:
    with Gathered() as found:
        gather(found, ["arxiv:2105.00001"], services=NOWHERE)
        (file,) = found.files
        assert file.error == "could not be asked (ConnectError); without a network add a file"
        with pytest.raises(SourceError, match="101 papers are named; at most 100"):
            gather(found, [f"pmid:{n}" for n in range(1, MOST + 2)], services=NOWHERE)


def test_the_command_takes_an_identifier_for_a_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    with services(asked) as places:
        monkeypatch.setattr(lookup, "SERVICES", places)
        done = inside("index", "doi:10.1000/tide", "--library", tmp_path / "library", "--json")
        assert (done.status, done.data["new"]) == (0, 1)
        missing = inside("index", "10.1000", "--library", tmp_path / "library")
        assert missing.status == 2
        assert "does not exist" in missing.err
    assert asked == ["10.1000/tide"]


@pytest.mark.parametrize(
    ("services", "hosts"),
    [
        (lookup.SERVICES, {"export.arxiv.org", "api.crossref.org", "eutils.ncbi.nlm.nih.gov"}),
        (feeds.SERVICES, {"huggingface.co", "export.arxiv.org", "api.openalex.org"}),
    ],
)
def test_services_are_asked_where_they_answer(services: dict[str, str], hosts: set[str]) -> None:
    places = [urlsplit(address) for address in services.values()]
    assert {place.hostname for place in places} == hosts
    assert {place.scheme for place in places} == {"https"}
