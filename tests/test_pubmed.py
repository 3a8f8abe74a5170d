"""PubMed's XML: an article becomes one paper or one problem; nothing outside it is read."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote.index.models import Paper, Problem
from footnote.index.readers import pubmed
from footnote.index.readers.formats import READERS, read_papers

HEAD = """<?xml version="1.0" ?>
<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2025//EN"
 "https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd">
<PubmedArticleSet>
"""
ARTICLE = """<PubmedArticle>
 <MedlineCitation Status="MEDLINE"><PMID Version="1">31415</PMID>
  <Article><Journal>
    <JournalIssue><PubDate><Year>2020</Year><Month>May</Month><Day>4</Day></PubDate></JournalIssue>
    <Title>Journal of Tides</Title><ISOAbbreviation>J Tid</ISOAbbreviation></Journal>
   <ArticleTitle>Tides of CO<sub>2</sub> &amp; <i>two</i> harbours</ArticleTitle>
   <ELocationID EIdType="doi" ValidYN="Y">10.1000/ABC</ELocationID>
   <Abstract>
    <AbstractText Label="AIM" NlmCategory="OBJECTIVE">To measure
      the <b>tide</b>.</AbstractText>
    <AbstractText Label="RESULTS">It rose 7 &#xB5;m (p&lt;0.05).</AbstractText>
    <CopyrightInformation>Not of the text.</CopyrightInformation></Abstract>
   <AuthorList><Author><LastName>Müller</LastName><ForeName>József K</ForeName></Author>
    <Author><LastName>Li</LastName><ForeName>Bo</ForeName><Suffix>Jr</Suffix></Author>
    <Author><CollectiveName>The Tide Group</CollectiveName></Author></AuthorList>
   <ArticleDate><Year>2019</Year></ArticleDate></Article>
  <CommentsCorrectionsList><CommentsCorrections><PMID>9</PMID></CommentsCorrections>
  </CommentsCorrectionsList></MedlineCitation>
 <PubmedData><ReferenceList><Reference><ArticleIdList><ArticleId IdType="doi">10.1/other
  </ArticleId></ArticleIdList></Reference></ReferenceList></PubmedData>
