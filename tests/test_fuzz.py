"""Whatever a stranger's file, question, model or browser holds, it is read or told on one line."""

import gzip
import json
import re
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import pytest
from conftest import HashedWords
from hypothesis import strategies as st

from footnote.index import FootnoteError, SourceError
from footnote.index.chunking import passages, sentence_spans
from footnote.index.library import Library
from footnote.index.models import Paper, Problem, from_json, to_json
from footnote.index.readers import (
    acl,
    arxiv_atom,
    bibtex,
    csv_table,
    daily_html,
    daily_papers,
    endnote,
    jats,
    jsonl,
    mods,
    nbib,
    pubmed,
    refer,
    ris,
    web_of_science,
)
from footnote.index.readers.formats import read_papers
from footnote.rag import QuestionError
from footnote.rag.answer import Answer, Turn
from footnote.rag.generation.citations import CitationBinder, is_dangling
from footnote.rag.query.filter_parser import parse_filters
from footnote.rag.query.question import understand
from footnote.rag.query.rewrite import rewrite_question
from footnote.rag.serialization import make_record, parse_answer
from footnote.ui.cli.batch import read_questions, read_turns
from footnote.ui.export.transcripts import transcript_html, transcript_json, transcript_markdown
from footnote.ui.storage.conversations import Conversations
from footnote.ui.storage.models import Transcript
from footnote.ui.storage.shelf import Shelf
from footnote.ui.storage.topics import Topics
from footnote.ui.web.context import AppContext
from footnote.ui.web.handlers import ACTIONS, CRASHED, act
from footnote.ui.web.requests import BadRequest, QuestionRequest
from tests import (
    scripted,
    test_bibtex,
    test_cite,
    test_daily_papers,
    test_nbib,
    test_pubmed,
    test_refer,
    test_ris,
    test_web_of_science,
    test_xml_formats,
)
from tests.fuzzing import (
    JSON,
    SCRIPT,
    SIGNS,
    encoded,
    fuzz,
    json_changed,
    mutated,
    one_line,
)

# Fifteen properties have a minute together.
LONG = 4.0
pytestmark = pytest.mark.parametrize(
    "seconds",
    [pytest.param(None, id="quick"), pytest.param(LONG, id="long", marks=pytest.mark.long)],
)

# Readers of papers.

