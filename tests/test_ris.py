"""RIS: a record becomes one paper or one problem, and the others go on."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote.index.models import Paper, Problem
from footnote.index.readers import ris
from footnote.index.readers.formats import READERS, read_papers

RECORD = """TY  - JOUR
AU  - Müller, József
AU  - van der Berg, Jan
A1  - Li, Bo, Jr.
AU  - The Tide Group
TI  - Tides of two harbours
AB  - We measured the tide
 of two harbours. It rose 7 times.
KW  - tides
PY  - 2020
DA  - 2020/05/04/
JO  - Journal of Tides
DO  - 10.1000/ABC
UR  - https://a.example/tides
UR  - https://pubmed.ncbi.nlm.nih.gov/123/
ER  -
"""
SAILS = "TY  - JOUR\nTI  - Sails\nAB  - Sails tear.\nER  - \n"


def read(text: str) -> list[Paper | Problem]:
    return list(ris.read(text, "my.ris"))


def paper(*lines: str) -> Paper:
    (found,) = read("\n".join(["TY  - JOUR", "TI  - Sails", "AB  - Tear.", *lines, "ER  - "]))
    assert isinstance(found, Paper), found
    return found


# Fields.


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_every_field_is_read(line_end):
    (found,) = read(RECORD.replace("\n", line_end))
    assert isinstance(found, Paper)
    assert found.title == "Tides of two harbours"
    assert found.abstract == "We measured the tide of two harbours. It rose 7 times."
    assert found.authors == (
        "József Müller", "Jan van der Berg", "The Tide Group", "Bo Li Jr."
    )  # fmt: skip
    assert (found.venue, found.published) == ("Journal of Tides", "2020-05-04")
    assert found.url == "https://a.example/tides"
    assert found.aliases[:2] == ("doi:10.1000/abc", "pmid:123")


def test_other_tags_for_the_same_are_known():
    (found,) = read("TY  - JOUR\nT1  - Sails\nN2  - Tear.\nT2  - Wind\nY1  - 2019///\nER  -")
    assert isinstance(found, Paper)
    assert (found.title, found.abstract, found.venue) == ("Sails", "Tear.", "Wind")
    assert found.published == "2019"


@pytest.mark.parametrize(
    "line", ["UR  - http://arxiv.org/abs/2401.01234v2", "DO  - 10.48550/arXiv.2401.01234",
             "AN  - arXiv:2401.01234", "N1  - arXiv:2401.01234 [cs]"]
)  # fmt: skip
def test_an_arxiv_number_is_known_wherever_it_is_named(line):
    assert paper(line).id == "arxiv:2401.01234"


def test_an_accession_number_is_pubmeds_where_the_record_says_so():
    assert paper("AN  - 77", "DB  - PubMed").id == "pmid:77"
    assert paper("AN  - 77", "DB  - Scopus").id == "title:sails"


@pytest.mark.parametrize(
    ("lines", "published"),
    [
        (["PY  - 2020/05/01/Spring"], "2020-05-01"),
        (["PY  - 2020", "DA  - 2020-05"], "2020-05"),
        (["DA  - May 2020"], "2020"),
        (["PY  - soon"], None),
    ],
)
def test_the_most_exact_date_counts(lines, published):
    assert paper(*lines).published == published


# Bad records.


def test_a_bad_record_is_a_problem_with_its_line_and_the_others_go_on(tmp_path):
    file = tmp_path / "odd name"
    file.write_text(
        SAILS
        + "TY  - JOUR\nTI  - Never ended\nAB  - x\n"
        + "TY  - JOUR\nTI  - Bare\nER  - \n"
        + SAILS.replace("Sails", "Ropes")
    )
    one, *problems, last = read_papers(file)
    assert (one.title, last.title) == ("Sails", "Ropes")
    assert [str(problem) for problem in problems] == [
        'odd name:5: record has no end tag "ER"; the file seems to be cut off here',
        'odd name:8: missing "abstract"',
    ]


def test_a_file_cut_off_in_the_middle_loses_its_last_record_alone():
    text = SAILS + RECORD
    for end in range(len(SAILS), len(text) - 4, 5):
        one, *rest = read(text[:end])
        assert isinstance(one, Paper)
        assert [type(found) for found in rest] in ([], [Problem])


@pytest.mark.parametrize(
    "hostile",
    [
        "TY  - JOUR\nAB  - x" + "\nx" * 40_000 + "\nER  - ",
        "TY  - JOUR\n" + "AU  - x\n" * 9_000 + "ER  - ",
        "TY  - \n" * 20_000,
        "TY  - JOUR\nER  - \nTYPO\nER  - \nER  - ",
        "TY  - JOUR\nAB  - " + "x" * 2_000_000 + "\nER  - ",
        "TY  - JOUR\nx\nUR  - ;;;\n\0\nER  - ",
    ],
)
def test_a_record_made_to_break_the_parser_is_over_soon_and_costs_no_other(hostile):
    started = time.process_time()
    *_, found = read(f"{hostile}\n{SAILS}")
    assert isinstance(found, Paper)
    assert found.title == "Sails"
    assert time.process_time() - started < 5


def test_ten_thousand_records_are_read():
    assert len(read(SAILS * 10_000)) == 10_000


# Which reader.


def test_a_file_of_records_is_known_by_this_reader_alone():
    for text in (RECORD, "\nProvider: someone\n\n" + SAILS):
        assert [reader for reader in READERS if reader.recognises(text)] == [ris]


lines = st.sampled_from(["TY  - JOUR", "TI  - T", "AB  - A.", "ER  - ", "UR  - a;b", "XX  - y", ""])


@given(st.lists(lines | st.text(max_size=9), max_size=30).map("\n".join))
def test_any_text_at_all_becomes_papers_and_lines_about_the_rest(text):
    for found in read(text):
        assert isinstance(found, Paper) or len(str(found).splitlines()) == 1
