"""BibTeX: an entry becomes one paper in plain text or one problem, and the others go on."""

import time
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote.index.models import Paper, Problem
from footnote.index.readers import bibtex
from footnote.index.readers.formats import READERS, read_papers

ENTRY = r"""@article{muller2020,
  author = {M{\"u}ller, J{\'o}zsef and van der Berg, Jan and {The Tide Group} and Li, Jr., Bo
    and others},
  title = {On {GPU} Tides: \emph{a} Study of {\'\i}slands},
  journal = jt, year = 2020, month = may, keywords = {tides, moon},
  doi = {https://doi.org/10.1000/A\_b}, pmid = {123}, url = {http://a.example/x\_y},
  abstract = {We \textbf{measured}
    the tide of $x_{2}$ at \v{S}ibenik. It rose 50\% -- twice. 10% of ``it'' cost \$5.},
}
"""
SAILS = "@article{sails, title = {Sails}, abstract = {Sails tear.}}\n"


def read(text: str) -> list[Paper | Problem]:
    return list(bibtex.read(text, "my.bib"))


def paper(fields: str) -> Paper:
    (found,) = read(f"@article{{key, title = {{Sails}}, abstract = {{Tear.}}, {fields}}}")
    assert isinstance(found, Paper), found
    return found


def message(text: str) -> str:
    (found,) = read(text)
    assert isinstance(found, Problem), found
    return found.message


def plain(latex: str) -> str:
    return paper(f"title = {{}}, note = {{}}, journal = {{{latex}}}").venue or ""


# Fields.


def test_every_field_is_read_as_plain_text():
    (found,) = read('@string{jt = "Journal of Tides"}\n' + ENTRY)
    assert isinstance(found, Paper)
    assert found.title == "On GPU Tides: a Study of íslands"
    assert found.authors == ("József Müller", "Jan van der Berg", "The Tide Group", "Bo Li Jr.")
    assert found.abstract == (
        "We measured the tide of $x_{2}$ at Šibenik. It rose 50% – twice. 10% of “it” cost $5."
    )
    assert (found.venue, found.published) == ("Journal of Tides", "2020-05")
    assert found.url == "http://a.example/x_y"
    assert found.aliases[:2] == ("doi:10.1000/a_b", "pmid:123")


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"{\'e}t\'e, \'{e}t{\' e}", "été, été"),
        (r"Ko{\v c}isk{\'y} Erd{\H o}s \r{A}s \k{a}", "Kočiský Erdős Ås ą"),
        (r"Stra{\ss}e Bj\o rn \L{}uk na\"{\i}ve", "Straße Bjørn Łuk naïve"),
        (r"A \& B~C, R\&D, a\_b \#1", "A & B C, R&D, a_b #1"),
        (r"\{a, b\} {\relax Ch}ristos \\ x", "{a, b} Christos x"),
        (r"CO$_2$ at $\alpha^{2} \le {x}$", r"CO$_2$ at $\alpha^{2} \le {x}$"),
        ("a 漢 — Ünï", "a 漢 — Ünï"),
        (r"\nobody knows", r"\nobody knows"),
    ],
)
def test_latex_becomes_the_characters_that_it_means(latex, text):
    assert plain(latex) == text


@pytest.mark.parametrize(
    "fields",
    [
        "eprint = {2401.01234v2}, archivePrefix = {arXiv}",
        "eprint = {arXiv:2401.01234}, eprinttype = {arxiv}",
        "eprint = {2401.01234}",
        "url = {https://arxiv.org/abs/2401.01234v1}",
        "journal = {arXiv preprint arXiv:2401.01234}",
        "doi = {10.48550/arXiv.2401.01234}",
    ],
)
def test_an_arxiv_number_is_known_wherever_it_is_named(fields):
    found = paper(fields)
    assert found.id == "arxiv:2401.01234"
    assert "arxiv.org/abs/2401.01234" in (found.url or "")


