"""Questions are matched token by token, with what was kept when papers were added."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from footnote.index.embeddings.base import MiniLM
from footnote.index.embeddings.protocols import TokenEmbedder
from footnote.index.embeddings.tokens.vectors import TITLE, Tokens
from footnote.index.library import CATALOG, Library
from footnote.index.models import make_paper
from footnote.index.search.searcher import Searcher
from footnote.index.storage.catalog import Catalog
from footnote.index.storage.ingest.pipeline import add_records
from footnote.rag.engine.pipeline import CitedQueryEngine
from footnote.rag.query.question import Question
from footnote.rag.retrieval.hybrid import HybridRetriever
from footnote.rag.retrieval.late_interaction import Matcher, QueryTokens, match_papers
from tests.conftest import HashedWords

ASKED = QueryTokens(
    np.array([[1, 0], [0, 1]], np.float32), np.array([0.75, 0.25], np.float32), np.ones(2, bool)
)


def tokens(vectors: list[list[float]], sentences: list[int]) -> Tokens:
    return Tokens("r", np.array(vectors, np.float32), np.array(sentences, np.int16))


def test_a_match_is_the_weighted_mean_of_the_nearest_tokens() -> None:
    # The first token finds 1 in the title, the second .8 in sentence 0: .75 * 1 + .25 * .8.
    paper = tokens([[1, 0], [0.6, 0.8], [0.8, 0.6]], [TITLE, 0, 1])
    (found,) = match_papers(ASKED, [paper])
    assert found.paper == pytest.approx(0.75 * 1 + 0.25 * 0.8)
    # Sentence 0: .75 * .6 + .25 * .8 = .65; sentence 1: .75 * .8 + .25 * .6 = .75.
    assert found.sentences == pytest.approx({0: 0.65, 1: 0.75})
    assert found.best == pytest.approx(0.75)


def test_what_only_the_conversation_asks_moves_papers_and_not_sentences() -> None:
    asked = QueryTokens(ASKED.vectors, ASKED.weights, np.array([True, False]))
    (found,) = match_papers(asked, [tokens([[0, 1]], [0])])
    assert found.paper == pytest.approx(0.25)
    assert found.sentences == {0: 0.0}


def test_a_paper_without_tokens_matches_nothing() -> None:
    empty, filled = match_papers(ASKED, [tokens([], []), tokens([[1, 0]], [0])])
    assert (empty.paper, empty.sentences, empty.best) == (0.0, {}, 0.0)
    assert filled.paper == pytest.approx(0.75)


def test_packing_keeps_sentences_and_nearly_the_vectors() -> None:
    rows = np.random.default_rng(0).normal(size=(7, 64)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    kept = Tokens("r", rows, np.array([TITLE, 0, 0, 1, 1, 2, 300], np.int16))
    again = Tokens.unpack("r", [kept.pack(coded=False)])
    assert (again.sentences == kept.sentences).all()
    assert np.abs(again.vectors - rows).max() <= 0.5 / 127 + 1e-6


def test_tokens_say_in_which_sentence_they_stand(demo_library: Library) -> None:
    paper = demo_library.paper("1312.5602")
    assert paper is not None
    kept = demo_library.searcher.tokens([paper])[paper.id]
    spans = demo_library.sentences(paper)
    assert set(kept.sentences.tolist()) == {TITLE, *range(len(spans))}
    assert kept.vectors.shape == (len(kept.sentences), 64)


def test_a_vector_is_the_same_whether_embedded_or_read(embedder: MiniLM) -> None:
    text = "Replay breaks the correlation between frames."
    assert isinstance(embedder, TokenEmbedder)
    (reading,) = embedder.read([text])
    assert np.array_equal(reading.vector, embedder.embed([text])[0])
    assert [text[a:b] for a, b in reading.spans][:2] == ["Rep", "lay"] or reading.spans[0][0] == 0
    assert np.linalg.norm(reading.tokens, axis=1) == pytest.approx(1.0, abs=1e-3)


def test_a_library_whose_embedder_reads_no_tokens_is_matched_by_sentences(tmp_path: Path) -> None:
    words = HashedWords()
    with Library.open(tmp_path / "library", embedder=words, create=True) as library:
        library.add([make_paper("Tides", "Water rises twice a day. Gulls watch the quay.")])
        assert not library.searcher.has_token_vectors
        found = HybridRetriever(library).find(Question("gulls watch"))
        (matched,) = found.matches.values()
        assert max(matched.sentences, key=matched.sentences.__getitem__) == 1


def test_a_library_made_before_tokens_were_kept_still_answers(
    embedder: MiniLM, tmp_path: Path
) -> None:
    papers = [make_paper("Tides", "Water rises twice a day. Gulls watch the quay.")]
    with Library.open(tmp_path / "library", embedder=embedder, create=True) as library:
        library.add(papers)
    catalog = Catalog(tmp_path / "library" / CATALOG)
    catalog._db.execute("DROP TABLE tokens")
    catalog._db.execute("PRAGMA user_version = 0")
    catalog.close()
    with Library.open(tmp_path / "library", embedder=embedder) as library:
        assert not library.searcher.has_token_vectors
        question = Question("Who watches the quay?")
        assert HybridRetriever(library).find(question).matches[library.paper("Tides").id].best > 0
    with Library.rebuild(tmp_path / "library", embedder=embedder) as library:
        assert library.searcher.has_token_vectors
        assert len(Matcher(library).read("gulls").tokens) >= 1


def test_a_changed_abstract_is_read_again(embedder: MiniLM, tmp_path: Path) -> None:
    with Library.open(tmp_path / "library", embedder=embedder, create=True) as library:
        library.add([make_paper("Tides", "Short.", ["doi:10.1/x"])])
        library.add([make_paper("Tides", "Longer now. It has three. Sentences.", ["doi:10.1/x"])])
        paper = library.paper("Tides")
        assert set(library.searcher.tokens([paper])[paper.id].sentences.tolist()) == {
            TITLE,
            0,
            1,
            2,
        }
        assert library.searcher.has_token_vectors


def test_threads_that_ask_at_once_are_told_the_same_of_a_new_library(demo_library: Library) -> None:
    catalog, embedder = demo_library._catalog, demo_library.embedder
    with ThreadPoolExecutor(8) as pool:
        for _ in range(40):
            fresh = Searcher(demo_library.path, catalog, embedder)
            assert all(pool.map(lambda _, one=fresh: one.has_token_vectors, range(8)))


def test_a_question_is_matched_as_it_was_read_though_the_library_changes(
    embedder: MiniLM, tmp_path: Path
) -> None:
    question = Question("Who watches the quay?")
    with Library.open(tmp_path / "library", embedder=embedder, create=True) as library:
        library.add([make_paper("Tides", "Water rises twice a day. Gulls watch the quay.")])
        matcher, hits = Matcher(library), library.search("quay", k=1, by="bm25")
        by_tokens = matcher.ask(matcher.read(question.query), question)
        before = matcher.matches(by_tokens, hits)
        catalog = Catalog(tmp_path / "library" / CATALOG)
        catalog._db.execute("DELETE FROM tokens")
        # Libraries of before do not say that all are there.
        catalog._db.execute("DELETE FROM meta WHERE key = 'read_by'")
        catalog.close()
        assert not library.searcher.has_token_vectors
        # A paper without tokens is read now.
        for now, then in zip(
            matcher.matches(by_tokens, hits).values(), before.values(), strict=True
        ):
            assert now.best == pytest.approx(then.best)
        whole = matcher.ask(matcher.read(question.query), question)
        assert [found.best > 0 for found in matcher.matches(whole, hits).values()] == [True]


def test_a_paper_that_is_not_embedded_yet_is_found_quoted_and_said(
    embedder: MiniLM, tmp_path: Path
) -> None:
    papers = [
        make_paper("Tides", "Water rises twice a day. Gulls watch the quay."),
        make_paper("Sponges", "Glass sponges live for ten thousand years. They are very slow."),
    ]
    with Library.open(tmp_path / "library", embedder=embedder, create=True) as library:
        library.add(papers[:1])
        add_records(library._catalog, [(0, papers[1])], on_stored=library._upkeep.write_words)
        assert library.waiting == 1
        answer = CitedQueryEngine(library).ask("How long do glass sponges live?")
        assert "ten thousand years" in answer.text
        assert answer.papers == (papers[1],)
        assert answer.receipt.unread == 1
        library.tidy()
        again = CitedQueryEngine(library).ask("How long do glass sponges live?")
        assert (again.text, again.receipt.unread) == (answer.text, 0)
