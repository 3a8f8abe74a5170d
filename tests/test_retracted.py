"""Papers that were retracted or withdrawn: known from any source, and said wherever they stand."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote.index.embeddings.base import MiniLM
from footnote.index.library import CATALOG, Library
from footnote.index.models import Paper, PaperStatus, make_paper
from footnote.index.readers.formats import read_papers
from footnote.index.readers.taken_back import find_status
from footnote.index.storage.database import Database
from footnote.index.storage.ingest.duplicates.merging import merge
from footnote.index.storage.schema import CATALOG as SCHEMA
from footnote.rag.engine import CitedQueryEngine
from footnote.rag.generation.prompts import write_answer_prompt
from footnote.rag.retrieval.evidence import Sentence
from footnote.rag.serialization import answer_json
from footnote.ui.export.bibliography import bibliography
from footnote.ui.export.styles import citation
from footnote.ui.export.transcripts import transcript_html, transcript_markdown
from footnote.ui.rendering.answer import answer_html
from footnote.ui.rendering.cards import card_html
from tests.command import inside
from tests.conftest import HashedWords
from tests.test_transcripts import talk

TEXT = "We counted young crabs under kelp for five summers. Twice as many lived there as on rock."


@pytest.mark.parametrize(
    ("title", "abstract", "remarks", "status"),
    [
        ("RETRACTED: Kelp shelters crabs", TEXT, (), "retracted"),
        ("Retracted Article: Kelp shelters crabs", TEXT, (), "retracted"),
        ("[Retracted] Kelp shelters crabs", TEXT, (), "retracted"),
        ("Kelp shelters crabs (Retracted article. See vol. 3, 2020)", TEXT, (), "retracted"),
        ("WITHDRAWN: Kelp shelters crabs", TEXT, (), "withdrawn"),
        ("Kelp shelters crabs (withdrawn)", TEXT, (), "withdrawn"),
        ("Kelp", f"This paper has been withdrawn by the author. {TEXT}", (), "withdrawn"),
        ("Kelp", f"{TEXT} This article has been retracted.", (), "retracted"),
        ("Kelp", "Withdrawn by the authors due to an error in Section 3.", (), "withdrawn"),
        ("Kelp", TEXT, ("Withdrawn; the proof has a gap",), "withdrawn"),
        ("Kelp", TEXT, ("8 pages", "This submission has been withdrawn by arXiv",), "withdrawn"),
        ("Kelp", TEXT, ("Journal Article", "Retracted Publication"), "retracted"),
        ("Retraction: Kelp shelters crabs", TEXT, (), None),
        ("Retraction notice to “Kelp shelters crabs”", TEXT, (), None),
        ("Retracted articles in ecology: a survey", TEXT, (), None),
        ("Why papers are withdrawn and retracted", TEXT, (), None),
        ("Kelp", "Money is withdrawn by its owners. Most papers were not retracted.", (), None),
        ("Kelp", TEXT, ("Replaces a withdrawn paper", "Retraction of Publication"), None),
    ],
)  # fmt: skip
def test_plain_statements_count_and_papers_about_retractions_do_not(
    title: str, abstract: str, remarks: Sequence[str], status: PaperStatus | None
) -> None:
    assert find_status(title, abstract, remarks) == status


@given(st.text(max_size=300), st.text(max_size=300), st.lists(st.text(max_size=80), max_size=3))
def test_any_text_has_a_status_or_none(title: str, abstract: str, remarks: list[str]) -> None:
    assert find_status(title, abstract, remarks) in ("retracted", "withdrawn", None)


RECORDS = {
    "kelp.jsonl": json.dumps({"title": "Kelp", "abstract": TEXT, "status": "withdrawn"}),
    "openalex.json": json.dumps({"title": "Kelp", "abstract": TEXT, "is_retracted": True}),
    "crossref.json": json.dumps(
        {"title": ["Kelp"], "abstract": TEXT, "DOI": "10.1000/kelp",
         "updated-by": [{"DOI": "10.1000/notice", "type": "retraction"}]}
    ),
    "kelp.bib": f"@article{{a, title={{Kelp}}, abstract={{{TEXT}}}, note={{Retracted}}}}",
    "kelp.ris": f"TY  - JOUR\nTI  - Kelp\nAB  - {TEXT}\nN1  - Retracted article\nER  - \n",
    "kelp.nbib": f"PMID- 123\nOWN - NLM\nTI  - Kelp\nPT  - Retracted Publication\nAB  - {TEXT}\n",
    "wos.txt": f"FN Clarivate\nVR 1.0\nPT J\nTI Kelp\nAB {TEXT}\n"
    "DT Article; Retracted Publication\nER\n\nEF\n",
    "pubmed.xml": "<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>1</PMID><Article>"
    f"<ArticleTitle>Kelp</ArticleTitle><Abstract><AbstractText>{TEXT}</AbstractText></Abstract>"
    "<PublicationTypeList><PublicationType>Retracted Publication</PublicationType>"
    "</PublicationTypeList></Article></MedlineCitation></PubmedArticle></PubmedArticleSet>",
    "arxiv.atom": '<feed xmlns="http://www.w3.org/2005/Atom"><entry>'
    "<id>http://arxiv.org/abs/2101.00001v2</id><title>Kelp</title>"
    f"<summary>{TEXT}</summary><arxiv:comment xmlns:arxiv='http://arxiv.org/schemas/atom'>"
    "This paper has been withdrawn by the author</arxiv:comment></entry></feed>",
}  # fmt: skip


def read(folder: Path, text: str) -> Paper:
    path = folder / "some"
    path.write_text(text, "utf-8")
    (paper,) = read_papers(path)
    assert isinstance(paper, Paper), paper
    return paper


@pytest.mark.parametrize("name", RECORDS)
def test_every_format_tells_it(name: str, tmp_path: Path) -> None:
    paper = read(tmp_path, RECORDS[name])
    wanted = "withdrawn" if name in ("kelp.jsonl", "arxiv.atom") else "retracted"
    assert (paper.status, paper.title) == (wanted, "Kelp")


def test_a_notice_is_not_the_paper_that_it_retracts(tmp_path: Path) -> None:
    updates = [{"DOI": "10.1000/kelp", "type": "retraction"}]
    record = {"title": "Retraction: Kelp", "abstract": TEXT, "update-to": updates}
    for doi, status in (("10.1000/notice", None), ("10.1000/KELP", "retracted")):
        assert read(tmp_path, json.dumps({**record, "DOI": doi})).status == status


KELP = make_paper(
    "Kelp shelters young crabs", TEXT, ["doi:10.1000/kelp"], authors=("Ada Lund",),
    published="2021", status="retracted",
)  # fmt: skip


def test_a_source_that_is_silent_does_not_take_it_back() -> None:
    silent = make_paper(KELP.title, TEXT, ["doi:10.1000/kelp"])
    assert merge(KELP, silent).status == merge(silent, KELP).status == "retracted"
    withdrawn = make_paper(KELP.title, TEXT, status="withdrawn")
    assert merge(withdrawn, KELP).status == merge(KELP, withdrawn).status == "retracted"


def test_a_library_of_before_is_told_what_its_papers_say(tmp_path: Path) -> None:
    withdrawn = make_paper("Moss", f"This paper has been withdrawn by the author. {TEXT}")
    papers = [KELP, withdrawn, make_paper("Retracted: Eels", TEXT), make_paper("Bells", TEXT)]
    with Library.open(tmp_path, embedder=HashedWords("words", 8), create=True) as library:
        library.add(papers)
    earlier = Database(tmp_path / CATALOG, SCHEMA)
    earlier.execute("UPDATE papers SET record = json_remove(record, '$.status')")
    before = next(n for n, text in enumerate(SCHEMA.migrations) if "'retracted'" in text)
    earlier.execute(f"PRAGMA user_version = {before}")
    earlier.close()
    with Library.open(tmp_path, embedder=HashedWords("words", 8)) as library:
        told = {paper.title: paper.status for paper in library.papers()}
    # The flag of the first came from a field that is gone.
    assert told == {
        KELP.title: None, "Moss": "withdrawn", "Retracted: Eels": "retracted", "Bells": None,
    }  # fmt: skip


# Where it is said.


def test_it_is_said_beside_what_cites_it(engine: CitedQueryEngine) -> None:
    answer = engine.ask("How many young crabs live under kelp?")
    marker = next(n for n, paper in enumerate(answer.papers, 1) if paper.status)
    said = [s for s in answer.statements if any(c.marker == marker for c in s.citations)]
    assert said
    assert all(statement.notes == ("its source was retracted",) for statement in said)
    told = answer_json(answer)
    assert told["papers"][marker - 1]["status"] == "retracted"
    assert told["hits"][0]["status"] == "retracted"
    assert all("status" not in hit for hit in told["hits"][1:])
    html = answer_html(answer, 1)
    assert '<p class="fn-byline">RETRACTED · Ada Lund · 2021</p>' in html
    assert (
        '<span class="fn-verdict fn-taken-back" title="Its source was retracted">retracted</span>'
        in html
    )
    for write in (transcript_markdown, transcript_html):
        page = write(talk(answer))
        assert "(its source was retracted)" in page
        assert "RETRACTED · Ada Lund · 2021" in page


@pytest.fixture(scope="module")
def engine(
    embedder: MiniLM, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[CitedQueryEngine]:
    folder = tmp_path_factory.mktemp("retracted")
    with Library.open(folder, embedder=embedder, create=True) as library:
        library.add([KELP, make_paper("Bells drift out of tune", "Old bells sound lower.")])
        yield CitedQueryEngine(library)


def test_a_model_is_told_and_told_what_to_do() -> None:
    moss = make_paper("Moss", TEXT, published="2020")
    sentences = [Sentence(paper, 0, 51, 1.0) for paper in (KELP, moss)]
    (_, asked), count = write_answer_prompt("How many crabs?", sentences, budget=3_000)
    assert count == 2
    lines = str(asked.content).splitlines()
    told = "this paper was retracted: say so in each sentence that rests on it; 2021; Ada Lund"
    assert f"Paper: Kelp shelters young crabs ({told})" in lines
    assert "Paper: Moss (2020)" in lines


def test_every_file_of_citations_says_it(tmp_path: Path) -> None:
    for form in ("bibtex", "ris", "csl-json"):
        text = bibliography([KELP], form, {})
        assert "RETRACTED: Kelp shelters young crabs" in text
        again = read(tmp_path, bibliography([KELP], form, {}, abstracts=True))
        assert again.status == "retracted"
    assert "RETRACTED: Kelp shelters young crabs" in citation(KELP, "apa")
    assert "RETRACTED · Ada Lund" in card_html("card", "Source 1", KELP, [])


def test_the_command_line_says_it_exports_it_and_corrects_it(tmp_path: Path) -> None:
    folder, path = tmp_path / "library", tmp_path / "some.jsonl"
    row = {"title": "Kelp shelters young crabs", "abstract": TEXT, "doi": "10.1000/kelp"}
    path.write_text(json.dumps({**row, "status": "retracted"}))
    assert inside("index", path, "--library", folder).status == 0
    at = ("--library", folder)
    assert "RETRACTED: Kelp" in inside("search", "crabs", *at).out
    assert inside("search", "crabs", "--json", *at).data[0]["status"] == "retracted"
    said = inside("ask", "How many young crabs live under kelp?", *at).out
    assert "(its source was retracted)" in " ".join(said.split())
    assert "[1] RETRACTED: Kelp shelters young crabs" in said
    assert json.loads(inside("export", *at).out)["status"] == "retracted"
    wrong = inside("correct", "10.1000/kelp", "--status", "doubted", *at)
    assert (wrong.status, wrong.err.count("\n")) == (1, 1)
    assert inside("correct", "10.1000/kelp", "--status", "", *at).status == 0
    # What was corrected stands before its source.
    assert inside("index", path, *at).status == 0
    assert "status" not in json.loads(inside("export", *at).out)