@pytest.mark.parametrize(
    ("fields", "known"),
    [
        ("journal = {CoRR}, volume = {abs/2401.01234}", "arxiv:2401.01234"),
        ("note = {Cited by 3. PMID: 1234567}", "pmid:1234567"),
        ("doi = {DOI 10.1000/xyz}", "doi:10.1000/xyz"),
        (r"doi = {10.1000/(SICI)1\_2{\textless}3::AID\textgreater4}",
         "doi:10.1000/(sici)1_2<3::aid>4"),
        ("doi = {10.1000/a&lt;b}", "doi:10.1000/a<b"),
    ],
)  # fmt: skip
def test_an_identifier_is_found_however_it_is_written(fields, known):
    assert paper(fields).id == known


def test_a_tilde_of_an_address_may_be_a_formula():
    assert paper(r"url = {http://a.example/$\sim$x\textasciitilde{}y\textunderscore z}").url == (
        "http://a.example/~x~y_z"
    )


def test_an_eprint_of_another_archive_is_not_arxivs():
    assert paper("eprint = {2401.01234}, archivePrefix = {hal}").id == "title:sails"
    assert paper("eprint = {77}, eprinttype = {pubmed}").id == "pmid:77"


@pytest.mark.parametrize(
    ("fields", "published"),
    [
        ("year = 2020", "2020"),
        ('year = "2020", month = feb, day = 3', "2020-02-03"),
        ("year = {2020}, month = {11}", "2020-11"),
        ('year = {2020}, month = "10~" # jan', "2020-01-10"),
        ("year = {2020}, month = {June}, day = {31}", "2020-06"),
        ("date = {2020-05-01/2020-05-03}", "2020-05-01"),
        ("year = {in press}", None),
        ("year = {c. 1999}", "1999"),
        ("year = 2020, month = nobody", "2020"),
    ],
)
def test_a_date_is_read_as_far_as_it_goes(fields, published):
    assert paper(fields).published == published


def test_entries_of_every_layout_are_read():
    one_line = "@ARTICLE(a, TITLE = {One}, ABSTRACT = {It is.}) @misc{b, title = {Two}," + (
        ' abstract = "It {"}is{"}."}\r\n@comment{x}\r\n'
    )
    titles = [p.title for p in read("Free text.\r\n" + one_line + SAILS) if isinstance(p, Paper)]
    assert titles == ["One", "Two", "Sails"]


# As programs and people write entries.

ABSTRACT = "abstract = {The tide rose. It fell.}"


