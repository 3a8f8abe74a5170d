"""Build digests: answer each topic from the papers added since its mark.

The mark moves only after delivery. A run killed in between delivers the digest twice rather than
never.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from footnote.index.search.filters import Filters
from footnote.rag.answer import Answer
from footnote.rag.engine import CitedQueryEngine
from footnote.ui.storage.topics import Topic, Topics


@dataclass(frozen=True, slots=True)
class Digest:
    """What is new about a topic.

    Attributes:
        topic: The topic; its mark is where the new papers begin.
        until: Where the mark moves after delivery.
        new: How many papers are new.
        answer: The answer from only those papers; None if there are none.
        made: In UTC.
    """

    topic: Topic
    until: int
    new: int
    answer: Answer | None
    made: datetime

    @property
    def found(self) -> Answer | None:
        """The answer, if the new papers contain one."""
        return None if self.answer is None or self.answer.abstained else self.answer

    @property
    def key(self) -> str:
        """Name of this digest; it stays the same if the digest is repeated before delivery."""
        return f"{self.topic.id}-{self.topic.mark}"


def _now() -> datetime:
    return datetime.now(UTC)


def make_digest(
    engine: CitedQueryEngine, topic: Topic, *, clock: Callable[[], datetime] = _now
) -> Digest:
    """Returns the digest of a topic without moving its mark."""
    # Read the mark first: a paper published in between is reported twice, not skipped.
    until = engine.library.newest()
    new = engine.library.since(topic.mark)
    answer = None
    if new:
        chosen = Filters(papers=frozenset(paper.id for paper in new))
        answer = engine.ask(topic.text, filters=chosen)
    return Digest(topic, until, len(new), answer, clock())


def make_digests(
    engine: CitedQueryEngine, topics: Iterable[Topic], *, clock: Callable[[], datetime] = _now
) -> list[Digest]:
    """Returns the digest of each topic in order, without moving marks."""
    return [make_digest(engine, topic, clock=clock) for topic in topics]


def mark_delivered(topics: Topics, user: str, digests: Sequence[Digest]) -> None:
    """Moves the mark of each topic, all or none; call it after delivery."""
    topics.move_marks(user, [(digest.topic.id, digest.until) for digest in digests])
