"""Writing: the text of an answer, by a model or by quotes where it gives none, or a refusal."""

import logging
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from llama_index.core.instrumentation.events.synthesis import SynthesizeStartEvent

from footnote.rag import ComposerError
from footnote.rag.answer import REFUSAL, Answer, Delta, Event, Stage, Standing
from footnote.rag.engine.query_engine import dispatcher
from footnote.rag.generation.extractive import Composer, ExtractiveComposer, Planner, compose
from footnote.rag.generation.forms.form import Composed, Reading

if TYPE_CHECKING:
    from footnote.rag.generation.thorough.review import Review

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Written:
    """What was written.

    Attributes:
        composer: Who wrote it.
        reason: Why nothing else was, None where it is what was asked for.
    """

    composer: Composer
    composed: Composed
    reason: str | None


def write_review(
    composer: Composer,
    reading: Reading,
    review: "Review",
    finish: Callable[[Written], Answer],
) -> Generator[Event, None, Written]:
    """Yields a review part by part, with what stands of it; returns what was written."""
    dispatcher.event(SynthesizeStartEvent(query=reading.question.asked))
    try:
        steps = review.write(reading)
        while True:
            part = next(steps)
            if isinstance(part, Composed):
                yield Standing(finish(Written(composer, part, None)))
            else:
                yield part
    except StopIteration as done:
        return Written(composer, done.value, None)
    except ComposerError as error:
        quoted = yield from quote_instead(reading, error)
        spent = replace(quoted.composed, usage=review.spending.usage)
        return replace(quoted, composed=spent)


def write_text(composer: Composer, reading: Reading) -> Generator[Event, None, Written]:
    """Yields the text; returns what was written, by whom, and why not otherwise."""
    yield Stage("write", "Writing")
    dispatcher.event(SynthesizeStartEvent(query=reading.question.asked))
    # A model reads before anything is refused.
    if reading.refused and not (isinstance(composer, Planner) and reading.hits):
        yield Delta(REFUSAL)
        return Written(composer, Composed(REFUSAL, (), ()), reading.refused)
    try:
        composed = yield from compose(composer, reading)
        return Written(composer, composed, None)
    except ComposerError as error:
        return (yield from quote_instead(reading, error))


def quote_instead(reading: Reading, error: ComposerError) -> Generator[Event, None, Written]:
    """Yields an answer of quotes where the model gave none; returns it with the reason."""
    _log.warning("%s", error)
    if reading.refused:
        yield Stage("write", "Writing")
        yield Delta(REFUSAL)
        refused = f"{error}; {reading.refused}"
        return Written(ExtractiveComposer(), Composed(REFUSAL, (), ()), refused)
    yield Stage("write", "Quoting instead")
    quoting = ExtractiveComposer()
    composed = yield from compose(quoting, reading)
    return Written(quoting, composed, f"{error}; quoted from the papers instead")