@pytest.mark.parametrize(
    "text",
    [
        "@article{ WOS:0001,\nTitle = {{T}},\nEarly Access Date = {{SEP 2020}},\nABSTRACT}",
        "@ARTICLE{a,\nart. no.={3},\nsource type={x},\ntitle={T},\nABSTRACT,\n}",
        "@article{,\n title = {T}, ABSTRACT}",
        "@article{ ,\n title = {T}, ABSTRACT}",
        "@article{title = {T}, ABSTRACT}",
        "@article{\n  title = {T},\n  ABSTRACT\n}",
        "@article{Mé and Lind 2020, title = {T}, ABSTRACT}",
        "@article{Marsh, Lind, 2020,\n title = {T}, ABSTRACT}",
        "@article{a=b, title = {T}, ABSTRACT}",
        "@article{Marsh(2020), title = {T}, ABSTRACT}",
        "@article{marsh2020\n title = {T}, ABSTRACT}",
        "@article{marsh2020 title = {T}, ABSTRACT}",
        "@article{a, title = {T}\n year = 2020\n ABSTRACT\n}",
        "@misc{a\n,\ttitle\t= {T}\n,\tABSTRACT\n}",
        "@article(a, title = {T}, ABSTRACT)",
        "@web_page2{a, title = {T}, ABSTRACT}",
        "@article{a, title = {}, title = {T}, title = {U}, ABSTRACT}",
        "@article{a, title = {T}, month = , ABSTRACT, note = }",
        "@article{a, title = {T}, pages = 12-14, ABSTRACT}",
        "@article{a, title = {T}}, ABSTRACT}",
        "\ufeff@article{a, title = {T}, ABSTRACT}",
        "% Encoding: UTF-8\n%@article{b,\n@article{a, % its key\n % title = {O},\n"
        "title = {T}, ABSTRACT}",
        "@Comment{jabref-meta: grouping:\n1 A:{a\\;x@y = 0\\;;\n}\n"
        "@article{a, title = {T}, ABSTRACT}",
        "<html><style>@media(max-width:9px){a{b:c}}</style>"
        "<pre>@article{a, title = {T}, ABSTRACT}</pre>",
        "<!DOCTYPE html><p>@article{a,<br>\n&nbsp;title = {T},<br />\n ABSTRACT<br>\n}</p>",
        "@3d_model{a, title = {T}, ABSTRACT}",
        "@études{a, title = {T}, ABSTRACT}",
        "@online.x{a, title = {T}, ABSTRACT}",
        "Mine:\n  1. @article{a, title = {T}, ABSTRACT}",
        "My list. " * 100 + "\n@article{a, title = {T}, ABSTRACT}",
    ],
)
def test_an_entry_is_read_as_it_is_found(text):
    text = text.replace("ABSTRACT", ABSTRACT)
    assert bibtex.recognises(text[:4096])
    (found,) = read(text)
    assert isinstance(found, Paper), found
    assert (found.title, found.abstract) == ("T", "The tide rose. It fell.")


def test_entries_of_one_line_may_have_commas_between():
    found = read(f"@a{{a, title = {{T}}, {ABSTRACT}}}, @a{{b, title = {{U}}, {ABSTRACT}}}")
    assert [one.title for one in found if isinstance(one, Paper)] == ["T", "U"]


def test_quotes_of_a_page_are_opened():
    (found,) = read("<pre>@a{b, title = &quot;T&quot;, abstract = &#34;It is.&#34;}</pre>")
    assert isinstance(found, Paper)
    assert (found.title, found.abstract) == ("T", "It is.")


def test_a_quotation_inside_quotes_ends_no_field():
    (found,) = read('@a{b, title = "T {"}x{"}", abstract = "The "tide", they say."}')
    assert isinstance(found, Paper)
    assert (found.title, found.abstract) == ('T "x"', 'The "tide", they say.')


@pytest.mark.parametrize("brace", ["{", "}"])
def test_an_escaped_brace_may_be_alone(brace):
    assert paper(f"abstractnote = {{}}, journal = {{A \\{brace} b}}, year = 2020").venue == (
        f"A {brace} b"
    )


@pytest.mark.parametrize(
    ("abstract", "meant"),
    [("We take {a and b.", "We take a and b."), ("We take a} and b.", "We take a and b.")],
)
def test_a_brace_without_its_partner_costs_no_field(abstract, meant):
    text = f"@article{{a, title={{Odd}},\n  abstract={{{abstract}}},\n  year=2020\n}}\n{SAILS}"
    odd, sails = read(text)
    assert (odd.title, odd.abstract, odd.published) == ("Odd", meant, "2020")
    assert sails.title == "Sails"


def test_a_kind_may_be_two_words():
    one, other = read("@Conference Paper{a, title={A}, abstract={x}}\n" + SAILS)
    assert (one.title, other.title) == ("A", "Sails")