</PubmedArticle>
"""
TAIL = "</PubmedArticleSet>\n"


def article(title: str, abstract: str = "<AbstractText>Sails tear.</AbstractText>") -> str:
    return (
        "<PubmedArticle><MedlineCitation><Article><ArticleTitle>"
        f"{title}</ArticleTitle><Abstract>{abstract}</Abstract></Article></MedlineCitation>"
        "</PubmedArticle>\n"
    )


SAILS = article("Sails")


def read(text: str) -> list[Paper | Problem]:
    return list(pubmed.read(text, "my.xml"))


# Fields.


def test_every_field_is_read():
    (found,) = read(HEAD + ARTICLE + TAIL)
    assert isinstance(found, Paper)
    assert found.title == "Tides of CO2 & two harbours"
    assert found.abstract == "AIM: To measure the tide. RESULTS: It rose 7 µm (p<0.05)."
    assert found.authors == ("József K Müller", "Bo Li Jr", "The Tide Group")
    assert (found.venue, found.published) == ("Journal of Tides", "2020-05-04")
    assert found.aliases[:2] == ("doi:10.1000/abc", "pmid:31415")
    assert (found.url, found.source) == ("https://pubmed.ncbi.nlm.nih.gov/31415/", "PubMed")


def test_a_doi_that_stands_among_the_identifiers_only_is_read():
    ids = '<PubmedData><ArticleIdList><ArticleId IdType="doi">10.1000/x</ArticleId></ArticleIdList>'
    text = SAILS.replace("</PubmedArticle>", f"{ids}</PubmedData></PubmedArticle>")
    (found,) = read(text)
    assert isinstance(found, Paper)
    assert found.id == "doi:10.1000/x"


@pytest.mark.parametrize(
    ("date", "published"),
    [
        ("<Year>2020</Year>", "2020"),
        ("<Year>2020</Year><Month>05</Month>", "2020-05"),
        ("<MedlineDate>2019 Nov-Dec</MedlineDate>", "2019"),
        ("<Year>2020</Year><Season>Spring</Season>", "2020"),
        ("", "2018-02-03"),
    ],
)
def test_a_date_is_read_as_far_as_it_goes(date, published):
    day = "<ArticleDate><Year>2018</Year><Month>02</Month><Day>03</Day></ArticleDate>"
    issue = f"<Journal><JournalIssue><PubDate>{date}</PubDate></JournalIssue></Journal>"
    day = day if not date else ""
    (found,) = read(SAILS.replace("<Article>", f"<Article>{issue}{day}"))
    assert isinstance(found, Paper)
    assert found.published == published


# Bad articles.


def test_a_bad_article_is_a_problem_with_its_line_and_the_others_go_on(tmp_path):
    file = tmp_path / "odd name"
    file.write_text(
        HEAD
        + SAILS
        + article("Not <i>closed")
        + article("Bare", "")
        + "<PubmedBookArticle></PubmedBookArticle>\n"
        + article("Ropes")
        + TAIL
    )
    one, *problems, last = read_papers(file)
    assert (one.title, last.title) == ("Sails", "Ropes")
    assert [str(problem).partition(" (")[0] for problem in problems] == [
        "odd name:6: not XML",
        'odd name:7: missing "abstract"',
        'odd name:8: missing "abstract"',
    ]


def test_a_file_cut_off_in_the_middle_loses_its_last_article_alone():
    text = HEAD + SAILS + ARTICLE
    for end in range(len(HEAD + SAILS), len(text) - 2, 25):
        one, *rest = read(text[:end])
        assert isinstance(one, Paper)
        assert [type(found) for found in rest] in ([], [Problem])


def test_entities_of_the_file_are_not_resolved_and_nothing_is_read_from_outside(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("the secret")
    entities = "".join(f'<!ENTITY a{n + 1} "&a{n};&a{n};&a{n};&a{n};">' for n in range(40))
    head = (
        f'<!DOCTYPE PubmedArticleSet [<!ENTITY a0 "ha"><!ENTITY s SYSTEM "{secret.as_uri()}">'
        f'{entities}<!ENTITY % d SYSTEM "http://127.0.0.1:9/x.dtd">%d;]><PubmedArticleSet>'
    )
    inner = article(
        f'x</ArticleTitle><!DOCTYPE a [<!ENTITY s SYSTEM "{secret}">]><ArticleTitle>&s;'
    )
    *found, last = read(head + article("&a40;") + article("&s;") + inner + SAILS)
    assert isinstance(last, Paper)
    assert last.title == "Sails"
    assert "secret" not in str(found).replace(str(Path(secret)), "")
    assert all(isinstance(one, Problem) for one in found)
    assert all(len(str(one)) < 300 for one in found)


@pytest.mark.parametrize(
    "hostile",
    [
        "<PubmedArticle>" + "<a>" * 500_000 + "</PubmedArticle>",
        "<PubmedArticle>" * 20_000,
        article("x" * 11_000_000),
        article("\0"),
        article("&#0; &#xFFFF;"),
        "<PubmedArticle " + "a='1' " * 50_000 + "/>",
        article("<![CDATA[" + "]]>" * 10_000),
    ],
    ids=["deep", "opened", "long", "NUL", "no character", "attributes", "CDATA"],
)
def test_an_article_made_to_break_the_parser_is_over_soon_and_costs_no_other(hostile):
    started = time.process_time()
    *_, found = read(f"{hostile}\n{SAILS}")
    assert isinstance(found, Paper)
    assert found.title == "Sails"
    assert time.process_time() - started < 5


def test_ten_thousand_articles_are_read():
    assert len(read(HEAD + SAILS * 10_000 + TAIL)) == 10_000


# Which reader.


def test_a_set_of_articles_is_known_by_this_reader_alone():
    for text in (HEAD + ARTICLE, "<PubmedArticleSet>" + SAILS, SAILS):
        assert [reader for reader in READERS if reader.recognises(text)] == [pubmed]
    assert not pubmed.recognises("<html><body>PubmedArticleSet</body></html>")


pieces = st.sampled_from(
    ["<b>", "</b>", "&amp;", "&x;", "<!--", "-->", "<![CDATA[", "]]>", "<?", "\0"]
)


@given(st.lists(pieces | st.text(max_size=5), max_size=20).map("".join))
def test_any_text_at_all_becomes_papers_and_lines_about_the_rest(text):
    for found in read(SAILS.replace("Sails", f"Sails {text}")):
        assert isinstance(found, Paper) or len(str(found).splitlines()) == 1


# Shapes of articles.


def one(text: str) -> Paper:
    (found,) = read(text)
    assert isinstance(found, Paper), found
    return found


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("At 10<sup>-5</sup> M", "At 10^-5 M"),
        ("7 m<sup>2</sup> of H<sub>2</sub>O", "7 m^2 of H2O"),
        ("the 1<sup>st</sup> of 10<sub>2</sub>", "the 1st of 10_2"),
        ("SO<sub>4</sub><sup>2-</sup> ions", "SO4^2- ions"),
        ("At 10&lt;sup&gt;-5&lt;/sup&gt; M", "At 10^-5 M"),
        ("p &lt; 0.05 &amp; q &gt; 1", "p < 0.05 & q > 1"),
        ("A<!-- not this -->B <?nor this?>C", "AB C"),
        ("5&nbsp;&micro;m", "5 µm"),
    ],
)
def test_indices_and_exponents_stay_readable(written, meant):
    assert one(article("Sails", f"<AbstractText>{written}</AbstractText>")).abstract == meant
    assert one(article(written)).title == meant


@pytest.mark.parametrize(
    ("formula", "line"),
    [
        (
            "<m:semantics><m:msup><m:mn>10</m:mn><m:mrow><m:mo>-</m:mo><m:mn>5</m:mn></m:mrow>"
            '</m:msup><m:annotation encoding="tex">10^{-5}</m:annotation></m:semantics>',
            "10^-5",
        ),
        ("<m:msub><m:mi>x</m:mi><m:mi>i</m:mi></m:msub>", "x_i"),
        ("<m:msubsup><m:mi>x</m:mi><m:mi>i</m:mi><m:mn>2</m:mn></m:msubsup>", "x_i^2"),
        (
            "<m:mfrac><m:mi>a</m:mi><m:mrow><m:mi>b</m:mi><m:mo>+</m:mo><m:mn>1</m:mn></m:mrow>"
            "</m:mfrac>",
            "a/(b+1)",
        ),
        ("<m:msqrt><m:mi>n</m:mi></m:msqrt>", "√n"),
        ("<m:mover><m:mi>x</m:mi><m:mo>¯</m:mo></m:mover>", "x̄"),
    ],
)
def test_a_formula_is_read_once_and_as_a_line(formula, line):
    # The prefix is declared in the article, or where the set begins.
    for declared in (' xmlns:m="http://www.w3.org/1998/Math/MathML"', ""):
        text = f"<AbstractText>Be <m:math{declared}>{formula}</m:math> small.</AbstractText>"
        assert one(article("Sails", text)).abstract == f"Be {line} small."


def test_another_abstract_stands_in_where_there_is_none_english_first():
    others = "".join(
        f'<OtherAbstract Type="Publisher" Language="{language}"><AbstractText>{text}'
        "</AbstractText></OtherAbstract>"
        for language, text in (("fre", "Voiles."), ("eng", "Of sails."))
    )
    without = article("Sails", "").replace("</Article>", f"</Article>{others}")
    assert one(without).abstract == "Of sails."
    assert one(without.replace('"eng"', '"ger"')).abstract == "Voiles."
    assert one(SAILS.replace("</Article>", f"</Article>{others}")).abstract == "Sails tear."


@pytest.mark.parametrize("missing", ["[Not Available].", "[Not available]", ""])
def test_a_title_in_its_own_language_stands_in_for_one_that_is_not_there(missing):
    own = "<VernacularTitle>Les voiles.</VernacularTitle></Article>"
    assert one(article(missing).replace("</Article>", own)).title == "Les voiles."
    assert one(article("[Sails].").replace("</Article>", own)).title == "[Sails]."


def test_authors_may_have_initials_alone_or_be_a_group():
    people = (
        "<AuthorList><Author><LastName>Lund</LastName><Initials>AB</Initials></Author>"
        "<Author><LastName>Vik</LastName><ForeName>Bo</ForeName><Initials>B</Initials></Author>"
        "<Author><LastName>Plato</LastName></Author>"
        "<Author><CollectiveName>Tide Group</CollectiveName></Author></AuthorList></Article>"
    )
    found = one(SAILS.replace("</Article>", people))
    assert found.authors == ("AB Lund", "Bo Vik", "Plato", "Tide Group")


BOOK = """<PubmedBookArticle><BookDocument><PMID Version="1">77</PMID>
 <ArticleIdList><ArticleId IdType="bookaccession">NBK7</ArticleId></ArticleIdList>
 <Book><BookTitle>Guide of <i>tides</i></BookTitle><PubDate><Year>2009</Year><Month>Mar</Month>
  </PubDate><AuthorList Type="editors"><Author><LastName>Head</LastName></Author>
  </AuthorList></Book>
 <ArticleTitle>Care of tides</ArticleTitle>
 <AuthorList Type="authors"><Author><LastName>Lund</LastName><ForeName>Ada</ForeName></Author>
 </AuthorList><Abstract><AbstractText Label="CARE">Wait.</AbstractText></Abstract>
