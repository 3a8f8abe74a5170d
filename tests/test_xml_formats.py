"""XML of other programs: arXiv's Atom, EndNote's records, MODS and the ACL Anthology."""

import time
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote.index.models import Paper, Problem
from footnote.index.readers import acl, arxiv_atom, endnote, jats, mods, pubmed
from footnote.index.readers.formats import READERS

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
    assert told[1].endswith("a feed of 'arXiv', not of papers: the entry has no summary")
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


MODS = """<mods ID="a"><titleInfo type="alternative"><title>Short</title></titleInfo>
<titleInfo><nonSort>The</nonSort><title>Eels of CO<sub>2</sub></title><subTitle>a survey</subTitle>
</titleInfo>
<name type="personal"><namePart type="given">Ada</namePart><namePart type="given">B.</namePart>
 <namePart type="family">Lund</namePart><namePart type="date">1970-</namePart>
 <role><roleTerm type="code">aut</roleTerm></role></name>
<name><namePart>Vik, Bo</namePart></name>
<name type="corporate"><namePart>Tides, Eels and Co</namePart></name>
<name><namePart>Head, E.</namePart><role><roleTerm>editor</roleTerm></role></name>
<abstract xml:lang="fr">Elles nagent.</abstract><abstract xml:lang="en">They swim.</abstract>
<originInfo><dateIssued>2019-06</dateIssued></originInfo>
<relatedItem type="host"><titleInfo><title>Sea</title></titleInfo>
 <name><namePart>Not, He</namePart></name><originInfo><dateIssued>2001</dateIssued></originInfo>
 <identifier type="doi">10.1000/host</identifier></relatedItem>
<identifier type="issn">1</identifier><identifier type="doi">10.1000/z</identifier>
<location><url>https://sea.example/z</url></location></mods>"""
COLLECTION = '<modsCollection xmlns="http://www.loc.gov/mods/v3">{}</modsCollection>'
PAPER = """<paper id="1">
<title><fixed-case>T</fixed-case>ides at <tex-math>10^{-5}</tex-math></title>
<author><first>Ada</first><last>Lund</last><affiliation>Sea</affiliation></author>
<author><first/><last>Vik</last></author><editor><first>E</first><last>Head</last></editor>
<abstract>They <i>rise</i> by <b>two</b> metres.</abstract><url hash="ab">2020.sea-main.1</url>
<doi>10.18653/v1/2020.sea-main.1</doi></paper>"""
META = """<meta><booktitle>Proceedings of <fixed-case>S</fixed-case>ea</booktitle>
<month>July</month><year>2020</year></meta><frontmatter><url>2020.sea-main.0</url></frontmatter>"""
VOLUME = f'<volume id="main">{META}{{}}</volume>'
ANTHOLOGY = '<?xml version="1.0"?>\n<collection id="2020.sea">{}</collection>'

FRONT = """<front><journal-meta><journal-title-group><journal-title>Sea</journal-title>
</journal-title-group></journal-meta><article-meta><article-id pub-id-type="pmid">77</article-id>
<article-id pub-id-type="doi">10.1000/j</article-id><title-group>
<article-title>Eels of 10<sup>-5</sup> <italic>m</italic></article-title></title-group>
<contrib-group><contrib contrib-type="author"><name><surname>Lund</surname>
<given-names>Ada</given-names></name></contrib><contrib contrib-type="author">
<collab>Tide Group<contrib-group><contrib contrib-type="author"><name><surname>Member</surname>
</name></contrib></contrib-group></collab></contrib><contrib contrib-type="editor"><name>
<surname>Head</surname></name></contrib></contrib-group>
<pub-date pub-type="ppub"><year>2020</year></pub-date>
<pub-date pub-type="epub"><day>5</day><month>6</month><year>2019</year></pub-date>
<abstract abstract-type="graphical"><p>A picture.</p></abstract>
<abstract><title>Abstract</title><sec><title>Aim:</title><p>To swim.</p></sec>
<sec><title>Results</title><p>H<sub>2</sub>O helped.</p><p>It was wet.</p></sec></abstract>
<kwd-group><kwd>eels</kwd></kwd-group></article-meta></front>"""
BODY = "<body><p>The text.</p></body><back><ref-list><ref>x</ref></ref-list></back>"

# Of each format: the file around its records, and a record.
SETS: dict[ModuleType, tuple[str, str]] = {
    arxiv_atom: (FEED, ENTRY),
    endnote: ("<xml><records>{}</records></xml>", RECORD),
    mods: (COLLECTION, MODS),
    acl: (ANTHOLOGY.format(VOLUME), PAPER),
    jats: (f'<article article-type="x">{{}}{BODY}</article>', FRONT),
}
each = pytest.mark.parametrize("reader", SETS, ids=lambda one: one.__name__.rpartition(".")[2])


