"""XML of other programs: arXiv's Atom and EndNote's records."""

from footnote.index.models import Paper, Problem
from footnote.index.readers import arxiv_atom, endnote, pubmed

ENTRY = """<entry><id>http://arxiv.org/abs/2105.00001v2</id>
<published>2021-05-04T10:00:00Z</published><title>Tides of
  the harbour</title><summary> It rose by 10&lt;sup&gt;2&lt;/sup&gt; m &amp; fell. </summary>
<author><name>Ada Lund</name></author><author><name>Bo Vik</name></author>
<arxiv:doi xmlns:arxiv="http://arxiv.org/schemas/atom">10.1000/x</arxiv:doi>
<arxiv:journal_ref>Sea 7</arxiv:journal_ref></entry>"""
FEED = (
    '<?xml version="1.0"?>\n<feed xmlns="http://www.w3.org/2005/Atom"><title>arXiv</title>{}</feed>'
)
RECORD = """<record><ref-type name="Journal Article">17</ref-type><contributors><authors>
<author><style face="normal">Lund, Ada</style></author><author>Vik, Bo</author>
</authors></contributors>
<titles><title><style face="normal">Eels </style><style face="italic">in vitro</style></title>
</titles><periodical><full-title>Sea</full-title></periodical><dates><year>2019</year></dates>
<abstract>They swim.</abstract><electronic-resource-num>https://doi.org/10.1000/y</electronic-resource-num>
</record>"""


def test_an_entry_of_arxivs_api_is_a_paper() -> None:
    text = FEED.format(ENTRY)
    assert arxiv_atom.recognises(text)
    (found,) = arxiv_atom.read(text, "x")
    assert isinstance(found, Paper)
    assert (found.id, found.title) == ("arxiv:2105.00001", "Tides of the harbour")
    assert found.abstract == "It rose by 10^2 m & fell."
    assert (found.authors, found.published) == (("Ada Lund", "Bo Vik"), "2021-05-04")
    assert (found.venue, "doi:10.1000/x" in found.aliases) == ("Sea 7", True)


def test_an_entry_that_is_no_paper_is_a_problem_and_costs_no_other() -> None:
    error = "<entry><id>http://arxiv.org/api/errors#x</id><summary>bad id</summary></entry>"
    blog = "<entry><title>News</title></entry>"
    entity = ENTRY.replace("Ada Lund", "&unknown;")
    found = list(arxiv_atom.read(FEED.format(error + blog + entity + ENTRY), "x"))
    told = [str(one) for one in found if isinstance(one, Problem)]
    assert told[0].endswith("arXiv answered: bad id")
    assert told[1].endswith("this entry has no summary; only feeds of papers are read")
    assert [one.title for one in found if isinstance(one, Paper)][-1] == "Tides of the harbour"
    (cut,) = arxiv_atom.read(FEED.format(ENTRY)[:300], "x")
    assert "cut off here" in str(cut)


def test_a_record_of_endnote_is_a_paper() -> None:
    text = f"<?xml version='1.0'?><xml><records>{RECORD}{RECORD[:90]}</record></records></xml>"
    assert endnote.recognises(text)
    found, problem = endnote.read(text, "x")
    assert isinstance(found, Paper)
    assert (found.title, found.year, found.venue) == ("Eels in vitro", 2019, "Sea")
    assert (found.authors, found.id) == (("Ada Lund", "Bo Vik"), "doi:10.1000/y")
    assert isinstance(problem, Problem)


def test_a_chapter_of_pubmeds_books_and_a_title_in_its_own_language_are_read() -> None:
    book = """<PubmedArticleSet><PubmedBookArticle><BookDocument><PMID>9</PMID><Book>
    <BookTitle>Tide guide</BookTitle><PubDate><Year>2009</Year></PubDate></Book>
    <ArticleTitle>Care of tides</ArticleTitle>
    <Abstract><AbstractText>Wait.</AbstractText></Abstract>
    </BookDocument></PubmedBookArticle><PubmedArticle><MedlineCitation><PMID>8</PMID><Article>
    <ArticleTitle>[Not Available].</ArticleTitle><VernacularTitle>Les marées.</VernacularTitle>
    <Abstract><AbstractText>Montent.</AbstractText></Abstract></Article></MedlineCitation>
    </PubmedArticle></PubmedArticleSet>"""
    chapter, article = pubmed.read(book, "x")
    assert isinstance(chapter, Paper)
    assert (chapter.title, chapter.venue, chapter.year) == ("Care of tides", "Tide guide", 2009)
    assert isinstance(article, Paper)
    assert article.title == "Les marées."
