"""One call of a model: what is tried again, when it has to end, what it took."""

import json
import threading
import time

import pytest

from footnote.index.library import Library
from footnote.rag.answer import REFUSAL, Delta
from footnote.rag.generation.llm import Prices
from footnote.rag.serialization import answer_json
from tests.asking import CHECKED, CLIPS, GOOD, QUESTION, answered, asked, engine
from tests.endpoint import (
    A_WORD,
    KEEP_ALIVE,
    Reply,
    breaks_off,
    cites,
    declines,
    drips,
    hangs,
    refuses,
    says,
    sends,
    serve,
)

SUPPORTED = cites(CLIPS, CHECKED)


@pytest.mark.parametrize("fault", [refuses(429), refuses(500), refuses(503), refuses(408)])
def test_a_fault_that_passes_is_tried_again(fault: Reply, demo_library: Library) -> None:
    waited: list[float] = []
    answer, endpoint = asked(demo_library, fault, fault, SUPPORTED, waited=waited)
    assert (answer.mode, answer.reason, len(endpoint.requests)) == ("llm", None, 3)
    assert 0.5 <= waited[0] <= 1.0 <= waited[1] <= 2.0


def test_a_timeout_before_the_first_token_is_tried_again(demo_library: Library) -> None:
    answer, endpoint = asked(demo_library, hangs(0.6), SUPPORTED, timeout=0.3)
    assert (answer.mode, len(endpoint.requests)) == ("llm", 2)


@pytest.mark.parametrize(
    "fault",
    [
        refuses(400),
        refuses(401),
        refuses(404),
        refuses(429, code="insufficient_quota"),
        refuses(429, Retry_After="61"),
        breaks_off("PPO clips"),
    ],
)
def test_a_fault_that_does_not_pass_is_final_at_once(fault: Reply, demo_library: Library) -> None:
    waited: list[float] = []
    answer, endpoint = asked(demo_library, fault, SUPPORTED, waited=waited)
    assert (answer.mode, len(endpoint.requests), waited) == ("extractive", 1, [])


def test_no_wait_goes_past_the_deadline(demo_library: Library) -> None:
    waited: list[float] = []
    fault = refuses(429, Retry_After="30")
    answer, endpoint = asked(demo_library, fault, SUPPORTED, waited=waited, deadline=20.0)
    assert (answer.mode, len(endpoint.requests), waited) == ("extractive", 1, [])
    assert "status 429" in str(answer.reason)


