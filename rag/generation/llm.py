"""LLM composer: any chat model behind an OpenAI-compatible endpoint."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from footnote.index.embeddings.protocols import Embedder
from footnote.rag import ComposerError
from footnote.rag.answer import (
    REFUSAL,
    Delta,
    JudgedSentence,
    Mode,
    PapersToRead,
    Stage,
    Turn,
    Usage,
)
from footnote.rag.generation.chat.client import ChatClient
from footnote.rag.generation.chat.endpoints.keys import DEFAULT_BASE_URL
from footnote.rag.generation.chat.endpoints.profile import EndpointMemory
from footnote.rag.generation.chat.judging import ModelJudge
from footnote.rag.generation.chat.plan import SCHEMA, SearchPlan, parse_plan
from footnote.rag.generation.chat.retries import ChatError
from footnote.rag.generation.chat.wire.call import ChatCall
from footnote.rag.generation.citations import CitationBinder
from footnote.rag.generation.citations.early import EarlyJudge
from footnote.rag.generation.citations.refusals import refuses
from footnote.rag.generation.extractive import ComposerEvent
from footnote.rag.generation.forms import WIDE
from footnote.rag.generation.forms.form import Composed, Reading
from footnote.rag.generation.prompts import (
    write_answer_prompt,
    write_plan_prompt,
    write_repair_prompt,
)
from footnote.rag.generation.reader import read_abstracts
from footnote.rag.generation.repair import (
    UNCHECKED,
    AnswerDraft,
    Assembled,
    assemble_answer,
    judge_drafts,
    merge_repairs,
    verify_sentences,
)
from footnote.rag.generation.settings import DEFAULT_MODEL, LLMSettings, Prices
from footnote.rag.generation.thorough.review import Review
from footnote.rag.retrieval.evidence import Sentence
from footnote.rag.verification.verifier import LearnedVerifier, RememberingVerifier, Verifier

_log = logging.getLogger(__name__)

# Abstracts of a question that many papers answer together.
WIDE_PAPERS = 40
# Seconds that planning the search may take.
LONGEST_PLANNING = 20.0


class LLMComposer:
    """Lets a model write from numbered evidence, and checks each sentence it wrote.

    Attributes:
        judge: Judges what the rules leave open; None if nobody but them is to judge.
    """

    mode: Mode = "llm"

    def __init__(
        self,
        config: LLMSettings,
        *,
        embedder: Embedder,
        verifier: Verifier | None = None,
        sleep: Callable[[float], None] = time.sleep,
        chat: ChatClient | None = None,
        memory: EndpointMemory | None = None,
    ) -> None:
        """Stores the configuration without connecting.

        Args:
            config: Which model, and where.
            embedder: For the default verifier.
            verifier: Judges each statement; the trained one when not given.
            sleep: Waits the given seconds before a retry.
            chat: Calls the model; our HTTP client when not given.
            memory: What is known of the endpoint, for that client.
        """
        self.config = config
        self._verifier = verifier or LearnedVerifier(embedder)
        self._chat = chat or ChatClient(config, sleep=sleep, memory=memory)
        # Who brings a verifier has its verdicts.
        self.judge = ModelJudge(self._chat) if config.judge and verifier is None else None

    @property
    def model(self) -> str:
        """The model's name."""
        return self.config.model

    def plan(self, question: str, history: Sequence[Turn] = ()) -> tuple[SearchPlan | None, Usage]:
        """Returns the model's plan of the search and what it took; None leaves it to the rules."""
        if not self.config.plan or not self._may_answer():
            return None, Usage()
        deadline = time.monotonic() + min(self.config.deadline / 4, LONGEST_PLANNING)
        messages = write_plan_prompt(question, history)
        call = self._chat.call(messages, deadline=deadline, schema=SCHEMA)
        try:
            for _ in call:
                pass
        except ComposerError as error:
            _log.info("the rules plan the search: %s", error)
        return parse_plan(call.text), call.usage if call.charged else Usage()

    def _may_answer(self) -> bool:
        """Returns whether the day leaves room for an answer: without it, a plan would be wasted."""
        day = self._chat.day
        return day is None or day.leaves(self._budget(wide=False), self._chat.known.answer_tokens)

    def review(self) -> Review:
        """Returns a thorough answer to be made, within what the settings let it spend."""
        budget = self._budget(wide=True)
        return Review(self.config, self._chat, self._verifier, self.judge, budget=budget)

    def compose(self, reading: Reading) -> Iterator[ComposerEvent | Composed]:
        """Yields what is read, the model's text with paper markers, and the checked result.

        Raises:
            ComposerError: The endpoint failed, broke off, or answered with nothing.
        """
        yield from self._write(reading, time.monotonic() + self.config.deadline)

    def _write(self, reading: Reading, deadline: float) -> Iterator[ComposerEvent | Composed]:
        """Yields the answer; asks again with a shorter prompt if a refusal tells the window."""
        question = reading.question.standalone
        wide = reading.kind in WIDE
        budget = self._budget(wide=wide)
        evidence = read_abstracts(reading, most=self._count_papers(wide))
        messages, fitting = write_answer_prompt(
            question,
            evidence,
            budget=budget,
            kind=reading.kind,
            needs=reading.needs,
            language=self.config.language,
            instructions=self.config.instructions,
            length=self.config.length,
        )
        if not fitting:
            both = " and FOOTNOTE_INSTRUCTIONS leave" if self.config.instructions else " leaves"
            raise ComposerError(f"the question{both} no room for evidence in {budget:,} tokens")
        given = evidence[:fitting]
        yield PapersToRead(tuple({s.paper.id: s.paper for s in given}.values()))
        call = self._chat.call(messages, deadline=deadline)
        verifier = RememberingVerifier(self._verifier)
        try:
            yield from _stream(call, CitationBinder(given), EarlyJudge(given, verifier, deadline))
        except ChatError:
            if call.text or self._budget(wide=wide) >= budget:
                raise
            yield from self._write(reading, deadline)
            return
        if refuses(CitationBinder(given).normalize(call.text)):
            yield Composed(REFUSAL, (), (), call.usage)
        elif call.refusal and not call.text.strip():
            said = self._chat.without_secrets(" ".join(call.refusal.split()))[:200].rstrip(".")
            yield Composed(REFUSAL, (), (), call.usage, f"the model declined: {said}")
        else:
            yield from self._check(question, call, given, verifier, deadline)

    def _budget(self, *, wide: bool) -> int:
        """Returns the tokens that a prompt may have."""
        if self.config.prompt_tokens is not None:
            return self.config.prompt_tokens
        known = self._chat.known
        return self.config.budget(wide=wide, window=known.window, answer=known.answer_tokens)

    def _count_papers(self, wide: bool) -> int:
        """Returns how many abstracts the model may read, as far as they fit."""
        return max(self.config.papers, WIDE_PAPERS) if wide else self.config.papers

    def _check(
        self,
        question: str,
        call: ChatCall,
        given: Sequence[Sentence],
        verifier: Verifier,
        deadline: float,
    ) -> Iterator[Stage | Composed]:
        """Yields the checked answer, repaired if that is enabled and works."""
        bounds = CitationBinder(given).bind(call.text)
        if not bounds:
            raise ComposerError(self._explain_empty_answer(call))
        written = verify_sentences(bounds, given, verifier=verifier, deadline=deadline)
        usage = call.usage
        open_ = [draft for draft in written if draft.is_open] if self.judge else []
        if self.judge and open_ and time.monotonic() < deadline:
            yield Stage("check", f"Checking {len(open_)} sentence{'s' * (len(open_) > 1)}")
            written, took = judge_drafts(self.judge, written, deadline)
            usage = usage.add(took)
        drafts = written
        faults = sum(bool(draft.fault) for draft in written)
        if self.config.repair and faults and time.monotonic() < deadline:
            yield Stage("check", f"Asking again about {faults} sentence{'s' * (faults > 1)}")
            drafts, took = self._ask_for_repair(question, written, given, deadline)
            usage = usage.add(took)
        whole = assemble_answer(drafts, given, policy=self.config.unsupported)
        if not whole.statements:
            # Better a marked answer than one that says there is none.
            whole = assemble_answer(drafts, given, policy="mark")
        # Replace the text only if sentences were changed or marked.
        if drafts == written and not any(draft.mark for draft in drafts):
            whole = replace(whole, text=_as_streamed(call.text, given))
        if call.finish == "length":
            whole = _add_note(
                whole, f"the model was cut off at {self._chat.known.answer_tokens} tokens"
            )
        if call.cut:
            whole = _add_note(whole, f"the model was cut off at {call.cut:,} characters")
        unchecked = sum(UNCHECKED in draft.notes for draft in drafts)
        reasons = (_explain_dropped(whole.dropped), self._explain_unchecked(unchecked))
        reason = "; ".join(filter(None, reasons)) or None
        yield Composed(whole.text, whole.statements, whole.papers, usage, reason)

    def _ask_for_repair(
        self, question: str, written: list[AnswerDraft], given: Sequence[Sentence], deadline: float
    ) -> tuple[list[AnswerDraft], Usage]:
        """Returns the sentences after one more call, and its usage.

        If the call fails, the sentences stay as they are.
        """
        faults = [(draft.bound.raw, draft.fault) for draft in written if draft.fault]
        budget = self._budget(wide=True)
        messages = write_repair_prompt(question, given, faults, budget=budget)
        call = self._chat.call(messages, deadline=deadline)
        try:
            for _ in call:
                pass
        except ComposerError as error:
            _log.info("the answer stays as it was written: %s", error)
            return written, call.usage
        # A reply that was cut off is not used.
        reply = call.text.rpartition("\n")[0] if call.finish == "length" else call.text
        kept, took = merge_repairs(
            written, reply, given, verifier=self._verifier, judge=self.judge, deadline=deadline
        )
        return kept, call.usage.add(took)

    def _explain_unchecked(self, count: int) -> str | None:
        """Returns the note about sentences that were not checked in time."""
        if not count:
            return None
        return (
            f"{count} sentence{'s' * (count > 1)} of the model, not checked within "
            f"{self.config.deadline:g} s; raise FOOTNOTE_DEADLINE"
        )

    def _explain_empty_answer(self, call: ChatCall) -> str:
        if call.thinking and call.cut:
            return (
                f"{self._chat.where} was still thinking after {call.cut:,} characters; "
                "try another model"
            )
        if call.thinking:
            most = self._chat.known.answer_tokens
            return (
                f"{self._chat.where} was still thinking after {most} tokens; "
                "raise FOOTNOTE_MAX_TOKENS"
            )
        return (
            f"{self._chat.where} answered with nothing; "
            f"check {self.config.names.address} or try another model"
        )


def _stream(
    call: ChatCall, binder: CitationBinder, early: EarlyJudge
) -> Iterator[Delta | JudgedSentence]:
    """Yields a model's text with paper markers, and each sentence of it as soon as it is whole."""
    for piece in call:
        if ready := binder.feed(piece):
            yield Delta(ready)
        yield from early.judge(call.text)
    if last := binder.flush():
        yield Delta(last)
    yield from early.judge(call.text, last=True)


def _as_streamed(text: str, given: Sequence[Sentence]) -> str:
    """Returns a text as the stream shows it."""
    binder = CitationBinder(given)
    return binder.feed(text) + binder.flush()


def _explain_dropped(count: int) -> str | None:
    """Returns the note about sentences that were dropped."""
    if not count:
        return None
    some = f"{count} sentence{'s' * (count > 1)} of the model"
    return f"{some}, contradicted or without a source, left out"


def _add_note(whole: Assembled, note: str) -> Assembled:
    *others, last = whole.statements
    return replace(whole, statements=(*others, replace(last, notes=(*last.notes, note))))


__all__ = ["DEFAULT_BASE_URL", "DEFAULT_MODEL", "LLMComposer", "LLMSettings", "Prices"]
