"""What a library holds goes out, and what is read from it is the same library."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from footnote.index.embeddings.base import MiniLM
from footnote.index.library import Library
from footnote.index.models import Paper, make_paper
from footnote.index.readers.formats import read_papers
from footnote.ui.export.records import paper_record
from footnote.ui.storage.shelf import Shelf
from tests.command import inside
from tests.conftest import HashedWords, invented


@pytest.fixture(scope="module")
def folder(
    demo_library: Library, embedder: MiniLM, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("export") / "library"
    with Library.open(folder, embedder=embedder, create=True) as library:
        # Of arXiv's papers the address is known by their number.
        found = [
            replace(paper, url=f"https://arxiv.org/abs/{paper.id.removeprefix('arxiv:')}")
            for paper in (replace(invented(1), published=None), invented(2))
        ]
        library.add([*demo_library.papers(), *found])
    return folder


def exported(folder: Path, *more: str) -> str:
    done = inside("export", "--library", folder, *more)
    assert (done.status, done.err) == (0, "")
    return done.out


def held(folder: Path) -> dict[str, Paper]:
    with Library.open(folder, embedder=MiniLM()) as library:
        return {paper.id: paper for paper in library.papers()}


def test_what_is_read_from_an_export_is_the_same_library(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "all.jsonl").write_text(exported(folder), "utf-8")
    with Library.open(tmp_path / "again", embedder=HashedWords(), create=True) as library:
        library.add([p for p in read_papers(tmp_path / "all.jsonl") if isinstance(p, Paper)])
        assert {paper.id: paper for paper in library.papers()} == held(folder)


@pytest.mark.parametrize("form", ["bibtex", "ris"])
def test_reference_managers_get_the_abstracts_too(form: str, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "all").write_text(exported(folder, "--format", form), "utf-8")
    read = [p for p in read_papers(tmp_path / "all") if isinstance(p, Paper)]
    told = {(paper.title, paper.abstract, paper.year) for paper in read}
    assert told == {(p.title, p.abstract, p.year) for p in held(folder).values()}


RICH = [
    make_paper(
        "Tides & {gulls}: 10^-5 of CO2 at 50% – “x_i” $a_1$ <b>",
        "We saw <x> & 5% of {these} at ~3 m_2 #1; p < 0.05, $\\alpha$ = 2, back\\slash \"so\".",
        ["arxiv:2105.00001", "doi:10.1000/tides(1)_x", "pmid:77"],
        authors=("Ada Marsh", "Jan van der Berg", "Gull Group", "José Ñandú Jr.", "O'Neil, Inc."),
        published="2021-05-04", venue="Journal of Tides & Gulls", source="PubMed",
        url="https://a.example/x_y?a=1&b=2%20~z",
    ),
    make_paper("Plain =1", "=SUM(A1) it says.", ["doi:10.1000/p"], authors=("A. B. Lind",),
               published="2020-03", venue="Proceedings of Piers"),
    make_paper("-Preprint", "Gulls:\n\ncircle.", ["arxiv:2105.00002"], published="2021",
               url="https://arxiv.org/abs/2105.00002", venue="arXiv", note="In our own words."),
    make_paper("Anthology", "They swim.", ["acl:P05-1001"], author_count=7, source="ACL",
               url="https://aclanthology.org/P05-1001/"),
    make_paper("Undated", "Nobody knows.", ["pmid:5"], url="https://pubmed.ncbi.nlm.nih.gov/5/"),
]  # fmt: skip
# What a format of reference managers has no place for.
LOST = {"source", "note", "author_count", "id"}


@pytest.mark.parametrize("form", ["jsonl", "csv", "bibtex", "ris", "csl-json"])
def test_every_field_goes_out_and_comes_back(form: str, tmp_path: Path) -> None:
    with Library.open(tmp_path / "library", embedder=MiniLM(), create=True) as library:
        library.add(RICH)
    out = exported(tmp_path / "library", "--format", form)
    (tmp_path / "out").write_bytes(out.encode())
    read = list(read_papers(tmp_path / "out"))
    assert [one for one in read if not isinstance(one, Paper)] == []
    whole = form in ("jsonl", "csv")
    for paper, again in zip(RICH, read, strict=True):
        assert isinstance(again, Paper)
        if whole:
            assert again == paper
            continue
        one, other = paper_record(paper), paper_record(again)
        one["abstract"] = " ".join(paper.abstract.split())
        for field in one.keys() - LOST:
            assert one[field] == other[field], (form, field)


def test_csv_and_csl_json_hold_every_paper(folder: Path) -> None:
    papers = held(folder).values()
    rows = list(csv.DictReader(io.StringIO(exported(folder, "--format", "csv"))))
    assert {row["title"] for row in rows} == {paper.title for paper in papers}
    assert {row["authors"] for row in rows} == {"; ".join(paper.authors) for paper in papers}
    items: list[dict[str, Any]] = json.loads(exported(folder, "--format", "csl-json"))
    assert {item["abstract"] for item in items} == {paper.abstract for paper in papers}


def test_only_papers_of_some_years_go_out(folder: Path) -> None:
    years = {json.loads(line)["year"] for line in exported(folder, "--since", "2022").splitlines()}
    assert years == {p.year for p in held(folder).values() if p.year and p.year >= 2022}
    done = inside("export", "--library", folder, "--since", "2023", "--until", "2020")
    assert done.status == 2


def test_tags_and_notes_go_out_to_reference_managers(folder: Path) -> None:
    with Shelf.open(folder) as shelf:
        shelf.annotations.tag("local", [invented(2).id], "harbours")
        shelf.annotations.write("local", invented(2).id, "Which gulls?")
    bibtex = exported(folder, "--format", "bibtex")
    assert "keywords = {harbours}" in bibtex
    assert "annote = {Which gulls?}" in bibtex