LISTED = [
    write(*shown)
    for write in (test_daily_papers.flat, test_daily_papers.spaced)
    for shown in (test_daily_papers.DATED, (test_daily_papers.GULLS, test_daily_papers.CRABS))
]
ROW = {
    "title": "Sails", "abstract": "Sails tear. We saw it, e.g. in 2020.", "arxiv_id": "2105.00001",
    "authors": ["A. One", "B. Two"], "published": "2021-05-04", "venue": "Sea", "author_count": 2,
    "metadata": {"doi": "10.1/x", "url": "https://a.example"},
}  # fmt: skip
ROWS = f"{json.dumps(ROW)}\n{json.dumps({'_id': 'q7', 'text': 'Ropes fray.'})}\n"
READERS: dict[str, tuple[ModuleType, list[str], list[str]]] = {
    "daily_papers": (
        daily_papers, LISTED, "Subscribe|new|• 3 authors|·|Jan 26|May 3, 2025 7|\n\n".split("|"),
    ),
    "daily_html": (
        daily_html,
        ['<html>huggingface.co<p data-props="{&quot;dailyPapers&quot;: [{&quot;paper&quot;: '
         '{&quot;id&quot;: &quot;2105.00001&quot;, &quot;title&quot;: &quot;Sails&quot;, '
         '&quot;summary&quot;: &quot;Sails tear.&quot;}}]}">'],
        "data-props=\"|&quot;|'|{|}|dailyPapers|summary|[|null|&#0;|\\ud83d".split("|"),
    ),
    "bibtex": (
        bibtex, [test_bibtex.ENTRY, test_bibtex.SAILS * 3, "@string{jt = {T}}\n@comment{x}\n"],
        "@article{|@string{a = a # a}|title = {|, year = 2020|abstract = \"|{\\'e}|\\v{S}| and |$|"
        " # |jan|}\n|@|\\url{|{-}|\\textbf{".split("|"),
    ),
    "ris": (
        ris, [test_ris.RECORD, test_ris.SAILS * 3],
        "TY  - JOUR\n|ER  - \n|\nAB  - |\nAU  - ,|DA  - 2020/13/99/|\nZZ  - |\nTY  - |ty - jour\n|"
        "\nER -\n|N2  - |<sub>|</sub>|&lt;|\nDO  - 10.1/|\nUR  - %2F".split("|"),
    ),
    "nbib": (
        nbib, [test_nbib.RECORD, test_nbib.SAILS * 3],
        "PMID- |\nAB  - |\nFAU - ,|\nAU  - A|\nDP  - 2019 Nov-|[doi]|\n      |TI  - [".split("|"),
    ),
    "web_of_science": (
        web_of_science, [test_web_of_science.HEAD + test_web_of_science.RECORD],
        "PT J\n|ER\n|EF\n|\nAB |\n   |\nAF ,|PD JUN|\nPY |FN x\nVR 1".split("|"),
    ),
    "refer": (
        refer, [test_refer.RECORD, test_refer.SAILS * 3, test_refer.OLD],
        "%0 |\n%X |\n%A ,|\n%8 Jun|\n\n%A |%|\n%R 10.1/".split("|"),
    ),
    "pubmed": (
        pubmed, [test_pubmed.HEAD + test_pubmed.ARTICLE + test_pubmed.SAILS + test_pubmed.TAIL],
        "<PubmedArticle>|</PubmedArticle>|<!DOCTYPE x [<!ENTITY a 'b'>]>|&a;|<PMID>|</Abstract>|"
        "<PubmedBookArticle>|<MedlineCitation>|<OtherAbstract>|<sup>|Pubmed|"
        "<AbstractText Label=\"|<?xml|xmlns:a=''".split("|"),
    ),
    "arxiv_atom": (
        arxiv_atom, [test_xml_formats.FEED.format(test_xml_formats.ENTRY)],
        "<entry>|</entry>|<feed>|<summary>|<id>http://arxiv.org/api/errors#x</id>|&a;|$|\\|{|~|"
        "<a:b c:d=''>|arXiv:1 Announce Type: new Abstract: ".split("|"),
    ),
    "endnote": (
        endnote, [f"<xml><records>{test_xml_formats.RECORD}</records></xml>"],
        "<record>|</record>|<style face=\"superscript\">|</style>|<dates>|<date>|10.1000/|,|"
        "<urls>|https://arxiv.org/abs/|&nbsp;".split("|"),
    ),
    "mods": (
        mods, [test_xml_formats.COLLECTION.format(test_xml_formats.MODS)],
        "<mods>|</mods>|<m:mods>|<title/>|<nonSort> </nonSort>|<abstract>|type=\"doi\"|<name>|"
        "<dateIssued>2019-99|xml:lang=\"|:".split("|"),
    ),
    "acl": (
        acl,
        [test_xml_formats.ANTHOLOGY.format(
            test_xml_formats.VOLUME.format(test_xml_formats.PAPER * 2))],
        "<paper>|</paper>|<volume>|<meta>|</meta>|<tex-math>|<tex-math>$\\|<math>|</math>|<msup>|"
        "<url>P05-1001|<first>".split("|"),
    ),
    "jats": (
        jats, [test_xml_formats.SETS[jats][0].format(test_xml_formats.FRONT)],
        "<front>|</front>|<article-meta>|<abstract>|<sec><title>|</sec>|<collab>|<name/>|<year>|"
        "abstract-type=\"|<pub-date>".split("|"),
    ),
    "jsonl": (
        jsonl, [ROWS], '{"title": "|"abstract": |"id": "arxiv:|null|[|{"_id":1,|\n{"|"doi"'
        "|1e999|\\ud83d".split("|"),
    ),
    "json": (
        jsonl,
        [json.dumps({"total": 2, "results": [ROW, ROW]}), json.dumps([ROW, ROW], indent=1)],
        '[{|]}|},{|"results": [|"title": |{"a": {|,|"|\\|"issued": {"date-parts": [[|\n'.split("|"),
    ),
    "csv_table": (
        csv_table, ['Title,Abstract,Authors,Year\nSails,"They, too, tear.",A. One,2020\n' * 2],
        ',|"|\n|""|;|\t|Title,Abstract\n|"One, A; Two, B"|2020.0|sep=;\n|\r\n'.split("|"),
    ),
}  # fmt: skip
# What each record of a format begins with; elsewhere a record is a line, or cannot be told.
STARTS = {
    "nbib": r"^PMID-", "pubmed": r"<Pubmed(?:Book)?Article[\s>]",
    "mods": r"<(?:[A-Za-z_][\w.-]{0,40}:)?mods[\s>]",
}  # fmt: skip


