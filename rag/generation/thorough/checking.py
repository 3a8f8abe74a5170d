"""Checking: a model's verdicts on the sentences of a review, as far as the bounds leave room."""

import copy
import time
from collections.abc import Generator, Sequence
from concurrent.futures import Future
from dataclasses import replace

from footnote.rag.answer import Stage, Usage
from footnote.rag.generation.chat.judging import MOST_CLAIMS, ModelJudge, known_claims
from footnote.rag.generation.prompts import write_judge_prompt
from footnote.rag.generation.repair import AnswerDraft, judge_drafts
from footnote.rag.generation.thorough.calls import BoundedCalls, SpentError
from footnote.rag.generation.thorough.parts import ReviewPart

Judged = dict[int, AnswerDraft]


def judge_parts(
    parts: Sequence[ReviewPart], judge: ModelJudge | None, calls: BoundedCalls
) -> Generator[Stage, None, list[ReviewPart]]:
    """Yields what is being done; returns the parts with a model's verdicts on what is open.

    What the bounds leave no room for keeps the verdict of the rules.

    Args:
        parts: As they were written.
        judge: Judges; None leaves all to the rules.
        calls: Makes the calls.
    """
    open_ = [draft for part in parts for draft in part.drafts if draft.is_open]
    if judge is None or not open_:
        return list(parts)
    # A copy whose calls end with ours; what it knows is shared.
    own = copy.copy(judge)
    own.chat = calls.chat
    futures = list[Future[Judged]]()
    for at in range(0, len(open_), MOST_CLAIMS):
        try:
            futures.append(_begin(own, open_[at : at + MOST_CLAIMS], calls, tests=not at))
        except SpentError:
            break
    judged: Judged = {}
    for number, future in enumerate(futures):
        told = f"Checking {len(open_)} sentences: {number} of {len(futures)} calls"
        yield from calls.follow(future, told)
        judged |= future.result()
    return [
        replace(part, drafts=[judged.get(id(draft), draft) for draft in part.drafts])
        for part in parts
    ]


def _begin(
    judge: ModelJudge, drafts: Sequence[AnswerDraft], calls: BoundedCalls, *, tests: bool
) -> "Future[Judged]":
    """Begins to judge some sentences; the first call may bring the test of the model, too."""
    if tests and judge.trusted is None:
        # Stays set aside: what the test takes is on no answer's receipt.
        known = [(claim.sentence, claim.quotes) for claim in known_claims()]
        calls.reserve(write_judge_prompt(known))
    claims = [(d.bound.text, [c.quote for c in d.bound.citations]) for d in drafts]
    most = calls.reserve(write_judge_prompt(claims))
    deadline = min(calls.deadline, time.monotonic() + calls.chat.config.deadline)

    def work() -> Judged:
        took = Usage()
        try:
            found, took = judge_drafts(judge, drafts, deadline)
        finally:
            calls.spending.settle(most, took)
        return {id(old): new for old, new in zip(drafts, found, strict=True)}

    return calls.begin(work)
