"""While a model writes: what it reads is told first, and each whole sentence is judged at once."""

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from footnote.index.library import Library
from footnote.rag.answer import Answer, Delta, Event, JudgedSentence, PapersToRead, Stage
from footnote.rag.engine import CitedQueryEngine
from footnote.rag.generation.llm import LLMComposer, LLMSettings
from footnote.rag.verification.verifier import LearnedVerifier, VerificationResult
from footnote.ui.web.context import AppContext
from footnote.ui.web.requests import QuestionRequest
from footnote.ui.web.streaming import UPDATE_SECONDS, Frame, answer_frames
from tests.asking import CLIPS, QUESTION, engine, streamed
from tests.endpoint import Reply, cites, paced, refuses, serve
from tests.pages import desk_of
from tests.scripted import PAPERS, cite
from tests.scripted import answered as scripted_answer

WRONG = "PPO was trained on 97 robots [N]."
RIGHT = "PPO clips the probability ratio between the new and the old policy [N]."


def events(library: Library, *script: Reply, **settings: Any) -> list[Event]:
    with serve(*script) as endpoint:
        return list(engine(library, endpoint.url, repair=False, **settings).stream(QUESTION))


def at(found: Sequence[Event], kind: type) -> list[int]:
    return [n for n, event in enumerate(found) if isinstance(event, kind)]


def judged(found: Sequence[Event]) -> list[tuple[str, str | None]]:
    said = [event.statement for event in found if isinstance(event, JudgedSentence)]
    return [(one.text, one.verdict) for one in said]


def test_the_papers_come_before_the_text_and_the_first_verdict_before_its_end(
    demo_library: Library,
) -> None:
    found = events(demo_library, cites(CLIPS, WRONG, " ", RIGHT, " It ", "is ", "simple."))
    (papers,) = at(found, PapersToRead)
    told = found[papers]
    assert isinstance(told, PapersToRead)
    assert len({paper.id for paper in told.papers}) == len(told.papers) > 5
    answer = found[-1]
    assert isinstance(answer, Answer)
    assert answer.receipt.read == len(told.papers)
    deltas, verdicts = at(found, Delta), at(found, JudgedSentence)
    assert papers < deltas[0]
    assert verdicts[0] < deltas[-1]
    assert judged(found) == [
        ("PPO was trained on 97 robots.", "contradicted"),
        ("PPO clips the probability ratio between the new and the old policy.", "supported"),
        ("It is simple.", "unsettled"),
    ]


def test_what_is_judged_early_is_what_the_answer_says(demo_library: Library) -> None:
    text = f"## Updates\n\n- {RIGHT}\n- {WRONG}\n\n| a | b |\n|---|---|\n| PPO | {RIGHT} |\n"
    found = events(demo_library, cites(CLIPS, *[f"{word} " for word in text.split(" ")]))
    answer = found[-1]
    assert isinstance(answer, Answer)
    early = [event.statement for event in found if isinstance(event, JudgedSentence)]
    plain = [replace(one, notes=()) for one in answer.statements]
    assert [replace(one, notes=()) for one in early] == plain


def test_cells_wait_for_the_end_of_their_row(demo_library: Library) -> None:
    # The source comes last; before it is there, no cell has one.
    row = RIGHT.replace(" [N].", "")
    table = f"| Method | It | So | Source |\n|---|---|---|---|\n| PPO | {row} | {row} | [N] |\n"
    for text in (table, table.replace("\n| ", "\n").removeprefix("| ")):
        found = events(demo_library, cites(CLIPS, *[f"{word} " for word in text.split(" ")]))
        early = [event.statement for event in found if isinstance(event, JudgedSentence)]
        assert [(one.text, bool(one.citations)) for one in early] == [(row, True)] * 2


class Counted(LearnedVerifier):
    """A verifier that notes what it judges."""

    def verify(
        self, statement: str, quotes: Sequence[str], *, about: Sequence[str] = ()
    ) -> VerificationResult:
        self.asked.append(statement)
        return super().verify(statement, quotes, about=about)

    asked: list[str]


def test_no_sentence_is_judged_twice(demo_library: Library) -> None:
    verifier = Counted(demo_library.embedder)
    verifier.asked = []
    with serve(cites(CLIPS, f"{WRONG} ", f"{RIGHT} ", RIGHT)) as endpoint:
        config = LLMSettings("scripted", endpoint.url, repair=False)
        composer = LLMComposer(config, embedder=demo_library.embedder, verifier=verifier)
        CitedQueryEngine(demo_library, composer).ask(QUESTION)
    assert len(verifier.asked) == len(set(verifier.asked)) == 2


