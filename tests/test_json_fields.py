"""JSON of other services: arrays, answers, their fields; CSV with columns in plain words."""

import json
from pathlib import Path
from typing import Any

import pytest

from footnote.index import SourceError
from footnote.index.models import Paper, Problem
from footnote.index.readers import csv_table, json_stream, jsonl
from footnote.index.readers.formats import read_papers
from footnote.index.readers.written_dates import read_date

TIDE = "The tide rose by two metres. Nobody had expected it."
EEL = {"title": "Eels", "abstract": TIDE}
SAIL = {"title": "Sails", "abstract": TIDE}


def read(text: str, size: int = 0) -> list[Paper | Problem]:
    """Reads a text whole, or in pieces of a size."""
    pieces = [text[at : at + size] for at in range(0, len(text), size)] if size else text
    return list(jsonl.read(pieces, "x"))


def titles(found: list[Paper | Problem]) -> list[str]:
    return [one.title if isinstance(one, Paper) else str(one) for one in found]


def paper(**fields: Any) -> Paper:
    (found,) = read(json.dumps({"title": "Eels", "abstract": TIDE, **fields}))
    assert isinstance(found, Paper), found
    return found


@pytest.mark.parametrize("size", [0, 7, 40])
@pytest.mark.parametrize(
    "text",
    [
        json.dumps([EEL, SAIL]),
        json.dumps([EEL, SAIL], indent=2),
        json.dumps({"status": "ok", "results": [EEL, SAIL]}),
        json.dumps({"message": {"total": 2, "items": [EEL, SAIL]}}, indent=1),
        json.dumps({"response": {"numFound": 2, "docs": [EEL, SAIL]}}),
        json.dumps(EEL) + "\n" + json.dumps(SAIL),
        json.dumps(EEL, indent=1) + "\n" + json.dumps(SAIL, indent=1),
    ],
)
def test_records_are_found_however_they_stand(text: str, size: int) -> None:
    assert jsonl.recognises(text)
    assert titles(read(text, size)) == ["Eels", "Sails"]


def test_a_list_within_a_record_is_none_of_records() -> None:
    one = {**EEL, "references": [{"title": "Old"}, {"title": "Older"}]}
    assert titles(read(json.dumps(one))) == ["Eels"]
    assert titles(read(json.dumps(one, indent=1))) == ["Eels"]


def test_a_broken_record_of_an_array_costs_no_other() -> None:
    text = f'[{json.dumps(EEL)},\n{{"title": }},\n{json.dumps(SAIL)}]'
    first, problem, last = read(text)
    assert (titles([first, last]), str(problem).partition(" (")[0]) == (
        ["Eels", "Sails"], "x:2: not JSON",
    )  # fmt: skip
    cut = json.dumps([EEL, SAIL])[:-40]
    assert titles(read(cut))[0] == "Eels"
    assert len(read(cut)) == 2


