"""A judged run: what the judge is asked, what its failures count, and what people say of it."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from footnote.evals.dataset.cases import Case
from footnote.evals.judge.agreement import Rating
from footnote.evals.judge.budget import SpendingLimit
from footnote.evals.judge.judge import Judge
from footnote.evals.judge.judgement import LimitReached
from footnote.evals.judge.run import Judging
from footnote.evals.judge.trust import UNKNOWN, trust
from footnote.evals.report import render_report
from footnote.evals.runs.run_folder import REPORT, ROWS, RunMismatch
from footnote.evals.runs.runner import RunConfig, run_cases
from footnote.index import SourceError
from footnote.index.library import Library
from footnote.rag.answer import Answer, Statement, Turn
from footnote.rag.engine import CitedQueryEngine
from footnote.rag.generation.settings import LLMSettings
from tests.endpoint import Endpoint, Reply, judges, refuses, serve

REFERENCE = "On 970,000 robot demonstrations."
CASES = [
    Case("a", "What was OpenVLA trained on?", papers=("2406.09246",), reference=REFERENCE),
    Case("b", "What does DQN learn from?", history=(Turn("user", "Tell me of Atari."),),
         reference="From the pixels of the screen."),
    Case("c", "how do I cook pasta", answerable=False, tag="unanswerable", reference="Refuse."),
    Case("d", "What does PPO clip?"),
]  # fmt: skip
OWN_WORDS = "It says so in other words."
ENOUGH = SpendingLimit(tokens=10**9)
BARE = "Nobody is cited for this."

Told = dict[str, Any]
Run = Callable[..., Told]


def of_kind(quality: Reply, support: Reply) -> Reply:
    """Replies to each kind of question for the judge in its own way."""

    def reply(handler: Any) -> None:
        asked = handler.asked["messages"][0]["content"]
        (support if "quotes from papers support" in asked else quality)(handler)

    return reply


GOOD = of_kind(judges(score=0.5, reason="half"), judges(label="supported", reason="yes"))


@pytest.fixture
def run(demo_library: Library, tmp_path: Path) -> Run:
    """Runs the cases; each answer quotes, says something in its own words, and cites nothing."""
    engine = CitedQueryEngine(demo_library)

    def ask(case: Case) -> Answer:
        if case.id == "d":
            raise ZeroDivisionError("broken")
        answer = engine.ask(case.question)
        if answer.abstained:
            return answer
        quoted = answer.statements[0]
        own = Statement(OWN_WORDS, quoted.citations, "unsettled", 0.5)
        return replace(answer, statements=(quoted, own, Statement(BARE, (), "unsettled", 0.0)))

    def run(
        endpoint: Endpoint,
        folder: str = "run",
        *,
        cases: list[Case] = CASES,
        limit: SpendingLimit = ENOUGH,
        labels: Mapping[str, Rating] | None = None,
        kept: str = "kept",
    ) -> Told:
        model = LLMSettings("judge-7b", endpoint.url, max_tokens=500)
        with Judge(model, cache=tmp_path / kept, limit=limit, attempts=1) as judge:
            judging = Judging(judge, labels=labels)
            return run_cases(
                cases,
                ask,
                tmp_path / folder,
                RunConfig("s", "c", "l", "v", "extractive", None, 20, judge=judging.name),
                find=lambda name: None,
                embedder=demo_library.embedder,
                supports=lambda statement, quotes: True,
                expected_mode="extractive",
                judging=judging,
            )

    return run


@pytest.fixture
def good() -> Iterator[Endpoint]:
    with serve(GOOD) as endpoint:
        yield endpoint


def rows_of(folder: Path) -> dict[str, Told]:
    lines = (folder / ROWS).read_text("utf-8").splitlines()
    return {row["id"]: row for row in map(json.loads, lines)}


def material(endpoint: Endpoint) -> list[Told]:
    """Returns what the judge was shown, request by request."""
    messages = [request["messages"][1]["content"] for request in endpoint.requests]
    return [json.loads(message.splitlines()[1]) for message in messages]


def without_spending(report: Told) -> str:
    judge = {k: v for k, v in report["judge"].items() if k not in ("tokens", "cost_usd", "cached")}
    return json.dumps({**report, "times": None, "judge": judge})


def test_the_judge_is_asked_what_only_a_judge_can_tell(run: Run, good: Endpoint) -> None:
    run(good)
    # Of a and b their quality and the one statement in their own words; of c, which should be
    # refused, and of d, which crashed, nothing; of no quote that says itself, nor of BARE.
    shown = material(good)
    assert [sorted(one) for one in shown] == 2 * [
        ["answer", "question", "reference"],
        ["quotes", "statement"],
    ]
    assert {one["statement"] for one in shown if "statement" in one} == {OWN_WORDS}
    assert shown[2]["question"] == "user: Tell me of Atari.\nuser: What does DQN learn from?"


def test_a_row_holds_its_judgements_and_their_values(
    run: Run, good: Endpoint, tmp_path: Path
) -> None:
    report = run(good)
    row = rows_of(tmp_path / "run")["a"]
    told = {"model": "judge-7b", "prompt_version": "judge-1", "cached": False}
    told |= {"tokens": 320, "cost_usd": None}
    assert row["judgements"] == [
        {"criterion": "quality", "statement": None, "score": 0.5, "label": None,
         "reason": "half", **told},
        {"criterion": "support", "statement": 2, "score": 1.0, "label": "supported",
         "reason": "yes", **told},
    ]  # fmt: skip
    assert (row["values"]["judge_quality"], row["values"]["judge_support"]) == ([0.5], [1.0, 0.0])
    # Quality of a and b is 0.5; d has no reference. Support: one of two, twice.
    found = report["measures"]["ALL"]
    assert (found["judge_quality"]["mean"], found["judge_quality"]["n"]) == (0.5, 2)
    assert (found["judge_support"]["mean"], found["judge_support"]["n"]) == (0.5, 4)
    assert report["judge"] == {
        "model": "judge-7b", "prompt_version": "judge-1", "judgements": 4, "tokens": 1280,
        "cost_usd": None, "cached": 0, "agreement": None,
    }  # fmt: skip


def test_a_failed_judgement_counts_as_nought_and_as_a_failure(run: Run, tmp_path: Path) -> None:
    with serve(of_kind(judges(score=1, reason="all"), refuses(401, "bad key"))) as endpoint:
        report = run(endpoint)
    found = report["measures"]["ALL"]
    assert (found["judge_support"]["mean"], found["judge_support"]["n"]) == (0.0, 4)
    assert (found["judge_support"]["failures"], found["judge_quality"]["failures"]) == (2, 0)
    assert "wants a key" in rows_of(tmp_path / "run")["a"]["judgements"][1]["reason"]
    assert report["failures"] == 1


def test_a_crashed_case_with_a_reference_is_worth_nought(run: Run, good: Endpoint) -> None:
    report = run(good, cases=[CASES[0], replace(CASES[3], reference="The ratio.")])
    found = report["measures"]["ALL"]["judge_quality"]
    assert (found["mean"], found["n"], found["failures"]) == (0.25, 2, 1)


def test_a_second_run_costs_nothing_and_says_the_same(run: Run, good: Endpoint) -> None:
    first, second = run(good, "one"), run(good, "two")
    assert len(good.requests) == 4
    assert (second["judge"]["tokens"], second["judge"]["cached"]) == (0, 4)
    assert without_spending(first) == without_spending(second)


def test_at_the_limit_the_run_stops_keeps_its_rows_and_can_be_resumed(
    run: Run, good: Endpoint, tmp_path: Path
) -> None:
    # A call sets aside at most some 2,100 tokens and takes 320: after two, 2,400 is too few.
    with pytest.raises(LimitReached, match="raise the limit and run again") as caught:
        run(good, "cut", limit=SpendingLimit(tokens=2_400))
    assert "\n" not in str(caught.value)
    assert list(rows_of(tmp_path / "cut")) == ["a"]
    assert not (tmp_path / "cut" / REPORT).exists()
    resumed = run(good, "cut")
    assert [one["id"] for one in rows_of(tmp_path / "cut").values()] == ["a", "b", "c", "d"]
    whole = run(good, "whole", kept="elsewhere")
    assert without_spending(resumed) == without_spending(whole)


def test_a_run_is_not_resumed_with_another_judge(run: Run, good: Endpoint, tmp_path: Path) -> None:
    run(good)
    config = json.loads((tmp_path / "run" / "config.json").read_text("utf-8"))
    assert config["judge"] == "judge-7b (judge-1)"
    (tmp_path / "run" / "config.json").write_text(json.dumps({**config, "judge": None}))
    with pytest.raises(RunMismatch, match="another judge"):
        run(good)


def test_agreement_with_people_is_computed_by_hand(run: Run, tmp_path: Path) -> None:
    scores = iter((1.0, 0.8, 0.1, 0.75))

    def reply(handler: Any) -> None:
        if "quotes from papers support" in handler.asked["messages"][0]["content"]:
            judges(label="partial", reason="half")(handler)
        else:
            judges(score=next(scores), reason="so")(handler)

    # One text is judged once: each case asks in its own words.
    cases = [replace(CASES[0], id=name, reference=f"{REFERENCE} {name}") for name in "pqrs"]
    people = {"p": "right", "q": "wrong", "r": "wrong", "s": "right", "p#2": "partial"}
    labels = {name: Rating(label) for name, label in people.items()}
    with serve(reply) as endpoint:
        report = run(endpoint, cases=cases, labels={**labels, "elsewhere": Rating("right")})
    found = report["judge"]["agreement"]["judge_quality"]
    # Judge: right, right, wrong, right (0.75 is as near to 1 as to 0.5). Observed 3/4; by chance
    # 2/4 x 3/4 + 2/4 x 1/4 = 1/2; kappa (3/4 - 1/2) / (1 - 1/2). Right found 2/2, wrong 1/2.
    assert (found["n"], found["human_only"]) == (4, 1)
    assert found["kappa"]["value"] == 0.5
    assert found["balanced_accuracy"]["value"] == 0.75
    support = report["judge"]["agreement"]["judge_support"]
    assert (support["n"], support["judged_only"]) == (1, 3)
    assert support["kappa"]["value"] is None
    told = trust(report, "judge_quality")
    assert told is not None
    assert told.startswith("agreement with people: kappa 0.50 (")
    assert "balanced accuracy 0.75 (" in told
    for form in ("html", "md"):
        shown = render_report(tmp_path / "run", format=form)  # type: ignore[arg-type]  # a str to mypy
        # Once with the mean and once with its parts by tag.
        assert shown.count("kappa 0.50 (") >= 2, form


def test_a_judgement_that_failed_is_told_beside_the_agreement(run: Run) -> None:
    with serve(refuses(401)) as endpoint:
        report = run(endpoint, labels={"a": Rating("right")})
    told = trust(report, "judge_quality")
    assert told is not None
    assert "not defined (no id was rated by both sides), n 0, 1 not judged" in told


def test_without_labels_each_figure_of_the_judge_says_so(
    run: Run, good: Endpoint, tmp_path: Path
) -> None:
    report = run(good)
    assert trust(report, "judge_support") == UNKNOWN
    assert trust(report, "verbatim") is None
    markdown = render_report(tmp_path / "run", format="md")
    lines = [line for line in markdown.splitlines() if line.startswith("| judge\\_")]
    figures = [line for line in lines if "tokens" not in line and "usd" not in line]
    # Two measures, each over all cases and by tag.
    assert len(figures) == 4
    assert all(UNKNOWN in line for line in figures)
    page = render_report(tmp_path / "run", format="html")
    # The same four, and two beside the judgements of each of the two judged cases.
    assert page.count(UNKNOWN) == 8
    assert "Sentence 2: supported. yes" in page


def test_a_label_that_no_judge_gives_is_refused_before_anything_is_asked(
    run: Run, good: Endpoint
) -> None:
    with pytest.raises(SourceError, match="'good' of 'a' is not one of supported, partial"):
        run(good, labels={"a": Rating("good")})
    assert good.requests == []
