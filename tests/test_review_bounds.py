"""What a review may spend: set aside before each attempt, told truly, and only counted down."""

import re
from typing import Any

import pytest
from llama_index.core.base.llms.types import ChatMessage

from footnote.index.chunking import count_tokens
from footnote.index.library import Library
from footnote.index.models import make_paper
from footnote.rag.answer import Usage
from footnote.rag.generation.chat.client import ChatClient
from footnote.rag.generation.chat.endpoints.known import THOUGHTS, KnownModel
from footnote.rag.generation.chat.judging import Claim, ModelJudge, in_batches
from footnote.rag.generation.chat.retries import RetryPolicy
from footnote.rag.generation.citations import CitationBinder
from footnote.rag.generation.repair import AnswerDraft
from footnote.rag.generation.settings import LLMSettings, Prices
from footnote.rag.generation.thorough.bounds.calls import BoundedCalls, BoundedChat, CallReply
from footnote.rag.generation.thorough.bounds.spending import Spending, SpentError
from footnote.rag.generation.thorough.checking import judge_parts
from footnote.rag.generation.thorough.parts import ReviewPart
from footnote.rag.generation.thorough.settings import ThoroughSettings
from footnote.rag.retrieval.evidence import Sentence
from tests.endpoint import Reply, hangs, refuses, says, serve
from tests.reviewing import ScriptedReviewer
from tests.test_model_judge import knows, verdicts
from tests.test_thorough import review, stages

PROMPT = [ChatMessage(content="tide " * 100)]
THINKING = 1500 + THOUGHTS


def known(
    *, thinks: bool = False, prices: Prices | None = None, window: int = 64_000
) -> KnownModel:
    found = KnownModel(LLMSettings("scripted", window=window, prices=prices))
    found.memory.update(thinks=thinks, prices=("", None))
    return found


def spending(model: KnownModel | None = None, **allowed: Any) -> Spending:
    return Spending(ThoroughSettings(**allowed), model or known())


def left(total: Spending) -> list[int]:
    """Returns the calls and the tokens that are told to be left."""
    told = re.findall(r"(\d[\d,]*) (?:call|token)", total.say_left())
    return [int(number.replace(",", "")) for number in told]


# Counting.


def test_as_much_is_set_aside_as_the_model_may_write_by_then() -> None:
    model = known()
    total = spending(model, tokens=12_000)
    total.expect(1000).release()
    model.memory.update(thinks=True)
    total.expect(1000)
    with pytest.raises(SpentError, match="raise FOOTNOTE_THOROUGH_CALLS"):
        total.expect(1000)


def test_a_call_that_waits_grows_with_what_was_learned_or_is_not_made() -> None:
    first, second = (total := spending(tokens=12_000)).expect(100), total.expect(100)
    first.grant(THINKING)
    with pytest.raises(SpentError):
        second.grant(THINKING)
    second.release()
    assert left(total) == [23, 12_000]
    first.settle(Usage(100, 2000), known=True)
    assert left(total) == [23, 9_900]


def test_what_one_reply_took_beyond_its_room_others_may_take() -> None:
    total = spending(tokens=20_000)
    call = total.expect(100)
    call.grant(1500)
    call.settle(Usage(100, 8000), known=True)
    total.expect(100)
    with pytest.raises(SpentError):
        total.expect(100)


def test_what_a_call_took_unknown_stays_counted() -> None:
    total = spending(known(prices=Prices(1, 1)), tokens=10_000, calls=9)
    call = total.expect(1000)
    call.grant(1500)
    call.settle(Usage(cost_usd=None), known=False)
    assert left(total) == [8, 10_000 - 1100 - 1500]
    assert total.usage == Usage()
    call.grant(1500)
    assert left(total)[0] == 7
    call.settle(Usage(1000, 10), known=True)
    assert left(total)[1] == 10_000 - 2600 - 1010


def test_a_call_that_was_refused_may_be_made_again_as_the_same() -> None:
    total = spending(calls=1)
    call = total.expect(10)
    for _ in range(3):
        call.grant(1500)
        call.settle(Usage(), known=True)
    assert left(total)[0] == 0


def test_money_is_bounded_and_never_told_too_low() -> None:
    # 24 calls of 1,500 tokens are 36,000, and with thoughts more than all 100,000.
    told = spending(known(prices=Prices(1, 10)), cost=5).announce()
    assert told.endswith("at most $0.43, or $1.00 if the model thinks before it writes")
    thinking = known(thinks=True, prices=Prices(1, 10))
    assert spending(thinking, cost=5).announce().endswith("100,000 tokens, at most $1.00")
    assert spending(thinking, cost=0.2).announce().endswith("at most $0.20")
    total = spending(thinking, cost=0.2)
    total.expect(1000)
    total.expect(1000)
    with pytest.raises(SpentError):
        total.expect(1000)


def test_searching_leaves_room_for_writing() -> None:
    assert spending(calls=7).leaves(7)
    assert not spending(calls=6).leaves(7)
    assert not spending(known(thinks=True), tokens=40_000).leaves(7)
    assert not spending(known(prices=Prices(1, 10)), cost=0.1).leaves(7)


