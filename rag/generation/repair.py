"""Repair: what becomes of sentences of a model that their sources contradict.

    judge -> repair, at most once -> mark or drop -> assemble

Only what is contradicted is touched, and only a claim that cites something may take its place. Who
found a fault rules on its correction. Nothing that a reader has read disappears silently: sentences
that stay are marked, dropped ones are counted.
"""

import math
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from footnote.index.models import Paper
from footnote.rag.answer import CONTRADICTED, NO_SOURCE, Statement, Usage, Verdict
from footnote.rag.generation.chat.judging import Claim, ModelJudge
from footnote.rag.generation.citations import Bound, CitationBinder, is_dangling
from footnote.rag.generation.citations.refusals import refuses
from footnote.rag.generation.prompts import WITHDRAW
from footnote.rag.generation.settings import Policy
from footnote.rag.retrieval.evidence import Sentence
from footnote.rag.verification.rules.remarks import is_about_evidence
from footnote.rag.verification.rules.stated import describe_paper
from footnote.rag.verification.verifier import RememberingVerifier, Verifier

# A correction is worth at least as much: not contradicted, and somewhat near to what it cites.
_PLAUSIBLE = (1, 0, 0.2)
UNCHECKED = "not checked in time"
_WORD = re.compile(r"\w+")
_RANK: dict[Verdict | None, int] = {"contradicted": 0, "unsettled": 1, None: 2, "supported": 2}
# We ask for "S2: ..."; small models also write "2. ..." and "**S2** - ...".
_CORRECTION = re.compile(
    r"^\W{0,4}(?:S(?:entence)? ?)?(\d{1,2})\b[*\])]*\s*[:.)–-][*\s]*(\S.*)$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class AnswerDraft:
    """A sentence of a model's text with its verdict and what it rests on.

    Attributes:
        by_model: Whether a model judged it, rather than the rules.
    """

    bound: Bound
    verdict: Verdict | None
    support: float
    notes: tuple[str, ...] = ()
    by_model: bool = False

    @property
    def fault(self) -> str | None:
        """What is wrong with the sentence, phrased for the model; None if nothing is proved."""
        return "; ".join(self.notes) if self.verdict == "contradicted" else None

    @property
    def is_open(self) -> bool:
        """Whether it cites something, and no proof and no verbatim quote decides."""
        decided = self.verdict in ("contradicted", None) or self.support >= 1
        return bool(self.bound.citations) and not decided

    @property
    def worth(self) -> tuple[int, int, float]:
        """Score for comparing two versions of a sentence; higher is better."""
        dangling = sum(map(is_dangling, self.bound.notes))
        return (_RANK[self.verdict], -dangling, self.support)

    @property
    def mark(self) -> str:
        """The mark shown to readers in the text."""
        if self.verdict == "contradicted":
            return CONTRADICTED
        return "" if self.bound.citations or self.verdict is None else NO_SOURCE


@dataclass(frozen=True, slots=True)
class Assembled:
    """The text of an answer and its sources.

    Attributes:
        dropped: How many sentences were left out.
    """

    text: str
    statements: tuple[Statement, ...]
    papers: tuple[Paper, ...]
    dropped: int


def verify_sentences(
    bounds: Sequence[Bound],
    evidence: Sequence[Sentence],
    *,
    verifier: Verifier,
    deadline: float = math.inf,
) -> list[AnswerDraft]:
    """Returns the sentences of a model's text with a verdict on each.

    Args:
        bounds: The sentences.
        evidence: What their numbers mean.
        verifier: Judges each.
        deadline: By ``time.monotonic``; sentences not judged by then are not settled.
    """
    papers = {sentence.paper.id: sentence.paper for sentence in evidence}
    drafts: list[AnswerDraft] = []
    for bound in bounds:
        if is_about_evidence(bound.text, cites=bool(bound.citations)) or refuses(bound.text):
            drafts.append(AnswerDraft(bound, None, 1.0))
            continue
        quotes = [citation.quote for citation in bound.citations]
        known = isinstance(verifier, RememberingVerifier) and verifier.recall(bound.text, quotes)
        if not known and time.monotonic() >= deadline:
            drafts.append(AnswerDraft(bound, "unsettled", 0.0, (UNCHECKED,)))
            continue
        cited = [papers[i] for i in dict.fromkeys(c.paper_id for c in bound.citations)]
        about = [describe_paper(paper) for paper in cited]
        ruling = verifier.verify(bound.text, quotes, about=about)
        drafts.append(AnswerDraft(bound, ruling.verdict, ruling.support, ruling.notes))
    return drafts


def judge_drafts(
    judge: ModelJudge, drafts: Sequence[AnswerDraft], deadline: float
) -> tuple[list[AnswerDraft], Usage]:
    """Returns the sentences with a model's verdict on those that are open, and what it took."""
    open_ = [draft for draft in drafts if draft.is_open]
    claims = [Claim(d.bound.text, tuple(c.quote for c in d.bound.citations)) for d in open_]
    found, usage = judge.judge(claims, deadline=deadline)
    rulings = {id(draft): one for draft, one in zip(open_, found, strict=True) if one is not None}
    judged = [
        replace(draft, verdict=one.verdict, support=one.support, notes=one.notes, by_model=True)
        if (one := rulings.get(id(draft)))
        else draft
        for draft in drafts
    ]
    return judged, usage


def merge_repairs(
    drafts: Sequence[AnswerDraft],
    reply: str,
    evidence: Sequence[Sentence],
    *,
    verifier: Verifier,
    judge: ModelJudge | None = None,
    deadline: float = math.inf,
) -> tuple[list[AnswerDraft], Usage]:
    """Returns the sentences, corrected where that is better, and what a model took to judge that.

    Args:
        drafts: All sentences; the contradicted ones are S1, S2, ... in their order.
        reply: The model's corrections; one that withdraws its sentence leaves it as it is.
        evidence: What the numbers in the reply mean.
        verifier: Judges each.
        judge: Judges what the verifier leaves open, if there is one.
        deadline: By ``time.monotonic``; later corrections are ignored.
    """
    said = _corrections(reply)
    faulty = [draft for draft in drafts if draft.fault is not None]
    better: dict[int, list[AnswerDraft]] = {}
    for number, draft in enumerate(faulty, 1):
        correction = said.get(number, WITHDRAW)
        bounds = [] if _withdraws(correction) else CitationBinder(evidence).bind(correction)
        better[id(draft)] = verify_sentences(bounds, evidence, verifier=verifier, deadline=deadline)
    usage = Usage()
    if judge is not None and time.monotonic() < deadline:
        judged, usage = judge_drafts(
            judge, [one for all_ in better.values() for one in all_], deadline
        )
        rest = iter(judged)
        better = {key: [next(rest) for _ in all_] for key, all_ in better.items()}
    texts = {draft.bound.text for draft in drafts}
    kept: list[AnswerDraft] = []
    for draft in drafts:
        new = better.get(id(draft), [])
        others = texts - {draft.bound.text}
        gains = _corrects(new, draft) and not others & {one.bound.text for one in new}
        kept += _put_in_place(new, draft.bound) if gains else [draft]
    return kept, usage


def _corrects(better: Sequence[AnswerDraft], faulty: AnswerDraft) -> bool:
    """Returns whether some sentences may take the place of one that is contradicted."""
    # A remark corrects nothing: the reader has read a claim.
    claims = [one for one in better if one.verdict is not None]
    if not any(one.bound.citations for one in claims):
        return False
    if min(one.worth for one in better) <= _PLAUSIBLE:
        return False
    said_again = [one for one in claims if _is_same(one, faulty)]
    if any(set(one.bound.citations) <= set(faulty.bound.citations) for one in said_again):
        return False
    # The rules have not seen the fault that a model found, nor need they in another source.
    unseen = claims if faulty.by_model else said_again
    return all(one.by_model or one.verdict == "supported" for one in unseen)


def _is_same(one: AnswerDraft, other: AnswerDraft) -> bool:
    """Returns whether two sentences have the same words."""
    return _WORD.findall(one.bound.text.casefold()) == _WORD.findall(other.bound.text.casefold())


def assemble_answer(
    drafts: Sequence[AnswerDraft],
    evidence: Sequence[Sentence],
    *,
    policy: Policy,
    markers: dict[str, int] | None = None,
) -> Assembled:
    """Returns the text of the sentences, its papers numbered by first use.

    Args:
        drafts: The sentences.
        evidence: What their numbers mean.
        policy: Whether a sentence that is contradicted or cites nothing is marked or left out.
        markers: Of papers that earlier parts of the answer cite, by id; added to.
    """
    binder = CitationBinder(evidence, markers)
    statements: list[Statement] = []
    text = broken = ""
    dropped = 0
    for draft in drafts:
        lead, tail = draft.bound.lead, draft.bound.tail
        # The first remaining sentence of a line takes over its line break.
        lead = broken if broken and "\n" not in lead else lead
        broken = ""
        if policy == "drop" and draft.mark:
            dropped += 1
            if "|" in lead:
                text += lead + tail  # the cell stays, empty
            elif "\n" in lead:
                broken = lead
            continue
        bound = binder.bound(lead, draft.bound.raw, tail)
        notes = (*draft.notes, *bound.notes)
        if not bound.citations and draft.verdict is not None:
            notes = (*notes, "no sentence of a paper is cited")
        statements.append(
            Statement(bound.text, bound.citations, draft.verdict, draft.support, notes)
        )
        text += (lead if text else lead.lstrip()) + bound.shown.strip() + draft.mark + tail
    return Assembled(text, tuple(statements), tuple(binder.papers), dropped)


def _corrections(reply: str) -> dict[int, str]:
    """Returns the first correction of each sentence in a reply."""
    said: dict[int, str] = {}
    for line in reply.splitlines():
        if match := _CORRECTION.match(line):
            said.setdefault(int(match[1]), match[2])
    return said


def _withdraws(correction: str) -> bool:
    plain = correction.strip(" .*[]()\"'").casefold()
    return plain == WITHDRAW.casefold() or refuses(correction)


def _put_in_place(drafts: Sequence[AnswerDraft], corrected: Bound) -> list[AnswerDraft]:
    """Returns the sentences of one correction between what stood around the corrected one."""
    leads = [corrected.lead, *[" "] * (len(drafts) - 1)]
    tails = [*[""] * (len(drafts) - 1), corrected.tail]
    return [
        replace(draft, bound=replace(draft.bound, lead=lead, tail=tail))
        for draft, lead, tail in zip(drafts, leads, tails, strict=True)
    ]
