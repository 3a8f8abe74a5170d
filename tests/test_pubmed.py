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
