"""The composer that writes: any chat model behind an OpenAI-compatible endpoint."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import httpx
from llama_index.core.base.llms.types import ChatMessage
from llama_index.llms.openai_like import OpenAILike
from openai import APIConnectionError, APIError, APIStatusError, APITimeoutError, OpenAIError

from index.embedders import Embedder
from index.passages import count_tokens
from rag import ComposerError
from rag.answer import REFUSAL, Delta, Mode, Statement, Usage
from rag.cite import Binder, Bound
from rag.compose import Composed
from rag.evidence import Sentence
from rag.prompts import answer_messages
from rag.verify import verify

DEFAULT_MODEL = "gpt-4o-mini"
DEFAULT_BASE_URL = "https://api.openai.com/v1"
# One rides over a restart or a rate limit; each costs a whole timeout where nobody answers.
RETRIES = 1
SHORTEST_SECRET = 8
# What to do about a refusal, by HTTP status.
_NEXT = {
    401: "check OPENAI_API_KEY",
    403: "check OPENAI_API_KEY",
    404: "check FOOTNOTE_MODEL and OPENAI_BASE_URL",
    429: "wait, or check your quota",
}


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
            ComposerError: A base URL is set without a model, or is none.
        """
        key = environ.get("OPENAI_API_KEY", "").strip()
        base_url = environ.get("OPENAI_BASE_URL", "").strip()
        model = environ.get("FOOTNOTE_MODEL", "").strip()
        if base_url and not model:
            raise ComposerError("OPENAI_BASE_URL is set without a model; set FOOTNOTE_MODEL too")
        if base_url and not _is_address(base_url):
            raise ComposerError("OPENAI_BASE_URL is no address; give one like http://HOST:PORT/v1")
        if not key and not base_url:
            return None
        return cls(
            model=model or DEFAULT_MODEL,
            base_url=base_url or DEFAULT_BASE_URL,
            api_key=key or "none",
        )


def _is_address(base_url: str) -> bool:
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL:
        return False
    return url.scheme in ("http", "https") and bool(url.host)


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
            max_retries=RETRIES,
        )

    @property
    def model(self) -> str:
        """The model's name."""
        return self.config.model

    def compose(self, question: str, evidence: Sequence[Sentence]) -> Iterator[Delta | Composed]:
        """Yields the model's text as it comes, markers bound; at last the checked whole.

        Raises:
            ComposerError: The endpoint failed, broke off, or answered with nothing.
        """
        messages, fitting = answer_messages(question, evidence, budget=self.config.prompt_tokens)
        if not fitting:
            raise ComposerError(
                f"the question leaves no room for evidence in {self.config.prompt_tokens:,} tokens"
            )
        binder = Binder(evidence[:fitting])
        stream = _Stream(self._llm, messages)
        shown: list[str] = []
        try:
            for piece in stream:
                if ready := binder.feed(piece):
                    shown.append(ready)
                    yield Delta(ready)
        except _FAULTS as error:
            raise ComposerError(self._reason(error)) from error
        if last := binder.flush():
            shown.append(last)
            yield Delta(last)
        yield self._composed(stream, binder, "".join(shown))

    def _composed(self, stream: "_Stream", binder: Binder, shown: str) -> Composed:
        """Returns the checked answer, or a refusal where the model refused."""
        prompt = sum(count_tokens(str(message.content)) for message in stream.messages)
        usage = Usage(prompt, count_tokens(stream.text))
        if REFUSAL.rstrip(".").casefold() in " ".join(stream.text.split()).casefold():
            return Composed(REFUSAL, (), (), usage)
        statements = [self._checked(bound) for bound in binder.bind(stream.text)]
        if not statements:
            raise ComposerError(
                f"{self._where} answered with nothing; check OPENAI_BASE_URL or try another model"
            )
        if stream.finish == "length":
            cut = f"the model was cut off at {self.config.max_tokens} tokens"
            statements[-1] = replace(statements[-1], notes=(*statements[-1].notes, cut))
        return Composed(shown, tuple(statements), tuple(binder.papers), usage)

    def _checked(self, bound: Bound) -> Statement:
        quotes = [citation.quote for citation in bound.citations]
        verdict, support = verify(bound.text, quotes, embedder=self._embedder)
        notes = bound.notes if quotes else (*bound.notes, "no sentence of a paper is cited")
        return Statement(bound.text, bound.citations, verdict, support, notes)

    @property
    def _where(self) -> str:
        url = httpx.URL(self.config.base_url)
        return f"{self.model} at {url.copy_with(userinfo=b'')}"

    def _reason(self, error: Exception) -> str:
        """Returns why there is no answer, on one line and without the key."""
        if isinstance(error, APITimeoutError | httpx.TimeoutException):
            reason = f"gave no answer within {self.config.timeout:g} s"
        elif isinstance(error, APIStatusError):
            advice = _NEXT.get(error.status_code, "try again later")
            reason = f"refused with status {error.status_code}{self._said(error)}; {advice}"
        elif isinstance(error, APIConnectionError):
            reason = "cannot be reached; check OPENAI_BASE_URL"
        elif isinstance(error, OpenAIError | httpx.HTTPError):
            reason = f"broke off{self._said(error)}"
        else:
            reason = f"sent what is no chat answer ({type(error).__name__})"
        return f"{self._where} {reason}"

    def _said(self, error: Exception) -> str:
        """Returns the endpoint's own words, in brackets; nothing where it sent a page."""
        body = getattr(error, "body", None)
        said = body.get("message") if isinstance(body, dict) else None
        if not said and not isinstance(error, APIError):
            said = str(error)
        words = " ".join(str(said or "").split())
        # Some endpoints repeat the key that they refuse; a short one is no secret but a word.
        if len(self.config.api_key) >= SHORTEST_SECRET:
            words = words.replace(self.config.api_key, "***")
        return f" ({words[:120]})" if words else ""


class _Stream:
    """One answer on its way: iterate over its pieces, then read what it was.

    Attributes:
        text: All pieces.
        finish: Why the model stopped; None where the endpoint broke off.
    """

    def __init__(self, llm: OpenAILike, messages: Sequence[ChatMessage]) -> None:
        self.messages = messages
        self.text = ""
        self.finish: str | None = None
        self._llm = llm

    def __iter__(self) -> Iterator[str]:
        for part in self._llm.stream_chat(self.messages):
            for choice in getattr(part.raw, "choices", None) or ():
                self.finish = choice.finish_reason or self.finish
            if part.delta:
                self.text += part.delta
                yield part.delta
        # A connection that is closed early looks like an end; only an end says why.
        if self.text and self.finish is None:
            raise httpx.RemoteProtocolError("the connection was closed early")


# LlamaIndex trips over malformed chunks in its own ways; each is the endpoint's fault.
_FAULTS = (
    OpenAIError,
    httpx.HTTPError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
)
