"""JSON Lines: one record a line becomes one paper or one problem, and the others go on."""

import json
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote.index.models import Paper, Problem
from footnote.index.readers import jsonl
from footnote.index.readers.formats import read_papers

FIELDS = "title abstract text id _id arxiv_id doi pmid authors published year url note metadata"
SAILS = {"title": "Sails", "abstract": "Sails tear."}


def read(*lines: object) -> list[Paper | Problem]:
    """Reads lines, writing as JSON what is no string."""
    written = (line if isinstance(line, str) else json.dumps(line) for line in lines)
    return list(jsonl.read("\n".join(written), "papers.jsonl"))


def paper(**fields: object) -> Paper:
    (found,) = read({**SAILS, **fields})
    assert isinstance(found, Paper), found
    return found


def message(**fields: object) -> str:
    (found,) = read({**SAILS, **fields})
    assert isinstance(found, Problem), found
    return found.message


# Fields.


def test_our_own_fields_are_read():
    fields: dict[str, Any] = {
        "author_count": 2,
        "published": "2020-05-01",
        "venue": "Wind",
        "url": "https://example.org/sails",
        "source": "a friend",
        "note": "Shortened.",
    }
    found = paper(**fields, authors=["Ann", "Bo"])
    assert {name: getattr(found, name) for name in fields} == fields
    assert (found.title, found.abstract, found.authors) == ("Sails", "Sails tear.", ("Ann", "Bo"))


def test_records_of_beir_are_read_with_their_metadata():
    (found,) = read(
        {
            "_id": "17",
            "title": "Sails",
            "text": "Sails tear.",
            "metadata": {"year": 2019, "pmid": 5},
        }
    )
    assert found.aliases == ("pmid:5", "id:17", "title:sails")
    assert (found.abstract, found.published) == ("Sails tear.", "2019")


def test_a_field_of_the_record_wins_over_its_metadata_unless_it_is_null():
    assert paper(venue="Wind", metadata={"venue": "Water"}).venue == "Wind"
    assert paper(venue=None, metadata={"venue": "Water"}).venue == "Water"


@pytest.mark.parametrize("name", ["published", "date", "created", "year"])
def test_a_date_has_four_names(name):
    assert paper(**{name: "2020-05-01"}).published == "2020-05-01"


@pytest.mark.parametrize(
    ("given_date", "published"),
    [
        (2020, "2020"),
        ("2020-5", "2020-05"),
        ("2020-05-01T10:00:00Z", "2020-05-01"),
        (" 2020-05-01 ", "2020-05-01"),
        ("", None),
        (None, None),
    ],
)
def test_a_date_is_written_in_one_form(given_date, published):
    assert paper(published=given_date).published == published


@pytest.mark.parametrize(
    "given_date", ["next May", "2020-13", "2020-06-31", "20", "0000", "٢٠٢٠", [2020], True]
)
def test_what_is_no_date_is_a_problem_that_shows_it(given_date):
    assert f"got {str(given_date)!r}, expected YYYY-MM-DD" in message(published=given_date)


@pytest.mark.parametrize(
    "authors", [["Ann", "Bo", "Cy"], "Ann, Bo and Cy", "Ann; Bo; Cy", " Ann,Bo , Cy,"]
)
def test_authors_are_a_list_or_a_line(authors):
    assert paper(authors=authors).authors == ("Ann", "Bo", "Cy")


def test_white_space_in_a_title_is_evened_and_an_abstract_stays_as_it_is():
    found = paper(title=" Sails\n and\tropes ", abstract=" Sails\n tear. ")
    assert (found.title, found.abstract) == ("Sails and ropes", " Sails\n tear. ")


@pytest.mark.parametrize("name", ["title", "authors", "doi", "url", "year", "note", "metadata"])
def test_a_null_field_is_a_field_that_is_not_there(name):
    with_id = {**SAILS, "id": "7", name: None}
    assert read(with_id) == read({k: v for k, v in with_id.items() if v is not None})


def test_a_null_abstract_gives_way_to_a_text():
    (found,) = read({"title": "Sails", "abstract": None, "text": "Sails tear."})
    assert found.abstract == "Sails tear."


# Identifiers.


@pytest.mark.parametrize("name", ["arxiv_id", "id", "_id"])
@pytest.mark.parametrize(
    "written", ["2401.01234v2", "arXiv:2401.01234", "https://arxiv.org/abs/2401.01234v1"]
)
def test_an_arxiv_number_is_known_in_every_field_and_form(name, written):
    found = paper(**{name: written})
    assert (found.id, found.url) == ("arxiv:2401.01234", "https://arxiv.org/abs/2401.01234")


def test_a_url_of_its_own_wins_over_arxivs():
    assert paper(arxiv_id="2401.01234", url="http://a.example/x").url == "http://a.example/x"


@pytest.mark.parametrize(
    "written", ["10.1000/ABC", "https://doi.org/10.1000/abc", "doi:10.1000/Abc"]
)
def test_a_doi_is_known_in_every_form(written):
    assert paper(doi=written).id == paper(id=f"doi:{written}").id == "doi:10.1000/abc"


@pytest.mark.parametrize("number", [17, "17", " 17 "])
def test_a_number_is_an_id(number):
    assert paper(_id=number).id == "id:17"


