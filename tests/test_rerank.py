"""A user's own cross-encoder orders the best hits, and the own order stays where it fails."""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from conftest import HashedWords, invented

from footnote.index.library import Library
from footnote.rag import RerankError
from footnote.rag.engine import CitedQueryEngine
from footnote.rag.query.question import Question
from footnote.rag.retrieval.hybrid import HybridRetriever, RetrievalResult
from footnote.rag.retrieval.reranking.rerank import RERANKED, EndpointReranker, reranker_from
from tests.command import inside
from tests.endpoint import A_PAGE, Reply, drips, hangs, refuses, reranks, sends, serve

KEY = "sk-secret-4f9a1c77"
QUESTION = Question("policy gradient methods")


class Told:
    """A reranker that gives the scores it was told."""

    name = "told"

    def __init__(self, scores: Sequence[float]) -> None:
        self.scores = scores

    def score(self, query: str, texts: Sequence[str]) -> list[float]:
        return [*self.scores]


@pytest.fixture(scope="module")
def own(demo_library: Library) -> RetrievalResult:
    return HybridRetriever(demo_library).find(QUESTION, k=30)


@pytest.fixture
def tides(tmp_path: Path) -> Iterator[Library]:
    """A library whose embedder reads no tokens."""
    with Library.open(tmp_path / "library", embedder=HashedWords(), create=True) as library:
        library.add([invented(number) for number in range(1, 13)])
        yield library


def found(library: Library, url: str, k: int = 30, **settings: Any) -> RetrievalResult:
    reranker = EndpointReranker(url, **{"api_key": KEY, "timeout": 5.0, **settings})
    return HybridRetriever(library, reranker=reranker).find(QUESTION, k=k)


@pytest.mark.parametrize("tei", [False, True])
def test_the_best_hits_come_in_the_order_that_was_told(
    tei: bool, own: RetrievalResult, demo_library: Library
) -> None:
    told = [own.hits[at].paper.title for at in (11, 3)]
    with serve(reranks(*told, tei=tei)) as endpoint:
        hits = found(demo_library, endpoint.url).hits
    before = [hit.paper.id for hit in own.hits]
    left = [paper for at, paper in enumerate(before) if at not in (11, 3)]
    assert [hit.paper.id for hit in hits] == [before[11], before[3], *left]
    assert [hit.rank for hit in hits] == list(range(1, 31))
    # 9 and 7 above -7.5: (7 + 7.5) / (9 + 7.5) = .879.
    assert [hit.score for hit in hits] == pytest.approx([1.0, 0.8788, *[0.0] * 28], abs=1e-4)
    assert {hit.scale for hit in hits} == {"reranked"}


def test_a_hit_from_the_end_of_the_best_is_among_few(
    own: RetrievalResult, demo_library: Library
) -> None:
    last = own.hits[RERANKED - 1].paper
    with serve(reranks(last.title)) as endpoint:
        assert found(demo_library, endpoint.url, k=1).hits[0].paper == last


def test_the_endpoint_is_asked_as_its_interface_has_it(
    own: RetrievalResult, demo_library: Library
) -> None:
    with serve(reranks()) as endpoint:
        found(demo_library, endpoint.url, model="cross")
    (asked,) = endpoint.requests
    assert {**asked, "documents": 0} == {
        "model": "cross",
        "query": QUESTION.asked,
        "documents": 0,
        "top_n": RERANKED,
    }
    hit = own.hits[0]
    passage = hit.paper.abstract[hit.passage.start : hit.passage.end]
    assert asked["documents"][0] == f"{hit.paper.title}\n{passage}"
    assert endpoint.keys == [f"Bearer {KEY}"]
    assert endpoint.paths == ["/v1/rerank"]