def test_a_key_that_is_named_may_stand_without_braces():
    text = (
        "@inproceedings{c, crossref=P1, title={Child}, abstract={x}}\n"
        "@proceedings{p1, title={Piers}, year=2015, abstract={y}}"
    )
    found = {paper.title: paper for paper in read(text)}
    assert (found["Child"].venue, found["Child"].year) == ("Piers", 2015)


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ("Marsh A. and Lind B. C.", ("A. Marsh", "B. C. Lind")),
        ("Ada Marsh, Bo Lind and Cy Dow", ("Ada Marsh", "Bo Lind", "Cy Dow")),
        ("Ada Marsh \\& Bo Lind", ("Ada Marsh", "Bo Lind")),
        ("{Barnes & Noble}", ("Barnes & Noble",)),
        ("van der Berg, Jan and Lind, Bo", ("Jan van der Berg", "Bo Lind")),
    ],
)
def test_names_are_told_apart_however_they_are_listed(names, told):
    assert paper(f"author = {{{names}}}").authors == told


def test_what_follows_the_last_entry_of_a_page_is_none_of_it():
    found, *_ = read(SAILS + "</pre>" + "<p>{Waves.\n" * 20_000)
    assert isinstance(found, Paper)


def test_an_abstract_may_be_in_a_note_and_have_paragraphs():
    (found,) = read("@a{b, title = {T}, annote = {One.\n\nTwo.\\par Three.}}")
    assert isinstance(found, Paper)
    assert found.abstract == "One. Two. Three."


@pytest.mark.parametrize(
    ("fields", "venue"),
    [
        ("journal = {Sea}, publisher = {P}", "Sea"),
        ("journaltitle = {Sea}, booktitle = {B}", "Sea"),
        ("eventtitle = {Sea}", "Sea"),
        ("publisher = {Sea}", "Sea"),
    ],
)
def test_a_venue_is_a_publisher_where_nothing_else_stands(fields, venue):
    assert paper(fields).venue == venue


# Crossrefs.

PARENT = (
    "@proceedings{P2020, title = {Proc. of Tides}, publisher = {Sea}, year = 2020, month = may}\n"
)
CHILD = f"@inproceedings{{c, title = {{T}}, crossref = {{p2020}}, {ABSTRACT}}}\n"


@pytest.mark.parametrize("text", [PARENT + CHILD, CHILD + PARENT, CHILD + SAILS + PARENT])
def test_year_and_venue_come_from_the_entry_that_is_named(text):
    (found,) = (one for one in read(text) if isinstance(one, Paper) and one.title == "T")
    assert (found.published, found.venue) == ("2020-05", "Proc. of Tides")


VOLUME = "@book{p2020, title = {Proc. of Tides}, crossref = {Whole}}\n"
WHOLE = "@misc{whole, title = {All}, year = 2020, month = may}\n"


@pytest.mark.parametrize(
    "text",
    [CHILD + VOLUME + WHOLE, CHILD + WHOLE + VOLUME, VOLUME + CHILD + WHOLE,
     VOLUME + WHOLE + CHILD, WHOLE + VOLUME + CHILD, WHOLE + CHILD + VOLUME],
)  # fmt: skip
def test_the_entry_that_is_named_may_be_part_of_another(text):
    (found,) = (one for one in read(text) if isinstance(one, Paper))
    assert (found.published, found.venue) == ("2020-05", "Proc. of Tides")


def test_an_entry_takes_from_each_that_it_names():
    parts = "@xdata{y, year = 2020}\n@xdata{b, title = {No}, booktitle = {B}}\n"
    for text in (CHILD + parts, parts + CHILD):
        (found,) = read(text.replace("crossref = {p2020}", "xdata = {b, y}"))
        assert isinstance(found, Paper)
        assert (found.published, found.venue) == ("2020", "B")


def test_entries_that_name_each_other_are_read():
    text = CHILD + CHILD.replace("{c,", "{p2020,").replace("crossref = {p2020}", "crossref = {c}")
    assert [type(one) for one in read(text)] == [Paper, Paper]


def test_a_long_chain_of_entries_is_read_in_time_of_its_length():
    chain = "".join(
        CHILD.replace("{c,", f"{{k{n},").replace("p2020", f"k{n + 1}") for n in range(4_000)
    )
    started = time.process_time()
    assert [type(one) for one in read(chain)] == [Paper] * 4_000
    assert time.process_time() - started < 5


