"""What becomes of a model's sentences that their quotes do not carry."""

import json
import re
from typing import Any

import pytest

from footnote.index.library import Library
from footnote.index.models import make_paper
from footnote.rag.answer import REFUSAL, Stage
from footnote.rag.generation.chat.judging import known_claims
from footnote.rag.generation.citations import CitationBinder
from footnote.rag.generation.citations.refusals import refuses as refuses_alone
from footnote.rag.generation.llm import Prices
from footnote.rag.generation.repair import (
    AnswerDraft,
    assemble_answer,
    merge_repairs,
    verify_sentences,
)
from footnote.rag.retrieval.evidence import Sentence
from footnote.rag.verification.verifier import LearnedVerifier, VerificationResult
from tests.asking import CHECKED, CLIPS, QUESTION, answered, asked, engine, streamed, verdicts
from tests.endpoint import Reply, breaks_off, cites, hangs, refuses, says, serve

WRONG = "Bananas are grown in Ecuador [N]."
BARE = "It is fast."
NOWHERE = CHECKED.replace("[N]", "[N][99]")
TOLD = "PPO clips the probability ratio between the new and the old policy [1]."


def first(*lines: str) -> Reply:
    return cites(CLIPS, "\n".join(lines))


def test_a_contradicted_sentence_is_corrected_by_one_more_call(demo_library: Library) -> None:
    answer, endpoint = asked(demo_library, first(WRONG), cites(CLIPS, f"S1: {CHECKED}"))
    assert verdicts(answer) == ["supported"]
    assert answer.text == TOLD
    assert answer.statements[0].notes == ()
    assert (answer.reason, len(endpoint.requests)) == (None, 2)


def test_the_repair_sees_evidence_and_only_what_is_contradicted(demo_library: Library) -> None:
    _, endpoint = asked(demo_library, first(CHECKED, WRONG, BARE), says("no"))
    answering, repairing = (request["messages"] for request in endpoint.requests)
    head, faulty = repairing[1]["content"].split("\n\nFaulty sentences:\n")
    numbered = [line for line in answering[1]["content"].splitlines() if line.startswith("[")]
    assert [line for line in head.splitlines() if line.startswith("[")] == numbered
    (line,) = faulty.splitlines()
    assert line.startswith("S1: Bananas")
    assert "Ecuador is not in the abstract" in line


@pytest.mark.parametrize("said", [CHECKED, BARE, NOWHERE, "It may clip a little [N]."])
def test_what_is_not_contradicted_costs_no_second_call(said: str, demo_library: Library) -> None:
    answer, endpoint = asked(demo_library, first(said))
    assert len(endpoint.requests) == 1
    assert verdicts(answer) != ["contradicted"]


def test_a_reader_sees_that_a_sentence_is_asked_about_again(demo_library: Library) -> None:
    with serve(first(CHECKED, WRONG), first(CHECKED)) as endpoint:
        events = list(engine(demo_library, endpoint.url).stream(QUESTION))
    checks = [e.detail for e in events if isinstance(e, Stage) and e.name == "check"]
    assert checks == ["Checking 1 sentence", "Asking again about 1 sentence"]


def test_repair_can_be_switched_off(demo_library: Library) -> None:
    answer, endpoint = asked(demo_library, first(WRONG), repair=False)
    assert (verdicts(answer), len(endpoint.requests)) == (["contradicted"], 1)


@pytest.mark.parametrize(
    "reply",
    [
        "S1: Apples are red [N].",
        "S1: It learns [9999].",
        "S1: Not stated.",
        "S1: Yes.",
        "S1: In summary,",
        "S1: The abstracts do not say so.",
        "S1:",
        "S1: [N]",
        "S2: " + CHECKED,
        "S9: DROP",
        "I cannot.",
        "",
        "<think>S1: DROP</think>",
    ],
)
def test_a_correction_that_is_no_better_changes_nothing(reply: str, demo_library: Library) -> None:
    answer = answered(demo_library, first(WRONG), cites(CLIPS, reply))
    assert [s.text for s in answer.statements] == ["Bananas are grown in Ecuador."]
    assert answer.text.startswith("Bananas are grown in Ecuador [1].")
    assert answer.reason is None