def one(reader: ModuleType, text: str) -> Paper:
    (found,) = reader.read(text, "x")
    assert isinstance(found, Paper), found
    return found


# Fields.


def test_latex_of_an_entry_becomes_plain_and_a_tilde_that_means_about_stays() -> None:
    text = r"Of \emph{tides} by $10^{-5}$ m, see Fig.~1: ~7 or ~$8$ (~9) at G\"odel."
    found = one(arxiv_atom, FEED.format(ENTRY.replace("It rose", f"{text} It rose")))
    told = "Of tides by 10^-5 m, see Fig. 1: ~7 or ~8 (~9) at Gödel. It rose"
    assert found.abstract.startswith(told)
    approximate = FEED.format(ENTRY.replace("It rose", "About ~5% rose"))
    assert one(arxiv_atom, approximate).abstract.startswith("About ~5% rose by")


def test_the_venue_of_an_entry_is_its_journal_and_nothing_else() -> None:
    text = ENTRY.replace(
        "<arxiv:journal_ref>Sea 7</arxiv:journal_ref>", "<x:comment>Sea</x:comment>"
    )
    assert one(arxiv_atom, FEED.format(text)).venue is None


def test_an_entry_of_arxivs_daily_feed_is_a_paper_without_the_line_before_it() -> None:
    entry = """<entry><id>oai:arXiv.org:2105.00001v1</id><title>Tides</title>
    <link href="https://arxiv.org/abs/2105.00001" rel="alternate"/>
    <summary>arXiv:2105.00001v1 Announce Type: new Abstract: They rise.</summary>
    <dc:creator>Ada Lund, Bo Vik</dc:creator></entry>"""
    found = one(arxiv_atom, FEED.format(entry))
    assert (found.id, found.abstract) == ("arxiv:2105.00001", "They rise.")
    assert found.authors == ("Ada Lund", "Bo Vik")


def test_an_entry_of_another_feed_is_named() -> None:
    entry = "<entry><id>urn:1</id><title>News</title><summary>A post.</summary></entry>"
    (found,) = arxiv_atom.read(FEED.format(entry), "x")
    told = "not of papers: the entry is none of arXiv"
    assert str(found) == f"x:2: this is a feed of 'arXiv', {told}"
    nameless = FEED.format(entry).replace("<title>arXiv</title>", "")
    (found,) = arxiv_atom.read(nameless, "x")
    # An entry's own title is not its feed's.
    assert str(found) == "x:2: the entry is none of arXiv"


@pytest.mark.parametrize(
    ("day", "published"),
    [("Jun 5", "2019-06-05"), ("5 June", "2019-06-05"), ("June", "2019-06"), ("", "2019"),
     ("2019-06-05", "2019-06-05"), ("Jun 5-9", "2019-06"), ("Spring", "2019")],
)  # fmt: skip
def test_a_date_of_endnote_is_read_as_far_as_it_goes(day: str, published: str) -> None:
    dates = f"<year><style>2019</style></year><pub-dates><date>{day}</date></pub-dates>"
    assert one(endnote, RECORD.replace("<year>2019</year>", dates)).published == published


def test_raised_letters_of_endnote_are_told_by_their_style() -> None:
    raised = 'At 10<style face="superscript" size="100%">-5</style> and H<style face="subscript">2'
    text = RECORD.replace("They swim.", f"{raised}</style>O.&#xD;They swim.")
    assert one(endnote, text).abstract == "At 10^-5 and H2O. They swim."


def test_identifiers_of_endnote_are_found_where_people_keep_them() -> None:
    url = "<urls><related-urls><url><style>https://arxiv.org/abs/2105.00001</style></url>"
    more = "<accession-num>77</accession-num><remote-database-name>PubMed</remote-database-name>"
    text = RECORD.replace("https://doi.org/10.1000/y", "doi:10.1000/y [doi]")
    found = one(endnote, text.replace("</record>", f"{more}{url}</related-urls></urls></record>"))
    assert found.aliases[:3] == ("arxiv:2105.00001", "doi:10.1000/y", "pmid:77")
    assert found.url == "https://arxiv.org/abs/2105.00001"