def is_whole_record(line: str) -> bool:
    """Returns whether a line is a JSON object with the texts of one paper."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return False
    texts = (found.get("title"), found.get("abstract")) if isinstance(found, dict) else ()
    return bool(texts) and all(isinstance(text, str) for text in texts)


@pytest.mark.parametrize("reader", READERS)
def test_any_text_gives_a_paper_or_one_line_for_each_record(reader, seconds) -> None:
    module, texts, words = READERS[reader]

    def check(text: str) -> None:
        if not module.recognises(text) and reader == "csv_table":
            return
        # A table without a column of titles is refused as a whole.
        found: list[Paper | Problem] = []
        # So is a page without papers.
        refusing = reader in ("csv_table", "daily_html")
        with suppress(SourceError) if refusing else nullcontext():
            found += module.read(text, "name.txt")
        for one in found:
            holds_together(one)
        if reader in ("jsonl", "json"):
            lines = [line for line in text.split("\n") if line.strip()]
            # An object may stand over many lines; where each is a record, each is one result.
            assert bool(found) == bool(lines)
            if all(map(is_whole_record, lines)):
                assert len(found) == len(lines)
        elif reader == "ris":
            # A record may lack its TY.
            lines = re.sub(r"\r\n?", "\n", text)
            assert len(found) >= len(re.findall(r"^TY  - ", lines, re.MULTILINE))
        elif reader in STARTS:
            lines = re.sub(r"\r\n?", "\n", text)
            start = STARTS[reader]
            # Without a tag of an article it is a set of MEDLINE's citations.
            head = text[:4096]
            if reader == "pubmed" and not re.search(r"<(?:!DOCTYPE\s+|/)?Pubmed", head):
                cited = re.search(r"<MedlineCitation(?:Set)?[\s>]", head)
                start = r"<MedlineCitation[\s>]" if cited else start
            assert len(found) == len(re.findall(start, lines, re.MULTILINE))

    # As from a file: what is no character is not in a text.
    texts_only = mutated(texts, words).map(lambda text: text.encode(errors="replace").decode())
    fuzz(reader, texts_only, check, seconds)


def holds_together(found: Paper | Problem) -> None:
    """Asserts what every paper and every problem keeps to."""
    if isinstance(found, Problem):
        assert found.path == "name.txt"
        assert one_line(found.message)
        assert found.line is None or found.line > 0
        return
    assert from_json(to_json(found)) == found
    assert json.dumps(found.abstract, ensure_ascii=False).encode()
    assert found.abstract.strip()
    assert "\0" not in found.abstract
    for line in (found.title, found.id, found.venue or "x", *found.authors, *found.aliases):
        assert len(f"x{line}".split("\n")) == 1
        assert line == "" or line.encode()
    assert found.id == found.aliases[0]
    assert found.year is None or 1 <= found.year <= 9999
    assert found.url is None or found.url.startswith(("https://", "http://"))
    spans = sentence_spans(found.abstract)
    assert spans == sorted(spans)
    for start, end in [*spans, *((p.start, p.end) for p in passages(found, spans))]:
        assert 0 <= start < end <= len(found.abstract)


def test_any_file_gives_papers_or_one_line(tmp_path, seconds) -> None:
    path = tmp_path / "name.txt"
    texts = [text for _, valid, _ in READERS.values() for text in valid]
    words = [word for _, _, of_reader in READERS.values() for word in of_reader]

    def check(example: tuple[bytes, bool]) -> None:
        raw, zipped = example
        path.write_bytes(gzip.compress(raw, 1)[: len(raw) + 20] if zipped else raw)
        try:
            for found in read_papers(path):
                holds_together(found)
        except SourceError as error:
            assert one_line(str(error))

    fuzz("files", st.tuples(encoded(mutated(texts, words)), st.booleans()), check, seconds)


# Questions.

ASKED = (
    "Which papers by Kaiming He since 2015 at CVPR say that deeper networks are harder to train?",
    "What did Hinton's 2012–2014 papers (arXiv:1312.5602) find, and does the second one agree?",
    "¿Qué artículos de 2020 hablan de aprendizaje por refuerzo?", "Was ist GPT-3?", "and in 2019?",
    "does paper [2] from NeurIPS before 2018 beat ResNet-50 by 3.5%?", "強化学習とは何ですか",
)  # fmt: skip
NAMES = "since |before 2019|between 2015 and | by |published in |last year|[2]| its |20201|at ICLR"


def test_any_question_is_asked_or_told_on_one_line(demo_library, seconds) -> None:
    words = NAMES.split("|")
    text = mutated(ASKED, words)
    talks = st.lists(st.builds(Turn, st.sampled_from(["user", "assistant"]), text), max_size=3)

    def check(example: tuple[str, list[Turn]]) -> None:
        try:
            question = understand(*example)
        except QuestionError as error:
            assert one_line(str(error))
            return
        scope = parse_filters(question, demo_library)
        for read in scope.read:
            assert read.text in question.asked or read.text in question.topic
            assert getattr(scope.filters, read.kind) == read.value
        assert scope.note is None or one_line(scope.note)
        assert one_line(rewrite_question(scope.question, demo_library).query, most=10_000)

    fuzz("questions", st.tuples(text, talks), check, seconds)


# What a model writes.

WRITTEN = (
    "It clips [1]. It learns [3, 4].\n\n- Both agree [1][6].\n- In [0, 1] it lies [7].",
    "[1] It clips.[2] “It learns.”[sentence 3] Values in [1, 20] hold [1-4], [5 and 6].",
    "It clips [S1]. It learns \\[2\\]. It lies【3】. It sinks [^4]. It floats【1†source】.",
    "**It clips.** [S1]\n\n| A | B [^2] |\n|---|---|\n| x 【3†L1-L3】 | y (4). |\n\n"
    "References:\n[1] A\n",
    "## Why \\[3\\]\n(1) It clips.⁵ (6) It **[1]** learns (2), ([1], [4]).\n\n"
    "[^2]: A\n\nSources: [1]",
)
MARKS = (
    "【2】|【3†so|[S1]|[^2]|\\[3\\]|\\[|\\|[1]|[2][3]|[1-|[sentence |, 4]|[0, 5]|[99]| in |. |- |["
    "|]|[#3]|[1;2]|\n\n|and|[1–3]|[S2]|[^3]|\n[^3]: |【4】|【5†|】|\\]|(3)|(|).|⁶|**|`|*|\n| \n"
    "|\nSources:\n|## References|Source|\n[1] |, | and |\n|---|\n"
)


def test_any_text_of_a_model_is_bound_verbatim_and_streamed_whole(seconds) -> None:
    text = mutated(WRITTEN, MARKS.split("|"))

    def check(example: tuple[str, list[float]]) -> None:
        written, cuts = example
        whole, streaming = CitationBinder(test_cite.EVIDENCE), CitationBinder(test_cite.EVIDENCE)
        places = sorted(int(cut * len(written)) for cut in cuts)
        pieces = [written[a:b] for a, b in zip([0, *places], [*places, None], strict=True)]
        shown = "".join([*map(streaming.feed, pieces), streaming.flush()])
        assert shown == whole.feed(written) + whole.flush()
        assert len(whole.papers) <= len(test_cite.PAPERS)
        binder = CitationBinder(test_cite.EVIDENCE)
        for bound in binder.bind(written):
            for citation in bound.citations:
                paper = binder.papers[citation.marker - 1]
                assert citation.quote == paper.abstract[citation.start : citation.end] != ""
            assert all(is_dangling(note) and one_line(note) for note in bound.notes)

    fuzz("markers", st.tuples(text, st.lists(st.floats(0, 1), max_size=6)), check, seconds)


# What a conversation is kept as, and what becomes of it.

ANSWERS = [scripted.answered(), scripted.quoted(), scripted.abstained(), scripted.hostile()]
RECORDS = json.loads(json.dumps([make_record(answer) for answer in ANSWERS]))


def test_any_json_is_an_answer_that_can_be_shown_or_told_on_one_line(seconds) -> None:
    def check(record: Any) -> None:
        try:
            answer = parse_answer(record)
        except ValueError as error:
            assert one_line(str(error))
            return
        again = json.loads(json.dumps(make_record(answer)))
        assert make_record(parse_answer(again)) == make_record(answer)
        shows_whole(answer)

    fuzz("answers", json_changed(RECORDS), check, seconds)


def shows_whole(answer: Answer) -> None:
    """Asserts that an answer can be saved in every form."""
    transcript = Transcript(answer.question, datetime(2026, 1, 2, tzinfo=UTC), (answer,))
    assert json.loads(transcript_json(transcript))["answers"]
    for text in (transcript_markdown(transcript), transcript_html(transcript)):
        assert "<script" not in text.casefold()
        text.encode()


def test_any_words_in_an_answer_stay_words_in_a_transcript(seconds) -> None:
    words = [SCRIPT, "![x](http://a.example)", "</article>", "[^1-1]: ", *SIGNS]
    texts = st.lists(st.sampled_from(words) | st.text(max_size=8), max_size=8).map("".join)

    def check(example: list[str]) -> None:
        record = json.loads(json.dumps(RECORDS[0]))
        told = iter(example)
        record["question"], record["reason"] = next(told), next(told)
        record["statements"][0].update(text=next(told), notes=[next(told)])
        record["records"][0].update(title=next(told), venue=next(told), url=next(told))
        shows_whole(parse_answer(record))

    fuzz("transcripts", st.lists(texts, min_size=7, max_size=7), check, seconds)


TALK = [{"role": "user", "content": "What is it?"}, {"role": "assistant", "content": "A [1]."}]
FILED = [
    json.dumps(TALK), "\n".join(map(json.dumps, TALK)),
    json.dumps({"id": "1", "question": "Why?", "history": TALK}) + '\n{"id": 2, "question": "x"}',
]  # fmt: skip


def test_any_file_of_a_conversation_is_read_or_told_on_one_line(tmp_path, seconds) -> None:
    path = tmp_path / "talk.json"

    def check(raw: bytes) -> None:
        path.write_bytes(raw)
        with told_on_one_line():
            assert all(isinstance(turn, Turn) for turn in read_turns(path))
        with told_on_one_line():
            assert read_questions(path)

    words = ['{"role": "', '"content": ', "[[[[", "\\ud800", '"id": "', "null", '"history": [']
    fuzz("conversations", encoded(mutated(FILED, words)), check, seconds)


class told_on_one_line(suppress):  # noqa: N801
    """Lets a fault of ours pass that is one line."""

    def __init__(self) -> None:
        super().__init__(FootnoteError)

    def __exit__(self, kind: Any, error: Any, at: Any) -> bool:
        assert not isinstance(error, FootnoteError) or one_line(str(error))
        return bool(super().__exit__(kind, error, at))


# Calls of the page.

USER = "a1b2c3d4e5f6g7h8"
PLAUSIBLE: dict[str, list[Any]] = {
    "place": [0, 1, 2, "1", -1, 1e308, 10**30, "9" * 30], "paper": ["arxiv:2403.01234", "Paper"],
    "form": ["md", "html", "json", "bib"], "thumb": ["up", "down"], "order": ["title", "year"],
    "query": ["sponges", '"(', "a" * 500], "papers": [["arxiv:2403.01234"], "doi:10.5555/x"],
    "into": ["#fn-card", "x"], "scope": [{"since": 2020, "papers": ["doi:1"]}, {"venue": "x"}],
    "records": [RECORDS[:2], []], "paths": [["/etc/passwd"], ["../x"]], "text": ["sponges?", "\0"],
    "name": ["Read", "\0"], "tag": ["new", "#", "x" * 50], "note": ["Why?", ""],
    "card": ["p1", "x"],
    "within": ["t:new", "c:x", "x"], "columns": [["Method", "Why?"], [""], []], "weaker": [1],
    "spans": ["0-9 3-4", "9-"], "file": ["a.pdf"], "abstract": ["Text."], "authors": ["A, B"],
    "published": ["2020", "x"], "doi": ["10.1000/x"], "arxiv_id": ["2403.01234"],
    "composer": ["quotes", "x"], "fault": ["wrong"], "ignored": [["since"], ["x"]], "id": ["x"],
}  # fmt: skip
for name in "turn kept now number mark at since until".split():
    PLAUSIBLE[name] = PLAUSIBLE["place"]
OTHERS = "conversation title search job run case a b set correction".split()


@pytest.fixture(scope="module")
def desk(tmp_path_factory) -> Iterator[AppContext]:
    """A desk with all that a page may have behind it."""
    at = tmp_path_factory.mktemp("desk")
    with (
        Library.open(at / "library", embedder=HashedWords(), create=True) as library,
        Conversations.open(at / "conversations.sqlite3") as kept,
        Topics.open(at / "topics.sqlite3") as topics,
        Shelf.open(at) as shelf,
    ):
        library.add(scripted.PAPERS)
        nowhere = dict.fromkeys(("arxiv", "doi", "pmid"), "http://127.0.0.1:9/")
        yield AppContext(
            library, {"quotes": scripted.ScriptedAsk()}, kept, topics, at / "feedback.jsonl",
            at / "runs", uploads=at, shelf=shelf, services=nowhere,
        )  # fmt: skip


def test_any_call_of_the_page_has_a_reply_and_no_crash(desk, seconds) -> None:
    id = desk.conversations.start(USER)
    desk.conversations.append(USER, id, scripted.answered())
    fields: dict[str, st.SearchStrategy[Any]] = {
        name: st.sampled_from(values) | JSON for name, values in PLAUSIBLE.items()
    }
    fields |= {name: st.sampled_from([id, "x", ""]) | JSON for name in OTHERS}
    fields["id"] = fields["conversation"]
    calls = st.fixed_dictionaries(
        {"action": st.sampled_from(sorted(ACTIONS)), "user": st.just(USER)}, optional=fields
    )

    def check(sent: Any) -> None:
        reply = act(desk, sent)
        assert json.dumps(reply).encode()
        assert reply.get("error", "x") != CRASHED, sent
        assert one_line(reply.get("error", "x"))
        try:
            QuestionRequest.read(sent)
        except BadRequest as error:
            assert one_line(str(error))

    fuzz(
        "calls", calls | json_changed([{"action": "open", "user": USER, "id": id}]), check, seconds
    )
