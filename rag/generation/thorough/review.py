"""Review: a thorough answer: search in rounds, outline, write side by side, compare in a table.

Whatever fails, what stands is the answer, and its reason says what is missing.
"""

import logging
from collections.abc import Generator, Sequence
from dataclasses import replace

from footnote.rag import ComposerError
from footnote.rag.answer import BROKEN, REFUSAL, RULES_ALONE, Delta, Stage, Turn
from footnote.rag.generation.chat.client import ChatClient
from footnote.rag.generation.chat.daily import SPENT_TODAY
from footnote.rag.generation.chat.judging import ModelJudge
from footnote.rag.generation.chat.plan import SCHEMA, SearchPlan, parse_plan
from footnote.rag.generation.chat.recorded import MissingReply
from footnote.rag.generation.forms.form import Composed, Reading, count_papers
from footnote.rag.generation.prompts import write_plan_prompt
from footnote.rag.generation.settings import LLMSettings
from footnote.rag.generation.thorough.bounds.calls import BoundedCalls
from footnote.rag.generation.thorough.bounds.spending import Spending
from footnote.rag.generation.thorough.checking import judge_parts
from footnote.rag.generation.thorough.outline import (
    OUTLINE_SCHEMA,
    OutlineSection,
    group_outline,
    parse_outline,
)
from footnote.rag.generation.thorough.parts import (
    OPEN,
    Assembly,
    ReviewPart,
    explain_missing,
    leave_out,
)
from footnote.rag.generation.thorough.prompts import write_outline_prompt
from footnote.rag.generation.thorough.rounds import Find, Read, SearchRounds
from footnote.rag.generation.thorough.writing import Material, ReviewJob, ReviewJobs
from footnote.rag.query.topic import find_topic
from footnote.rag.retrieval.hybrid import RetrievalResult
from footnote.rag.verification.verifier import Verifier

_log = logging.getLogger(__name__)

_GROUPED = "the sections are groups of like papers"
_RULED = "the rules planned the search"


