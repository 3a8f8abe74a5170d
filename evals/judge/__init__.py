"""The judge: a language model's opinion of an answer, kept on disk and never over its limit."""

from footnote.evals.judge.budget import SpendingLimit
from footnote.evals.judge.cache import cache_key
from footnote.evals.judge.judge import Judge
from footnote.evals.judge.judgement import LABELS, Criterion, JudgeError, Judgement, LimitReached
from footnote.evals.judge.prompts import INSTRUCTIONS, PROMPT_VERSION, prompt
from footnote.rag.generation.retries import retry_after
from footnote.rag.generation.settings import Prices

__all__ = [
    "INSTRUCTIONS",
    "LABELS",
    "PROMPT_VERSION",
    "Criterion",
    "Judge",
    "JudgeError",
    "Judgement",
    "LimitReached",
    "Prices",
    "SpendingLimit",
    "cache_key",
    "prompt",
    "retry_after",
]
