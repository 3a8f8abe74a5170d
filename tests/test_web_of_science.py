"""Web of Science's plain text: two-letter tags, three spaces before what goes on."""

import pytest

from footnote.index.models import Paper, Problem
from footnote.index.readers import web_of_science
from footnote.index.readers.formats import READERS

HEAD = "FN Clarivate Analytics Web of Science\nVR 1.0\n"
RECORD = """PT J
AU Muller, J
   Li, B
AF Muller, Jozsef
   Li, Bo, Jr.
CA Tide Grp
TI Tides of two
   <i>harbours</i>
SO TIDE LETTERS
LA English
DT Article
AB We measured the tide
   of two harbours. It rose (p &lt; 0.05).
C1 [Muller, Jozsef] Sea Coll, Brest, France.
CR Old A, 1950, TIDE, DOI 10.1000/other
PD JUN 3
PY 2019
DI 10.1000/ABC
UT WOS:000123456700001
PM 31415
ER

"""
SAILS = "PT J\nTI Sails\nAB Sails tear.\nER\n\n"


def read(text: str) -> list[Paper | Problem]:
    return list(web_of_science.read(text, "my.txt"))


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_every_field_is_read(line_end: str) -> None:
    (found,) = read((HEAD + RECORD + "EF").replace("\n", line_end))
    assert isinstance(found, Paper)
    assert found.title == "Tides of two harbours"
    assert found.abstract == "We measured the tide of two harbours. It rose (p < 0.05)."
    assert found.authors == ("Jozsef Muller", "Bo Li Jr.", "Tide Grp")
    assert (found.venue, found.published) == ("TIDE LETTERS", "2019-06-03")
    assert found.aliases[:2] == ("doi:10.1000/abc", "pmid:31415")


def test_short_names_are_read_where_there_are_no_full_ones() -> None:
    (found,) = read("PT J\nAU Muller, J\n   Li, B\nTI Sails\nAB Tear.\nER\n")
    assert isinstance(found, Paper)
    assert found.authors == ("J Muller", "B Li")


@pytest.mark.parametrize(
    ("lines", "published"),
    [
        ("PY 2019", "2019"),
        ("PD NOV-DEC\nPY 2019", "2019"),
        ("PD MAY\nPY 2019", "2019-05"),
        ("EA JAN 2021", "2021-01"),
    ],
)
def test_the_date_is_read_from_its_parts(lines: str, published: str) -> None:
    (found,) = read(f"PT J\nTI Sails\nAB Tear.\n{lines}\nER\n")
    assert isinstance(found, Paper)
    assert found.published == published


def test_a_record_without_its_end_is_read_where_another_follows() -> None:
    first, last = read(HEAD + SAILS.replace("ER\n", "") + SAILS + "EF\n")
    assert isinstance(first, Paper)
    assert isinstance(last, Paper)


def test_a_bad_record_is_a_problem_with_its_line_and_the_others_go_on() -> None:
    one, bare, last, cut = read(HEAD + SAILS + "PT J\nTI Bare\nER\n\n" + SAILS + "PT J\nTI A\nAB b")
    assert isinstance(one, Paper)
    assert isinstance(last, Paper)
    assert str(bare) == 'my.txt:8: missing "abstract"'
    assert str(cut).startswith('my.txt:17: record has no end tag "ER"')


def test_a_file_of_records_is_known_by_this_reader_alone() -> None:
    for text in (HEAD + RECORD, RECORD, "\n" + SAILS):
        assert [reader for reader in READERS if reader.recognises(text)] == [web_of_science]
    for other in ('{"a": "PT J"}', "PT J is a code.\nNo more.", "TY  - JOUR\nTI  - A\n"):
        assert not web_of_science.recognises(other)