@pytest.mark.parametrize(
    "fault", [refuses(401), refuses(500), breaks_off("S1: DROP\n"), hangs(0.6), says("")]
)
def test_a_repair_that_fails_loses_nothing(fault: Reply, demo_library: Library) -> None:
    answer = answered(demo_library, first(CHECKED, WRONG), fault, timeout=0.3)
    assert (answer.mode, answer.reason) == ("llm", None)
    assert verdicts(answer) == ["supported", "contradicted"]


@pytest.mark.parametrize(
    "line", ["S1: {}", "1. {}", "**S1**: {}", "- S1 - {}", "s1) {}", "Sentence 1: {}"]
)
def test_small_models_label_in_their_own_ways(line: str, demo_library: Library) -> None:
    answer = answered(demo_library, first(WRONG), cites(CLIPS, line.format(CHECKED)))
    assert verdicts(answer) == ["supported"]


def test_a_correction_of_two_sentences_stands_in_the_place_of_one(demo_library: Library) -> None:
    two = f"S1: {CHECKED} {CHECKED.replace('PPO', 'The variant of PPO')}"
    answer = answered(demo_library, first("Look:", f"- {WRONG}", BARE), cites(CLIPS, two))
    assert verdicts(answer)[1:3] == ["supported"] * 2
    assert f"\n- {TOLD} The variant of {TOLD}\n" in answer.text


def test_a_correction_that_says_another_sentence_again_is_left(demo_library: Library) -> None:
    answer = answered(demo_library, first(CHECKED, WRONG), cites(CLIPS, f"S1: {CHECKED}"))
    assert verdicts(answer) == ["supported", "contradicted"]


def test_a_correction_that_was_cut_off_is_none(demo_library: Library) -> None:
    cut = says("S1: PPO clips the probability ratio between the new and [1]", finish="length")
    answer = answered(demo_library, first(WRONG), cut)
    assert verdicts(answer) == ["contradicted"]


@pytest.mark.parametrize("reply", ["S1: DROP", "S1: **Drop.**", f"S1: {REFUSAL}"])
def test_what_a_reader_has_read_stays_and_is_marked(reply: str, demo_library: Library) -> None:
    answer = answered(demo_library, first(WRONG), says(reply))
    assert (answer.abstained, verdicts(answer), answer.reason) == (False, ["contradicted"], None)
    assert answer.text == "Bananas are grown in Ecuador [1]. (contradicted by its source)"


def test_a_contradicted_sentence_is_marked_in_the_text(demo_library: Library) -> None:
    answer = answered(demo_library, first(CHECKED, WRONG, BARE), repair=False)
    assert answer.text == (
        f"{TOLD}\nBananas are grown in Ecuador [1]. (contradicted by its source)\n"
        "It is fast. (no source)"
    )
    assert [s.text for s in answer.statements][1:] == ["Bananas are grown in Ecuador.", BARE]
    assert "Ecuador is not in the abstract" in answer.statements[1].notes


def test_a_contradicted_sentence_is_dropped_and_counted_where_wanted(demo_library: Library) -> None:
    answer = answered(demo_library, first(WRONG, CHECKED), repair=False, unsupported="drop")
    assert (verdicts(answer), answer.text) == (["supported"], TOLD)
    assert answer.reason == "1 sentence of the model, contradicted or without a source, left out"


def test_papers_are_numbered_afresh_where_the_first_is_no_longer_cited() -> None:
    papers = [make_paper(name, f"{name} is one.") for name in "AB"]
    given = [Sentence(paper, 0, len(paper.abstract), 1.0) for paper in papers]
    wrong, right = CitationBinder(given).bind("It is wrong [1]. It is right [2].")
    drafts = [AnswerDraft(wrong, "contradicted", 0.0), AnswerDraft(right, "supported", 1.0)]
    whole = assemble_answer(drafts, given, policy="drop")
    assert (whole.text, whole.papers, whole.dropped) == ("It is right [1].", (papers[1],), 1)
    assert [c.marker for c in whole.statements[0].citations] == [1]


