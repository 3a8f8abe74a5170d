"""Refer: EndNote's .enw, and the older files of paragraphs."""

import pytest

from footnote.index.models import Paper, Problem
from footnote.index.readers import refer
from footnote.index.readers.formats import READERS

RECORD = """%0 Journal Article
%A Müller, József
%A Jan van der Berg
%A Tide Group,
%E Ed, Itor
%T Tides of two <i>harbours</i>
%J Tide Letters
%V 8
%D 2019
%8 Jun 3
%K tides
%X We measured the tide, which rose by 5
% of it.

In two harbours.
%Z Read twice.
%R https://doi.org/10.1000/ABC
%U https://a.example/tides
"""
SAILS = "%0 Generic\n%T Sails\n%X Sails tear.\n\n"
OLD = "%A Ada Marsh\n%T Ropes\n%D 1990\n%X Ropes fray.\n\n%A Bo Li\n%T Knots\n%X Knots hold.\n"


def read(text: str) -> list[Paper | Problem]:
    return list(refer.read(text, "my.enw"))


def paper(*lines: str) -> Paper:
    (found,) = read("\n".join(["%0 Journal Article", "%T Sails", "%X Tear.", *lines]))
    assert isinstance(found, Paper), found
    return found


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_every_field_is_read(line_end: str) -> None:
    (found,) = read(RECORD.replace("\n", line_end))
    assert isinstance(found, Paper)
    assert found.title == "Tides of two harbours"
    assert found.abstract == ("We measured the tide, which rose by 5 % of it. In two harbours.")
    assert found.authors == ("József Müller", "Jan van der Berg", "Tide Group")
    assert (found.venue, found.published) == ("Tide Letters", "2019-06-03")
    assert (found.id, found.url) == ("doi:10.1000/abc", "https://a.example/tides")


def test_other_tags_for_the_same_are_known() -> None:
    assert paper("%B Book of Tides").venue == "Book of Tides"
    assert paper("%U https://arxiv.org/abs/2401.01234v2").id == "arxiv:2401.01234"
    assert paper("%J arXiv preprint arXiv:2401.01234").id == "arxiv:2401.01234"
    assert paper("%U http://dx.doi.org/10.1000/x").id == "doi:10.1000/x"
    assert paper("%M 77", "%W NLM").id == "pmid:77"
    assert paper("%M 77", "%~ Tide Base").id == "title:sails"


def test_a_date_may_stand_in_one_tag_or_two() -> None:
    assert paper("%D 2019", "%8 2019/05/03").published == "2019-05-03"
    assert paper("%D 2019", "%8 2021/05/03").published == "2019"
    assert paper("%8 2019 May").published == "2019-05"


def test_older_files_have_paragraphs_for_records() -> None:
    assert [reader for reader in READERS if reader.recognises(OLD)] == [refer]
    one, other = read(OLD)
    assert isinstance(one, Paper)
    assert isinstance(other, Paper)
    assert (one.title, one.published, other.title) == ("Ropes", "1990", "Knots")


def test_a_bad_record_is_a_problem_with_its_line_and_the_others_go_on() -> None:
    one, problem, last = read(SAILS + "%0 Generic\n%T Bare\n\n" + SAILS)
    assert isinstance(one, Paper)
    assert isinstance(last, Paper)
    assert str(problem) == 'my.enw:5: missing "abstract"'


def test_a_file_of_records_is_known_by_this_reader_alone() -> None:
    for text in (RECORD, "\n" + SAILS):
        assert [reader for reader in READERS if reader.recognises(text)] == [refer]
    for other in (
        "% A comment\n%T of LaTeX\n",
        '{"a": 1}',
        "@article{a,\n%T x\n%A y\n}",
        "%0 1 2\n",
    ):
        assert not refer.recognises(other)
