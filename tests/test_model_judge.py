"""A model judges what the rules leave open, once it has earned trust."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote.index.library import Library
from footnote.rag.generation.chat.client import ChatClient
from footnote.rag.generation.chat.endpoints.profile import DISTRUSTED_FOR
from footnote.rag.generation.chat.judging import (
    MOST_CLAIMS,
    Claim,
    ModelJudge,
    in_batches,
    known_claims,
    parse_verdicts,
)
from footnote.rag.generation.settings import LLMSettings
from tests.command import inside
from tests.endpoint import Endpoint, Reply, hangs, refuses, says, serve

OPEN = Claim("Gulls sleep while they fly.", ("Gulls rest in flight, some trackers suggest.",))
OTHER = Claim("Gulls never sleep.", ("Gulls rest in flight, some trackers suggest.",))


def judging(endpoint: Endpoint) -> ModelJudge:
    return ModelJudge(ChatClient(LLMSettings("scripted", endpoint.url, timeout=2.0)))


def verdicts(words: list[str]) -> str:
    rows = [{"id": f"S{n}", "verdict": word, "why": f"why {n}"} for n, word in enumerate(words, 1)]
    return json.dumps({"verdicts": rows})


def knows(wrong: int = 0, then: str = verdicts(["supported", "contradicted"])) -> Reply:
    """Judges known sentences, some wrongly (false ones first), and whatever else as told."""
    honest = list(known_claims().values())
    first = sorted(range(len(honest)), key=honest.__getitem__)[:wrong]
    words = verdicts(
        [
            ("unsettled" if fine else "supported") if n in first
            else "supported" if fine else "contradicted"
            for n, fine in enumerate(honest)
        ]
    )  # fmt: skip

    def reply(handler: Any) -> None:
        asked = handler.asked["messages"][-1]["content"]
        says(words if "Tern" in asked else then)(handler)

    return reply


def test_the_known_claims_are_sixteen_half_of_them_false() -> None:
    honest = list(known_claims().values())
    assert (len(honest), sum(honest)) == (16, 8)


def test_a_model_that_is_trusted_judges_and_is_asked_once() -> None:
    with serve(refuses(500)) as endpoint:
        endpoint.judge = knows()
        judge = judging(endpoint)
        (first, second), usage = judge.judge([OPEN, OTHER])
        again, nothing = judge.judge([OTHER, OPEN])
    assert first is not None
    assert second is not None
    assert (first.verdict, first.notes) == ("supported", ())
    assert (second.verdict, second.notes) == ("contradicted", ("why 2",))
    assert again == [second, first]
    # The test, and one batch.
    assert len(endpoint.judged) == 2
    # The test is on no receipt, and nothing is judged twice.
    assert 100 < usage.prompt_tokens < 1000
    assert nothing.prompt_tokens == 0


@pytest.mark.parametrize("wrong", [3, 16])
def test_a_model_that_judges_known_sentences_wrongly_is_not_asked(wrong: int) -> None:
    with serve(refuses(500)) as endpoint:
        endpoint.judge = knows(wrong)
        judge = judging(endpoint)
        assert judge.judge([OPEN])[0] == judge.judge([OTHER])[0] == [None]
    assert judge.trusted is False
    assert len(endpoint.judged) == 1


def test_two_wrong_verdicts_are_forgiven() -> None:
    with serve(refuses(500)) as endpoint:
        endpoint.judge = knows(2)
        assert judging(endpoint).judge([OPEN])[0] != [None]


def test_a_model_that_contradicts_an_honest_sentence_is_not_asked() -> None:
    words = ["supported" if fine else "contradicted" for fine in known_claims().values()]
    words[words.index("supported")] = "contradicted"
    with serve(refuses(500)) as endpoint:
        endpoint.judge = says(verdicts(words))
        judge = judging(endpoint)
        assert judge.judge([OPEN])[0] == [None]
    assert judge.trusted is False


@pytest.mark.parametrize(
    "unreadable",
    [says(""), says("I am busy."), says(verdicts(["supported"] * 3)),
     says(verdicts(["supported"] * 16), finish="length")],
)  # fmt: skip
def test_one_unreadable_reply_tells_nothing_two_tell_enough(
    unreadable: Reply, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(refuses(500)) as endpoint:
        endpoint.judge = unreadable
        judge = judging(endpoint)
        judge.judge([OPEN])
        assert judge.trusted is None
        assert judge.chat.known.memory.profile.trusted is None
        judge.judge([OPEN])
        assert judge.trusted is False
        # A while later it is tried again.
        later = time.time() + DISTRUSTED_FOR
        monkeypatch.setattr("footnote.rag.generation.chat.judging.time.time", lambda: later)
        endpoint.judge = knows()
        assert judge.trusted is None
        assert judge.judge([OPEN])[0] != [None]
    assert judge.trusted is True


def test_who_waits_for_another_test_waits_until_its_own_deadline() -> None:
    with serve(refuses(500)) as endpoint:
        judge = judging(endpoint)
        with judge._test.lock:
            start = time.monotonic()
            assert judge.judge([OPEN], deadline=start + 0.1)[0] == [None]
            assert time.monotonic() - start < 1
    assert endpoint.judged == []


@pytest.mark.parametrize("failing", [refuses(500), hangs(3.0), says("I cannot."), says("")])
def test_a_model_that_fails_leaves_the_rules(failing: Reply) -> None:
    with serve(failing) as endpoint:
        endpoint.judge = failing
        judge = ModelJudge(
            ChatClient(LLMSettings("m", endpoint.url, timeout=0.5), sleep=lambda seconds: None)
        )
        assert judge.judge([OPEN])[0] == [None]
    assert judge.trusted is not True


def test_what_was_cut_off_keeps_its_whole_verdicts() -> None:
    whole = verdicts(["supported", "unsettled", "contradicted"])
    found = parse_verdicts(whole[: whole.index("S3") + 20])
    assert [one.verdict for one in found.values()] == ["supported", "unsettled"]
    assert parse_verdicts('```json\n[{"id": 2, "verdict": "Supported"}]\n```')[2].support > 0.5
    assert parse_verdicts('{"id": "S1", "verdict": "splendid", "why": ""}') == {}


@given(
    st.text()
    | st.text().map(lambda why: json.dumps({"id": "S1", "verdict": "unsettled", "why": why}))
)
def test_any_reply_is_verdicts_on_single_lines(reply: str) -> None:
    for found in parse_verdicts(reply).values():
        for note in found.notes:
            assert len(note.splitlines()) == 1
            note.encode()


def test_batches_hold_every_claim_once_and_are_bounded() -> None:
    claims = [Claim(f"Gulls {n}.", ("word " * (40 * n),)) for n in range(60)]
    batches = in_batches(claims)
    assert [claim for batch in batches for claim in batch] == claims
    assert all(len(batch) <= MOST_CLAIMS for batch in batches)
    assert len(batches) > 3


def test_check_records_and_replays_the_judging_call(demo_library: Library, tmp_path: Path) -> None:
    title, quote = "Proximal Policy Optimization Algorithms", "The main variant of PPO clips the"
    said = "Within PPO a ratio is kept from growing without end."
    row = {"id": "a", "sentence": said, "citations": [{"title": title, "quote": quote}]}
    file, folder = tmp_path / "in.jsonl", tmp_path / "run"
    file.write_text(json.dumps(row), "utf-8")
    asked = ("check", file, "--library", demo_library.path)
    alone = json.loads(inside(*asked).out)
    recording = inside(*asked, "--record", folder)
    assert "2 prompts without a reply" in recording.err
    assert json.loads(recording.out) == alone
    for prompt in (folder / "prompts").iterdir():
        known = "Tern" in prompt.read_text("utf-8")
        honest = known_claims().values()
        words = (
            ["supported" if fine else "unsettled" for fine in honest] if known else ["contradicted"]
        )
        (folder / "replies" / f"{prompt.stem}.txt").write_text(verdicts(words), "utf-8")
    replayed = inside(*asked, "--replay", folder)
    assert (replayed.status, replayed.err) == (0, "")
    found = json.loads(replayed.out)
    assert (found["verdict"], found["notes"]) == ("contradicted", ["why 1"])


def test_check_says_that_a_model_is_not_trusted(demo_library: Library, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(
        "Gulls fly [1].\n\n# References\n[1] Proximal Policy Optimization Algorithms", "utf-8"
    )
    with serve(refuses(500)) as endpoint:
        endpoint.judge = knows(9)
        ran = inside(
            "check", tmp_path / "a.md", "--library", demo_library.path,
            OPENAI_BASE_URL=endpoint.url, FOOTNOTE_MODEL="scripted",
        )  # fmt: skip
    assert ran.status == 0
    assert "is not trusted; the rules judged alone" in ran.err


def test_check_says_that_a_model_failed_and_is_silent_where_nothing_is_open(
    demo_library: Library, tmp_path: Path
) -> None:
    cited = "\n\n# References\n[1] Proximal Policy Optimization Algorithms"
    with serve(refuses(401)) as endpoint:
        endpoint.judge = refuses(401)
        for text, told in ((f"Gulls fly [1].{cited}", "status 401"), ("Nothing is cited.", "")):
            (tmp_path / "a.md").write_text(text, "utf-8")
            ran = inside(
                "check", tmp_path / "a.md", "--library", demo_library.path,
                OPENAI_BASE_URL=endpoint.url, FOOTNOTE_MODEL="scripted",
            )  # fmt: skip
            assert told in ran.err
            assert "not trusted" not in ran.err
            assert bool(ran.err) is bool(told)