def test_dropping_keeps_the_lines_of_a_list(demo_library: Library) -> None:
    text = f"{WRONG} {CHECKED}\n\n- {BARE} {CHECKED.replace('PPO', 'It')}"
    answer = answered(demo_library, first(text), repair=False, unsupported="drop")
    assert answer.text == f"{TOLD}\n\n- It{TOLD[3:]}"


def test_an_answer_is_never_dropped_whole(demo_library: Library) -> None:
    answer = answered(demo_library, first(WRONG, BARE), repair=False, unsupported="drop")
    assert (answer.abstained, answer.mode) == (False, "llm")
    assert verdicts(answer) == ["contradicted", "unsettled"]


def test_the_mark_of_a_table_row_stands_in_its_last_cell() -> None:
    paper = make_paper("A", "A is one.")
    given = [Sentence(paper, 0, len(paper.abstract), 1.0)]
    (row,) = CitationBinder(given).bind("| A | is nine [1] |")
    whole = assemble_answer([AnswerDraft(row, "contradicted", 0.0)], given, policy="mark")
    assert whole.text == "| A | is nine [1] (contradicted by its source) |"


def test_a_partial_refusal_stays_partial(demo_library: Library) -> None:
    answer = answered(demo_library, first(CHECKED, REFUSAL))
    assert not answer.abstained
    assert answer.text.startswith(TOLD)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (f"PPO clips the ratio [2], but on energy: {REFUSAL}", False),
        (f"PPO clips the ratio. On energy: {REFUSAL}", False),
        (f"{REFUSAL} However, PPO clips the ratio (sentence 2).", False),
        (f"Sorry, but {REFUSAL} Please ask something else.", True),
        (f"Based on the given sentences, {REFUSAL.lower()}", True),
        (f"On energy: {REFUSAL} The abstracts do not say how long training took.", True),
        ("PPO clips the ratio.", False),
    ],
)
def test_a_text_refuses_only_if_it_claims_nothing_else(text: str, is_one: bool) -> None:
    assert refuses_alone(text) is is_one


@pytest.mark.parametrize("policy", ["mark", "drop"])
@pytest.mark.parametrize("reply", ["S1: DROP", f"S1: {TOLD}", "nothing"])
def test_a_reader_of_the_stream_ends_up_with_the_answers_text(
    reply: str, policy: str, demo_library: Library
) -> None:
    with serve(first(WRONG, CHECKED, BARE), says(reply)) as endpoint:
        *events, answer = engine(demo_library, endpoint.url, unsupported=policy).stream(QUESTION)
    assert streamed(events) == answer.text
    markers = {int(n) for n in re.findall(r"\[(\d+)\]", answer.text)}
    assert markers == set(range(1, len(answer.papers) + 1))


def test_both_calls_are_on_the_receipt(demo_library: Library) -> None:
    script = (
        says(WRONG.replace("N", "1"), usage={"prompt_tokens": 1000, "completion_tokens": 10}),
        says("S1: DROP", usage={"prompt_tokens": 2000, "completion_tokens": 30}),
    )
    receipt = answered(demo_library, *script, prices=Prices(1.0, 100.0), plan=False).receipt
    assert (receipt.prompt_tokens, receipt.completion_tokens) == (3000, 40)
    # 3,000 tokens at $1 and 40 at $100 a million.
    assert receipt.cost_usd == pytest.approx(0.007)


# A model judges what the rules leave open.

LOOSE = "Within PPO a ratio is kept from growing without end [N]."


def judges_as(verdict: str, *others: str) -> Reply:
    """Judges the known sentences rightly, and any other as told, call by call."""
    script = [verdict, *others]

    def reply(handler: Any) -> None:
        known = [*known_claims().values()] if "Tern" in str(handler.asked) else []
        words = ["supported" if fine else "contradicted" for fine in known]
        words = words or [script.pop(0) if len(script) > 1 else script[0]]
        rows = [{"id": f"S{n}", "verdict": w, "why": "so it is"} for n, w in enumerate(words, 1)]
        says(json.dumps({"verdicts": rows}))(handler)

    return reply


