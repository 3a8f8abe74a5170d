"""CSV and TSV: each row is a paper or one problem, whatever program wrote the table."""

import pytest

from footnote.index import SourceError
from footnote.index.models import Paper, Problem
from footnote.index.readers import csv_table

TIDE = "The tide rose; it fell, too."


def read(text: str, size: int = 0) -> list[Paper | Problem]:
    """Reads a table whole, or in pieces of a size."""
    assert csv_table.recognises(text[:4096])
    pieces = [text[at : at + size] for at in range(0, len(text), size)] if size else text
    return list(csv_table.read(pieces, "t.csv"))


def one(text: str) -> Paper:
    (found,) = read(text)
    assert isinstance(found, Paper), found
    return found


def titles(found: list[Paper | Problem]) -> list[str]:
    return [one.title if isinstance(one, Paper) else str(one) for one in found]


@pytest.mark.parametrize(
    ("head", "row"),
    [
        ("Authors,Author full names,Title,Year,Source title,Abstract,DOI",
         f'Lund A.,"Lund, Ada (571)",Eels,2019,Sea,"{TIDE}",10.1000/x'),
        ("PT\tAU\tAF\tTI\tSO\tAB\tPY\tDI",
         f"J\tLund, A\tLund, Ada\tEels\tSea\t{TIDE}\t2019\t10.1000/x"),
        ("Author Full Names;Article Title;Source Title;Abstract;Publication Year;DOI",
         f'Lund, Ada;Eels;Sea;"{TIDE}";2019;10.1000/x'),
        ('"Key","Publication Year","Author","Title","Publication Title","DOI","Abstract Note"',
         f'"K","2019","Lund, Ada","Eels","Sea","10.1000/x","{TIDE}"'),
        ("Document Title,Authors,Publication Title,Publication Year,Abstract,DOI",
         f'Eels,Ada Lund,Sea,2019,"{TIDE}",10.1000/x'),
        ("title,abstract,year,authors,venue,externalIds",
         f"Eels,\"{TIDE}\",2019.0,\"[{{'name': 'Ada Lund'}}]\",Sea,\"{{'DOI': '10.1000/x'}}\""),
        ("Title,Date Published,Source Title,Author/s,Abstract,DOI,URL",
         f'Eels,2019,Sea,Ada Lund,"{TIDE}",https://doi.org/10.1000/x,'),
        ("Title (English),Abstract (English),Year,Authors,Journal,doi",
         f'Eels,"{TIDE}",2019,Ada Lund,Sea,10.1000/x'),
    ],
    ids="Scopus WoS WoS-Excel Zotero IEEE pandas Lens language".split(),
)  # fmt: skip
def test_the_columns_of_many_programs_are_known(head: str, row: str) -> None:
    found = one(f"{head}\r\n{row}\r\n")
    assert (found.title, found.abstract, found.authors) == ("Eels", TIDE, ("Ada Lund",))
    assert (found.year, found.venue, found.id) == (2019, "Sea", "doi:10.1000/x")


@pytest.mark.parametrize("before", ["", "sep=;\n", '"About: a; b"\n', "My export;;\n;;\n"])
def test_rows_before_the_header_are_let_go(before: str) -> None:
    assert one(f"{before}Title;Abstract;Year\nEels;{TIDE.replace(';', ',')};2019\n").year == 2019


@pytest.mark.parametrize("size", [0, 5, 64])
def test_rows_keep_their_lines_and_quoted_line_breaks(size: int) -> None:
    rows = "".join(f'T{n},"One.\n""Two.""",\n' for n in range(30))
    found = read(f"Title,Abstract,Year\n{rows}Eels,,2020\n", size)
    assert titles(found[:30]) == [f"T{n}" for n in range(30)]
    assert isinstance(found[0], Paper)
    assert found[0].abstract == 'One.\n"Two."'
    assert titles(found[30:]) == ['t.csv:62: missing "abstract"']


def test_a_quote_without_an_end_costs_no_other_row() -> None:
    found = read('Title,Abstract,Year\nEels,"one,2020\nSails,"x, y",2021\nKelp,"z",2022\nCut,"en')
    assert titles(found) == [
        "t.csv:2: not CSV (4 cells under 3 columns; put quotes around a cell with commas)",
        "Sails",
        "Kelp",
        "Cut",
    ]
    found = read('Title,Abstract,Year\nEels,"one,2020\nSails,x,2021\n')
    assert titles(found) == ["t.csv:2: not CSV (a quote has no end)", "Sails"]


def test_a_row_with_more_cells_than_columns_is_told_and_one_with_fewer_is_read() -> None:
    told, sails = read("Title,Abstract,Year\nEels,one, two, three,2020\nSails,x\n")
    assert "5 cells under 3 columns" in str(told)
    assert titles([sails]) == ["Sails"]


def test_the_number_of_a_row_is_no_name_of_a_paper() -> None:
    found = read("id,title,abstract\n1,Eels,a\n2103.01234,Sails,b\ndoi:10.1000/x,Kelp,c\n")
    assert [paper.id for paper in found if isinstance(paper, Paper)] == [
        "title:eels", "arxiv:2103.01234", "doi:10.1000/x",
    ]  # fmt: skip


def test_a_date_that_cannot_be_read_costs_no_row() -> None:
    found = read("Title,Abstract,Date,Year\nEels,x,Mar-21,\nSails,x,44260,\nKelp,x,soon,2021\n")
    assert [paper.published for paper in found if isinstance(paper, Paper)] == [None, None, "2021"]


@pytest.mark.parametrize("head", ["Authors,Title,Year", "Authors,Abstract,Year"])
def test_columns_without_a_title_or_an_abstract_are_named(head: str) -> None:
    with pytest.raises(SourceError, match=f"columns {head.replace(',', ', ')}; a title and an"):
        read(f"{head}\nx,y,2020\n")


def test_long_cells_and_lines_are_told() -> None:
    found = read(f'Title,Abstract\nEels,"{"x" * 140_000}"\nSails,{"x" * 60_000}\nKelp,z\n')
    assert titles(found)[2:] == ["Kelp"]
    assert "field limit" in str(found[0])
    assert '"abstract": 60,000 characters' in str(found[1])
