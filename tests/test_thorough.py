"""A literature review: rounds, sections side by side, a table, one numbering, within its bounds."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
from llama_index.core.llms import MockLLM

from footnote.index.library import Library
from footnote.rag import ComposerError
from footnote.rag.answer import REFUSAL, Answer, Delta, Event, Stage, Standing
from footnote.rag.build import engine_with
from footnote.rag.engine import CitedQueryEngine
from footnote.rag.generation.settings import Prices
from footnote.rag.generation.thorough.settings import ThoroughSettings
from tests.asking import engine, streamed
from tests.endpoint import Endpoint, Reply, breaks_off, refuses, says, serve
from tests.reviewing import (
    GAP,
    PLANNED,
    REVIEWED,
    SECTIONS,
    ScriptedReviewer,
    outline,
    quotes,
    rows,
)
from tests.test_model_judge import knows, verdicts

JUDGED = verdicts(["contradicted"] * 20)
TABLE = "| Paper | Method | Data | Result |"


def review(
    library: Library,
    reviewer: ScriptedReviewer,
    *,
    plan: Reply | None = None,
    judge: Reply | None = None,
    thorough: ThoroughSettings | None = None,
    **settings: Any,
) -> tuple[list[Event], Answer, Endpoint]:
    """Returns the events of a review, its answer, and the endpoint that was asked."""
    with serve(reviewer) as endpoint:
        endpoint.plan, endpoint.judge = plan or says(json.dumps(PLANNED)), judge
        asking = engine(library, endpoint.url, thorough=thorough or ThoroughSettings(), **settings)
        events = list(asking.stream(REVIEWED, thorough=True))
    answer = events[-1]
    assert isinstance(answer, Answer)
    return events, answer, endpoint


def stages(events: list[Event]) -> list[str]:
    return [event.detail for event in events if isinstance(event, Stage)]


def table_rows(answer: Answer) -> list[str]:
    _, _, table = answer.text.partition(f"{TABLE}\n|---|---|---|---|\n")
    return [line for line in table.splitlines() if line.startswith("|")]


# When all goes well.


def test_a_review_is_searched_outlined_and_written_in_parts(demo_library: Library) -> None:
    reviewer = ScriptedReviewer(rounds=2)
    _, answer, endpoint = review(demo_library, reviewer)
    assert (answer.kind, answer.mode, answer.abstained, answer.reason) == (
        "overview", "llm", False, None,
    )  # fmt: skip
    places = [answer.text.index(f"## {name}") for name in (*SECTIONS, "Comparison")]
    assert places == sorted(places)
    assert answer.text.index("## Open questions") > places[-1]
    assert not answer.text.startswith("#")
    # A round more than there are gaps, since the last has none; tokens of all calls are counted.
    assert reviewer.calls[:3] == ["gaps", "gaps", "outline"]
    assert sorted(reviewer.calls[3:]) == sorted([*SECTIONS, "lead", "table", "table"])
    assert answer.receipt.prompt_tokens >= 300 * len(reviewer.calls)
    assert len(endpoint.plans) == 1


def test_every_round_brings_papers_that_the_ones_before_did_not(demo_library: Library) -> None:
    def found(rounds: int) -> set[str]:
        _, answer, _ = review(
            demo_library, ScriptedReviewer(rounds=2), thorough=ThoroughSettings(rounds=rounds)
        )
        assert len({hit.paper.id for hit in answer.hits}) == len(answer.hits)
        return {hit.paper.title for hit in answer.hits}

    one, two = found(1), found(2)
    assert 20 <= len(one) <= len(two) <= 40
    (lora,) = (title for title in two if title.startswith("LoRA: Low-Rank"))
    assert lora not in one
    assert one <= two


def test_the_papers_have_one_numbering_by_first_use(demo_library: Library) -> None:
    _, answer, _ = review(demo_library, ScriptedReviewer())
    markers = [c.marker for s in answer.statements for c in s.citations]
    assert list(dict.fromkeys(markers)) == list(range(1, len(answer.papers) + 1))
    for statement in answer.statements:
        for citation in statement.citations:
            paper = answer.papers[citation.marker - 1]
            assert paper.id == citation.paper_id
            assert citation.quote == paper.abstract[citation.start : citation.end]
    # The last paper of a section is the first of the next, under the same number.
    first, second = (answer.text.split(f"## {name}")[1] for name in SECTIONS[:2])
    assert first.count("[") > 1
    assert answer.text.count("[1]") > 1
    assert second


def test_a_row_is_one_paper_and_each_of_its_cells_cites_it(demo_library: Library) -> None:
    _, answer, _ = review(demo_library, ScriptedReviewer())
    table = table_rows(answer)
    assert len(table) == 13  # three sections of five papers, two of them in two sections
    for row in table:
        name, method, data, result = (cell.strip() for cell in row.strip("|").split(" | "))
        assert data == "–"
        assert method[-3:].strip(" []") == result[-3:].strip(" []")
        marker = int(method.rpartition("[")[2].rstrip("]"))
        assert answer.papers[marker - 1].title.startswith(name.rpartition(" (")[0][:12])


def test_sections_come_in_order_whoever_answers_first(demo_library: Library) -> None:
    late = {"lead": 0.3, SECTIONS[0]: 0.6, SECTIONS[2]: 0.0}
    reviewer = ScriptedReviewer(pause=lambda asked: late.get(asked, 0.1))
    events, answer, _ = review(demo_library, reviewer)
    assert reviewer.most_at_once > 1
    shown = [event.answer.text for event in events if isinstance(event, Standing)]
    assert all(after.startswith(before) for before, after in pairwise(shown))
    assert [sum(f"## {name}" in text for name in SECTIONS) for text in shown][:4] == [0, 1, 2, 3]
    assert streamed(events) == answer.text == shown[-1]


def test_what_stands_has_its_sources_at_every_moment(demo_library: Library) -> None:
    events, _, _ = review(demo_library, ScriptedReviewer())
    standing = [event.answer for event in events if isinstance(event, Standing)]
    assert len(standing) == 7
    for answer in standing:
        cited = {c.marker for s in answer.statements for c in s.citations}
        assert cited == set(range(1, len(answer.papers) + 1))
        assert answer.receipt.timings_ms["total"] > 0


def test_a_contradicted_sentence_is_repaired_or_marked(demo_library: Library) -> None:
    def lies(handler: Any) -> None:
        quote = quotes(handler.asked["messages"][-1]["content"])[0]
        marker = quote.rpartition(" ")[2]
        says(f"It was trained on exactly 987,654 robots in 1901 {marker}")(handler)

    reviewer = ScriptedReviewer(instead={SECTIONS[1]: lies, "repair": says("S1: DROP")})
    _, answer, _ = review(demo_library, reviewer)
    assert reviewer.calls.count("repair") == 1
    (marked,) = (s for s in answer.statements if s.verdict == "contradicted")
    assert "987,654" in marked.text
    assert "987,654 robots in 1901" in answer.text
    assert "(contradicted by its source)" in answer.text


def test_a_model_judges_what_the_rules_leave_open(demo_library: Library) -> None:
    def loose(handler: Any) -> None:
        quote = quotes(handler.asked["messages"][-1]["content"])[0]
        says(f"Some agents get along without much of a teacher {quote.rpartition(' ')[2]}")(handler)

    reviewer = ScriptedReviewer(instead={SECTIONS[0]: loose})
    _, answer, endpoint = review(demo_library, reviewer, judge=knows(then=JUDGED))
    assert len(endpoint.judged) >= 2  # its test, and the sentences
    assert any("teacher" in str(asked["messages"]) for asked in endpoint.judged)
    (told,) = (s for s in answer.statements if "teacher" in s.text)
    assert (told.verdict, told.notes[0][:3]) == ("contradicted", "why")
    assert "much of a teacher" in answer.text.partition(" (contradicted by its source)")[0]


# What may be spent.


def test_what_may_be_spent_is_told_first_and_counted_down(demo_library: Library) -> None:
    events, _, _ = review(
        demo_library, ScriptedReviewer(rounds=2), prices=Prices(0.5, 1.5),
        thorough=ThoroughSettings(calls=20, tokens=60_000, cost=0.2),
    )  # fmt: skip
    told = stages(events)
    # 20 calls of 1,500 written tokens at 1.5 USD a million, the other 30,000 at 0.5; thoughts may
    # fill all 60,000.
    most = "at most $0.06, or $0.09 if the model thinks before it writes"
    assert told[0] == f"Up to 3 rounds, 20 calls and 60,000 tokens, {most}"
    left = [int(line.split("; ")[1].split(" call")[0]) for line in told if " left" in line]
    assert left == sorted(left, reverse=True)
    assert left[0] >= 19
    assert left[-1] < 12
    assert any(line.startswith("Round 2 of 3: ") for line in told)
    assert all("$" in line for line in told if line.endswith("left"))


@pytest.mark.parametrize("calls", [4, 8, 14])
def test_a_smaller_bound_makes_fewer_calls(calls: int, demo_library: Library) -> None:
    reviewer = ScriptedReviewer(rounds=9)
    _, answer, endpoint = review(
        demo_library, reviewer, thorough=ThoroughSettings(calls=calls), judge=knows(then=JUDGED)
    )
    made = len(reviewer.calls) + len(endpoint.plans) + len(endpoint.judged)
    assert made <= calls
    assert f"## {SECTIONS[0]}" in answer.text
    if calls == 4:
        assert "gaps" not in reviewer.calls
        assert answer.reason is not None
        assert "raise FOOTNOTE_THOROUGH_CALLS" in answer.reason
        assert "the table has 0 of 13 papers" in answer.reason


@pytest.mark.parametrize("bound", [ThoroughSettings(tokens=9_000), ThoroughSettings(cost=0.009)])
def test_tokens_and_cost_are_bounded_too(bound: ThoroughSettings, demo_library: Library) -> None:
    whole, fewer = ScriptedReviewer(), ScriptedReviewer()
    review(demo_library, whole, prices=Prices(1, 1))
    _, answer, _ = review(demo_library, fewer, prices=Prices(1, 1), thorough=bound)
    assert len(fewer.calls) < len(whole.calls)
    receipt = answer.receipt
    assert receipt.prompt_tokens + receipt.completion_tokens <= 9_000


def test_papers_are_bounded(demo_library: Library) -> None:
    _, answer, _ = review(
        demo_library, ScriptedReviewer(rounds=2), thorough=ThoroughSettings(papers=25)
    )
    assert len(answer.hits) == 25


def test_time_is_bounded_and_what_stands_is_the_answer(demo_library: Library) -> None:
    reviewer = ScriptedReviewer(pause=lambda asked: 9.0 if asked == SECTIONS[2] else 0.0)
    begun = time.monotonic()
    _, answer, _ = review(demo_library, reviewer, thorough=ThoroughSettings(seconds=4))
    assert time.monotonic() - begun < 8
    assert f"## {SECTIONS[2]}\n\nThis section is missing: " in answer.text
    assert f"## {SECTIONS[0]}" in answer.text


# Faults over the wire.


@pytest.mark.parametrize(
    ("failing", "told"),
    [
        (
            says("I would rather not."),
            "the rules planned the search: the model's plan was not JSON",
        ),
        (refuses(400), "the rules planned the search: "),
    ],
)
def test_a_plan_that_is_not_json_leaves_the_search_to_the_rules(
    failing: Reply, told: str, demo_library: Library
) -> None:
    _, answer, _ = review(demo_library, ScriptedReviewer(), plan=failing)
    assert f"## {SECTIONS[2]}" in answer.text
    assert answer.reason is not None
    assert answer.reason.startswith(told)


@pytest.mark.parametrize(
    ("failing", "told"),
    [
        (refuses(429), "the search ended after round 2: scripted at"),
        (says("More papers, please."), "the search ended after round 2: the reply was not JSON"),
        (breaks_off('{"enough": fal'), "the search ended after round 2"),
    ],
)
def test_what_fails_in_round_two_ends_the_search_and_is_told(
    failing: Reply, told: str, demo_library: Library
) -> None:
    def second(handler: Any) -> None:
        if reviewer.calls.count("gaps") == 1:
            says(json.dumps({"enough": False, "queries": [GAP]}))(handler)
        else:
            failing(handler)

    reviewer = ScriptedReviewer(instead={"gaps": second})
    _, answer, _ = review(demo_library, reviewer)
    assert all(f"## {name}" in answer.text for name in (*SECTIONS, "Comparison"))
    assert answer.reason is not None
    assert answer.reason.startswith(told)


@pytest.mark.parametrize("failing", [says("no outline"), refuses(500), says('{"sections": [{')])
def test_without_an_outline_like_papers_are_grouped(failing: Reply, demo_library: Library) -> None:
    _, answer, _ = review(demo_library, ScriptedReviewer(instead={"outline": failing}))
    assert answer.text.count("## ") >= 4
    assert answer.reason is not None
    assert answer.reason.startswith("the sections are groups of like papers")


def test_an_outline_that_was_cut_off_keeps_its_whole_sections(demo_library: Library) -> None:
    whole = outline()
    cut = whole[: whole.index(SECTIONS[2]) + 5]
    _, answer, _ = review(demo_library, ScriptedReviewer(instead={"outline": says(cut)}))
    assert f"## {SECTIONS[1]}" in answer.text
    assert SECTIONS[2] not in answer.text
    assert answer.reason is None


@pytest.mark.parametrize("failing", [refuses(429), refuses(500), breaks_off(), says("")])
def test_a_section_that_fails_is_told_while_the_others_stand(
    failing: Reply, demo_library: Library
) -> None:
    events, answer, _ = review(demo_library, ScriptedReviewer(instead={SECTIONS[1]: failing}))
    assert f"## {SECTIONS[1]}\n\nThis section is missing: scripted at http" in answer.text
    assert all(f"## {name}\n\n" in answer.text for name in SECTIONS)
    assert len(table_rows(answer)) == 13
    assert answer.reason == f"1 of 3 sections is missing: “{SECTIONS[1]}”"
    assert answer.mode == "llm"
    assert streamed(events) == answer.text


def test_a_section_whose_papers_say_nothing_to_it_is_told(demo_library: Library) -> None:
    _, answer, _ = review(demo_library, ScriptedReviewer(instead={SECTIONS[1]: says(REFUSAL)}))
    told = "This section is missing: its papers do not bear on the question."
    assert f"## {SECTIONS[1]}\n\n{told}" in answer.text


def test_an_opening_that_fails_is_told(demo_library: Library) -> None:
    _, answer, _ = review(demo_library, ScriptedReviewer(instead={"lead": refuses(500)}))
    assert answer.text.startswith(f"## {SECTIONS[0]}")
    assert answer.reason is not None
    assert answer.reason.startswith("the opening is missing: scripted at http")


# Without its marker the last cell is half; without more the row is.
@pytest.mark.parametrize("lost", [8, 60])
@pytest.mark.parametrize("way", [breaks_off, lambda text: says(text, finish="length")])
def test_a_table_that_was_cut_off_keeps_its_whole_rows(
    way: Callable[[str], Reply], lost: int, demo_library: Library
) -> None:
    def cut(handler: Any) -> None:
        whole = rows(handler.asked["messages"][-1]["content"])
        way(whole[: len(whole) - lost])(handler)

    _, answer, _ = review(demo_library, ScriptedReviewer(instead={"table": cut}))
    # Of ten rows and of three the last each.
    assert len(table_rows(answer)) == 11
    assert all(row.count(" | ") == 3 and row.endswith("|") for row in table_rows(answer))
    assert answer.reason is not None
    assert answer.reason.startswith("the table has 11 of 13 papers: ")


def test_rows_that_are_not_of_one_paper_are_left_out_and_counted(demo_library: Library) -> None:
    def mixed(handler: Any) -> None:
        good = rows(handler.asked["messages"][-1]["content"]).splitlines()
        bad = [
            "| Paper | Method | Data | Result |", "|---|---|---|---|",
            "| Nobody's | reads minds | – | always |",
            "| Too few | cells [1] |",
            "| Two papers | learns [1] | – | wins [9] |",
            *good[:2], good[0],
        ]  # fmt: skip
        says("\n".join(bad))(handler)

    _, answer, _ = review(demo_library, ScriptedReviewer(instead={"table": mixed}))
    assert len(table_rows(answer)) == 4
    assert "reads minds" not in answer.text
    assert answer.text.count(TABLE) == 1
    assert answer.reason == "the table has 4 of 13 papers: rows were left out or not whole"


def test_a_cell_that_cites_another_paper_says_nothing(demo_library: Library) -> None:
    def astray(handler: Any) -> None:
        user = handler.asked["messages"][-1]["content"]
        own, other = (quote.rpartition(" ")[2].rstrip(".") for quote in quotes(user)[:2])
        row = f"| One | learns {own} | many tasks {other} | wins {own} |"
        says(row)(handler)

    _, answer, _ = review(demo_library, ScriptedReviewer(instead={"table": astray}))
    assert [row.split(" | ")[2] for row in table_rows(answer)] == ["–", "–"]
    assert "many tasks" not in answer.text


def test_where_nothing_was_written_quotes_answer_with_the_reason(demo_library: Library) -> None:
    class Failing(ScriptedReviewer):
        def write(self, asked: str, user: str) -> str:
            return outline() if asked == "outline" else ""

    _, answer, _ = review(demo_library, Failing())
    assert (answer.mode, answer.abstained) == ("extractive", False)
    assert answer.reason is not None
    assert answer.reason.endswith("quoted from the papers instead")
    assert answer.receipt.prompt_tokens > 0


def test_an_outline_without_sections_refuses(demo_library: Library) -> None:
    reviewer = ScriptedReviewer(instead={"outline": says('{"sections": []}')})
    _, answer, _ = review(demo_library, reviewer)
    assert (answer.text, answer.abstained) == (REFUSAL, True)
    assert reviewer.calls[-1] == "outline"


# Stop.


def test_stopping_ends_the_calls_under_way_and_makes_no_more(demo_library: Library) -> None:
    ended = threading.Event()

    def endless(handler: Any) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.end_headers()
        # Nothing is written: only the client's end of the line can end this.
        handler.connection.settimeout(20)
        if not handler.connection.recv(1):
            ended.set()

    # Nine papers a section make three tables, of which one waits for its turn.
    slow = {SECTIONS[2]: 2.0, "table": 2.0}
    reviewer = ScriptedReviewer(
        instead={SECTIONS[1]: endless}, papers=9, pause=lambda asked: slow.get(asked, 0.0)
    )
    with serve(reviewer) as endpoint:
        asking = engine(demo_library, endpoint.url, plan=False, timeout=30.0)
        shown = stop_at(asking.stream(REVIEWED, thorough=True), SECTIONS[0])
        assert ended.wait(10)
        time.sleep(0.3)  # what was sent before may arrive behind it
        made = list(reviewer.calls)
        time.sleep(2.5)
    assert reviewer.calls == made
    assert made.count("table") < 3
    assert f"## {SECTIONS[0]}" in shown.text
    assert SECTIONS[1] not in shown.text
    assert not [one for one in threading.enumerate() if one.name.startswith("thorough") and
                one.is_alive()]  # fmt: skip


def stop_at(events: Iterator[Event], heading: str) -> Answer:
    """Closes a stream as soon as a section stands; returns what does."""
    for event in events:
        if isinstance(event, Standing) and heading in event.answer.text:
            events.close()  # type: ignore[attr-defined]
            return event.answer
    raise AssertionError("it never stood")


def test_a_reader_can_stop_while_calls_are_under_way(demo_library: Library) -> None:
    reviewer = ScriptedReviewer(pause=lambda asked: 1.5 if asked == "lead" else 0.0)
    events, _, _ = review(demo_library, reviewer)
    waiting = [line for line in stages(events) if ": 0 of 6 parts" in line]
    assert len(waiting) >= 3


# Without a model, and with others.


def test_without_a_model_there_is_no_review(demo_library: Library) -> None:
    with pytest.raises(ComposerError, match=r"is written by a language model.*set OPENAI_API_KEY"):
        CitedQueryEngine(demo_library).ask(REVIEWED, thorough=True)


def test_a_llamaindex_model_writes_reviews_too(demo_library: Library) -> None:
    *_, answer = engine_with(demo_library, MockLLM(max_tokens=20)).stream(REVIEWED, thorough=True)
    assert isinstance(answer, Answer)
    assert answer.reason is not None


def test_what_needs_no_search_is_answered_as_ever(demo_library: Library) -> None:
    reviewer = ScriptedReviewer()
    with serve(reviewer) as endpoint:
        asking = engine(demo_library, endpoint.url)
        *events, answer = asking.stream("How many papers are in the library?", thorough=True)
    assert reviewer.calls == endpoint.plans == []
    assert any(isinstance(event, Delta) for event in events)
    assert isinstance(answer, Answer)
    assert answer.kind == "metadata"
