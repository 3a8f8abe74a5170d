"""Cache: judgements in a folder of files written atomically, so that repeats are free."""

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from footnote.evals.judge.judgement import (
    Criterion,
    JudgeError,
    Judgement,
    JudgeReply,
    check_judgement,
)
from footnote.evals.judge.prompts import PROMPT_VERSION
from footnote.rag.generation.settings import LLMSettings


class _CachedJudgement(JudgeReply):
    """A file of the folder, which may be damaged."""

    criterion: Criterion
    model: str
    prompt_version: str


class JudgementCache:
    """The judgements of one model on disk."""

    def __init__(self, folder: Path, model: str) -> None:
        """Makes the folder where it is not there.

        Raises:
            JudgeError: It cannot be made.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise JudgeError(
                f"{folder}: cannot hold judgements ({error}); give another folder"
            ) from error
        self._folder = folder
        self._model = model

    def find(self, criterion: Criterion, key: str) -> JudgeReply | None:
        """Returns what was said; None where there is nothing, or a damaged file."""
        try:
            kept = _CachedJudgement.model_validate_json((self._folder / f"{key}.json").read_bytes())
            said = check_judgement(criterion, kept)
        except (OSError, ValueError):
            return None
        return said if (kept.criterion, kept.model) == (criterion, self._model) else None

    def keep(self, criterion: Criterion, key: str, judgement: Judgement) -> None:
        """Writes a judgement so that it appears whole or not at all.

        Raises:
            JudgeError: It cannot be written.
        """
        record = {
            "criterion": criterion,
            "model": judgement.model,
            "prompt_version": judgement.prompt_version,
            "score": judgement.score,
            "label": judgement.label,
            "reason": judgement.reason,
            "tokens": judgement.tokens,
            "cost_usd": judgement.cost_usd,
        }
        partial: Path | None = None
        try:
            with tempfile.NamedTemporaryFile("wb", dir=self._folder, delete=False) as file:
                partial = Path(file.name)
                file.write(json.dumps(record, ensure_ascii=False).encode())
            os.replace(partial, self._folder / f"{key}.json")
        except OSError as error:
            if partial is not None:
                partial.unlink(missing_ok=True)
            # Stop here: further judgements would be paid for but not stored.
            raise JudgeError(f"{self._folder}: a judgement cannot be saved ({error})") from error


def cache_key(config: LLMSettings, messages: Sequence[Mapping[str, str]]) -> str:
    """Returns 64 hex digits that stand for a model, its address and a prompt; not for a key."""
    parts = [config.model, config.base_url.rstrip("/"), PROMPT_VERSION, *messages]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
