"""A digest: what the papers that are new since a topic's mark answer to it.

The mark moves only once the digest was delivered. A run that dies in between delivers it
twice rather than never.
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
        topic: As it was before; its mark is where the new papers begin.
        until: Where the mark moves to when this was delivered.
        new: How many papers are new.
        answer: Over those papers alone; None where there are none.
        made: In UTC.
    """

    topic: Topic
    until: int
    new: int
    answer: Answer | None
    made: datetime

    @property
    def found(self) -> Answer | None:
        """The answer, where the new papers hold one."""
        return None if self.answer is None or self.answer.abstained else self.answer

    @property
    def key(self) -> str:
        """What names this digest; made again before it was delivered, it has the same name."""
        return f"{self.topic.id}-{self.topic.mark}"


def _now() -> datetime:
    return datetime.now(UTC)


def make_digest(
    engine: CitedQueryEngine, topic: Topic, *, clock: Callable[[], datetime] = _now
) -> Digest:
    """Returns the digest of a topic; nothing is marked by it."""
    # The mark first: a paper that is published in between is told twice, not passed over.
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
    """Returns the digest of each topic, in their order; nothing is marked by it."""
    return [make_digest(engine, topic, clock=clock) for topic in topics]


def mark_delivered(topics: Topics, user: str, digests: Sequence[Digest]) -> None:
    """Moves the mark of each topic, all or none; call it once its digest has arrived."""
    topics.move_marks(user, [(digest.topic.id, digest.until) for digest in digests])