def test_services_name_their_fields_in_their_own_ways() -> None:
    snapshot = paper(
        id="2105.00001", title="Tides at\n  Harbour", authors="ignored",
        authors_parsed=[["Bal\\'azs", "C.", ""], ["Berg", "Jan", "Jr"]],
        versions=[{"version": "v1", "created": "Mon, 2 Apr 2007 19:18:42 GMT"}],
        update_date="2008-11-26", **{"journal-ref": "Sea 7"},
    )  # fmt: skip
    assert (snapshot.title, snapshot.published) == ("Tides at Harbour", "2007-04-02")
    assert (snapshot.authors, snapshot.venue) == (("C. Balázs", "Jan Berg Jr"), "Sea 7")
    (alex,) = read(json.dumps({
        "id": "https://openalex.org/W1", "display_name": "Eels", "publication_date": "2021-03-02",
        "abstract_inverted_index": {"rose.": [2], "The": [0], "tide": [1]},
        "authorships": [{"author": {"display_name": "Ada Lund"}}],
        "primary_location": {"source": {"display_name": "Sea"}, "landing_page_url": "https://a.b"},
        "ids": {"doi": "https://doi.org/10.1000/x"},
    }))  # fmt: skip
    assert isinstance(alex, Paper)
    assert (alex.id, alex.abstract, alex.authors) == (
        "doi:10.1000/x",
        "The tide rose.",
        ("Ada Lund",),
    )
    assert (alex.venue, alex.url) == ("Sea", "https://a.b")
    scholar = paper(externalIds={"ArXiv": "2103.01234"}, authors=[{"name": "Ada Lund"}], year=2021)
    assert (scholar.id, scholar.authors, scholar.year) == ("arxiv:2103.01234", ("Ada Lund",), 2021)
    (crossref,) = read(json.dumps({"message": {
        "title": ["Eels"], "abstract": "<jats:p>10<jats:sup>-5</jats:sup> &amp; more</jats:p>",
        "author": [{"given": "Ada", "family": "Lund"}], "container-title": ["Sea"],
        "issued": {"date-parts": [[2020, 3]]}, "DOI": "10.1000/y",
    }}))  # fmt: skip
    assert isinstance(crossref, Paper)
    assert (crossref.abstract, crossref.published) == ("10^-5 & more", "2020-03")
    assert (crossref.authors, crossref.venue) == (("Ada Lund",), "Sea")
    daily = paper(
        paper={"id": "2105.00001", "title": "Eels", "summary": TIDE},
        publishedAt="2024-01-02T03:04:05Z",
    )
    assert (daily.id, daily.published) == ("arxiv:2105.00001", "2024-01-02")


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ("Lund, Ada; van der Berg, Jan", ("Ada Lund", "Jan van der Berg")),
        ("Lund, Ada and Vik, Bo", ("Ada Lund", "Bo Vik")),
        ("Ada Lund, Bo Vik and Cy Dahl", ("Ada Lund", "Bo Vik", "Cy Dahl")),
        (["Lund, Ada", "Bo Vik"], ("Ada Lund", "Bo Vik")),
        ([{"firstName": "Ada", "lastName": "Lund"}], ("Ada Lund",)),
        ("Lund, Ada (57190); Vik, Bo (9)", ("Ada Lund", "Bo Vik")),
    ],
)
def test_names_are_told_first_names_first(given: Any, names: tuple[str, ...]) -> None:
    assert paper(authors=given).authors == names


@pytest.mark.parametrize(
    ("given", "date"),
    [
        (2021.0, "2021"), ("2021.0", "2021"), ("2021-03-05T10:00:00Z", "2021-03-05"),
        ("03/2021", "2021-03"), ("03/04/2021", "2021"), ("2021/3/5", "2021-03-05"),
        ("March 2021", "2021-03"), ("5 Mar 2021", "2021-03-05"), ("Mar 5, 2021", "2021-03-05"),
        ({"date-parts": [[2021]]}, "2021"), ({"raw": "2021-03"}, "2021-03"), ("2021-13", None),
        (float("nan"), None), (True, None), ("soon", None), ([], None),
    ],
)  # fmt: skip
def test_dates_are_read_in_the_forms_that_programs_write(given: Any, date: str | None) -> None:
    assert read_date(given) == date


def test_what_pandas_writes_for_nothing_is_nothing() -> None:
    (found,) = read(
        '{"title": "Eels", "abstract": "They swim.", "year": 2020.0, "doi": NaN, "venue": null}'
    )
    assert isinstance(found, Paper)
    assert (found.year, found.venue, found.id) == (2020, None, "title:eels")
    (problem,) = read(json.dumps({"title": "Eels", "abstract": "[No abstract available]"}))
    assert 'missing "abstract"' in str(problem)


@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_a_table_is_read_by_the_names_of_its_columns(sign: str, tmp_path: Path) -> None:
    head = sign.join(
        ["Authors", "Article Title", "Publication Year", "Source title", "DOI", "Abstract"]
    )
    row = sign.join(
        ['"Lund, Ada; Vik, Bo"', "Eels", "2019", "Sea", "10.1000/x", f'"{TIDE}\n“Yes”"']
    )
    bad = sign.join(["", "Sails", "2020", "", "", "[No abstract available]"])
    path = tmp_path / "savedrecs"
    path.write_text(f"{head}\n{row}\n{bad}\n{sign * 5}\n", "utf-8-sig")
    found, problem = read_papers(path)
    assert isinstance(found, Paper)
    assert (found.title, found.year, found.venue) == ("Eels", 2019, "Sea")
    assert (found.authors, found.id) == (("Ada Lund", "Bo Vik"), "doi:10.1000/x")
    assert found.abstract == f"{TIDE}\n“Yes”"
    assert str(problem) == 'savedrecs:4: missing "abstract"'


