"""Checking: a model's verdicts on the sentences of a review, as far as the bounds leave room."""

import copy
import logging
import time
from collections.abc import Generator, Sequence
from concurrent.futures import Future
from dataclasses import replace

from footnote.rag.answer import BROKEN, Stage
from footnote.rag.generation.chat.judging import Claim, ModelJudge, in_batches
from footnote.rag.generation.repair import AnswerDraft, judge_drafts
from footnote.rag.generation.thorough.bounds.calls import BoundedCalls, BoundedChat
from footnote.rag.generation.thorough.parts import ReviewPart

_log = logging.getLogger(__name__)
Judged = dict[int, AnswerDraft]


def judge_parts(
    parts: Sequence[ReviewPart],
    judge: ModelJudge | None,
    calls: BoundedCalls,
    faults: list[str],
) -> Generator[Stage, None, list[ReviewPart]]:
    """Yields what is being done; returns the parts with a model's verdicts on what is open.

    What the bounds leave no room for keeps the verdict of the rules.

    Args:
        parts: As they were written.
        judge: Judges; None leaves all to the rules.
        calls: Makes the calls.
        faults: Takes what went wrong, in our words.
    """
    open_ = [draft for part in parts for draft in part.drafts if draft.is_open]
    if judge is None or not open_:
        return list(parts)
    # A copy whose calls end with ours, and each of which is counted; what it knows is shared.
    own = copy.copy(judge)
    own.chat = BoundedChat(calls)
    futures = [_begin(own, drafts, calls) for drafts in _in_calls(open_)]
    judged: Judged = {}
    for number, future in enumerate(futures):
        told = f"Checking {len(open_)} sentences: {number} of {len(futures)} calls"
        yield from calls.follow(future, told)
        try:
            judged |= future.result()
        except Exception:
            # The verdicts of the rules stand.
            _log.exception("a model's verdicts on a review are missing")
            faults.append(f"the model's check of some sentences failed: {BROKEN}")
    judge.trusted = own.trusted
    return [
        replace(part, drafts=[judged.get(id(draft), draft) for draft in part.drafts])
        for part in parts
    ]


def _in_calls(drafts: Sequence[AnswerDraft]) -> list[list[AnswerDraft]]:
    """Returns sentences as they are judged, those of one call each."""
    claims = [Claim(d.bound.text, tuple(c.quote for c in d.bound.citations)) for d in drafts]
    left = iter(drafts)
    return [[next(left) for _ in batch] for batch in in_batches(claims)]


def _begin(
    judge: ModelJudge, drafts: Sequence[AnswerDraft], calls: BoundedCalls
) -> "Future[Judged]":
    """Begins to judge some sentences; the first call brings the test of the model, if need be."""
    deadline = min(calls.deadline, time.monotonic() + calls.chat.config.deadline)

    def work() -> Judged:
        found, _ = judge_drafts(judge, drafts, deadline)
        return {id(old): new for old, new in zip(drafts, found, strict=True)}

    return calls.begin(work)
