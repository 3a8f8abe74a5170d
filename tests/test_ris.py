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
        (["DA  - May 2020"], "2020-05"),
        (["PY  - 2020", "DA  - MAY 3"], "2020-05-03"),
        (["YR  - c2020"], "2020"),
        (["PY  - 2020", "DA  - 3 May 2021"], "2020"),
        (["PY  - soon"], None),
    ],
)
def test_the_most_exact_date_counts(lines, published):
    assert paper(*lines).published == published


# Files that keep only roughly to the format.


def titles(text: str) -> list[str]:
    found = read(text)
    assert all(isinstance(one, Paper) for one in found), found
    return [one.title for one in found if isinstance(one, Paper)]


@pytest.mark.parametrize(
    "written",
    [
        "TY - JOUR\nTI - Sails\nAU - Li, Bo\nAB - They tear.\nPY - 2019\nER -\n",
        "TY  -JOUR\nTI  -Sails\nAU  -Li, Bo\nAB  -They tear.\nPY  -2019\nER  -\n",
        "\tTY\t-\tJOUR\n\tTI\t- Sails\n\tAU\t-\tLi, Bo\n\tAB\t-\tThey tear.\n\tPY\t- 2019\n\tER\t-",
        "  TY  - JOUR\n  TI  - Sails\n AU  - Li, Bo\n  AB  - They\n  tear.\n PY  - 2019\n  ER  -\n",
        "ty  - jour\nti  - Sails\nau  - Li, Bo\nab  - They tear.\npy  - 2019\ner  - \n",
        "TY  - JOUR\n\nTI  - Sails\n\nAU  - Li, Bo\n\nAB  - They\n\ntear.\nPY  - 2019\n\nER  - \n",
        "TI  - Sails\nAU  - Li, Bo\nTY  - JOUR\nAB  - They tear.\nPY  - 2019\nER  - \n",
        "TI  - Sails\nAU  - Li, Bo\nAB  - They tear.\nPY  - 2019\nER  - \n",
        "TY  - JOUR\nTI  - Sails\nAU  - Li, Bo\nAB  - They tear.\nPY  - 2019\n",
    ],
    ids="narrow tight tabs indented lower blank late-TY no-TY no-ER".split(),
)
def test_a_record_is_read_however_its_tags_are_written(written):
    assert [reader for reader in READERS if reader.recognises(written)] == [ris]
    (one,) = read(written)
    assert isinstance(one, Paper)
    assert (one.title, one.abstract, one.authors) == ("Sails", "They tear.", ("Bo Li",))
    assert one.year == 2019


def test_records_without_ty_are_told_apart_by_er_and_those_without_er_by_ty():
    assert titles("TI  - A\nAB  - a\nER  - \n\nTI  - B\nAB  - b\nER  - ") == ["A", "B"]
    assert titles("TY  - JOUR\nTI  - A\nAB  - a\n\nTY  - JOUR\nTI  - B\nAB  - b") == ["A", "B"]
    # Other records of this file have an end; this one has its tags.
    held = SAILS + "TY  - JOUR\nTI  - A\nAB  - a\nPY  - 2019\n" + SAILS
    assert titles(held) == ["Sails", "A", "Sails"]


def test_records_with_neither_are_never_made_one_paper():
    (found,) = read("TI  - A\nAB  - a.\nTI  - B\nAB  - b.\n")
    assert str(found) == 'my.ris:1: several titles, and neither "TY" nor "ER" between them'


def test_an_empty_line_and_the_same_first_tag_part_records_with_neither():
    text = "TI  - A\nAB  - a.\n\nAnd more.\n\nTI  - B\nAU  - Marsh A., Lind B.\nAB  - b.\n"
    one, other = read(text)
    assert (one.title, one.abstract) == ("A", "a. And more.")
    assert (other.title, other.authors) == ("B", ("A. Marsh", "B. Lind"))


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("Ada Marsh and Bo Lind", ("Ada Marsh", "Bo Lind")),
        ("Ministry of Food and Fisheries", ("Ministry of Food and Fisheries",)),
        ("Department of Roads and Public Works", ("Department of Roads and Public Works",)),
        ("Marsh, Ada", ("Ada Marsh",)),
    ],
)
def test_names_in_one_line_are_those_of_people(line, names):
    assert paper(f"AU  - {line}").authors == names


def test_a_remark_of_a_screening_tool_is_no_part_of_the_abstract():
    found = paper(
        "AB  - " + "Gulls circle the pier at noon. " * 4 + 'RAYYAN-INCLUSION: {"A"=>"no"}'
    )
    assert found.abstract.endswith("at noon.")


