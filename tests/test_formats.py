"""The README's table of formats says of each what is taken, which a record of it shows."""

import json
from pathlib import Path
from types import ModuleType

import pytest

from footnote.index import SourceError
from footnote.index.models import DAILY_PAPERS, Paper, Problem
from footnote.index.readers import (
    acl,
    arxiv_atom,
    bibtex,
    csv_table,
    daily_html,
    daily_papers,
    endnote,
    jats,
    jsonl,
    mods,
    nbib,
    pdf,
    pubmed,
    refer,
    ris,
    web_of_science,
    zotero,
)
from footnote.index.readers.formats import READERS, read_papers

ROOT = Path(__file__).parent.parent
ALL = {"authors", "date", "venue", "DOI", "arXiv number", "PMID", "address"}
TEXT = "The gulls circled the pier for an hour and looked for bread before they left it again."
ARXIV, PUBMED = "https://arxiv.org/abs/2105.00001", "https://pubmed.ncbi.nlm.nih.gov/77/"
LISTED = {
    "paper": {
        "id": "2105.00001", "title": "Gulls", "summary": TEXT,
        "authors": [{"name": "Ada Marsh", "hidden": False}],
        "publishedAt": "2021-05-04T00:00:00.000Z", "upvotes": 3,
    },
    "publishedAt": "2021-05-06T00:00:00.000Z", "title": "Gulls", "numComments": 1,
}  # fmt: skip
PAGE = (
    '<!doctype html>\n<html><head><meta property="og:url" content="https://huggingface.co/papers">'
    '</head><body>\n<div class="SVELTE_HYDRATER" data-target="DailyPapers" data-props="{}">'
    "</div></body></html>"
)
# A record of each, with all that its format has a place for and that is read.
RECORDS: dict[str, tuple[ModuleType, str]] = {
    "BibTeX, BibLaTeX": (
        bibtex,
        f"@article{{a, title={{Gulls}}, abstract={{{TEXT}}}, author={{Marsh, Ada}}, year=2021, "
        "journal={Harbour}, doi={10.1000/g}, eprint={2105.00001}, archiveprefix={arXiv}, "
        "pmid={77}, url={https://a.example}}",
    ),
    "RIS": (
        ris,
        f"TY  - JOUR\nTI  - Gulls\nAB  - {TEXT}\nAU  - Marsh, Ada\nPY  - 2021\nJF  - Harbour\n"
        f"DO  - 10.1000/g\nAN  - arXiv:2105.00001\nUR  - {PUBMED}\nER  - \n",
    ),
    "`.enw`": (
        refer,
        f"%0 Journal Article\n%T Gulls\n%X {TEXT}\n%A Marsh, Ada\n%D 2021\n%J Harbour\n"
        f"%R 10.1000/g\n%M 77\n%~ PubMed\n%U {ARXIV}\n",
    ),
    "EndNote's XML": (
        endnote,
        "<xml><records><record><contributors><authors><author>Marsh, Ada</author></authors>"
        "</contributors><titles><title>Gulls</title><secondary-title>Harbour</secondary-title>"
        f"</titles><dates><year>2021</year></dates><abstract>{TEXT}</abstract>"
        "<electronic-resource-num>10.1000/g</electronic-resource-num><urls><related-urls>"
        f"<url>{ARXIV}</url><url>{PUBMED}</url></related-urls></urls></record></records></xml>",
    ),
    "PubMed XML": (
        pubmed,
        "<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>77</PMID><Article><Journal>"
        "<JournalIssue><PubDate><Year>2021</Year></PubDate></JournalIssue><Title>Harbour</Title>"
        "</Journal><ArticleTitle>Gulls</ArticleTitle><Abstract><AbstractText>"
        f"{TEXT}</AbstractText></Abstract><AuthorList><Author><LastName>Marsh</LastName>"
        "<ForeName>Ada</ForeName></Author></AuthorList><ELocationID EIdType='doi'>10.1000/g"
        "</ELocationID></Article></MedlineCitation></PubmedArticle></PubmedArticleSet>",
    ),
    "`.nbib`": (
        nbib,
        f"PMID- 77\nTI  - Gulls\nAB  - {TEXT}\nFAU - Marsh, Ada\nDP  - 2021 May 4\nJT  - Harbour\n"
        "LID - 10.1000/g [doi]\nAID - arXiv:2105.00001 [pii]\n",
    ),
    "plain text (`PT J`)": (
        web_of_science,
        f"FN Clarivate\nVR 1.0\nPT J\nAF Marsh, Ada\nTI Gulls\nSO HARBOUR\nAB {TEXT}\nPY 2021\n"
        f"DI 10.1000/g\nPM 77\nAR arXiv:2105.00001\nUR {ARXIV}\nER\n\nEF\n",
    ),
    "MODS": (
        mods,
        "<modsCollection><mods><titleInfo><title>Gulls</title></titleInfo><name><namePart>"
        f"Marsh, Ada</namePart></name><abstract>{TEXT}</abstract><originInfo><dateIssued>2021"
        "</dateIssued></originInfo><relatedItem type='host'><titleInfo><title>Harbour</title>"
        "</titleInfo></relatedItem><identifier type='doi'>10.1000/g</identifier><identifier "
        "type='arxiv'>2105.00001</identifier><identifier type='pmid'>77</identifier><location>"
        "<url>https://a.example</url></location></mods></modsCollection>",
    ),
    "JATS": (
        jats,
        "<article xmlns:xlink='x'><front><journal-meta><journal-title>Harbour</journal-title>"
        "</journal-meta><article-meta><article-id pub-id-type='doi'>10.1000/g</article-id>"
        "<article-id pub-id-type='pmid'>77</article-id><article-id pub-id-type='arxiv'>2105.00001"
        "</article-id><title-group><article-title>Gulls</article-title></title-group>"
        "<contrib-group><contrib contrib-type='author'><name><surname>Marsh</surname><given-names>"
        "Ada</given-names></name></contrib></contrib-group><pub-date><year>2021</year></pub-date>"
        f"<self-uri xlink:href='https://a.example'/><abstract><p>{TEXT}</p></abstract>"
        "</article-meta></front></article>",
    ),
    "ACL's XML": (
        acl,
        "<collection id='P05'><volume id='1'><meta><booktitle>Harbour</booktitle><year>2021</year>"
        "</meta><paper id='1'><title>Gulls</title><author><first>Ada</first><last>Marsh</last>"
        f"</author><abstract>{TEXT}</abstract><url>P05-1001</url><doi>10.1000/g</doi></paper>"
        "</volume></collection>",
    ),
    "Atom": (
        arxiv_atom,
        f"<feed xmlns='http://www.w3.org/2005/Atom'><title>x</title><entry><id>{ARXIV}</id>"
        "<published>2021-05-04T00:00:00Z</published><title>Gulls</title>"
        f"<summary>{TEXT}</summary><author><name>Ada Marsh</name></author><doi>10.1000/g</doi>"
        "<journal_ref>Harbour</journal_ref></entry></feed>",
    ),
    "JSON, JSON Lines": (
        jsonl,
        json.dumps({
            "title": "Gulls", "abstract": TEXT, "authors": ["Ada Marsh"], "published": "2021",
            "venue": "Harbour", "doi": "10.1000/g", "arxiv_id": "2105.00001", "pmid": "77",
            "url": "https://a.example",
        }),
    ),
    "CSV, TSV": (
        csv_table,
        "Title,Abstract,Authors,Year,Source title,DOI,arXiv ID,PubMed ID,Link\n"
        f'Gulls,"{TEXT}","Marsh, Ada",2021,Harbour,10.1000/g,2105.00001,77,https://a.example\n',
    ),
    "saved pages, HTML": (
        daily_html,
        PAGE.format(json.dumps({"dailyPapers": [LISTED]}).replace('"', "&quot;")),
    ),
    "saved pages, text": (
        daily_papers,
        f"Daily Papers\nSubscribe\n\nGulls\n\n{TEXT * 4}\n\n• 3 authors\n·\nMay 4, 2021\n",
    ),
}  # fmt: skip
# Those that are no text have tests of their own.
OTHERS = {"Zotero's folder": zotero, "PDF": pdf}