def test_an_element_of_mods_is_a_paper() -> None:
    found = one(mods, COLLECTION.format(MODS))
    assert found.title == "The Eels of CO2: a survey"
    assert found.authors == ("Ada B. Lund", "Bo Vik", "Tides, Eels and Co")
    assert (found.abstract, found.published, found.venue) == ("They swim.", "2019-06", "Sea")
    assert (found.id, found.url) == ("doi:10.1000/z", "https://sea.example/z")


@pytest.mark.parametrize(
    ("date", "published"),
    [("2019-06-05", "2019-06-05"), ("20190605", "2019-06-05"), ("June 2019", "2019-06"),
     ("[c2019]", "2019"), ("2019-06-05T10:00:00Z", "2019-06-05"), ("no date", "2001"),
     ("5 June 2019", "2019-06-05"), ("2018-2019", "2018")],
)  # fmt: skip
def test_a_date_of_mods_is_read_as_far_as_it_goes(date: str, published: str) -> None:
    assert one(mods, MODS.replace("2019-06<", f"{date}<")).published == published


def test_an_article_of_mods_with_an_apostrophe_touches_its_title() -> None:
    text = MODS.replace("<nonSort>The", "<nonSort>L'").replace("Eels of", "eau of")
    assert one(mods, text).title == "L'eau of CO2: a survey"


def test_a_paper_of_the_anthology_is_read_with_its_volume() -> None:
    found = one(acl, ANTHOLOGY.format(VOLUME.format(PAPER)))
    assert (found.title, found.authors) == ("Tides at 10^-5", ("Ada Lund", "Vik"))
    assert found.abstract == "They rise by two metres."
    assert (found.venue, found.published) == ("Proceedings of Sea", "2020-07")
    assert found.id == "doi:10.18653/v1/2020.sea-main.1"
    assert "acl:2020.sea-main.1" in found.aliases
    assert found.url == "https://aclanthology.org/2020.sea-main.1/"


def test_each_paper_has_the_fields_of_its_own_volume() -> None:
    second = VOLUME.replace("<year>2020", "<year>1999").replace("Proceedings", "Workshop")
    bare = f'<volume id="3">{PAPER}</volume>'
    text = ANTHOLOGY.format(VOLUME.format(PAPER * 2) + second.format(PAPER) + bare)
    papers = [found for found in acl.read(text, "x") if isinstance(found, Paper)]
    assert [(paper.year, (paper.venue or "-")[:4]) for paper in papers] == [
        (2020, "Proc"), (2020, "Proc"), (1999, "Work"), (None, "-"),
    ]  # fmt: skip


def test_what_a_volume_says_of_itself_may_have_attributes() -> None:
    text = ANTHOLOGY.format(VOLUME.format(PAPER)).replace("<meta>", '<meta lang="en">')
    assert one(acl, text).published == "2020-07"


def test_an_old_paper_of_the_anthology_is_known_by_its_old_number() -> None:
    found = one(
        acl,
        PAPER.replace("2020.sea-main.1</url>", "http://www.aclweb.org/anthology/P05-1001</url>"),
    )
    assert "acl:P05-1001" in found.aliases


def test_an_article_of_jats_is_a_paper() -> None:
    found = one(jats, SETS[jats][0].format(FRONT))
    assert (found.title, found.venue) == ("Eels of 10^-5 m", "Sea")
    assert found.abstract == "Aim: To swim. Results: H2O helped. It was wet."
    assert (found.authors, found.published) == (("Ada Lund", "Tide Group"), "2019-06-05")
    assert found.aliases[:2] == ("doi:10.1000/j", "pmid:77")


def test_an_abstract_of_jats_in_another_language_stands_in_where_there_is_no_other() -> None:
    text = FRONT.replace("<abstract>", "<trans-abstract>")
    text = text.replace("</abstract>\n<kwd", "</trans-abstract>\n<kwd")
    assert one(jats, text).abstract.startswith("Aim: To swim.")


def test_each_article_of_a_set_of_pubmed_central_is_a_paper() -> None:
    articles = SETS[jats][0].format(FRONT) * 3
    text = f"<pmc-articleset>{articles}</pmc-articleset>"
    assert jats.recognises(text)
    assert [type(found) for found in jats.read(text, "x")] == [Paper] * 3


def test_a_page_of_html_with_an_article_is_not_of_jats() -> None:
    assert not jats.recognises("<html><body><article><p>front</p></article></body></html>")


# All of them.


@each
def test_a_file_is_known_by_its_reader_alone(reader: ModuleType) -> None:
    around, record = SETS[reader]
    for head in ("", '<?xml version="1.0" encoding="UTF-8"?>\n', "\n<!-- made by hand -->\n"):
        text = head + around.format(record)
        assert [one for one in READERS if one.recognises(text[:4096])] == [reader]