def test_what_an_export_says_around_its_records_is_no_part_of_them():
    text = (
        "<1>\nDatabase: Tides <1980 to 2024>\n\n1. \n" + SAILS + "\nLink to the text: http://a.example\n"
        "\nC1  - Database: Tides\n\nSearch Strategy:\n-----\n1     tide.ti,ab. (12)\n\n2. \n"
        + SAILS.replace("Sails", "Ropes") + "\nC1  - Database: Tides\n"
    )  # fmt: skip
    assert [reader for reader in READERS if reader.recognises(text)] == [ris]
    assert titles(text) == ["Sails", "Ropes"]
    assert [getattr(one, "abstract", None) for one in read(text)] == ["Sails tear.", "Ropes tear."]


@pytest.mark.parametrize(
    "line",
    ["ER - positive, said all.", "in - vitro", "II - the second", "is - as we saw - so", "TY - so",
     "Rayyan is a tool.", "Screening of adults: none.", "HIV - positive", "ER -positive"],
)  # fmt: skip
def test_a_wrapped_line_that_looks_like_a_tag_stays_in_the_abstract(line):
    (found,) = read(f"TY  - JOUR\nTI  - Sails\nAB  - They tear\n{line}\nPY  - 2019\nER  - \n")
    assert isinstance(found, Paper)
    assert (found.abstract, found.published) == (f"They tear {line}", "2019")


@pytest.mark.parametrize(
    "line",
    ['RAYYAN-INCLUSION: {"Ann"=>"Included"} | RAYYAN-LABELS: x', "ASReview_relevant",
     "Covidence #123", "Screening decision: include"],
)  # fmt: skip
def test_a_note_of_a_screening_tool_is_no_part_of_the_abstract(line):
    for written in (line, f"N1  - {line}"):
        (found,) = read(f"TY  - JOUR\nTI  - Sails\nAB  - They tear.\n{written}\nER  - \n")
        assert isinstance(found, Paper)
        assert found.abstract == "They tear."


# Abstracts.

LONG = "The tide rose and fell over a long night, and nobody had foreseen by how much it would."
SHORT = "The tide rose, and nobody who stood on the quay that night had foreseen how far."


@pytest.mark.parametrize(
    ("lines", "abstract"),
    [
        ("AB  - AIM: Ropes.\nAB  - END: Fray.", "AIM: Ropes. END: Fray."),
        ("AB  - Ropes.\nAB  - Ropes.", "Ropes."),
        (f"AB  - {SHORT}\nN2  - {LONG}", LONG),
        (f"N2  - {SHORT}\nAB  - {LONG}", LONG),
        (f"N2  - Read twice.\nAB  - {SHORT}", SHORT),
        (f"AB  - Ropes fray.\nN2  - Times Cited: 12. {LONG}", "Ropes fray."),
        (f"AB  - [No abstract available]\nN2  - {SHORT}", SHORT),
        (f"N1  - {LONG}\nN2  - Ropes fray.", "Ropes fray."),
        ("AB  - <p>10<sup>-3</sup> m of CO<sub>2</sub>,\n p &lt; 0.05.</p><p>So.</p>",
         "10^-3 m of CO2, p < 0.05. So."),
    ],
)  # fmt: skip
def test_the_abstract_is_whole_and_the_likeliest(lines, abstract):
    (found,) = read(f"TY  - JOUR\nTI  - Sails\n{lines}\nER  - \n")
    assert isinstance(found, Paper)
    assert found.abstract == abstract


@pytest.mark.parametrize("said", ["", "[No abstract available]", "No abstract available.", "N/A"])
def test_a_remark_that_there_is_no_abstract_is_none(said):
    (found,) = read(f"TY  - JOUR\nTI  - Sails\nAB  - {said}\nN1  - {LONG}\nER  - \n")
    assert str(found) == 'my.ris:1: missing "abstract"'


# Other fields.


@pytest.mark.parametrize(
    "line",
    ["DO  - https://doi.org/10.1000%2FABC", "DO  - doi: 10.1000/abc.", "M3  - 10.1000/abc",
     "UR  - http://dx.doi.org/10.1000/abc", "L1  - https://a.example/doi/pdf/10.1000/abc",
     "UR  - https://a.example/x?eid=1&doi=10.1000%2fabc&amp;id=7", "DOI  - 10.1000/abc",
     "UR  - https://a.example/doi/10.1000/abc/full#top;https://b.example/"],
)  # fmt: skip
def test_a_doi_is_read_wherever_it_stands(line):
    assert paper(line).id == "doi:10.1000/abc"