def table() -> dict[str, str]:
    """Returns what the README says is taken from each format."""
    lines = (ROOT / "README.md").read_text("utf-8").splitlines()
    at = lines.index("| format | of | what else is taken |") + 2
    rows = []
    for line in lines[at:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return {form: taken for form, _, taken in rows}


def taken(paper: Paper) -> set[str]:
    """Returns what a paper has beside its title and its abstract."""
    kinds = {alias.partition(":")[0] for alias in paper.aliases}
    told = {
        "authors": paper.authors, "date": paper.published, "venue": paper.venue,
        "DOI": "doi" in kinds, "arXiv number": "arxiv" in kinds, "PMID": "pmid" in kinds,
        "address": paper.url,
    }  # fmt: skip
    return {name for name, there in told.items() if there}


def test_every_reader_has_a_row_and_every_row_a_reader() -> None:
    assert set(table()) == {*RECORDS, *OTHERS}
    assert {reader for reader, _ in RECORDS.values()} == set(READERS)


@pytest.mark.parametrize("form", RECORDS)
def test_what_the_table_says_is_taken_is_taken(form: str, tmp_path: Path) -> None:
    reader, text = RECORDS[form]
    assert next(one for one in READERS if one.recognises(text)) is reader
    (tmp_path / "file").write_text(text, "utf-8")
    (paper,) = read_papers(tmp_path / "file")
    assert isinstance(paper, Paper), paper
    assert paper.title == "Gulls"
    assert paper.abstract.startswith(TEXT)
    assert taken(paper) == set(table()[form].split(", "))
    assert taken(paper) <= ALL


# Daily Papers, saved as HTML.


def read(page: str) -> list[Paper | Problem]:
    return list(daily_html.read(page, "papers.html"))


@pytest.mark.parametrize("quote", ['"', "'"])
def test_a_page_of_daily_papers_is_read_as_its_api(quote: str) -> None:
    second = {"paper": {**LISTED["paper"], "id": "2105.00002", "title": 'It\'s "two"'}}
    written = json.dumps({"dailyPapers": [LISTED, second, {"paper": {"id": "2105.00003"}}]})
    entity = {'"': "&quot;", "'": "&#39;"}[quote]
    page = PAGE.replace('"{}"', f"{quote}{{}}{quote}").format(written.replace(quote, entity))
    one, two, problem = read(page)
    assert isinstance(one, Paper)
    assert (one.id, one.published, one.source) == ("arxiv:2105.00001", "2021-05-04", DAILY_PAPERS)
    assert isinstance(two, Paper)
    assert (two.title, two.authors) == ('It\'s "two"', ("Ada Marsh",))
    assert str(problem) == 'papers.html:3: missing "abstract"'


def test_the_page_of_one_paper_is_read() -> None:
    (paper,) = read(PAGE.format(json.dumps({"paper": LISTED["paper"]}).replace('"', "&quot;")))
    assert isinstance(paper, Paper)
    assert paper.id == "arxiv:2105.00001"


@pytest.mark.parametrize("props", ["", "{", "[]", "{&quot;dailyPapers&quot;: 5}", "5 summary"])
def test_a_page_of_theirs_without_papers_is_named(props: str) -> None:
    with pytest.raises(SourceError, match=r"papers\.html: this is a web page"):
        read(PAGE.replace("{}", props))