@each
def test_a_bad_record_costs_no_other(reader: ModuleType) -> None:
    around, record = SETS[reader]
    bad = record.replace("</title>", "<title>", 1)
    first, problem, last = reader.read(around.format(f"{record}\n{bad}\n{record}"), "x")
    assert isinstance(first, Paper)
    assert isinstance(last, Paper)
    assert "not XML" in str(problem)


@each
def test_a_file_cut_off_loses_its_last_record_alone(reader: ModuleType) -> None:
    around, record = SETS[reader]
    text = around.format(record * 2)
    begin = text.index(record) + len(record)
    for end in range(begin, begin + len(record) - 1, 17):
        first, *rest = reader.read(text[:end], "x")
        assert isinstance(first, Paper)
        assert [type(found) for found in rest] in ([], [Problem])


@each
def test_pieces_of_any_size_give_the_same_papers(reader: ModuleType) -> None:
    around, record = SETS[reader]
    text = around.format(record * 3)
    whole = list(reader.read(text, "x"))
    assert len(whole) == 3
    for size in (1, 7, 500):
        cut = (text[at : at + size] for at in range(0, len(text), size))
        assert list(reader.read(cut, "x")) == whole


@pytest.mark.parametrize("reader", [arxiv_atom, endnote, mods, jats])
def test_prefixes_that_the_set_declares_are_let_go(reader: ModuleType) -> None:
    around, record = SETS[reader]
    text = around.format(record)
    prefixed = text.replace("</", "</p:")
    for name in {part.split(">")[0].split("/")[0] for part in text.split("</")[1:]}:
        for after in (" ", ">", "/"):
            prefixed = prefixed.replace(f"<{name}{after}", f"<p:{name}{after}")
    prefixed = prefixed.replace("p:arxiv:", "arxiv:")
    assert reader.recognises(prefixed)
    assert one(reader, prefixed) == one(reader, text)


def test_namespaces_declared_many_times_are_let_go() -> None:
    names = " ".join(f'xmlns:n{n}="http://a.example/{n}"' for n in range(9))
    text = MODS.replace("<mods ", f'<mods xmlns="http://www.loc.gov/mods/v3" {names} n1:v="3" ')
    assert one(mods, text.replace("<url>", '<url xlink:type="simple">')) == one(mods, MODS)


@each
def test_entities_are_not_resolved_and_nothing_is_read_from_outside(
    reader: ModuleType,
) -> None:
    around, record = SETS[reader]
    head = '<!DOCTYPE a [<!ENTITY s SYSTEM "file:///etc/hostname"><!ENTITY b "&s;&s;">]>\n'
    inner = record.replace("<title>", '<!DOCTYPE a [<!ENTITY s "x">]><title>&s;')
    bad = record.replace("<title>", "<title>&b;")
    text = head + around.format(bad + inner + record)
    *problems, last = reader.read(text, "x")
    assert [type(found) for found in problems] == [Problem, Problem]
    assert isinstance(last, Paper)


@each
@pytest.mark.parametrize(
    "hostile",
    ["<a>" * 300_000, "x" * 11_000_000, "\0", "&#0;", "<![CDATA[" + "]]>" * 10_000,
     "".join(f"<p{n}:a/>" for n in range(50_000)), "<math>" * 300 + "</math>" * 300],
    ids=["deep", "long", "NUL", "no character", "CDATA", "prefixes", "formulas"],
)  # fmt: skip
def test_a_record_made_to_break_the_parser_is_over_soon_and_costs_no_other(
    reader: ModuleType, hostile: str
) -> None:
    around, record = SETS[reader]
    started = time.process_time()
    bad = record.replace("</title>", f"{hostile}</title>", 1)
    *_, last = reader.read(around.format(f"{bad}\n{record}"), "x")
    assert isinstance(last, Paper)
    assert time.process_time() - started < 5


parts = st.sampled_from(
    ["<b>", "</b>", "&amp;", "&x;", "<!--", "-->", "<![CDATA[", "<?", "</title>"]
)


@each
@given(text=st.lists(parts | st.text(max_size=5), max_size=20).map("".join))
def test_any_text_becomes_papers_and_lines_about_the_rest(reader: ModuleType, text: str) -> None:
    around, record = SETS[reader]
    for found in reader.read(around.format(record.replace("</title>", f"{text}</title>")), "x"):
        assert isinstance(found, Paper) or len(str(found).splitlines()) == 1