def test_what_an_entry_says_itself_counts():
    child = CHILD.replace("crossref", "year = 2019, booktitle = {B}, crossref")
    (found,) = (one for one in read(child + PARENT) if isinstance(one, Paper))
    assert (found.published, found.venue) == ("2019", "B")


def test_an_entry_whose_parent_is_not_there_is_read():
    one, two = read(CHILD.replace("crossref", "publisher = {Sea}, crossref") + SAILS)
    assert isinstance(one, Paper)
    assert isinstance(two, Paper)
    assert {(one.title, one.venue), (two.title, two.venue)} == {("Sails", None), ("T", "Sea")}


# Names.


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("family=Marsh, given=Ada and family=Berg, given=Jan, prefix=van der, useprefix=true",
         ("Ada Marsh", "Jan van der Berg")),
        ('given={Ada B.}, given-i={A B}, family="de la Mar", suffix=Jr.',
         ("Ada B. de la Mar Jr.",)),
        ("{Marsh, Ada and Lind, Bo}", ("Ada Marsh", "Bo Lind")),
        ("{Sails and Ropes}", ("Sails and Ropes",)),
        ("Marsh, A.; Lind, B.", ("A. Marsh", "B. Lind")),
        ("Marsh, A AND Lind, B and others", ("A Marsh", "B Lind")),
        ("Marsh, Ada and\n  O{'}Neil, Cy", ("Ada Marsh", "Cy O'Neil")),
        ("M&uuml;ller, J.", ("J. Müller",)),
        ("Marsh, Ada and", ("Ada Marsh",)),
        ("Ada Marsh; Bo Lind", ("Ada Marsh", "Bo Lind")),
        ("Ada Marsh, Bo Lind, Cy Dee", ("Ada Marsh", "Bo Lind", "Cy Dee")),
        ("Ada Marsh, Bo Lind, and Cy Dee", ("Ada Marsh", "Bo Lind", "Cy Dee")),
        ("Ada Marsh, and Bo Lind", ("Ada Marsh", "Bo Lind")),
        ("Marsh, A., Lind, B., Dee, C.", ("A. Marsh", "B. Lind", "C. Dee")),
        ("van der Berg, Jan Peter and Bo Lind", ("Jan Peter van der Berg", "Bo Lind")),
        ("King, Jr., Martin", ("Martin King Jr.",)),
        ("Bo Lind 0001 and Ada Marsh", ("Bo Lind", "Ada Marsh")),
    ],
)  # fmt: skip
def test_names_are_read_however_they_are_written(written, names):
    assert paper(f"author = {{{written}}}").authors == names


# Dates.


@pytest.mark.parametrize(
    ("written", "published"),
    [
        ("1999~", "1999"), ("1999?", "1999"), ("2019%", "2019"), ("2019/2020", "2019"),
        ("1999~/2001", "1999"), ("../2020", "2020"), ("2020/..", "2020"), ("2001-21", "2001"),
        ("19XX", None), ("2021-05-XX", "2021-05"), ("2021-05-04T10:00:00Z", "2021-05-04"),
        ("2020-~05", "2020-05"),
        ("2020-05~", "2020-05"), ("May 4, 2020", "2020-05-04"), ("2020/05/04", "2020-05-04"),
    ],
)  # fmt: skip
def test_dates_of_biblatex_are_read(written, published):
    assert paper(f"date = {{{written}}}").published == published


@pytest.mark.parametrize(
    ("month", "published"),
    [
        ('may # "~3"', "2020-05-03"), ('"3~" # may', "2020-05-03"), ("{{SEP-OCT}}", "2020-09"),
        ("{{SEP 15}}", "2020-09-15"), ("{May 4--9}", "2020-05-04"), ("june", "2020-06"),
        ("Sept", "2020-09"), ("{05}", "2020-05"),
    ],
)  # fmt: skip
def test_a_month_may_have_its_day(month, published):
    assert paper(f"year = {{{{2020}}}}, month = {month}").published == published


