"""Judgement: a model's rating, and how to read it from a reply."""

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from footnote.index import FootnoteError

Criterion = Literal["support", "quality"]

# Labels of each criterion and the score that one stands for where the model gives no other.
LABELS: dict[Criterion, dict[str, float]] = {
    "support": {"supported": 1.0, "partial": 0.5, "unsupported": 0.0},
    "quality": {"right": 1.0, "partial": 0.5, "wrong": 0.0},
}
# A label and a score further apart than this contradict each other; labels stand 0.5 apart.
_CONTRADICTION = 0.5


class JudgeError(FootnoteError):
    """The judge cannot be used: its limit is reached, or it was set up wrongly."""


class LimitReached(JudgeError):
    """The next call could exceed what may be spent."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A model's rating of one item, or why it failed.

    Attributes:
        score: In [0, 1]; None if the judgement failed.
        label: One of the criterion's; None where the model gave a score only.
        reason: The model's; of a failed judgement, why it failed.
        cached: Whether it came from disk.
        tokens: Spent on it now, all attempts together; 0 if cached.
        cost_usd: Spent on it now; None where no price is known.
    """

    score: float | None
    label: str | None
    reason: str
    model: str
    prompt_version: str
    cached: bool
    tokens: int
    cost_usd: float | None

    @property
    def failed(self) -> bool:
        """Whether there is no judgement."""
        return self.score is None


class JudgeReply(BaseModel):
    """The untrusted JSON of a reply: a score or a label, and a reason."""

    model_config = ConfigDict(extra="ignore", strict=True, allow_inf_nan=False)

    score: float | None = Field(None, ge=0, le=1)
    label: str | None = Field(None, max_length=200)
    reason: str = Field(min_length=1, max_length=2000)


def check_judgement(criterion: Criterion, said: JudgeReply) -> JudgeReply:
    """Returns what was said with its score filled in.

    Raises:
        ValueError: It is no judgement by this criterion, or contradicts itself.
    """
    scores = LABELS[criterion]
    label = said.label.strip().lower() if said.label is not None else None
    if label is None:
        if said.score is None or criterion == "support":
            raise ValueError("no label" if criterion == "support" else "neither score nor label")
        return said
    if label not in scores:
        raise ValueError(f"label {label!r} is not one of {', '.join(scores)}")
    score = scores[label] if said.score is None else said.score
    if abs(score - scores[label]) > _CONTRADICTION:
        raise ValueError(f"label {label!r} with score {score:g}")
    return said.model_copy(update={"label": label, "score": score})
