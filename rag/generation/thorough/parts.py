"""Parts: the opening, the sections and the end of a review, each bound and judged by itself."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from footnote.index.models import Paper
from footnote.rag import ComposerError
from footnote.rag.answer import SECTION_MISSING, Statement, Usage
from footnote.rag.generation.citations import CitationBinder
from footnote.rag.generation.forms.form import Composed, count_papers
from footnote.rag.generation.prompts import write_repair_prompt
from footnote.rag.generation.repair import (
    UNCHECKED,
    AnswerDraft,
    assemble_answer,
    merge_repairs,
    refuses,
    verify_sentences,
)
from footnote.rag.generation.settings import Policy
from footnote.rag.generation.thorough.bounds.calls import BoundedCalls, CallReply
from footnote.rag.generation.thorough.table import HEAD as TABLE_HEAD
from footnote.rag.retrieval.evidence import Sentence
from footnote.rag.verification.verifier import Verifier

OPEN = "Open questions"
OFF_TOPIC = "its papers do not bear on the question"
DROPPED = "its sentences were contradicted by their sources, or cited none"
# A heading, and a line that names open questions without being one.
_TITLE = re.compile(r"^[ \t]{0,3}#{1,6}[ \t]{0,4}(?=[^\s#])([^\n]{1,300})$", re.M)
_NAME = (
    r"(?:open|unresolved|unanswered|remaining)[ \t]{1,3}(?:research[ \t]{1,3})?"
    r"(?:questions?|problems?|issues?|challenges?)(?![^\W_])"
)
_NAMES_OPEN = re.compile(_NAME, re.I)
_LABEL = re.compile(
    rf"^[ \t]{{0,3}}[*_]{{0,3}}(?:\d{{1,2}}[.)][ \t]{{0,3}})?[*_]{{0,3}}{_NAME}"
    r"(?:[ \t]and[ \t][a-z \t-]{1,40})?(?:[*_]{0,3}[ \t]{0,3}:[*_]{0,3}|[*_]{0,3}[ \t]{0,3}$)",
    re.I | re.M,
)
_HEADINGS = re.compile(r"\A(?:\s{0,9}#{1,6}[ \t][^\n]{0,300}(?:\n|\Z)){1,3}")


@dataclass(frozen=True, slots=True)
class ReviewPart:
    """A part of the answer, as it was written.

    Attributes:
        heading: Above it; empty for the opening.
        drafts: Its sentences, with their verdicts.
        evidence: What their numbers mean.
        fault: Why it is missing, or not whole, in our words.
        rows: Papers that have a row, if it is a part of the table.
        dropped: How many sentences were left out with all of their section or row.
    """

    heading: str
    drafts: Sequence[AnswerDraft] = ()
    evidence: Sequence[Sentence] = ()
    fault: str | None = None
    rows: Sequence[str] | None = None
    dropped: int = 0

    @property
    def stands(self) -> bool:
        """Whether it says something."""
        return bool(self.drafts)

    @property
    def cites(self) -> bool:
        """Whether any of its sentences cites a paper."""
        return any(draft.bound.citations for draft in self.drafts)

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
        bounds = CitationBinder(given).bind(_HEADINGS.sub("", reply.text, count=1))
        if reply.cut and len(bounds) > 1 and not bounds[-1].citations:
            bounds = bounds[:-1]
        written = verify_sentences(
            bounds, given, verifier=self.verifier, deadline=self.calls.deadline
        )
        drafts = [draft for draft in written if not refuses(draft.bound.text)]
        # What finds nothing in its papers is no section; what only cites nothing is marked.
        refused = len(drafts) < len(written) and not any(d.bound.citations for d in drafts)
        if not drafts or (refused and heading != OPEN):
            nothing = OFF_TOPIC if refused else "the model wrote nothing"
            return ReviewPart(heading, fault=reply.cut or nothing)
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
        )


def names_open(heading: str) -> bool:
    """Returns whether a heading says nothing but that open questions follow."""
    return _LABEL.match(heading) is not None


def split_lead(reply: CallReply) -> tuple[CallReply, CallReply | None]:
    """Returns the opening and, where there are any, the open questions of one reply.

    These begin at the line that names them, in whatever form, else at the last heading below the
    opening: it may be in another language.
    """
    text = reply.text
    opening = _HEADINGS.match(text)
    below = list(_TITLE.finditer(text, opening.end() if opening else 0))
    named = [m for m in _TITLE.finditer(text) if _NAMES_OPEN.search(m[1])]
    named += _LABEL.finditer(text)
    at = min(named, key=lambda match: match.start(), default=below[-1] if below else None)
    if at is None:
        return reply, None
    lead, rest = text[: at.start()], text[at.end() :]
    if not rest.strip():
        return replace(reply, text=lead), None
    return CallReply(lead), replace(reply, text=rest)


def leave_out(part: ReviewPart, policy: Policy) -> ReviewPart:
    """Returns a part without its sentences, and a table without rows, of which none is to stay."""
    if policy == "mark" or not part.drafts:
        return part
    if part.rows is None:
        kept = part.drafts if any(not draft.mark for draft in part.drafts) else []
        rows = None
    else:
        whole = list(zip(part.rows, _split_rows(part.drafts), strict=True))
        stay = [(paper, row) for paper, row in whole if any(not draft.mark for draft in row)]
        kept, rows = [draft for _, row in stay for draft in row], [paper for paper, _ in stay]
    fault = part.fault if kept else DROPPED
    dropped = part.dropped + len(part.drafts) - len(kept)
    return replace(part, drafts=kept, rows=rows, fault=fault, dropped=dropped)


def _split_rows(drafts: Sequence[AnswerDraft]) -> list[list[AnswerDraft]]:
    """Returns the cells of a table by their rows."""
    rows: list[list[AnswerDraft]] = []
    for draft in drafts:
        if draft.bound.lead.startswith("\n") or not rows:
            rows.append([])
        rows[-1].append(draft)
    return rows


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
        notes.append(
            f"{len(missing)} of {len(sections)} sections {verb} missing: {_named(missing)}"
        )
    ends = any(part.stands for part in prose if part.heading == OPEN)
    for part in prose:
        elsewhere = part in sections or (part.heading == OPEN and ends)
        if part.fault and (part.stands or not elsewhere):
            state = "is not whole" if part.stands else "is missing"
            notes.append(f"{_named([part])} {state}: {part.fault}")
    standing = [part for part in prose if part.stands and part.heading != OPEN]
    if uncited := [part for part in standing if not part.cites]:
        where = "" if uncited == standing else f" in {_named(uncited)}"
        notes.append(f"the model cited nothing{where}")
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


def _named(parts: Sequence[ReviewPart]) -> str:
    """Returns how a note names parts: sections by their headings."""
    return "; ".join(f"“{part.heading}”" if part.heading else "the opening" for part in parts)


class Assembly:
    """The parts that stand so far, as one text with one numbering of papers."""

    def __init__(self, policy: Policy) -> None:
        """Takes what becomes of sentences that are contradicted or cite nothing."""
        self.dropped = 0
        self._policy: Policy = policy
        self._markers: dict[str, int] = {}
        self._papers: dict[str, Paper] = {}
        self._text, self._statements = "", list[Statement]()
        self._heading = ""

    def add(self, part: ReviewPart) -> str:
        """Adds the next part; returns the text that it adds, empty where nothing stands."""
        part = leave_out(part, self._policy)
        self.dropped += part.dropped
        # Rows go on in one table, and what else has the heading of what is above goes on below it.
        goes_on = bool(part.heading) and part.heading == self._heading
        head = f"## {part.heading}\n\n" if part.heading and not goes_on else ""
        if part.stands:
            said = self._say(part, goes_on=goes_on)
        elif part.heading and part.heading != OPEN and part.rows is None:
            said = f"{SECTION_MISSING}{part.fault}."
        else:
            return ""
        self._heading = part.heading
        gap = "" if not self._text else "\n" if goes_on and part.rows is not None else "\n\n"
        added = f"{gap}{head}{said}"
        self._text += added
        return added

    def _say(self, part: ReviewPart, *, goes_on: bool) -> str:
        """Returns the text of a part that stands; its sentences and papers count from now on."""
        self._papers |= {one.paper.id: one.paper for one in part.evidence}
        found = assemble_answer(
            part.drafts, part.evidence, policy=self._policy, markers=self._markers
        )
        self.dropped += found.dropped
        self._statements += found.statements
        return found.text if part.rows is None or goes_on else f"{TABLE_HEAD}\n{found.text}"

    @property
    def stands(self) -> bool:
        """Whether any part says something by now."""
        return bool(self._statements)

    def whole(self, usage: Usage, reason: str | None = None) -> Composed:
        """Returns what stands."""
        papers = tuple(self._papers[id] for id in self._markers)
        return Composed(self._text, tuple(self._statements), papers, usage, reason)