# Markup.


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"$10^{-5}$, 10$^{-5}$, $3\times 10^{5}$, 25$^{\circ}$C",
         "10^-5, 10^-5, 3 × 10^5, 25°C"),
        (r"10\textsuperscript{-3} 10\textsuperscript{$-$3} 10\textsuperscript{{\textminus}3}",
         "10^-3 10^-3 10^-3"),
        (r"10{\textless}sup{\textgreater}-3{\textless}/sup{\textgreater}", "10^-3"),
        (r"m\textsuperscript{2}, CO\textsubscript{2}, 1\textsuperscript{st}", "m^2, CO2, 1st"),
        ("10<sup>−5</sup> of <i>x</i> H<sub>2</sub>O &amp; p &lt; 3", "10^-5 of x H2O & p < 3"),
        (r"10{\textsuperscript{-5}} 10 \textsuperscript{-5} 10\^{-5} 10\sp{-5}",
         "10^-5 10^-5 10^-5 10^-5"),
        (r"10$^{\textrm{-5}}$ 10$^{\mathrm{-5}}$ 10$^{\rm -5}$ $10^{\text{-}5}$ "
         r"10$^{\text{--}5}$",
         "10^-5 10^-5 10^-5 10^-5 10^-5"),
        (r"\ensuremath{10^{-5}}, \(10^{-5}\), $$10^{-5}$$", "10^-5, 10^-5, 10^-5"),
        (r"H$_{\textrm{2}}$O, m$^{\textrm{2}}$", "H2O, m^2"),
        (r"\documentclass[12pt]{minimal} \usepackage{amsmath} "
         r"\begin{document}$$10^{-5}$$\end{document} m", "10^-5 m"),
        (r"{\textbackslash}alpha, \textbackslash{}beta", r"\alpha, \beta"),
        (r"{\sffamily A} \uppercase{b} \textbeta-x {\dots} \d{a}\b{h}", "A b β-x … ạẖ"),
        (r"{\textless}p{\textgreater}{\textless} 3 m{\textless}/p{\textgreater}", "< 3 m"),
        (r"$<$i$>$in vitro$<$/i$>$", "in vitro"),
        ("<jats:title>Abstract</jats:title><jats:p>One.</jats:p><jats:p>Two.</jats:p>",
         "One. Two."),
        (r"A{\textendash}B {\&} 5{\%}, {\textasciitilde}2 \textquoteleft x\textquoteright",
         "A–B & 5%, ~2 ‘x’"),
        (r"\SI{5}{\milli\metre} \qty{3}{\percent} \href{http://a}{here}", "5 mm 3 % here"),
        (r"seen \cite{x}, \textcolor{red}{so} \begin{itemize}\item y\end{itemize}", "seen, so y"),
        (r"$p<0.05$ and ${\mathrm{TiS}}_{2}$", r"$p<0.05$ and ${\mathrm{TiS}}_{2}$"),
    ],
)  # fmt: skip
def test_markup_becomes_plain_text(latex, text):
    assert plain(latex) == text


# Bad entries.


def test_a_bad_entry_is_a_problem_with_its_line_and_the_others_go_on(tmp_path):
    file = tmp_path / "odd name"
    file.write_text(
        SAILS
        + "@article{open, title = {Never closed,\n  abstract = {x}\n"
        + "@article{bare, title = {Bare}}\n"
        + "@article{odd, title = Odd or so, abstract = x y}\n"
        + SAILS.replace("Sails", "Ropes")
    )
    one, *problems, last = read_papers(file)
    assert (one.title, last.title) == ("Sails", "Ropes")
    assert [str(problem) for problem in problems] == [
        "odd name:2: not a BibTeX entry (premature end of file in its line 2); it has no end",
        'odd name:4: missing "abstract"',
        "odd name:5: not a BibTeX entry ('}' expected in its line 1)",
    ]