@pytest.mark.parametrize("verdict", ["supported", "unsettled"])
def test_the_models_verdict_replaces_what_was_open(verdict: str, demo_library: Library) -> None:
    with serve(first(LOOSE)) as endpoint:
        endpoint.judge = judges_as(verdict)
        answers = engine(demo_library, endpoint.url)
        assert verdicts(answers.ask(QUESTION)) == [verdict]
        assert verdicts(answers.ask(QUESTION)) == [verdict]
    # The test of trust and one batch, once.
    assert len(endpoint.judged) == 2
    assert len(endpoint.requests) == 2


def test_what_the_model_contradicts_is_asked_about_again(demo_library: Library) -> None:
    with serve(first(LOOSE), cites(CLIPS, f"S1: {CHECKED}")) as endpoint:
        endpoint.judge = judges_as("contradicted", "supported")
        answer = engine(demo_library, endpoint.url).ask(QUESTION)
    assert answer.text == TOLD
    assert "so it is" in str(endpoint.requests[1])


@pytest.mark.parametrize("again", [LOOSE, LOOSE.replace("Within PPO", "In PPO"), "Not stated."])
def test_what_the_model_contradicts_keeps_its_mark_when_it_is_said_again(
    again: str, demo_library: Library
) -> None:
    with serve(first(LOOSE), cites(CLIPS, f"S1: {again}")) as endpoint:
        endpoint.judge = judges_as("contradicted")
        answer = engine(demo_library, endpoint.url).ask(QUESTION)
    assert verdicts(answer) == ["contradicted"]
    assert answer.text.startswith("Within PPO a ratio is kept")


def test_a_claim_that_cites_is_judged_though_it_is_worded_as_a_remark(
    demo_library: Library,
) -> None:
    sentence = Sentence(make_paper("A", "It is tested on Atari."), 0, 22, 1.0)
    bounds = CitationBinder([sentence]).bind("No paper evaluates on Atari [1]. No paper says why.")
    claim, remark = verify_sentences(
        bounds, [sentence], verifier=LearnedVerifier(demo_library.embedder)
    )
    assert claim.verdict in ("unsettled", "contradicted")
    assert remark.verdict is None


def test_without_its_finder_a_fault_is_mended_by_what_the_rules_support(
    demo_library: Library,
) -> None:
    sentence = Sentence(make_paper("A", "The ratio is clipped."), 0, 21, 1.0)
    (wrong,) = CitationBinder([sentence]).bind("Gulls fly far [1].")
    found = [AnswerDraft(wrong, "contradicted", 0.0, ("no",), by_model=True)]

    class Ruling(LearnedVerifier):
        def verify(self, statement: str, *_: Any, **__: Any) -> VerificationResult:
            word: Any = "supported" if "clipped" in statement else "unsettled"
            return VerificationResult(word, 0.8)

    verifier = Ruling(demo_library.embedder)
    kept, _ = merge_repairs(found, "S1: Gulls go far [1].", [sentence], verifier=verifier)
    assert kept == found
    (mended,), _ = merge_repairs(found, "S1: It is clipped [1].", [sentence], verifier=verifier)
    assert mended.verdict == "supported"


def test_a_quote_and_what_is_proved_are_not_judged(demo_library: Library) -> None:
    with serve(first(f"{CLIPS} [N].", WRONG)) as endpoint:
        endpoint.judge = judges_as("unsettled")
        engine(demo_library, endpoint.url, repair=False).ask(QUESTION)
    assert str(endpoint.judged).count("Ecuador") == 0


def test_no_model_judges_where_the_setting_says_so(demo_library: Library) -> None:
    with serve(first(LOOSE)) as endpoint:
        endpoint.judge = judges_as("contradicted")
        answer = engine(demo_library, endpoint.url, judge=False).ask(QUESTION)
    assert endpoint.judged == []
    assert verdicts(answer) != ["contradicted"]