def test_an_id_written_by_this_project_comes_back_as_itself():
    for name in ("id:17", "pmid:5", "acl:P19-1001", "doi:10.1000/abc", "arxiv:2401.01234"):
        assert paper(id=name).id == name
    assert paper(id="title:something-else").id == "title:sails"


def test_a_wrong_identifier_is_let_go_and_the_title_names_the_paper():
    assert paper(arxiv_id="soon", doi="none").aliases == ("title:sails",)


@pytest.mark.parametrize("title", ["", "  ", "?!", None])
def test_a_blank_title_needs_an_id(title):
    assert paper(title=title, id="7").id == "id:7"
    assert message(title=title) == "a paper needs an identifier or a title"


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "JAVASCRIPT:alert(1)", "data:text/html,x", "//a.example", "x y", ""],
)
def test_a_url_that_is_no_web_address_is_dropped(url):
    assert paper(url=url).url is None


# Bad lines.


def test_a_bad_line_is_a_problem_with_its_place_and_the_others_go_on(tmp_path):
    file = tmp_path / "papers.jsonl"
    file.write_text('{"title": "Sails", "abstract": "Tear."}\n\n{"title": "Cut o\n{"text": "x"\n')
    one, *problems = read_papers(file)
    assert one.title == "Sails"
    assert [str(p).partition(" (")[0] for p in problems] == [
        "papers.jsonl:3: not JSON",
        "papers.jsonl:4: not JSON",
    ]


def test_a_bad_first_line_does_not_hide_the_format(tmp_path):
    file = tmp_path / "papers.jsonl"
    file.write_text('cut off"}\n{"title": "Sails", "abstract": "Tear."}\n')
    problem, found = read_papers(file)
    assert (problem.line, found.title) == (1, "Sails")


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_line_ends_and_separators_inside_strings_do_not_break_lines(line_end):
    line = '{"title": "Sails", "abstract": "Sails\u2028tear.\x85"}'
    found = list(jsonl.read(line_end.join([line, line, ""]), "papers.jsonl"))
    assert [f.abstract for f in found] == ["Sails\u2028tear.\x85"] * 2


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"abstract": 5}, '"abstract": Input should be a valid string'),
        ({"abstract": " \n"}, '"abstract": is empty'),
        ({"abstract": None}, 'missing "abstract"'),
        ({"title": [["Sails"]]}, '"title": Input should be a valid string'),
        ({"title": True}, '"title": Input should be a valid string'),
        ({"authors": ["Ann", None]}, '"authors.1": Input should be a valid string'),
        ({"authors": 5}, '"authors": Input should be a valid tuple'),
        ({"author_count": "many"}, '"author_count": Input should be a valid integer'),
        ({"id": 1.5}, '"id": Input should be a valid string'),
    ],
)
def test_a_field_of_the_wrong_kind_is_a_problem_that_names_it(fields, said):
    assert message(**fields).startswith(said)


@pytest.mark.parametrize("name", ["title", "abstract", "authors", "id", "note", "venue"])
def test_half_a_surrogate_pair_is_a_problem(name):
    assert "half of a surrogate pair" in message(**{name: "Sails \ud83d"})


def test_a_whole_surrogate_pair_is_one_character():
    (found,) = read('{"title": "Sails \\ud83d\\ude00", "abstract": "Tear."}')
    assert found.title == "Sails \U0001f600"


@pytest.mark.parametrize("name", ["title", "abstract", "id"])
def test_a_nul_means_nothing(name):
    assert getattr(paper(**{name: "1\x002"}), name) in ("12", "id:12")


@pytest.mark.parametrize("line", ["5", "null", "[]", '"text"', "NaN"])
def test_a_line_that_is_no_object_is_a_problem(line):
    (found,) = read(line)
    assert found.message.startswith("expected a JSON object, got ")


@pytest.mark.parametrize(
    "line",
    [
        '{"title": "Sails", "abstract": "Tear.", "x": ' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"title": "Sails", "abstract": "Tear.", "id": ' + "9" * 5000 + "}",
    ],
    ids=["nested", "digits"],
)
def test_a_line_made_to_break_the_parser_is_a_problem(line):
    problem, found = read(line, SAILS)
    assert isinstance(problem, Problem)
    assert isinstance(found, Paper)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=5,
)
half_good = st.dictionaries(st.sampled_from(FIELDS.split()), anything).map(
    lambda fields: {**SAILS, **fields}
)


@given(st.lists(anything | half_good, max_size=5))
def test_any_json_at_all_becomes_one_paper_or_one_line_about_it(values):
    found = read(*map(json.dumps, values))
    assert len(found) == len(values)
    for one in found:
        if isinstance(one, Paper):
            json.dumps(asdict(one), ensure_ascii=False).encode()
        else:
            assert len(str(one).splitlines()) == 1


@given(st.text(), st.text(min_size=1).filter(str.strip))
def test_what_is_written_as_json_is_read_back(title, abstract):
    (found,) = read({"id": "7", "title": title, "abstract": abstract})
    if isinstance(found, Paper):
        title, abstract = title.replace("\0", ""), abstract.replace("\0", "")
        assert (found.title, found.abstract) == (" ".join(title.split()), abstract)
    else:
        assert "\0" in title + abstract