def test_a_file_cut_off_in_the_middle_loses_its_last_entry_alone():
    text = SAILS + ENTRY
    for end in range(len(SAILS), len(text) - 3, 7):
        one, *rest = read(text[:end])
        assert isinstance(one, Paper)
        assert [type(found) for found in rest] in ([], [Problem])


def test_abbreviations_cannot_blow_an_entry_up():
    laughs = "@string{a0 = {haha}}\n" + "".join(
        f"@string{{a{n + 1} = a{n} # a{n}}}\n" for n in range(64)
    )
    *problems, found = read(f"{laughs}@article{{x, title = {{T}}, abstract = a64}}\n{SAILS}")
    assert isinstance(found, Paper)
    assert "abbreviations grow beyond" in str(problems[0])


@pytest.mark.parametrize(
    "hostile",
    [
        '@article{a, title = "' + "{}" * 2_000_000,
        "@article{a, title = " + "{" * 90_000,
        "@article{a, title = {" + "{" * 4_000 + "}" * 4_001 + "}",
        "@article{a, author = {" + "x and " * 15_000 + "}, title = {T}, abstract = {A.}}",
        "@article{a, author = {a,b,c,d,e and {{}, title = {T}, abstract = {A.}}",
        "@article{a, title = {T}, abstract = {" + "\\" * 80_000 + "}}",
        "@a{" * 20_000,
        "\n@a{" * 20_000,
    ],
)
def test_an_entry_made_to_break_the_parser_is_over_soon_and_costs_no_other(hostile):
    started = time.process_time()
    *_, found = read(f"{hostile}\n{SAILS}")
    assert isinstance(found, Paper)
    assert found.title == "Sails"
    assert time.process_time() - started < 5


def test_ten_thousand_entries_are_read_in_their_order():
    text = "".join(SAILS.replace("Sails}", f"Sails {n}}}") for n in range(10_000))
    assert [p.title for p in read(text) if isinstance(p, Paper)] == [
        f"Sails {n}" for n in range(10_000)
    ]


def test_an_encoding_that_is_not_utf_8_is_read(tmp_path):
    file = tmp_path / "my.bib"
    file.write_bytes(SAILS.replace("tear", "t\xe9ar").encode("latin-1"))
    (paper,) = read_papers(file)
    assert "t\xe9ar" in paper.abstract


# Which reader.


@pytest.mark.parametrize("text", [ENTRY, SAILS, "% my own\n\n  @Comment{x}\n" + SAILS])
def test_a_file_of_entries_is_known_by_this_reader_alone(text):
    assert [reader for reader in READERS if reader.recognises(text)] == [bibtex]


@pytest.mark.parametrize(
    "text",
    [
        "@dataclass(frozen=True)\nclass A: ...",
        "@property\ndef f(): ...",
        "a@b.example",
        "",
        "@font-face{font-family:a,b}",
        "@media(max-width:9px){a{b:c}}",
        '{"a": "\n@a{b,"}',
        "<html><style>\n@font-face{src:url(a),url(b)}</style>",
        "<?xml version='1.0'?><a>@b{c,",
    ],
)
def test_a_program_is_no_bibliography(text):
    assert not bibtex.recognises(text)


pieces = st.sampled_from(
    ["@article{a,", "title = ", "{", "}", '"', ",", "\\'", "$", "#", "\n", "%"]
)


@given(st.lists(pieces | st.text(max_size=4), max_size=30).map("".join))
def test_any_text_at_all_becomes_papers_and_lines_about_the_rest(text):
    for found in read(f"@article{{a, title = {{T{text}}}, abstract = {{A{text}}}}}\n{text}"):
        if isinstance(found, Paper):
            assert found.abstract.strip()
            str(asdict(found)).encode()
        else:
            assert len(str(found).splitlines()) == 1
