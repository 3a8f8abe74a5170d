"""Writing: one call for each part of a review, all begun side by side within the bounds."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from footnote.rag import ComposerError
from footnote.rag.generation.forms.form import Reading
from footnote.rag.generation.prompts import write_answer_prompt
from footnote.rag.generation.reader import read_abstracts
from footnote.rag.generation.repair import verify_sentences
from footnote.rag.generation.settings import LLMSettings
from footnote.rag.generation.thorough import prompts, table
from footnote.rag.generation.thorough.bounds.calls import BoundedCalls, CallReply
from footnote.rag.generation.thorough.outline import OutlineSection
from footnote.rag.generation.thorough.parts import OPEN, PartWriter, ReviewPart, split_lead
from footnote.rag.generation.thorough.rounds import find_findings, group_by_paper
from footnote.rag.retrieval.evidence import Sentence
from footnote.rag.verification.verifier import Verifier

# Sentences of each paper that the opening is written from.
LEADING = 2
Finish = Callable[[CallReply, Sequence[Sentence]], list[ReviewPart]]


@dataclass(frozen=True, slots=True)
class Material:
    """What a review is written from.

    Attributes:
        reading: The question and all that was found for it.
        whole: The sentences of each paper's abstract, by its id.
        findings: The most telling sentence of each paper, best paper first.
    """

    reading: Reading
    whole: dict[str, list[Sentence]]
    findings: Sequence[Sentence]

    @classmethod
    def read(cls, reading: Reading) -> "Material":
        """Returns the whole abstracts and the findings of what was found."""
        whole = group_by_paper(read_abstracts(reading, most=len(reading.hits)))
        return cls(reading, whole, find_findings(reading))

    def papers_of(self, *sections: OutlineSection) -> list[str]:
        """Returns the ids of the papers of some sections, each once."""
        places = dict.fromkeys(place for section in sections for place in section.papers)
        return [self.findings[place].paper.id for place in places]

    def abstracts(self, papers: Sequence[str]) -> list[Sentence]:
        """Returns the sentences of some papers' abstracts."""
        return [sentence for paper in papers for sentence in self.whole.get(paper, ())]


@dataclass(frozen=True, slots=True)
class ReviewJob:
    """A part that is being written.

    Attributes:
        part: As it stands where the call fails.
        future: Its parts: the opening brings the open questions.
    """

    part: ReviewPart
    future: "Future[list[ReviewPart]]"


class ReviewJobs:
    """Begins the calls that write the parts of a review."""

    def __init__(
        self,
        config: LLMSettings,
        calls: BoundedCalls,
        verifier: Verifier,
        material: Material,
        *,
        budget: int,
    ) -> None:
        """Takes what is written from, what calls and judges, and the tokens of a prompt."""
        question = material.reading.question.standalone
        self._config, self._calls, self._material = config, calls, material
        self._budget = budget
        self._writer = PartWriter(calls, verifier, question, config.repair, self._budget)
        self._verifier = verifier
        self._shared_out = threading.Event()

    def begin(self, sections: Sequence[OutlineSection]) -> list[ReviewJob]:
        """Begins every part, what matters most first; returns them in the order of the text.

        No call is made before the bounds were shared out among all: how fast a model answers does
        not decide which parts are written.
        """
        papers = self._material.papers_of(*sections)
        batches = [papers[at : at + table.BATCH] for at in range(0, len(papers), table.BATCH)]
        taken = any(one.heading.casefold() == table.HEADING.casefold() for one in sections)
        name = table.OTHER_HEADING if taken else table.HEADING
        try:
            written = [self._begin_section(section, sections) for section in sections]
            lead = self._begin_lead(sections)
            return [lead, *written, *(self._begin_rows(name, batch) for batch in batches)]
        finally:
            self._shared_out.set()

    def _begin_section(
        self, section: OutlineSection, sections: Sequence[OutlineSection]
    ) -> ReviewJob:
        others = "; ".join(one.heading for one in sections if one != section)
        form = prompts.SECTION.format(
            heading=section.heading, says=section.says or section.heading, others=others or "none"
        )
        given = self._material.abstracts(self._material.papers_of(section))

        def finish(reply: CallReply, given: Sequence[Sentence]) -> list[ReviewPart]:
            return [self._writer.finish(section.heading, reply, given)]

        return self._begin(ReviewPart(section.heading), form, given, finish)

    def _begin_lead(self, sections: Sequence[OutlineSection]) -> ReviewJob:
        form = prompts.LEAD.format(headings="; ".join(one.heading for one in sections))
        best, given = self._material.reading.by_paper, list[Sentence]()
        for paper in self._material.papers_of(*sections):
            telling = best.get(paper) or self._material.whole.get(paper, [])
            given += sorted(telling[:LEADING], key=lambda one: one.start)

        def finish(reply: CallReply, given: Sequence[Sentence]) -> list[ReviewPart]:
            said, rest = split_lead(reply)
            lead = self._writer.finish("", said, given)
            ends = self._writer.finish(OPEN, rest, given) if rest else None
            # Where nothing is open nothing is missing.
            return [lead, ends] if ends and not ends.off_topic else [lead]

        return self._begin(ReviewPart(""), form, given, finish)

    def _begin_rows(self, heading: str, papers: Sequence[str]) -> ReviewJob:
        def finish(reply: CallReply, given: Sequence[Sentence]) -> list[ReviewPart]:
            rows = table.read_table(reply.text, given, cut=reply.cut is not None)
            drafts = verify_sentences(
                rows.bounds, given, verifier=self._verifier, deadline=self._calls.deadline
            )
            return [ReviewPart(heading, drafts, given, reply.cut, rows.papers)]

        given = self._material.abstracts(papers)
        return self._begin(ReviewPart(heading, rows=()), prompts.TABLE, given, finish)

    def _begin(
        self, part: ReviewPart, form: str, evidence: Sequence[Sentence], finish: Finish
    ) -> ReviewJob:
        """Begins a call over some evidence; what it may take is set aside at once."""
        messages, fitting = write_answer_prompt(
            self._material.reading.question.standalone,
            evidence,
            budget=self._budget,
            language=self._config.language,
            instructions=self._config.instructions,
            # The cells of a table stay as short as its form says.
            length=self._config.length if part.rows is None else "medium",
            form=form,
        )
        try:
            if not fitting:
                raise ComposerError(f"{self._budget:,} tokens leave no room for evidence")
            most = self._calls.reserve(messages)
        except ComposerError as error:
            failed: Future[list[ReviewPart]] = Future()
            failed.set_exception(error)
            return ReviewJob(part, failed)

        def work() -> list[ReviewPart]:
            self._shared_out.wait()
            return finish(self._calls.ask(messages, most=most), evidence[:fitting])

        return ReviewJob(part, self._calls.begin(work))
