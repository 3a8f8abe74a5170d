"""Parts: the opening, the sections and the end of a review, each bound and judged by itself."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from footnote.index.models import Paper
from footnote.rag import ComposerError
from footnote.rag.answer import Statement, Usage
from footnote.rag.generation.citations import CitationBinder
from footnote.rag.generation.citations.refusals import refuses
from footnote.rag.generation.forms.form import Composed, count_papers
from footnote.rag.generation.prompts import write_repair_prompt
from footnote.rag.generation.repair import (
    UNCHECKED,
    AnswerDraft,
    assemble_answer,
    merge_repairs,
    verify_sentences,
)
from footnote.rag.generation.settings import Policy
from footnote.rag.generation.thorough.calls import BoundedCalls, CallReply
from footnote.rag.generation.thorough.table import HEAD as TABLE_HEAD
from footnote.rag.retrieval.evidence import Sentence
from footnote.rag.verification.verifier import Verifier

OPEN = "Open questions"
OFF_TOPIC = "its papers do not bear on the question"
_OPEN = re.compile(r"^[ \t]{0,3}(?:#{1,6}[ \t]{0,4}|\*\*)open questions\W{0,6}$", re.I | re.M)
_HEADING = re.compile(r"\A\s{0,9}#{1,6}[ \t][^\n]{0,300}(?:\n|\Z)")


@dataclass(frozen=True, slots=True)
class ReviewPart:
    """A part of the answer, as it was written.

    Attributes:
        heading: Above it; empty for the opening.
        drafts: Its sentences, with their verdicts.
        evidence: What their numbers mean.
        fault: Why it is missing, or not whole, in our words.
        rows: Papers that have a row, if it is a part of the table.
    """

    heading: str
    drafts: Sequence[AnswerDraft] = ()
    evidence: Sequence[Sentence] = ()
    fault: str | None = None
    rows: Sequence[str] | None = None

    @property
    def stands(self) -> bool:
        """Whether it says something."""
        return bool(self.drafts)

    @property
    def off_topic(self) -> bool:
        """Whether its papers said nothing to the question."""
        return self.fault == OFF_TOPIC


@dataclass(frozen=True, slots=True)
class PartWriter:
    """Binds, judges and repairs what the model wrote; thread-safe."""

    calls: BoundedCalls
    verifier: Verifier
    question: str
    repairs: bool
    budget: int

    def finish(self, heading: str, reply: CallReply, given: Sequence[Sentence]) -> ReviewPart:
        """Returns a part of prose.

        Args:
            heading: Above it; a heading that the model wrote gives way to it.
            reply: What the model wrote; if it was cut off, its last, half sentence goes.
            given: The evidence by its numbers.
        """
        bounds = CitationBinder(given).bind(_HEADING.sub("", reply.text, count=1))
        if reply.cut and len(bounds) > 1 and not bounds[-1].citations:
            bounds = bounds[:-1]
        drafts = verify_sentences(
            bounds, given, verifier=self.verifier, deadline=self.calls.deadline
        )
        # What finds nothing in its papers is no section.
        drafts = [draft for draft in drafts if not refuses(draft.bound.text)]
        cites = any(draft.bound.citations for draft in drafts)
        if not cites and heading != OPEN:
            return ReviewPart(heading, fault=reply.cut or OFF_TOPIC)
        return ReviewPart(heading, self.repair(drafts, given), given, reply.cut)

    def repair(
        self, drafts: Sequence[AnswerDraft], given: Sequence[Sentence]
    ) -> Sequence[AnswerDraft]:
        """Returns the sentences after one more call where some are contradicted.

        They stay as they are if the call fails or may not be made.
        """
        faults = [(draft.bound.raw, draft.fault) for draft in drafts if draft.fault]
        if not faults or not self.repairs:
            return drafts
        messages = write_repair_prompt(self.question, given, faults, budget=self.budget)
        try:
            reply = self.calls.ask(messages)
        except ComposerError:
            return drafts
        said = reply.text.rpartition("\n")[0] if reply.cut else reply.text
        return merge_repairs(
            drafts, said, given, verifier=self.verifier, deadline=self.calls.deadline
        )[0]


def split_lead(reply: CallReply) -> tuple[CallReply, CallReply | None]:
    """Returns the opening and, where there are any, the open questions of one reply."""
    lead, *rest = _OPEN.split(reply.text, maxsplit=1)
    if not rest or not rest[0].strip():
        return replace(reply, text=lead), None
    return CallReply(lead), replace(reply, text=rest[0])


def explain_missing(parts: Sequence[ReviewPart], papers: int) -> list[str]:
    """Returns what an answer is missing and why, a line each.

    Args:
        parts: All of it.
        papers: How many the table should have.
    """
    notes = []
    prose = [part for part in parts if part.rows is None]
    sections = [part for part in prose if part.heading not in ("", OPEN)]
    if missing := [part for part in sections if not part.stands]:
        verb = "is" if len(missing) == 1 else "are"
        named = "; ".join(f"“{part.heading}”" for part in missing)
        notes.append(f"{len(missing)} of {len(sections)} sections {verb} missing: {named}")
    for part in prose:
        if part.fault and (part.stands or part not in sections):
            named = f"“{part.heading}”" if part.heading else "the opening"
            state = "is not whole" if part.stands else "is missing"
            notes.append(f"{named} {state}: {part.fault}")
    rows = [part for part in parts if part.rows is not None]
    shown = sum(len(part.rows or ()) for part in rows)
    if shown < papers:
        why = next((part.fault for part in rows if part.fault), "rows were left out or not whole")
        notes.append(f"the table has {shown} of {count_papers(papers)}: {why}")
    unchecked = sum(UNCHECKED in draft.notes for part in parts for draft in part.drafts)
    if unchecked:
        notes.append(
            f"{unchecked} sentence{'s' * (unchecked > 1)} of the model, not checked in time"
        )
    return notes


class Assembly:
    """The parts that stand so far, as one text with one numbering of papers."""

    def __init__(self, policy: Policy) -> None:
        """Takes what becomes of sentences that are contradicted or cite nothing."""
        self.dropped = 0
        self._policy: Policy = policy
        self._markers: dict[str, int] = {}
        self._papers: dict[str, Paper] = {}
        self._text, self._statements = "", list[Statement]()
        self._in_table = False

    def add(self, part: ReviewPart) -> str:
        """Adds the next part; returns the text that it adds."""
        goes_on = self._in_table and part.rows is not None
        head = f"## {part.heading}\n\n" if part.heading and not goes_on else ""
        if part.stands:
            self._papers |= {one.paper.id: one.paper for one in part.evidence}
            found = assemble_answer(
                part.drafts, part.evidence, policy=self._policy, markers=self._markers
            )
            self.dropped += found.dropped
            self._statements += found.statements
            self._in_table = part.rows is not None
            said = f"{TABLE_HEAD}\n{found.text}" if self._in_table and not goes_on else found.text
        elif part.heading and part.rows is None:
            said = f"This section is missing: {part.fault}."
        else:
            return ""
        gap = "" if not self._text else "\n" if goes_on else "\n\n"
        added = f"{gap}{head}{said}"
        self._text += added
        return added

    def whole(self, usage: Usage, reason: str | None = None) -> Composed:
        """Returns what stands."""
        papers = tuple(self._papers[id] for id in self._markers)
        return Composed(self._text, tuple(self._statements), papers, usage, reason)