def test_the_other_name_of_the_documents_is_learned_once(demo_library: Library) -> None:
    with serve(reranks(tei=True)) as endpoint:
        retriever = HybridRetriever(demo_library, reranker=EndpointReranker(endpoint.url))
        assert [retriever.find(QUESTION).note for _ in range(2)] == [None, None]
    assert ["texts" in asked for asked in endpoint.requests] == [False, True, True]
    assert endpoint.keys == [None] * 3


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (refuses(500, KEY), "status 500; try again later"),
        (refuses(401, KEY), "status 401; check FOOTNOTE_RERANK_KEY"),
        (refuses(404), "status 404; check FOOTNOTE_RERANK_URL and FOOTNOTE_RERANK_MODEL"),
        (hangs(0.7), "no scores within 0.5 s"),
        (drips(*[b" "] * 9, seconds=0.2), "no scores within 0.5 s"),
        (A_PAGE, "no list of scores"),
        (sends(f'{{"results": [{{"index": 0, "relevance_score": "{KEY}"}}]}}'), "no list of"),
        (sends('{"results": null}'), "no list of scores"),
        (sends('[{"index": 0, "score": NaN}]'), "no list of scores"),
        (reranks(sent=lambda rows: rows[:5]), "sent 5 scores for 20 texts"),
        (reranks(sent=lambda rows: [*rows[:-1], rows[0]]), "sent 20 scores for 20 texts"),
        (reranks(sent=lambda rows: [*rows, {**rows[0], "index": 20}]), "sent 21 scores"),
    ],
)
def test_the_own_order_stays_where_the_endpoint_fails(
    reply: Reply,
    said: str,
    own: RetrievalResult,
    demo_library: Library,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with serve(reply) as endpoint, caplog.at_level(logging.WARNING):
        seen = found(demo_library, f"{endpoint.url}?key={KEY}", timeout=0.5)
    assert seen.hits == own.hits
    assert seen.note is not None
    assert said in seen.note
    assert seen.note.endswith("papers are in our own order")
    assert "\n" not in seen.note
    assert said in caplog.text
    assert KEY not in seen.note + caplog.text


def test_an_endpoint_that_is_gone_is_no_error(own: RetrievalResult, demo_library: Library) -> None:
    with serve(reranks()) as endpoint:
        pass
    seen = found(demo_library, endpoint.url)
    assert seen.hits == own.hits
    assert seen.note is not None
    assert "cannot be reached; check FOOTNOTE_RERANK_URL" in seen.note


@pytest.mark.parametrize("scores", [[1.0] * 19, [float("nan")] * 20, []])
def test_scores_that_fit_no_texts_are_not_used(
    scores: list[float], own: RetrievalResult, demo_library: Library
) -> None:
    seen = HybridRetriever(demo_library, reranker=Told(scores)).find(QUESTION, k=30)
    assert seen.hits == own.hits
    assert seen.note == (
        "told did not return a finite score for each text; papers are in our own order"
    )


def test_equal_scores_leave_the_order(own: RetrievalResult, demo_library: Library) -> None:
    seen = HybridRetriever(demo_library, reranker=Told([0.5] * 20)).find(QUESTION, k=30)
    assert [hit.paper for hit in seen.hits] == [hit.paper for hit in own.hits]
    assert [hit.score for hit in seen.hits] == [1.0] * 20 + [0.0] * 10


def test_an_answer_says_why_it_was_not_reranked(demo_library: Library) -> None:
    with serve(refuses(503)) as endpoint:
        retriever = HybridRetriever(demo_library, reranker=EndpointReranker(endpoint.url))
        answer = CitedQueryEngine(demo_library, retriever=retriever).ask("What does PPO clip?")
        refused = CitedQueryEngine(demo_library, retriever=retriever).ask("How are pies baked?")
    plain = CitedQueryEngine(demo_library).ask("What does PPO clip?")
    assert answer.text == plain.text
    assert plain.reason is None
    assert answer.reason == (
        f"reranker at {endpoint.url}/rerank refused with status 503; try again later; "
        "papers are in our own order"
    )
    assert refused.abstained
    assert refused.reason is not None
    assert refused.reason.startswith("no paper in the library is close to the question; reranker")


def test_the_paper_that_is_put_first_is_quoted(demo_library: Library) -> None:
    plain = CitedQueryEngine(demo_library).ask("What limits the size of a policy update?")
    wanted = plain.hits[9].paper
    assert wanted not in plain.papers
    with serve(reranks(wanted.title)) as endpoint:
        retriever = HybridRetriever(demo_library, reranker=EndpointReranker(endpoint.url))
        answer = CitedQueryEngine(demo_library, retriever=retriever).ask(plain.question)
    assert answer.papers == (wanted,)
    # Whether the library answers at all is told from our own order.
    assert answer.confidence == plain.confidence


def test_it_is_quoted_where_the_embedder_reads_no_tokens(tides: Library) -> None:
    question = "How high is the tide of harbour3, by boat?"
    plain = CitedQueryEngine(tides).ask(question)
    wanted = plain.hits[9].paper
    with serve(reranks(wanted.title)) as endpoint:
        retriever = HybridRetriever(tides, reranker=EndpointReranker(endpoint.url))
        answer = CitedQueryEngine(tides, retriever=retriever).ask(question)
    assert answer.papers == (wanted,)


def test_one_hit_is_not_sent_anywhere(tmp_path: Path) -> None:
    with (
        serve(reranks()) as endpoint,
        Library.open(tmp_path / "library", embedder=HashedWords(), create=True) as library,
    ):
        library.add([invented(1)])
        assert found(library, endpoint.url).note is None
    assert endpoint.requests == []


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("", "/rerank"),
        ("/", "/rerank"),
        ("/v2/rerank/", "/v2/rerank"),
        ("/reranking", "/reranking"),
    ],
)
def test_the_address_may_be_of_the_server_or_of_the_interface(
    url: str, path: str, demo_library: Library
) -> None:
    with serve(reranks()) as endpoint:
        assert found(demo_library, endpoint.url.removesuffix("/v1") + url).note is None
    assert endpoint.paths == [path]