def test_a_table_without_abstracts_names_its_columns() -> None:
    assert csv_table.recognises("Title,Year\nEels,2019\n")
    with pytest.raises(SourceError, match="columns Title, Year; a title and an abstract"):
        list(csv_table.read("Title,Year\nEels,2019\n", "x.csv"))
    for text in ("Eels, sails and tides\n", "a,b,c\n1,2,3\n", "", ",,,\n"):
        assert not csv_table.recognises(text)


# How records stand.


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize(
    "found",
    [
        {"my_own_name": [EEL, SAIL]},
        {"facets": [{"name": "x"}], "result": [{"total": 2}], "records": [EEL, SAIL]},
        {"hits": {"total": 2, "hits": [{"_source": EEL}, {"_source": SAIL}]}},
        {"result": {"hits": {"@total": 2, "hit": [{"info": EEL}, {"info": SAIL}]}}},
        {"features": [{"name": "title"}], "rows": [{"row": EEL}, {"row": SAIL}]},
        {"a1": EEL, "a2": SAIL},
    ],
    ids="own facets elastic dblp rows keys".split(),
)
@pytest.mark.parametrize("size", [0, 9])
def test_records_are_found_under_any_name(found: Any, indent: int | None, size: int) -> None:
    assert titles(read(json.dumps(found, indent=indent), size)) == ["Eels", "Sails"]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"results": [EEL]}) + "\n" + json.dumps({"results": [SAIL]}),
        json.dumps([EEL]) + "\n" + json.dumps([SAIL]),
        json.dumps(EEL) + ",\n" + json.dumps(SAIL) + ",\n",
        json.dumps({"title": {"0": "Eels", "1": "Sails"}, "abstract": {"0": TIDE, "1": TIDE}}),
    ],
    ids="pages arrays commas columns".split(),
)
def test_lines_may_hold_more_or_less_than_a_record(text: str) -> None:
    assert titles(read(text)) == ["Eels", "Sails"]


def test_objects_within_a_broken_record_are_no_records() -> None:
    broken = '{"title": "Bad",\n "authors": [{"name": "A"}, {"name": "B"}], "abstract": oops}'
    text = f"[{json.dumps(EEL, indent=1)},\n{broken},\n{json.dumps(SAIL, indent=1)}]"
    for size in (0, 11):
        eel, problem, sail = read(text, size)
        assert titles([eel, sail]) == ["Eels", "Sails"]
        assert isinstance(problem, Problem)
        assert (problem.line, "Expecting value" in problem.message) == (5, True)


def test_a_record_beyond_the_limit_costs_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "LONGEST", 5_000)
    long = json.dumps({"title": "Long", "abstract": "x" * 9_000})
    eel, problem, sail = read(f"[{json.dumps(EEL)},{long},{json.dumps(SAIL)}]", 500)
    assert titles([eel, sail]) == ["Eels", "Sails"]
    assert "record of more than 5,000 characters" in str(problem)


# What stands in them.


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ("Lund, Ada", ("Ada Lund",)),
        ("Lund, A., Vik, B. C.", ("A. Lund", "B. C. Vik")),
        ("Lund, A. & Vik, B.", ("A. Lund", "B. Vik")),
        ("Lund, Ada, Jr.; Vik, Bo; et al.", ("Ada Lund Jr.", "Bo Vik")),
        ("Ada Lund, Jr., Bo Vik, and Cy Dahl", ("Ada Lund Jr.", "Bo Vik", "Cy Dahl")),
        ("Garcia Lopez, Ana and Vik, Bo and others", ("Ana Garcia Lopez", "Bo Vik")),
        ("Lund A., van Dam B.C.", ("A. Lund", "B.C. van Dam")),
        ("Lund AB, Vik C.", ("AB Lund", "C Vik")),
        ("Malcolm X, Ada Lund", ("Malcolm X", "Ada Lund")),
        ("Ada Lund|Bo Vik", ("Ada Lund", "Bo Vik")),
        ("Ada Lund\nBo Vik", ("Ada Lund", "Bo Vik")),
        ("A. Lund (1, 2), B. Vik ((1) Here, (2) There)", ("A. Lund", "B. Vik")),
        ("['Ada Lund', 'Bo Vik']", ("Ada Lund", "Bo Vik")),
        ("[{'name': 'Ada Lund', 'id': null}]", ("Ada Lund",)),
        ("nan", ()),
        ([{"first": "Ada", "middle": ["B."], "last": "Lund"}], ("Ada B. Lund",)),
        ({"author": [{"text": "Ada Lund 0001"}]}, ("Ada Lund",)),
        ("Erd\\H{o}s P\\'al and {\\L}ukasz~Vik", ("Erdős Pál", "Łukasz Vik")),
    ],
)
def test_lines_of_names_are_split_as_they_are_meant(given: Any, names: tuple[str, ...]) -> None:
    assert paper(authors=given).authors == names