def test_quotes_alone_have_neither_event(demo_library: Library) -> None:
    found = list(CitedQueryEngine(demo_library).stream(QUESTION))
    assert not at(found, PapersToRead) + at(found, JudgedSentence)


@pytest.mark.parametrize("script", [[refuses(500)], [cites(CLIPS, "PPO cl"), refuses(500)]])
def test_who_knows_only_stages_and_text_reads_the_same_answer(
    demo_library: Library, script: list[Reply]
) -> None:
    found = events(demo_library, *script)
    assert streamed(found) == found[-1].text  # type: ignore[union-attr]


# The frames of the page.


def slowly(steps: Sequence[Event]) -> Iterator[Event]:
    for step in steps:
        time.sleep(UPDATE_SECONDS if isinstance(step, Delta) else 0)
        yield step


def frames(library: Library, *steps: Event) -> list[Frame]:
    desk: AppContext = replace(desk_of(library), asks={"a": lambda *_, **__: slowly(steps)})
    return list(answer_frames(desk, "Why?", 1, QuestionRequest("u" * 16)))


def said(paper: Any, verdict: Any) -> JudgedSentence:
    """Returns the first sentence of a paper's abstract as one that is judged."""
    quote = cite(1, paper, paper.abstract.partition(". ")[0])
    statement = replace(
        scripted_answer().statements[0], text=f"{quote.quote}.", citations=(quote,), verdict=verdict
    )
    return JudgedSentence(statement)


def test_the_list_and_the_cards_come_once_and_again_where_they_change(
    demo_library: Library,
) -> None:
    sponges = PAPERS[0]
    wrong = said(sponges, "contradicted")
    _, stage, listed, text, marked, *_, done = frames(
        demo_library, Stage("write", "Writing"), PapersToRead(PAPERS[:3]),
        Delta(f"{wrong.statement.text} [1] More"), wrong, scripted_answer(),
    )  # fmt: skip
    assert "Writing…" in stage["html"]
    assert stage["reads"] == stage["cards"] == ""
    assert "Reading 3 papers" in listed["reads"]
    assert listed["cards"].count('class="fn-card"') == 3
    assert "<mark" not in listed["cards"]
    assert (text["reads"], text["cards"]) == ("", "")
    assert "fn-contradicted" not in text["html"]
    # The sentence is marked, its marker opens the card, and only this card comes anew.
    assert 'fn-statement fn-contradicted">Glass sponges are among' in marked["html"]
    assert 'data-card="t1-r1" data-quotes="0-' in marked["html"]
    assert marked["cards"].count('class="fn-card"') == 1
    assert '<mark data-quotes="0-' in marked["cards"]
    assert '<span class="fn-number">1</span>' in marked["reads"]
    assert (done["state"], done["reads"]) == ("done", "")


def test_what_stands_stays_until_the_whole_answer_comes(demo_library: Library) -> None:
    supported = said(PAPERS[0], "supported")
    *_, first, again, last = frames(
        demo_library, PapersToRead(PAPERS[:1]), Delta(supported.statement.text), supported,
        Stage("check", "Asking again"), Stage("write", "Writing"), Delta("Sponges."),
        scripted_answer(),
    )  # fmt: skip
    assert 'data-card="t1-r1"' in first["html"]
    assert 'data-card="t1-r1"' in again["html"]
    assert "Writing…" in again["html"]
    # The new text is not drawn without its verdicts and markers.
    assert (again["state"], last["state"]) == ("busy", "done")


def test_an_open_sentence_has_no_mark_before_the_answer_is_whole(demo_library: Library) -> None:
    one = said(PAPERS[0], "unsettled")
    shown = frames(demo_library, PapersToRead(PAPERS[:1]), Delta(one.statement.text), one,
                   Stage("check", "Checking"), scripted_answer())  # fmt: skip
    assert "fn-verdict" not in shown[-2]["html"]
    assert 'data-card="t1-r1"' in shown[-2]["html"]


def test_a_sentence_waits_for_its_markers(demo_library: Library) -> None:
    go = threading.Event()
    with serve(
        paced(CLIPS, "PPO was trained on 97 robots. ", go, "[N] PPO", " clips.")
    ) as endpoint:
        stream = engine(demo_library, endpoint.url, repair=False).stream(QUESTION)
        found: list[Event] = []
        for event in stream:
            found.append(event)
            if isinstance(event, Delta):
                assert go.is_set() or not judged(found)
                go.set()
    assert judged(found)[0] == ("PPO was trained on 97 robots.", "contradicted")
