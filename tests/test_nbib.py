"""MEDLINE: a record begins with its PMID; names, dates and DOIs are those of PubMed's XML."""

import pytest

from footnote.index.models import Paper, Problem
from footnote.index.readers import nbib
from footnote.index.readers.formats import READERS

RECORD = """PMID- 31415
OWN - NLM
STAT- MEDLINE
LID - S1234-5678(19)30001-2 [pii]
LID - 10.1000/ABC [doi]
TI  - Tides of two
      harbours.
AB  - AIM: We measured the tide, HIV
      - negative, with p&lt;0.05. It
      rose by 10<sup>-3</sup> m.
CI  - (c) 2019 The Tide Company.
FAU - Müller, József 3rd
AU  - Müller J 3rd
AU  - van der Berg JA
CN  - The Tide Group
FED - Ed, Itor
LA  - eng
PT  - Retracted Publication
DP  - 2019 Jun 3
TA  - Tide Lett
JT  - Tide letters
"""
SAILS = "PMID- 7\nTI  - Sails\nAB  - Sails tear.\n\n"


def read(text: str) -> list[Paper | Problem]:
    return list(nbib.read(text, "my.nbib"))


def paper(*lines: str) -> Paper:
    (found,) = read("\n".join(["PMID- 7", "TI  - Sails", "AB  - Tear.", *lines, ""]))
    assert isinstance(found, Paper), found
    return found


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_every_field_is_read(line_end: str) -> None:
    (found,) = read(("\n" + RECORD + "\n").replace("\n", line_end))
    assert isinstance(found, Paper)
    assert found.title == "Tides of two harbours."
    assert found.abstract == (
        "AIM: We measured the tide, HIV - negative, with p<0.05. It rose by 10^-3 m."
    )
    assert found.authors == ("József Müller 3rd", "JA van der Berg", "The Tide Group")
    assert (found.venue, found.published) == ("Tide letters", "2019-06-03")
    assert (found.url, found.source) == ("https://pubmed.ncbi.nlm.nih.gov/31415/", "PubMed")
    assert found.aliases[:2] == ("doi:10.1000/abc", "pmid:31415")


@pytest.mark.parametrize(
    ("lines", "published"),
    [
        (["DP  - 2019 Nov-Dec"], "2019"),
        (["DP  - 2019 Spring"], "2019"),
        (["DP  - 2018 Dec-2019 Jan"], "2018"),
        (["DP  - 2019 May"], "2019-05"),
        (["DEP - 20190503"], "2019-05-03"),
        (["DP  - 2020", "DEP - 20190503"], "2020"),
    ],
)
def test_the_date_is_that_of_the_issue_before_that_of_the_article(
    lines: list[str], published: str
) -> None:
    assert paper(*lines).published == published


def test_a_doi_is_read_from_its_tags_alone() -> None:
    assert paper("AID - S1 [pii]", "AID - 10.1000/a(1) [doi]").id == "doi:10.1000/a(1)"
    assert paper("SO  - Tide. 2019;1(2):3. doi: 10.1000/x. Epub 2019 May 3.").id == "doi:10.1000/x"
    assert paper("CIN - Tide. 2020;2:1. doi: 10.1000/other").id == "pmid:7"


def test_a_title_that_was_not_translated_is_read_in_its_own_language() -> None:
    (found,) = read("PMID- 7\nTI  - [Not Available].\nTT  - Les voiles.\nAB  - Sails tear.\n")
    assert isinstance(found, Paper)
    assert found.title == "Les voiles."


def test_an_abstract_of_another_hand_stands_in_where_there_is_none() -> None:
    (found,) = read("PMID- 7\nTI  - Sails.\nOAB - Others say that\n      sails tear.\nOABL- eng\n")
    assert isinstance(found, Paper)
    assert found.abstract == "Others say that sails tear."


def test_a_book_is_read_by_its_own_title() -> None:
    (found,) = read("PMID- 7\nBTI - Book of sails\nAB  - Sails tear.\nDP  - 2009\n")
    assert isinstance(found, Paper)
    assert (found.title, found.year) == ("Book of sails", 2009)


def test_a_record_without_abstract_is_a_problem_with_its_line_and_the_others_go_on() -> None:
    one, problem, last = read(SAILS + "PMID- 8\nTI  - Bare\n\n" + SAILS)
    assert isinstance(one, Paper)
    assert isinstance(last, Paper)
    assert str(problem) == 'my.nbib:5: missing "abstract"'


def test_a_file_of_records_is_known_by_this_reader_alone() -> None:
    for text in (RECORD, "\n\n" + SAILS, SAILS.replace("PMID- 7\n", "PMID- 7\nOWN - NLM\n")):
        assert [reader for reader in READERS if reader.recognises(text)] == [nbib]
    for other in (
        '{"a": "\\nPMID- 1"}',
        "TY  - JOUR\nPMID- 7\nTI  - Sails\n",
        "PMID- and other ids",
    ):
        assert not nbib.recognises(other)