@pytest.mark.parametrize(
    ("given", "day"),
    [
        ("20210305", "2021-03-05"), ("13/03/2021", "2021-03-13"), ("05.03.2021", "2021-03-05"),
        ("3-May-2021", "2021-05-03"), ("Spring 2021", "2021"), ("2021-2022", "2021"),
        ("c2021", "2021"), ("2021-03-00", "2021-03"), ("n.d.", None), ("in press", None),
        (1614902400000, None), ("1614902400000", None), ("NaN", None),
        ({"year": 2021, "month": 3}, "2021-03"), ({"date-parts": [[None]]}, None),
    ],
)  # fmt: skip
def test_a_date_is_read_or_let_go(given: Any, day: str | None) -> None:
    assert paper(published=given).published == day


def test_what_is_not_a_date_of_the_paper_is_not_taken_for_one() -> None:
    made = {"date-parts": [[2024, 1, 1]]}
    assert paper(created=made).published is None
    assert paper(created=made, issued={"date-parts": [[2021]]}).published == "2021"


def test_identifiers_are_found_in_addresses() -> None:
    assert paper(url="https://arxiv.org/abs/2105.00001v2").id == "arxiv:2105.00001"
    assert paper(doi="10.48550/arXiv.2105.00001").id == "arxiv:2105.00001"
    assert paper(pmid=77.0).id == "pmid:77"
    assert paper(ids={"pmid": "https://pubmed.ncbi.nlm.nih.gov/77"}).id == "pmid:77"


def test_the_key_and_the_remark_of_a_bibliography_are_left_out() -> None:
    found = paper(id="lund2020", note="to read", issued={"date-parts": [["2020"]]})
    assert (found.id, found.note, found.published) == ("title:eels", None, "2020")


def test_a_word_in_very_many_places_is_refused() -> None:
    (problem,) = read(json.dumps({
        "title": "Eels", "abstract_inverted_index": {"x" * 1_000: list(range(1_000))},
    }))  # fmt: skip
    assert "abstract_inverted_index" in str(problem)


@pytest.mark.parametrize(
    "table",
    [
        {"title": ["A", "B"], "abstract": ["a.", "b."]},
        {"columns": ["title", "abstract"], "index": [0, 1], "data": [["A", "a."], ["B", "b."]]},
    ],
)
def test_a_table_of_pandas_is_read_row_by_row(table: dict[str, Any]) -> None:
    found = read(json.dumps(table))
    assert [(one.title, one.abstract) for one in found if isinstance(one, Paper)] == [
        ("A", "a."), ("B", "b."),
    ]  # fmt: skip


def test_objects_without_a_line_between_are_read() -> None:
    line = '{"title": "A", "abstract": "a."}{"title": "B", "abstract": "b."}'
    assert titles(read(line)) == ["A", "B"]


def test_a_number_of_arxiv_that_became_a_fraction_is_one_again() -> None:
    assert paper(id=704.0001, categories="hep-ph").id == "arxiv:0704.0001"
    assert paper(id=1706.037, categories="cs.CL").id == "arxiv:1706.03700"


def test_editors_who_stand_beside_authors_are_none() -> None:
    people = [
        {"creatorType": "author", "firstName": "Ada", "lastName": "Marsh"},
        {"creatorType": "editor", "firstName": "Ed", "lastName": "Itor"},
    ]
    assert paper(creators=people).authors == ("Ada Marsh",)
    assert paper(creators=people[1:]).authors == ("Ed Itor",)
    assert paper(authors=[{"name": {"given": "Ada", "family": "Marsh"}}]).authors == ("Ada Marsh",)
    assert paper(authors="Marsh, Ada, Lind, Bo").authors == ("Ada Marsh", "Bo Lind")


def test_a_title_may_be_given_for_each_language() -> None:
    found = paper(title={"de": "Möwen", "en": "Gulls"}, abstract={"en": "They circle."})
    assert (found.title, found.abstract) == ("Gulls", "They circle.")