@pytest.mark.parametrize(
    "lines",
    [["L1  - https://arxiv.org/pdf/2401.01234v2.pdf"], ["M3  - arXiv:2401.01234"],
     ["JO  - arXiv preprint arXiv:2401.01234"], ["PB  - arXiv", "AN  - 2401.01234"]],
)  # fmt: skip
def test_an_arxiv_number_is_read_wherever_it_stands(lines):
    assert paper(*lines).id == "arxiv:2401.01234"


def test_a_pmid_is_read_where_a_record_is_of_medline():
    assert paper("AN  - 77", "DB  - Ovid MEDLINE(R)").id == "pmid:77"
    assert paper("AN  - MEDLINE:77").id == paper("PMID- 77").id == "pmid:77"


@pytest.mark.parametrize(
    ("lines", "published"),
    [
        (["PY  - 2021///"], "2021"),
        (["Y1  - 2021 May"], "2021-05"),
        (["DA  - 2021/05/03/"], "2021-05-03"),
        (["DA  - 20210503"], "2021-05-03"),
        (["DA  - 2005 Jun 7"], "2005-06-07"),
        (["PY  - 2003/06/31/"], "2003-06"),
        (["DA  - 03/05/2021"], "2021"),
        # The day of another year is that of something else.
        (["PY  - 2019", "DA  - 2021/05/03/"], "2019"),
        (["DA  - 2019/05/03/", "PY  - 2019"], "2019-05-03"),
    ],
)
def test_a_date_is_read_in_every_form(lines, published):
    assert paper(*lines).published == published


@pytest.mark.parametrize(
    ("lines", "title"),
    [
        (["T1  - Ropes"], "Ropes"),
        (["CT  - Ropes"], "Ropes"),
        (["TI  - ", "T1  - Ropes"], "Ropes"),
        (["BT  - Ropes"], "Ropes"),
        (["TI  - Ropes of <i>hemp</i> &amp; tar"], "Ropes of hemp & tar"),
    ],
)
def test_a_title_is_read_from_every_tag(lines, title):
    (found,) = read("\n".join(["TY  - BOOK", "AB  - Tear.", *lines, "ER  - "]))
    assert isinstance(found, Paper)
    assert found.title == title


@pytest.mark.parametrize(
    ("lines", "venue"),
    [
        (["JF  - Tide Letters", "JO  - Tide Lett."], "Tide Letters"),
        (["JO  - Tide Lett.", "T2  - Tide Letters"], "Tide Letters"),
        (["J2  - Tide Lett."], "Tide Lett."),
        (["BT  - Book of Tides"], "Book of Tides"),
    ],
)
def test_the_full_name_of_a_venue_comes_first(lines, venue):
    assert paper(*lines).venue == venue


def test_authors_are_read_in_every_form():
    written = [
        "A1  - Li, Bo", "AU  - Li, Bo", "AU  - Marsh, Ada; King, Jr., Martin", "A2  - Sea, Di",
        "AU  - Lee C.D.", "AU  - Fish and Food Office,", "AU  - Ox, E. and Roe, F.",
    ]  # fmt: skip
    assert paper(*written).authors == (
        "Bo Li", "Ada Marsh", "Martin King Jr.", "C.D. Lee", "Fish and Food Office", "E. Ox",
        "F. Roe", "Di Sea",
    )  # fmt: skip
    (book,) = read("TY  - CHAP\nTI  - A\nAB  - a\nAU  - Li, Bo\nA2  - Ed, Itor\nER  - ")
    assert isinstance(book, Paper)
    assert book.authors == ("Bo Li",)


def test_two_authors_of_one_name_are_two():
    assert paper("AU  - Wang, Li", "AU  - Wang, Li").authors == ("Li Wang", "Li Wang")


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
        "TY  - JOUR\nAB  - " + "<sub>&lt;" * 200_000 + "\nER  - ",
        "TY  - JOUR\nAU  - " + "A. " * 200_000 + "\nER  - ",
        "ER  - \n" * 200_000,
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


lines = st.sampled_from(
    [
        "TY  - JOUR",
        "ty - jour",
        "ER -",
        "  TI - T",
        "TI  - T",
        "AB  - A.",
        "ER  - ",
        "UR  - a;b",
        "XX  - y",
        "",
    ]
)


@given(st.lists(lines | st.text(max_size=9), max_size=30).map("\n".join))
def test_any_text_at_all_becomes_papers_and_lines_about_the_rest(text):
    for found in read(text):
        assert isinstance(found, Paper) or len(str(found).splitlines()) == 1
