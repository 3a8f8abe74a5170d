"""Asks the demo library through a model that is scripted at the wire."""

from collections.abc import Sequence
from typing import Any

from footnote.index.library import Library
from footnote.rag.answer import Answer, Delta, Kind, Stage
from footnote.rag.engine import CitedQueryEngine
from footnote.rag.generation.forms.form import Reading
from footnote.rag.generation.llm import LLMComposer, LLMSettings
from footnote.rag.query.question import Question
from footnote.rag.retrieval.evidence import Sentence
from tests.endpoint import Endpoint, Reply, serve

KEY = "sk-secret-4f9a1c77"
QUESTION = "What does PPO clip?"
CLIPS = "The main variant of PPO clips the probability ratio between the new and the old policy"
CHECKED = "PPO clips the probability ratio between the new and the old policy [N]."
GOOD = CHECKED.replace("N", "1")


def reading(question: str, sentences: Sequence[Sentence], kind: Kind = "fact") -> Reading:
    """Returns sentences as what was read for a question."""
    return Reading(Question(question), sentences, kind)


def engine(library: Library, url: str, **settings: Any) -> CitedQueryEngine:
    """Returns an engine that notes in ``waited`` what it would wait before it tries again."""
    sleep = settings.pop("sleep", settings.pop("waited", []).append)
    config = LLMSettings("scripted", url, **{"api_key": KEY, "timeout": 5.0, **settings})
    composer = LLMComposer(config, embedder=library.embedder, sleep=sleep)
    return CitedQueryEngine(library, composer)


def asked(library: Library, *script: Reply, **settings: Any) -> tuple[Answer, Endpoint]:
    """Returns the answer, and the endpoint that was asked for it."""
    with serve(*script) as endpoint:
        return engine(library, endpoint.url, **settings).ask(QUESTION), endpoint


def answered(library: Library, *script: Reply, **settings: Any) -> Answer:
    return asked(library, *script, **settings)[0]


def verdicts(answer: Answer) -> list[str]:
    return [statement.verdict for statement in answer.statements]


def streamed(events: Sequence[object]) -> str:
    """Returns the text that a reader of the stream ends up with."""
    text = ""
    for event in events:
        if isinstance(event, Stage) and event.name == "write":
            text = ""
        elif isinstance(event, Delta):
            text += event.text
    return text