# Over the wire.


def calls_of(url: str, *, timeout: float = 9.0, **allowed: Any) -> BoundedCalls:
    config = LLMSettings("scripted", url, timeout=timeout, window=64_000)
    chat = ChatClient(config, sleep=lambda _: None, retries=RetryPolicy(first_wait=0.0, spread=0.0))
    return BoundedCalls(chat, Spending(ThoroughSettings(**allowed), chat.known))


def thinks_first(handler: Any) -> None:
    """Writes nothing but thoughts in as much room as an answer has."""
    room = handler.asked.get("max_completion_tokens") or handler.asked["max_tokens"]
    usage = {"prompt_tokens": 100, "completion_tokens": min(room, 6000)}
    reply: Reply = (
        says("Tides.", usage=usage) if room > 1500 else says(finish="length", usage=usage)
    )
    reply(handler)


def test_a_second_attempt_of_a_thinking_model_is_granted_and_counted() -> None:
    with serve(thinks_first) as endpoint:
        calls = calls_of(endpoint.url)
        assert calls.ask(PROMPT) == CallReply("Tides.")
        assert (calls.spending.calls, len(endpoint.requests)) == (2, 2)
        assert calls.spending.usage.completion_tokens == 7500
        calls.stop()


def test_a_call_has_its_second_attempt_also_where_another_learned_that_the_model_thinks() -> None:
    def learned_meanwhile(handler: Any) -> None:
        calls.chat.known.memory.update(thinks=True)
        says(finish="length")(handler)

    with serve(learned_meanwhile, says("Tides.")) as endpoint:
        calls = calls_of(endpoint.url)
        assert calls.ask(PROMPT).text == "Tides."
        calls.stop()


def test_a_second_attempt_beyond_the_bounds_is_not_made() -> None:
    with serve(thinks_first) as endpoint:
        calls = calls_of(endpoint.url, tokens=9000)
        with pytest.raises(SpentError):
            calls.ask(PROMPT)
        assert len(endpoint.requests) == 1
        calls.stop()


def test_an_attempt_that_ended_in_silence_counts_beside_the_next() -> None:
    with serve(
        hangs(0.5), says("Tides.", usage={"prompt_tokens": 9, "completion_tokens": 1})
    ) as at:
        calls = calls_of(at.url, timeout=0.3, calls=5)
        assert calls.ask(PROMPT).text == "Tides."
        silent = int(1.1 * count_tokens(str(PROMPT[0].content))) + 1500
        assert left(calls.spending) == [3, 100_000 - silent - 10]
        calls.stop()


def test_refusals_take_nothing_and_leave_nothing_aside() -> None:
    with serve(refuses(429)) as endpoint:
        calls = calls_of(endpoint.url, calls=2, tokens=2000)
        for _ in range(2):
            call = BoundedChat(calls).call(PROMPT, deadline=calls.deadline)
            with pytest.raises(Exception, match="status 429"):
                list(call)
        assert len(endpoint.requests) == 6
        assert left(calls.spending) == [0, 2000]
        calls.stop()


def test_a_reply_that_was_cut_off_names_its_own_limit() -> None:
    with serve(says("Tides", finish="length")) as endpoint:
        calls = calls_of(endpoint.url)
        calls.chat.known.memory.update(thinks=True)
        assert calls.ask(PROMPT).cut == f"the model was cut off at {THINKING:,} tokens"
        calls.stop()


def test_verdicts_in_many_calls_stay_within_the_bounds() -> None:
    text = "Gulls rest in flight, some trackers of theirs suggest. " * 60
    paper = make_paper("Gulls", text, ["arxiv:2401.00001"])
    given = [Sentence(paper, 0, len(text), 1.0)]
    said = " ".join(f"Some gull {n} may sleep aloft [1]." for n in range(24))
    drafts = [AnswerDraft(b, "unsettled", 0.5) for b in CitationBinder(given).bind(said)]
    made = []
    # The test of the judge, and of three calls as many as are left.
    for bound in (2, 3, 9):
        with serve(refuses(500)) as endpoint:
            endpoint.judge = knows(then=verdicts(["supported"] * 20))
            calls = calls_of(endpoint.url, calls=bound)
            judging = judge_parts(
                [ReviewPart("", drafts, given)], ModelJudge(calls.chat), calls, []
            )
            assert list(judging)
            calls.stop()
            made.append(len(endpoint.judged))
    per_call = len(in_batches([Claim("Some gull 10 may sleep aloft.", (text.strip(),))] * 24))
    assert per_call >= 2
    assert made == [2, 3, 1 + per_call]
    assert calls.spending.calls == made[-1]


def test_what_is_left_only_falls(demo_library: Library) -> None:
    events, _, _ = review(demo_library, ScriptedReviewer())
    counted = re.findall(r"([\d,]+) calls? and ([\d,]+) tokens left", "\n".join(stages(events)))
    for column in zip(*counted, strict=True):
        numbers = [int(number.replace(",", "")) for number in column]
        assert numbers == sorted(numbers, reverse=True)