def test_workers_that_meet_a_limit_all_get_their_answer(demo_library: Library) -> None:
    busy = threading.Lock()

    def one_at_a_time(handler: object) -> None:
        if not busy.acquire(blocking=False):
            refuses(429, "one at a time")(handler)
            return
        time.sleep(0.05)
        busy.release()
        SUPPORTED(handler)

    modes: list[str] = []
    with serve(one_at_a_time) as endpoint:
        answers = engine(demo_library, endpoint.url, sleep=time.sleep)
        workers = [
            threading.Thread(target=lambda: modes.append(answers.ask(QUESTION).mode))
            for _ in range(3)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert modes == ["llm"] * 3
    assert len(endpoint.requests) > 3


@pytest.mark.parametrize("drop", [KEEP_ALIVE, b":", A_WORD])
def test_a_stream_that_drips_ends_at_the_deadline(drop: bytes, demo_library: Library) -> None:
    start = time.monotonic()
    answer = answered(demo_library, drips(*[drop] * 100, seconds=0.1), deadline=0.5)
    assert time.monotonic() - start < 3.0
    assert "did not end its answer within 0.5 s" in str(answer.reason)
    assert (answer.mode, bool(answer.statements)) == ("extractive", True)


def test_retries_end_at_the_deadline(demo_library: Library) -> None:
    answer, endpoint = asked(demo_library, hangs(1.0), deadline=0.4)
    assert "did not end its answer within 0.4 s" in str(answer.reason)
    assert len(endpoint.requests) == 1


def test_done_is_an_end_where_no_reason_is_given(demo_library: Library) -> None:
    answer = answered(demo_library, says(GOOD, finish=None, done=True))
    assert (answer.mode, answer.reason) == ("llm", None)


def test_an_end_before_done_is_an_end_where_a_reason_is_given(demo_library: Library) -> None:
    answer = answered(demo_library, says(GOOD, finish="stop", done=False))
    assert (answer.mode, answer.reason) == ("llm", None)


def test_a_refusal_in_its_own_field_abstains_in_the_models_words(demo_library: Library) -> None:
    answer = answered(demo_library, declines("I can't help with that."))
    assert (answer.abstained, answer.text, answer.mode) == (True, REFUSAL, "llm")
    assert answer.reason == "the model declined: I can't help with that"


@pytest.mark.parametrize("option", ["stream_options", "temperature", "max_completion_tokens"])
def test_an_option_that_an_endpoint_does_not_take_is_left_out(
    option: str, demo_library: Library
) -> None:
    fault = refuses(400, f"unsupported: use or drop {option}")
    with serve(fault, SUPPORTED) as endpoint:
        answers = engine(demo_library, endpoint.url)
        modes = [answers.ask(QUESTION).mode for _ in range(2)]
    assert modes == ["llm", "llm"]
    first, *later = endpoint.requests
    assert len(later) == 2
    if option == "max_completion_tokens":
        assert first["max_tokens"] == later[1]["max_completion_tokens"] == 1500
        assert "max_tokens" not in later[1]
    else:
        assert [option in request for request in endpoint.requests] == [True, False, False]


def test_a_reply_in_one_block_or_byte_by_byte_reads_the_same(demo_library: Library) -> None:
    chunk = {"choices": [{"delta": {"content": "Café [1]."}, "finish_reason": "stop"}]}
    event = f"data:{json.dumps(chunk, ensure_ascii=False)}\r\n\r\ndata: [DONE]\r\n\r\n"
    whole = answered(demo_library, sends(event), repair=False)
    single = [bytes([byte]) for byte in event.encode()]
    cut = answered(demo_library, drips(*single, seconds=0.0), repair=False)
    assert whole.text == cut.text
    assert whole.text.startswith("Café [1].")


def test_the_endpoints_own_count_is_on_the_receipt_with_its_price(demo_library: Library) -> None:
    count = {"prompt_tokens": 1000, "completion_tokens": 100}
    answer = answered(
        demo_library, says(GOOD, usage=count), prices=Prices(2.0, 10.0), plan=False, judge=False
    )
    assert (answer.receipt.prompt_tokens, answer.receipt.completion_tokens) == (1000, 100)
    # 1,000 tokens at $2 and 100 at $10 a million.
    assert answer_json(answer)["usage"]["cost_usd"] == pytest.approx(0.003)


@pytest.mark.parametrize("usage", [None, {"total_tokens": 3}, {"prompt_tokens": -1}, "none"])
def test_tokens_are_counted_here_where_the_endpoint_does_not(
    usage: object, demo_library: Library
) -> None:
    receipt = answered(demo_library, says(GOOD, usage=usage)).receipt
    assert receipt.prompt_tokens > 100 > receipt.completion_tokens > 10
    assert receipt.cost_usd is None


def test_quotes_cost_nothing_and_no_call_costs_nothing(demo_library: Library) -> None:
    assert answered(demo_library, refuses(401), plan=False).receipt.cost_usd == 0.0
    with serve(says(GOOD)) as endpoint:
        answer = engine(demo_library, endpoint.url).ask("hello")
    assert (answer.kind, endpoint.requests, answer.receipt.cost_usd) == ("talk", [], 0.0)


def test_thoughts_reach_no_reader(demo_library: Library) -> None:
    pieces = "<think>\nThe user wants PPO.\n</think>\n\n" + GOOD
    with serve(says(*pieces)) as endpoint:
        *events, answer = engine(demo_library, endpoint.url).stream(QUESTION)
    shown = "".join(event.text for event in events if isinstance(event, Delta))
    assert shown == answer.text == GOOD