class Review:
    """One thorough answer in the making; ``close`` ends what is under way."""

    def __init__(
        self,
        config: LLMSettings,
        chat: ChatClient,
        verifier: Verifier,
        judge: ModelJudge | None,
        *,
        budget: int,
    ) -> None:
        """Takes what writes and what judges; nothing is called yet.

        Args:
            config: What may be spent.
            chat: Calls the model.
            verifier: Judges each sentence.
            judge: Judges what that leaves open.
            budget: Tokens of a prompt.
        """
        self.spending = _within_the_day(config, chat)
        self._config, self._verifier, self._judge = config, verifier, judge
        self._calls = BoundedCalls(chat, self.spending)
        self._budget = budget
        self._notes: list[str] = []
        self._stands: Composed | None = None

    def close(self) -> None:
        """Ends the calls under way; no further one is made."""
        self._calls.stop()

    def announce(self) -> Stage:
        """Returns what may be spent, before any of it is."""
        return Stage("search", self.spending.announce(), lasts=True)

    def plan(
        self, question: str, history: Sequence[Turn]
    ) -> Generator[Stage, None, SearchPlan | None]:
        """Yields what is being done; returns the model's plan of the first round, None without."""
        if not self._config.plan:
            return None
        messages = write_plan_prompt(question, history)
        try:
            reply = yield from self._calls.ask_telling("Planning the search", messages, SCHEMA)
        except ComposerError as error:
            self._notes.append(f"{_RULED}: {error}")
            return None
        plan = parse_plan(reply.text)
        if plan is None:
            self._notes.append(f"{_RULED}: the model's plan was not JSON")
        return plan

    def search(
        self, question: str, plan: SearchPlan | None, find: Find, read: Read
    ) -> Generator[Stage, None, RetrievalResult]:
        """Yields each round; returns the papers of all of them.

        Args:
            question: As it stands alone.
            plan: Of the first round.
            find: Finds papers for a query, or for the question where it is None.
            read: Reads the papers that were found.
        """
        rounds = SearchRounds(self._calls, find, read)
        found = yield from rounds.run(question, plan, budget=self._budget)
        self._notes += rounds.faults
        return found

    def write(self, reading: Reading) -> Generator[Stage | Delta | Composed, None, Composed]:
        """Yields the text part by part, with each what stands by then; returns the whole.

        Raises:
            ComposerError: Nothing was written.
        """
        try:
            return (yield from self._write(reading))
        except MissingReply:
            raise
        except Exception as error:
            if self._stands is None:
                raise
            told = isinstance(error, ComposerError)
            if not told:
                _log.exception("a review is not whole")
            self._notes += [str(error) if told else BROKEN, RULES_ALONE]
        yield Stage("write", "Writing")
        yield Delta(self._stands.text)
        return replace(self._stands, usage=self.spending.usage, reason=self._explain())

    def _write(self, reading: Reading) -> Generator[Stage | Delta | Composed, None, Composed]:
        material = Material.read(reading)
        sections = yield from self._outline(material)
        yield Stage("write", "Writing")
        if not sections:
            yield Delta(REFUSAL)
            return self._refuse()
        parts, shown = yield from self._write_parts(material, sections)
        if not any(part.stands for part in parts):
            if all(part.off_topic for part in parts if part.rows is None):
                yield Stage("write", "Writing")
                yield Delta(REFUSAL)
                return self._refuse()
            raise ComposerError(next(part.fault for part in parts if part.fault))
        parts = yield from judge_parts(parts, self._judge, self._calls, self._notes)
        answer = self._assemble(parts, len(material.papers_of(*sections)))
        if answer.text != shown:
            yield Stage("write", "Writing")
            yield Delta(answer.text)
        return answer

    def _outline(self, material: Material) -> Generator[Stage, None, list[OutlineSection]]:
        """Yields what is being done; returns the sections, none where no paper is on the topic."""
        reading, findings = material.reading, material.findings
        messages = write_outline_prompt(
            reading.question.standalone, reading.needs, findings, budget=self._budget
        )
        doing = f"Outlining from {count_papers(len(findings))}"
        try:
            reply = yield from self._calls.ask_telling(doing, messages, OUTLINE_SCHEMA)
        except ComposerError as error:
            self._notes.append(f"{_GROUPED}, for want of an outline: {error}")
        else:
            sections = parse_outline(reply.text, len(findings))
            if sections is not None:
                return sections
            self._notes.append(f"{_GROUPED}: the model's outline was not JSON")
        return group_outline(findings, find_topic(reading.question.asked))

    def _write_parts(
        self, material: Material, sections: Sequence[OutlineSection]
    ) -> Generator[Stage | Delta | Composed, None, tuple[list[ReviewPart], str]]:
        """Yields each part as soon as it and all before it are whole; returns them and the text."""
        jobs = ReviewJobs(
            self._config, self._calls, self._verifier, material, budget=self._budget
        ).begin(sections)
        assembly, shown = Assembly(self._config.unsupported), ""
        parts, last = list[ReviewPart](), list[ReviewPart]()
        missing: MissingReply | None = None
        for number, job in enumerate(jobs):
            told = f"Writing {len(sections)} sections and a table: {number} of {len(jobs)} parts"
            yield from self._calls.follow(job.future, told)
            try:
                found = _parts_of(job)
            except MissingReply as error:
                # What else is missing is recorded by the other calls.
                missing = missing or error
                continue
            # The open questions come with the opening and stand at the end.
            last += [part for part in found if part.heading == OPEN]
            for part in (part for part in found if part.heading != OPEN):
                parts.append(part)
                shown += yield from self._show(part, assembly)
        if missing:
            raise missing
        for part in last:
            shown += yield from self._show(part, assembly)
        return parts + last, shown

    def _show(self, part: ReviewPart, assembly: Assembly) -> Generator[Delta | Composed, None, str]:
        """Yields the text of the next part, and what stands with it; returns the text."""
        if added := assembly.add(part):
            yield Delta(added)
            if assembly.stands:
                self._stands = assembly.whole(self.spending.usage)
                yield self._stands
        return added

    def _assemble(self, parts: Sequence[ReviewPart], papers: int) -> Composed:
        """Returns the whole answer of some parts, which tells what is missing.

        Args:
            parts: All of it.
            papers: How many the table should have.
        """
        policy = self._config.unsupported
        kept = [leave_out(part, policy) for part in parts]
        if not any(part.stands for part in kept):
            # Better a marked answer than one that says there is none.
            kept, policy = list(parts), "mark"
        assembly = Assembly(policy)
        for part in kept:
            assembly.add(part)
        self._notes += explain_missing(kept, papers)
        if count := assembly.dropped:
            some = f"{count} sentence{'s' * (count > 1)} of the model"
            self._notes.append(f"{some}, contradicted or without a source, left out")
        return assembly.whole(self.spending.usage, self._explain())

    def _explain(self) -> str | None:
        """Returns what is missing and why, each once; None if nothing is."""
        return "; ".join(dict.fromkeys(self._notes)) or None

    def _refuse(self) -> Composed:
        return replace(self._assemble((), 0), text=REFUSAL)


def _within_the_day(config: LLMSettings, chat: ChatClient) -> Spending:
    """Returns what may be spent: the bounds of one answer, and what is left of the day."""
    allowed = config.thorough if chat.day is None else chat.day.cap(config.thorough)
    if allowed == config.thorough:
        return Spending(allowed, chat.known)
    return Spending(allowed, chat.known, SPENT_TODAY)


def _parts_of(job: ReviewJob) -> list[ReviewPart]:
    """Returns what a call wrote, or what is told in its place."""
    try:
        return job.future.result()
    except ComposerError as error:
        return [replace(job.part, fault=str(error))]
    except MissingReply:
        raise
    except Exception:
        # What goes wrong in one part costs no other.
        _log.exception("a part of a review is missing: %s", job.part.heading or "the opening")
        return [replace(job.part, fault=BROKEN)]