</BookDocument><PubmedBookData/></PubmedBookArticle>
"""


def test_a_chapter_of_a_book_is_read_and_so_is_a_book_as_a_whole():
    chapter, last = read(HEAD + BOOK + SAILS + TAIL)
    assert isinstance(chapter, Paper)
    assert (chapter.title, chapter.venue) == ("Care of tides", "Guide of tides")
    assert (chapter.abstract, chapter.published) == ("CARE: Wait.", "2009-03")
    assert (chapter.authors, chapter.id) == (("Ada Lund",), "pmid:77")
    assert last.title == "Sails"
    whole = one(BOOK.replace("<ArticleTitle>Care of tides</ArticleTitle>", ""))
    assert (whole.title, whole.venue) == ("Guide of tides", None)


def test_a_chapter_is_of_its_own_day_where_its_book_goes_on_growing():
    text = (
        "<PubmedArticleSet><PubmedBookArticle><BookDocument><PMID>5</PMID><Book><BookTitle>Tides"
        "</BookTitle><PubDate><Year>1993</Year></PubDate></Book><ArticleTitle>Care</ArticleTitle>"
        "<Abstract><AbstractText>Wait.</AbstractText></Abstract><ContributionDate><Year>2009</Year>"
        "<Month>04</Month></ContributionDate></BookDocument></PubmedBookArticle></PubmedArticleSet>"
    )
    assert one(text).published == "2009-04"


def test_signs_that_xml_does_not_have_cost_no_article():
    text = HEAD + article("Tides\x0b", "<AbstractText>x\x02 &#x1F;R & D.</AbstractText>") + TAIL
    (found,) = read(text)
    assert isinstance(found, Paper), found
    assert (found.title, found.abstract) == ("Tides", "x R & D.")


def test_another_abstract_may_be_without_parts():
    text = article("Tides", "").replace("<Abstract></Abstract>", "")
    other = "<OtherAbstract Language='ger'>Es stieg.</OtherAbstract></MedlineCitation>"
    (found,) = read(HEAD + text.replace("</MedlineCitation>", other) + TAIL)
    assert found.abstract == "Es stieg."


def test_a_set_of_medline_holds_citations_without_articles_around_them():
    citation = SAILS.replace("<PubmedArticle>", "").replace("</PubmedArticle>", "")
    bad = citation.replace("Sails</", "Sails<")
    text = f"<MedlineCitationSet>\n{citation}{bad}{citation.replace('Sails', 'Ropes')}"
    assert [reader for reader in READERS if reader.recognises(text)] == [pubmed]
    for pieces in (f"{text}</MedlineCitationSet>", list(text)):
        first, problem, last = pubmed.read(pieces, "my.xml")
        assert (first.title, last.title) == ("Sails", "Ropes")
        assert str(problem).startswith("my.xml:3: not XML")


def test_what_was_deleted_is_passed_over():
    deleted = '<DeleteCitation><PMID Version="1">11</PMID></DeleteCitation>\n'
    assert one(HEAD + SAILS + deleted + TAIL).title == "Sails"
    assert read(HEAD + deleted + TAIL) == []


def test_an_article_whose_start_tag_is_damaged_costs_no_other_of_its_set():
    text = HEAD + SAILS.replace("<PubmedArticle>", "<Pubmed") + article("Ropes") + TAIL
    assert one(text).title == "Ropes"


@pytest.mark.parametrize("word", ["Pubmed", "PubMed", "&lt;PubmedArticle&gt;"])
def test_a_set_of_medline_whose_abstract_names_pubmed_is_read(word):
    citation = SAILS.replace("<PubmedArticle>", "").replace("</PubmedArticle>", "")
    named = citation.replace("Sails tear", f"We searched {word}")
    found = read(f"<MedlineCitationSet>{named}{citation}</MedlineCitationSet>")
    assert [type(one) for one in found] == [Paper, Paper]


def test_what_is_marked_as_not_valid_is_left_out():
    marked = (
        '<ELocationID EIdType="doi" ValidYN="N">10.1000/bad</ELocationID>'
        '<ELocationID EIdType="doi" ValidYN="Y">10.1000/good</ELocationID>'
        '<AuthorList><Author ValidYN="N"><LastName>Lnud</LastName></Author>'
        '<Author ValidYN="Y"><LastName>Lund</LastName></Author></AuthorList></Article>'
    )
    found = one(SAILS.replace("</Article>", marked))
    assert (found.id, found.authors) == ("doi:10.1000/good", ("Lund",))


@pytest.mark.parametrize(
    ("label", "meant"),
    [
        ("AIM", "AIM: x."),
        ("AIM:", "AIM: x."),
        ("UNLABELLED", "x."),
        ("Unlabelled", "x."),
        ("", "x."),
    ],
)
def test_a_label_stands_before_its_part_once_and_only_where_it_says_something(label, meant):
    part = f'<AbstractText Label="{label}">x.</AbstractText>'
    assert one(article("Sails", part)).abstract == meant
