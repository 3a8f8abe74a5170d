"""Endpoint: one call of a judge, or of a writer of questions, with its usage and errors."""

import logging
import math
from collections.abc import Mapping, Sequence

from llama_index.core.base.llms.types import ChatMessage

from footnote.evals.judge.budget import Budget, TokenCounts
from footnote.evals.judge.judgement import Criterion, JudgeReply, check_judgement
from footnote.rag.generation.chat.client import ChatClient
from footnote.rag.generation.chat.retries import ChatError, RetryPolicy, requested_wait
from footnote.rag.generation.chat.wire.call import ChatCall
from footnote.rag.generation.settings import LLMSettings

# Seconds between attempts at one judgement: 1, 2, 4, 8, or what the endpoint asks for.
JUDGE_RETRIES = RetryPolicy(attempts=5, first_wait=1.0, longest_wait=120.0, spread=0.0)
# Tokens set aside for what a chat template adds to two messages: roles and delimiters.
_TEMPLATE_TOKENS = 50


class Failed(Exception):
    """An attempt gave no judgement, for the ``error``; ``again`` where another may give one."""

    def __init__(self, reason: str, error: Exception, *, again: bool = True) -> None:
        super().__init__(reason)
        self.error = error
        self.again = again


class Endpoint:
    """Sends prompts to a chat model; may be used from many threads at once."""

    def __init__(self, config: LLMSettings, budget: Budget) -> None:
        """Connects nothing yet; ``budget`` pays for each call."""
        self.config = config
        self.chat = ChatClient(
            config,
            # An invalid reply is an attempt too, so the judge counts them.
            retries=RetryPolicy(attempts=1),
            options={"response_format": {"type": "json_object"}},
            # The budget sets aside max_tokens for each call.
            grows=False,
        )
        self._budget = budget

    def judge(
        self, criterion: Criterion, messages: Sequence[Mapping[str, str]], spent: list[TokenCounts]
    ) -> JudgeReply:
        """Returns what the model said, and adds to ``spent`` what the call took.

        Raises:
            Failed: It gave no judgement.
            JudgeError: The call could exceed the limit; it was not made.
        """
        call = self.call(messages, spent)
        # The judgement may stand after thoughts or within a fence.
        text = call.text.rpartition("</think>")[2]
        try:
            said = JudgeReply.model_validate_json(text[text.find("{") : text.rfind("}") + 1])
            return check_judgement(criterion, said)
        except ValueError as error:
            self.chat.tell(error.__cause__ or error, logging.WARNING)
            if call.finish == "length":
                reason = "was cut off; give the judge more max_tokens"
                raise Failed(reason, error, again=False) from error
            raise Failed("replied with what is no judgement", error) from error

    def call(self, messages: Sequence[Mapping[str, str]], spent: list[TokenCounts]) -> ChatCall:
        """Returns what the endpoint replied, and adds to ``spent`` what it took.

        Raises:
            Failed: It did not reply.
            JudgeError: The call could exceed the limit; it was not made.
        """
        sent = [ChatMessage(role=m["role"], content=m["content"]) for m in messages]
        # No tokenizer makes more tokens than bytes, so the limit holds for any model.
        size = sum(len(message["content"].encode()) for message in messages)
        most = TokenCounts(size + _TEMPLATE_TOKENS, self.config.max_tokens)
        call = self.chat.call(sent, deadline=math.inf)
        self._budget.reserve(most)
        try:
            for _ in call:
                pass
        except ChatError as error:
            raise Failed(_reason(error), error.error) from error
        finally:
            took = _took(call, most)
            self._budget.settle(most, took)
            spent.append(took)
        return call


def _took(call: ChatCall, most: TokenCounts) -> TokenCounts:
    usage = call.usage
    if call.counted:
        return TokenCounts(usage.prompt_tokens, usage.completion_tokens)
    if usage.prompt_tokens:
        return TokenCounts(usage.prompt_tokens + _TEMPLATE_TOKENS, usage.completion_tokens)
    # A reply that is unreadable or late counts at its maximum.
    return most if call.charged else TokenCounts()


def _reason(failed: ChatError) -> str:
    wait = requested_wait(failed.error)
    if wait is not None and wait > JUDGE_RETRIES.longest_wait:
        return f"{failed.fault} and asks to wait {wait:.0f} s"
    return failed.fault
