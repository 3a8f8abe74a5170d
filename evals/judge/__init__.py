"""The judge: a language model's opinion of an answer, kept on disk and never over its limit."""

from evals.judge.judge import Judge
from evals.judge.judgement import LABELS, Criterion, JudgeError, Judgement, LimitReached
from evals.judge.kept import cache_key
from evals.judge.prompting import INSTRUCTIONS, PROMPT_VERSION, prompt
from evals.judge.spending import Limit
from rag.model import Prices
from rag.retries import retry_after

__all__ = [
    "INSTRUCTIONS",
    "LABELS",
    "PROMPT_VERSION",
    "Criterion",
    "Judge",
    "JudgeError",
    "Judgement",
    "Limit",
    "LimitReached",
    "Prices",
    "cache_key",
    "prompt",
    "retry_after",
]