@pytest.mark.parametrize(
    "url", ["localhost:8080", "ftp://host/rerank", "http://", "http://h:x", "http://a..b", "7"]
)
def test_what_is_no_address_is_said_without_repeating_it(url: str) -> None:
    with pytest.raises(RerankError, match=r"^FOOTNOTE_RERANK_URL is not a URL; give one"):
        reranker_from({"FOOTNOTE_RERANK_URL": url, "FOOTNOTE_RERANK_MODEL": "m"})


def test_the_environment_names_the_reranker() -> None:
    url = "http://user:word@host:80/v1?key=secret"
    named = reranker_from({"FOOTNOTE_RERANK_URL": url, "FOOTNOTE_RERANK_MODEL": "cross"})
    assert named is not None
    assert named.name == "reranker cross at http://host/v1/rerank"
    assert reranker_from({"FOOTNOTE_RERANK_URL": " "}) is None


@pytest.mark.parametrize("name", ["MODEL", "KEY"])
def test_a_variable_without_an_address_is_no_silence(name: str) -> None:
    with pytest.raises(RerankError, match=f"FOOTNOTE_RERANK_{name} is set without a URL"):
        reranker_from({f"FOOTNOTE_RERANK_{name}": "x"})


def test_a_key_that_no_header_can_carry_is_not_shown() -> None:
    with pytest.raises(RerankError, match=r"copy it again$"):
        EndpointReranker("http://host", api_key="sk-schlüssel")


def test_the_command_line_complains_in_one_line(tmp_path: Path) -> None:
    ran = inside("ask", "Why?", "--library", tmp_path, FOOTNOTE_RERANK_URL="nowhere")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.count("\n") == 1
    assert "FOOTNOTE_RERANK_URL is not a URL" in ran.err


def test_commands_ask_the_reranker_and_say_when_it_fails(
    own: RetrievalResult, demo_library: Library
) -> None:
    wanted = own.hits[9].paper
    with serve(reranks(wanted.title), refuses(500)) as endpoint:
        search = ["search", QUESTION.asked, "--library", demo_library.path, "--json"]
        first, second = (inside(*search, FOOTNOTE_RERANK_URL=endpoint.url) for _ in range(2))
    assert first.data[0]["title"] == wanted.title
    assert first.err == ""
    assert second.data[0]["title"] == own.hits[0].paper.title
    assert "refused with status 500" in " ".join(second.err.split())
