"""Judge: let a language model rate answers; optional, and always checked against people.

Any OpenAI-compatible endpoint judges by two criteria: do these quotes support a statement,
and does an answer say what a reference says? ``footnote.evals.judge.agreement`` measures how well
it agrees with people. Judgements are cached on disk, so that repeats are free; a failed one has no
score, only a reason, and is not cached.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from footnote.evals.judge.budget import Budget, SpendingLimit, TokenCounts
from footnote.evals.judge.cache import JudgementCache, cache_key
from footnote.evals.judge.endpoint import JUDGE_RETRIES, Endpoint, Failed
from footnote.evals.judge.judgement import Criterion, JudgeError, Judgement, JudgeReply
from footnote.evals.judge.prompts import PROMPT_VERSION, prompt
from footnote.rag.generation.settings import LLMSettings


class Judge:
    """Asks a model to judge; may be used from many threads at once."""

    def __init__(
        self,
        config: LLMSettings,
        *,
        cache: Path,
        limit: SpendingLimit,
        sleep: Callable[[float], object] = time.sleep,
        attempts: int = JUDGE_RETRIES.attempts,
    ) -> None:
        """Connects nothing yet.

        Args:
            config: Which model, and where; ``max_tokens`` is what a judgement may take.
            cache: Folder of judgements; made if it is not there.
            limit: What may be spent in the life of this object.
            sleep: Waits some seconds between attempts.
            attempts: At one judgement.

        Raises:
            JudgeError: The folder cannot be made, or the key is none.
        """
        if not (config.api_key.isascii() and config.api_key.isprintable()):
            raise JudgeError(
                "the API key has characters that are not allowed in a header; copy it again"
            )
        self.config = config
        self._kept = JudgementCache(cache, config.model)
        self._budget = Budget(limit)
        self._endpoint = Endpoint(config, self._budget)
        self._sleep = sleep
        self._retries = replace(JUDGE_RETRIES, attempts=max(1, attempts))
        self._lock = threading.Lock()
        self._asking: dict[str, threading.Lock] = {}

    @property
    def tokens(self) -> int:
        """Tokens spent so far, those of calls under way at their most."""
        return self._budget.used.prompt + self._budget.used.completion

    @property
    def cost_usd(self) -> float | None:
        """USD spent so far, calls under way at their most; None where no price is known."""
        return self._budget.cost(self._budget.used)

    def close(self) -> None:
        """Closes the connections."""
        self._endpoint.chat.client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def support(self, statement: str, quotes: Sequence[str]) -> Judgement:
        """Returns whether quotes support a statement.

        Raises:
            JudgeError: The call could exceed the limit; it was not made.
        """
        return self._judge("support", {"statement": statement, "quotes": list(quotes)})

    def quality(self, question: str, answer: str, reference: str) -> Judgement:
        """Returns how far an answer says what a reference says in answer to a question.

        Raises:
            JudgeError: The call could exceed the limit; it was not made.
        """
        data = {"question": question, "reference": reference, "answer": answer}
        return self._judge("quality", data)

    def supports(self, statement: str, quotes: Sequence[str]) -> bool:
        """Returns whether quotes fully support a statement; a ``Supports`` of the metrics.

        Raises:
            JudgeError: The judgement failed, or the call could exceed the limit.
        """
        found = self.support(statement, quotes)
        if found.failed:
            raise JudgeError(f"no judgement: {found.reason}")
        return found.label == "supported"

    def _judge(self, criterion: Criterion, data: Mapping[str, Any]) -> Judgement:
        messages = prompt(criterion, data)
        key = cache_key(self.config, messages)
        with self._lock:
            asking = self._asking.setdefault(key, threading.Lock())
        # Two equal requests at once make one call: the second finds the cached result.
        with asking:
            if (said := self._kept.find(criterion, key)) is not None:
                return self._judgement((), said.reason, said, cached=True)
            return self._ask(criterion, messages, key)

    def _ask(self, criterion: Criterion, messages: list[dict[str, str]], key: str) -> Judgement:
        spent: list[TokenCounts] = []
        for attempt in range(1, self._retries.attempts + 1):
            try:
                said = self._endpoint.judge(criterion, messages, spent)
            except Failed as failed:
                tried = f"(attempt {attempt} of {self._retries.attempts})"
                reason = f"{self._endpoint.chat.where} {failed} {tried}"
                wait = self._retries.wait_before(failed.error, attempt) if failed.again else None
                if wait is None:
                    break
                self._sleep(wait)
            else:
                judgement = self._judgement(spent, said.reason, said)
                self._kept.keep(criterion, key, judgement)
                return judgement
        return self._judgement(spent, reason)

    def _judgement(
        self,
        spent: Sequence[TokenCounts],
        reason: str,
        said: JudgeReply | None = None,
        *,
        cached: bool = False,
    ) -> Judgement:
        used = sum(spent, TokenCounts())
        return Judgement(
            score=said.score if said else None,
            label=said.label if said else None,
            reason=self._endpoint.chat.without_secrets(reason),
            model=self.config.model,
            prompt_version=PROMPT_VERSION,
            cached=cached,
            tokens=used.prompt + used.completion,
            cost_usd=self._budget.cost(used),
        )
