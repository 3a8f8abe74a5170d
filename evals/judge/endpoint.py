"""Endpoint: one call of the judge over the wire, what it took, and why it failed.

A failure is told in our words; what the endpoint said of it is for the log.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx
from openai import APIConnectionError, APIStatusError, APITimeoutError, DefaultHttpxClient, OpenAI
from pydantic import BaseModel, Field, ValidationError

from footnote.evals.judge.budget import Budget, TokenCounts
from footnote.evals.judge.judgement import Criterion, JudgeReply, check_judgement
from footnote.index.chunking import count_tokens
from footnote.index.embeddings.endpoints import (
    bounded_client_options,
    describe_connection_error,
    describe_status,
    find_secrets,
    mask_keys,
    mask_secrets,
)
from footnote.rag.generation.chat.retries import fewer_options, retry_after, said_by
from footnote.rag.generation.settings import LLMSettings

_log = logging.getLogger(__name__)

# An endpoint that asks for a longer wait than this many seconds has failed.
LONGEST_WAIT = 120.0
# Tokens set aside for what a chat template adds to two messages: roles and delimiters.
_TEMPLATE_TOKENS = 50
# Bytes of a reply that are read: a judgement has a thousand, and thoughts before it some more.
MOST_BYTES = 4_000_000
_OPTIONS: dict[str, Any] = {"response_format": {"type": "json_object"}, "temperature": 0.0}


class Failed(Exception):
    """An attempt gave no judgement; ``wait`` is what the endpoint asked for, in seconds."""

    def __init__(self, reason: str, *, again: bool = True, wait: float | None = None) -> None:
        super().__init__(reason)
        self.again = again
        self.wait = wait


class _ReplyMessage(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    message: _ReplyMessage
    finish_reason: str | None = None


class _Usage(BaseModel):
    prompt_tokens: int = Field(ge=0)
    completion_tokens: int = Field(ge=0)


class _Completion(BaseModel):
    """The untrusted JSON of an endpoint; a local one may leave the usage out."""

    choices: list[_Choice] = Field(min_length=1)
    usage: _Usage | None = None


class Endpoint:
    """Sends prompts to a chat model; may be used from many threads at once."""

    def __init__(self, config: LLMSettings, purse: Budget) -> None:
        """Connects nothing yet; ``purse`` pays for each call."""
        self.config = config
        self._purse = purse
        # A key may also stand in the address.
        self.where = f"{config.model} at {urlsplit(config.base_url).netloc.rpartition('@')[2]}"
        self._secrets = find_secrets(config.base_url, config.api_key)
        self._client = OpenAI(
            api_key=config.api_key,
            base_url=config.base_url,
            timeout=config.timeout,
            max_retries=0,
            http_client=DefaultHttpxClient(**bounded_client_options(MOST_BYTES)),
        )
        # What an endpoint turns out not to take is left out of later calls.
        self._options = {**_OPTIONS, "max_tokens": config.max_tokens}

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    def judge(
        self, criterion: Criterion, messages: Sequence[Mapping[str, str]], spent: list[TokenCounts]
    ) -> JudgeReply:
        """Returns what the model said, and adds to ``spent`` what each call took.

        Raises:
            Failed: It gave no judgement.
            JudgeError: The call could exceed the limit; it was not made.
        """
        choice = self._call(messages, spent)
        try:
            return _said(criterion, choice)
        except ValueError as error:
            self._tell(error.__cause__ or error)
            raise _no_judgement(choice) from error

    def without_key(self, text: str) -> str:
        """Returns what a model said without the key, which some repeat in what they say."""
        return mask_keys(text, [self.config.api_key])

    def _tell(self, error: BaseException) -> None:
        """Lets the log have what was said of a failure, without secrets."""
        if said := mask_secrets(said_by(error), self._secrets):
            _log.warning("%s: %s: %s", self.where, type(error).__name__, said)

    def _call(self, messages: Sequence[Mapping[str, str]], spent: list[TokenCounts]) -> _Choice:
        """Returns what the endpoint replied, and adds to ``spent`` what it took."""
        options = self._options
        while True:
            try:
                choice = self._send(messages, options, spent)
            except APIStatusError as error:
                fewer = _fewer(options, error)
                if fewer is None:
                    self._tell(error)
                    raise _refusal(error) from error
                options = fewer
            except ValidationError as error:
                self._tell(error)
                raise Failed("sent what is no chat answer") from error
            except (APITimeoutError, httpx.TimeoutException) as error:
                raise Failed(f"gave no answer within {self.config.timeout:g} s") from error
            except (APIConnectionError, httpx.HTTPError) as error:
                self._tell(error)
                raise Failed(f"{describe_connection_error(error)}, or broke off") from error
            else:
                self._options = options
                return choice

    def _send(
        self,
        messages: Sequence[Mapping[str, str]],
        options: Mapping[str, Any],
        spent: list[TokenCounts],
    ) -> _Choice:
        text = "".join(message["content"] for message in messages)
        # No tokenizer makes more tokens than bytes, so the limit holds for any model.
        most = TokenCounts(len(text.encode()) + _TEMPLATE_TOKENS, self.config.max_tokens)
        self._purse.reserve(most)
        took = TokenCounts()
        try:
            sent: Any = messages
            raw = self._client.chat.completions.with_raw_response.create(
                model=self.config.model, messages=sent, **options
            )
            # Until its usage is read, a reply counts at its most.
            took = most
            completion = _Completion.model_validate_json(raw.text)
            choice = completion.choices[0]
            took = _took(completion, text)
            return choice
        except APITimeoutError:
            # It may have been answered, and charged, all the same.
            took = most
            raise
        finally:
            self._purse.settle(most, took)
            spent.append(took)


def _took(completion: _Completion, prompt_text: str) -> TokenCounts:
    if completion.usage is not None:
        return TokenCounts(completion.usage.prompt_tokens, completion.usage.completion_tokens)
    said = completion.choices[0].message.content or ""
    return TokenCounts(count_tokens(prompt_text) + _TEMPLATE_TOKENS, count_tokens(said))


def _said(criterion: Criterion, choice: _Choice) -> JudgeReply:
    """Returns the judgement in a reply, which may stand after thoughts or within a fence."""
    text = (choice.message.content or "").rpartition("</think>")[2]
    return check_judgement(
        criterion, JudgeReply.model_validate_json(text[text.find("{") : text.rfind("}") + 1])
    )


def _no_judgement(choice: _Choice) -> Failed:
    if choice.finish_reason == "length":
        return Failed("was cut off; give the judge more max_tokens", again=False)
    return Failed("replied with what is no judgement")


def _fewer(options: Mapping[str, Any], error: APIStatusError) -> dict[str, Any] | None:
    """Returns the options without one; a 400 that names none is put down to the format."""
    fewer = fewer_options(options, error)
    if fewer is None and error.status_code == 400 and "response_format" in options:
        return {name: option for name, option in options.items() if name != "response_format"}
    return fewer


def _refusal(error: APIStatusError) -> Failed:
    status = error.status_code
    reason = describe_status(status)
    wait = retry_after(error.response.headers.get("retry-after", ""))
    if wait is not None and wait > LONGEST_WAIT:
        return Failed(f"{reason} and asks to wait {wait:.0f} s", again=False)
    passing = status in (408, 409, 429) or status >= 500
    # OpenAI says 429 also where an account is empty, which waiting does not fill.
    return Failed(reason, again=passing and error.code != "insufficient_quota", wait=wait)
