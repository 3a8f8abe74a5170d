"""The composer that writes: any chat model behind an OpenAI-compatible endpoint."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from llama_index.llms.openai_like import OpenAILike
from openai import APIConnectionError, APIStatusError, APITimeoutError, OpenAIError

from index.embedders import Embedder
from index.passages import count_tokens
from rag import ComposerError
from rag.answer import Delta, Mode, Statement, Usage
from rag.cite import Binder, Bound
from rag.compose import Composed
from rag.evidence import Sentence
from rag.prompts import REFUSAL, answer_messages
from rag.verify import verify

DEFAULT_MODEL = "gpt-4o-mini"
DEFAULT_BASE_URL = "https://api.openai.com/v1"


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """Which model writes, and where it is.

    Attributes:
        timeout: Seconds without an answer before the endpoint counts as failed.
        prompt_tokens: Budget of a prompt; small models have 2,048 tokens in all.
        max_tokens: Of the answer.
    """

    model: str = DEFAULT_MODEL
    base_url: str = DEFAULT_BASE_URL
    # A key is shown nowhere: not in a log, not in an error.
    api_key: str = field(default="none", repr=False)
    timeout: float = 60.0
    prompt_tokens: int = 3000
    max_tokens: int = 500

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "ModelConfig | None":
        """Returns the configured model, or None when nothing is configured.

        A key alone means OpenAI's endpoint; a base URL needs the name of a model with it.

        Raises:
            ComposerError: A base URL is set without a model.
        """
        key = environ.get("OPENAI_API_KEY", "").strip()
        base_url = environ.get("OPENAI_BASE_URL", "").strip()
        model = environ.get("FOOTNOTE_MODEL", "").strip()
        if base_url and not model:
            raise ComposerError(
                f"OPENAI_BASE_URL={base_url} is set without a model; set FOOTNOTE_MODEL too"
            )
        if not key and not base_url:
            return None
        return cls(
            model=model or DEFAULT_MODEL,
            base_url=base_url or DEFAULT_BASE_URL,
            api_key=key or "none",
        )


class LLMComposer:
    """Lets a model write from numbered evidence, and checks each sentence it wrote."""

    mode: Mode = "llm"
    evidence_count = 12

    def __init__(self, config: ModelConfig, *, embedder: Embedder) -> None:
        """Connects nothing yet.

        Args:
            config: Which model, and where.
            embedder: For the verdicts.
        """
        self.config = config
        self._embedder = embedder
        self._llm = OpenAILike(
            model=config.model,
            api_base=config.base_url,
            api_key=config.api_key,
            is_chat_model=True,
            temperature=0.0,
            max_tokens=config.max_tokens,
            timeout=config.timeout,
            max_retries=2,
        )

    @property
    def model(self) -> str:
        """The model's name."""
        return self.config.model

    def compose(self, question: str, evidence: Sequence[Sentence]) -> Iterator[Delta | Composed]:
        """Yields the model's text as it comes, markers bound; at last the checked whole.

        Raises:
            ComposerError: The endpoint failed, or answered with nothing.
        """
        messages, fitting = answer_messages(question, evidence, budget=self.config.prompt_tokens)
        binder = Binder(evidence[:fitting])
        raw: list[str] = []
        shown: list[str] = []
        for piece in self._stream(messages):
            raw.append(piece)
            shown.append(binder.feed(piece))
            if shown[-1]:
                yield Delta(shown[-1])
        shown.append(binder.flush())
        text = "".join(raw).strip()
        usage = Usage(sum(count_tokens(str(m.content)) for m in messages), count_tokens(text))
        if not text:
            raise ComposerError(f"{self.model} answered with nothing; try another model")
        if REFUSAL.rstrip(".") in text:
            yield Composed(REFUSAL, (), (), usage)
            return
        statements = tuple(self._checked(bound) for bound in binder.bind(text))
        yield Composed("".join(shown).strip(), statements, tuple(binder.papers), usage)

    def _checked(self, bound: Bound) -> Statement:
        quotes = [citation.quote for citation in bound.citations]
        verdict, support = verify(bound.text, quotes, embedder=self._embedder)
        notes = bound.notes if quotes else (*bound.notes, "no sentence of a paper is cited")
        return Statement(bound.text, bound.citations, verdict, support, notes)

    def _stream(self, messages: Sequence[Any]) -> Iterator[str]:
        try:
            for part in self._llm.stream_chat(messages):
                if part.delta:
                    yield part.delta
        except (OpenAIError, httpx.HTTPError) as error:
            raise ComposerError(self._reason(error)) from error
        # LlamaIndex trips over malformed chunks in its own ways; each is the endpoint's fault.
        except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
            raise ComposerError(
                f"{self.config.base_url} sent what is no chat answer ({type(error).__name__})"
            ) from error

    def _reason(self, error: Exception) -> str:
        where = f"{self.model} at {self.config.base_url}"
        if isinstance(error, APITimeoutError | httpx.TimeoutException):
            return f"{where} gave no answer within {self.config.timeout:g} s"
        if isinstance(error, APIStatusError):
            said = error.message.splitlines()[0][:120] if error.message else ""
            return f"{where} refused with status {error.status_code} ({said})"
        if isinstance(error, APIConnectionError):
            return f"{where} cannot be reached"
        return f"{where} broke off ({type(error).__name__})"
