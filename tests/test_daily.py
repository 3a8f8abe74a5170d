"""A limit of a day holds: for every call, for calls side by side, for all processes together."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from footnote.index.library import Library
from footnote.rag.answer import Answer, Usage
from footnote.rag.generation.chat.daily import DailyBudget, DayLimitError, DayTotal
from footnote.rag.generation.chat.endpoints.known import KnownModel
from footnote.rag.generation.chat.endpoints.trial import try_model
from footnote.rag.generation.settings import LLMSettings, Prices
from tests.asking import GOOD, QUESTION, engine
from tests.endpoint import Endpoint, hangs, refuses, says, serve
from tests.reviewing import REVIEWED, ScriptedReviewer

TODAY = date(2026, 11, 28)


def budget(folder: Path, today: date = TODAY, **limits: Any) -> DailyBudget:
    config = LLMSettings("m", **limits)
    return DailyBudget(config, KnownModel(config), folder / "spent.sqlite3", today=lambda: today)


def limited(library: Library, endpoint: Endpoint, folder: Path, **settings: Any) -> Answer:
    ledger = folder / "spent.sqlite3"
    return engine(library, endpoint.url, ledger=ledger, plan=False, **settings).ask(QUESTION)


def counted(folder: Path) -> DayTotal:
    return budget(folder, date.today()).spent()


def test_calls_side_by_side_pass_no_limit_together(tmp_path: Path) -> None:
    day = budget(tmp_path, day_tokens=1_000)

    def call(_: int) -> bool:
        with suppress(DayLimitError):
            day.meter(100).grant(140)  # 110 and 140
            return True
        return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(call, range(40))) == 4
    assert day.spent().tokens == 1_000
    # Another process has the same file.
    assert budget(tmp_path, day_tokens=1_000).leaves(1, 1) is False
    assert budget(tmp_path, date(2026, 11, 29), day_tokens=1_000).leaves(500, 500)


def test_what_a_call_took_stands_in_place_of_what_it_could_take(tmp_path: Path) -> None:
    day = budget(tmp_path, day_cost=1.0, prices=Prices(1000, 2000))
    meter = day.meter(100)
    meter.grant(100)
    assert day.spent() == DayTotal(210, pytest.approx(0.11 + 0.2))
    meter.settle(Usage(90, 10, 0.11), known=True)
    assert day.spent() == DayTotal(100, pytest.approx(0.11))
    meter.release()
    # What may have been charged unseen counts as the most.
    meter.grant(100)
    meter.settle(Usage(), known=False)
    assert day.spent() == DayTotal(310, pytest.approx(0.42))
    meter.grant(100)
    meter.release()
    assert day.spent().tokens == 310
    with pytest.raises(DayLimitError, match=r"\$1.00 a day leaves \$0.58, and this may cost"):
        day.meter(100).grant(1_000)


def test_a_limit_in_usd_needs_a_price(tmp_path: Path) -> None:
    with pytest.raises(DayLimitError, match="the price of m is unknown"):
        budget(tmp_path, day_cost=1.0).meter(1).grant(1)


def test_a_file_that_cannot_be_used_lets_nothing_be_spent(tmp_path: Path) -> None:
    (tmp_path / "spent.sqlite3").mkdir()
    day = budget(tmp_path, day_tokens=10_000)
    with pytest.raises(DayLimitError, match="cannot be counted"):
        day.meter(1).grant(1)
    assert not day.leaves(1, 1)
    assert day.cap(LLMSettings().thorough).tokens == 0


def test_a_question_beyond_the_limit_is_answered_with_quotes_and_a_line(
    demo_library: Library, tmp_path: Path
) -> None:
    with serve(says(GOOD, usage={"prompt_tokens": 4_000, "completion_tokens": 40})) as endpoint:
        first = limited(demo_library, endpoint, tmp_path, day_tokens=12_000)
        assert first.mode == "llm"
        assert counted(tmp_path).tokens >= 4_040
        made = len(endpoint.requests)
        second = limited(demo_library, endpoint, tmp_path, day_tokens=5_000)
    assert (second.mode, second.receipt.prompt_tokens) == ("extractive", 0)
    assert second.statements
    assert second.reason is not None
    assert second.reason.startswith("the limit of 5,000 tokens a day leaves ")
    assert second.reason.endswith("or ask tomorrow; quoted from the papers instead")
    assert len(endpoint.requests) == made
    assert endpoint.plans == []


def test_where_no_answer_can_follow_no_search_is_planned(
    demo_library: Library, tmp_path: Path
) -> None:
    with serve(says(GOOD)) as endpoint:
        asked = engine(demo_library, endpoint.url, ledger=tmp_path / "s", day_tokens=3_000)
        assert asked.ask(QUESTION).mode == "extractive"
    assert (endpoint.plans, endpoint.requests) == ([], [])


def test_a_limit_that_is_set_at_noon_knows_the_morning(
    demo_library: Library, tmp_path: Path
) -> None:
    with serve(says(GOOD)) as endpoint:
        assert limited(demo_library, endpoint, tmp_path).mode == "llm"
        morning = counted(tmp_path).tokens
        assert morning > 0
        assert limited(demo_library, endpoint, tmp_path, day_tokens=morning).mode == "extractive"


def test_without_a_limit_nobody_waits_for_a_file_that_cannot_be_written(
    demo_library: Library, tmp_path: Path
) -> None:
    (tmp_path / "spent.sqlite3").mkdir()
    with serve(says(GOOD)) as endpoint:
        assert limited(demo_library, endpoint, tmp_path).mode == "llm"
        assert limited(demo_library, endpoint, tmp_path, day_tokens=90_000).mode == "extractive"


@pytest.mark.parametrize("reply", [refuses(500), hangs(0.6)])
def test_of_a_failed_call_what_may_have_been_charged_counts(
    reply: Any, demo_library: Library, tmp_path: Path
) -> None:
    with serve(reply) as endpoint:
        limited(demo_library, endpoint, tmp_path, day_tokens=50_000, timeout=0.3)
    # A refusal costs nothing; what was asked and never ended may.
    assert (counted(tmp_path).tokens > 0) is (reply.__qualname__.startswith("hangs"))


def test_a_trial_counts_and_is_refused_too(tmp_path: Path) -> None:
    with serve(says('{"capital": "Paris"}')) as endpoint:
        config = LLMSettings("m", endpoint.url, ledger=tmp_path / "s", day_tokens=1_000)
        trial = try_model(config)
    assert trial.fault is not None
    assert trial.fault.startswith("the limit of 1,000 tokens a day leaves 1,000")
    assert endpoint.requests == []


def test_a_thorough_answer_stays_within_the_day(demo_library: Library, tmp_path: Path) -> None:
    ledger, most = tmp_path / "spent.sqlite3", 20_000
    with serve(ScriptedReviewer()) as endpoint:
        asked = engine(demo_library, endpoint.url, ledger=ledger, day_tokens=most)
        events = list(asked.stream(REVIEWED, thorough=True))
        first = len(endpoint.requests)
        assert f"{most:,} tokens" in str(events[0])
        again = asked.ask(REVIEWED, thorough=True)
    assert first > 0
    assert 0 < counted(tmp_path).tokens <= most
    reason = f"{getattr(events[-1], 'reason', '')}"
    assert "today" in reason
    assert again.reason is not None
    assert "today" in again.reason
    assert "FOOTNOTE_THOROUGH" not in reason + again.reason
