"""Whatever a model writes, an answer ends: by counts and by the deadline, with what it has."""

import json
import time
from collections.abc import Sequence

import pytest

from footnote.index.library import Library
from footnote.rag.answer import NO_SOURCE, Answer
from footnote.rag.engine import CitedQueryEngine
from footnote.rag.generation.citations import CitationBinder
from footnote.rag.generation.llm import LLMComposer, LLMSettings
from footnote.rag.generation.repair import UNCHECKED
from footnote.rag.verification.verifier import (
    LONGEST_STATEMENT,
    LearnedVerifier,
    VerificationResult,
)
from tests.asking import CHECKED, CLIPS, GOOD, KEY, QUESTION, answered
from tests.endpoint import Reply, cites, drips, says, sends, serve

MOST = 10_000
SAID = f"{GOOD} "


def line(content: str) -> str:
    return f"data: {json.dumps({'choices': [{'delta': {'content': content}}]})}\n\n"


ENDLESS: dict[str, Reply] = {
    "one token of 5 MB": says(SAID, "x" * 5_000_000),
    "1 MB without a space": says(SAID, *["x" * 1000] * 1000),
    "100,000 newlines": says(SAID, *["\n" * 100] * 1000, GOOD),
    "10,000 markers": says(SAID, *["[1]" * 100] * 100),
    "nested brackets": says(SAID, "[" * 50_000 + "]" * 50_000),
    "many sentences": says(SAID, *[SAID] * 400),
    "lines without words": says(SAID, *["<\n" * 500] * 20),
    "bytes without an end of line": sends(line(SAID) + "data: " + "y" * 3_000_000),
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_an_answer_that_does_not_end_ends_with_what_it_has_and_a_note(
    kind: str, demo_library: Library
) -> None:
    verifier = Counting(demo_library)
    answer = asks(demo_library, ENDLESS[kind], verifier, repair=False)
    assert answer.mode == "llm"
    assert answer.text.startswith("PPO clips the probability ratio")
    assert any("cut off at" in note for note in answer.statements[-1].notes)
    assert len(answer.text) < 2 * MOST
    assert verifier.characters < 2 * MOST


def test_more_may_be_written_where_more_tokens_are_asked_for(demo_library: Library) -> None:
    long = says(*[SAID] * 200, "The end [1].")
    short = asks(demo_library, long, Counting(demo_library), repair=False, max_tokens=500)
    whole = asks(demo_library, long, Counting(demo_library), repair=False, max_tokens=5000)
    # What was cut off in a sentence is marked, which is ours.
    assert len(short.text) <= MOST + len(NO_SOURCE) < len(whole.text)
    assert "The end" not in short.text
    assert "The end" in whole.text
    assert not any("cut off" in note for note in whole.statements[-1].notes)


@pytest.mark.parametrize("opening", ["<think>", "", "\n" * 90])
def test_thoughts_that_do_not_end_are_no_answer_and_are_not_read_for_ever(
    opening: str, demo_library: Library
) -> None:
    thought = "Hm, " if opening == "<think>" else " \n"
    answer = answered(demo_library, says(opening, *[thought * 500] * 1000))
    assert (answer.mode, bool(answer.statements)) == ("extractive", True)
    assert "thinking after 100,000" in str(answer.reason) or "nothing" in str(answer.reason)
    assert answer.receipt.completion_tokens <= 100_000


def test_a_line_that_never_ends_is_no_answer(demo_library: Library) -> None:
    answer = answered(demo_library, sends("data: " + "y" * 3_000_000))
    assert "a line of more than 1,000,000 bytes" in str(answer.reason)
    assert answer.mode == "extractive"


class Counting:
    """Judges as shipped; counts what it is given, and may take its time."""

    def __init__(self, library: Library, seconds: float = 0.0) -> None:
        self.verifier = LearnedVerifier(library.embedder)
        self.seconds = seconds
        self.calls = self.characters = 0

    def verify(
        self, statement: str, quotes: Sequence[str], *, about: Sequence[str] = ()
    ) -> VerificationResult:
        self.calls += 1
        self.characters += len(statement)
        time.sleep(self.seconds)
        return self.verifier.verify(statement, quotes, about=about)


def asks(library: Library, reply: Reply, verifier: Counting, **settings: object) -> Answer:
    with serve(reply) as endpoint:
        config = LLMSettings("m", endpoint.url, KEY, **{"timeout": 5.0, **settings})  # type: ignore[arg-type]
        composer = LLMComposer(config, embedder=library.embedder, verifier=verifier)
        return CitedQueryEngine(library, composer).ask(QUESTION)


@pytest.mark.parametrize("repair", [True, False])
def test_the_deadline_holds_for_checking_too(repair: bool, demo_library: Library) -> None:
    verifier = Counting(demo_library, seconds=0.2)
    # None of them says what another says: a verdict is found once.
    long = cites(
        CLIPS,
        *(f"{CHECKED.replace('PPO', f'PPO {a}{b}')} " for a in "abcdef" for b in "qrstuvwxyz"),
    )
    answer = asks(demo_library, long, verifier, deadline=1.5, repair=repair)
    assert 0 < verifier.calls <= 8
    assert (answer.mode, len(answer.statements)) == ("llm", 60)
    left = 60 - verifier.calls
    assert f"{left} sentences of the model, not checked within 1.5 s" in str(answer.reason)
    # What a reader has read stays; what was not checked is not settled.
    assert answer.text.count("clips the probability ratio") == 60
    assert [s.verdict for s in answer.statements[-left:]] == ["unsettled"] * left
    assert answer.statements[-1].notes == (UNCHECKED,)


def test_no_call_is_made_about_faults_after_the_deadline(demo_library: Library) -> None:
    with serve(says("Bananas [1]. Apples [1]. Pears [1]. ")) as endpoint:
        config = LLMSettings("m", endpoint.url, KEY, timeout=5.0, deadline=0.5)
        verifier = Counting(demo_library, seconds=0.6)
        composer = LLMComposer(config, embedder=demo_library.embedder, verifier=verifier)
        answer = CitedQueryEngine(demo_library, composer).ask(QUESTION)
    assert (len(endpoint.requests), verifier.calls) == (1, 1)
    assert "2 sentences of the model, not checked" in str(answer.reason)


def test_what_comes_too_late_to_be_checked_at_all_is_quoted_instead(demo_library: Library) -> None:
    events = [line(SAID).encode(), b'data: {"choices": [{"finish_reason": "stop"}]}\n\n']
    answer = answered(demo_library, drips(*events, b": \n", seconds=0.3), deadline=0.7)
    assert (answer.mode, bool(answer.statements)) == ("extractive", True)


def test_a_statement_that_nobody_reads_to_its_end_is_not_supported(demo_library: Library) -> None:
    verifier = LearnedVerifier(demo_library.embedder)
    quote = "PPO clips the ratio between the new and the old policy."
    said = "PPO clips the ratio. " * (LONGEST_STATEMENT // 20)
    assert verifier.verify(said, [quote]).verdict == "unsettled"
    # What is quoted word for word needs no reading.
    assert verifier.verify(said, [said]).verdict == "supported"
    assert verifier.verify("PPO clips the ratio.", [f"{quote} {said * 50}"]).support > 0


def test_what_is_held_back_of_a_stream_is_bounded(demo_library: Library) -> None:
    binder = CitationBinder([])
    held = 0
    for piece in ["[1]", " ", "[", "1, "] * 2000:
        binder.feed(piece)
        held = max(held, len(binder._held))
    assert held < 400
