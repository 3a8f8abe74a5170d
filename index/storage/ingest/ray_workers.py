"""Ray workers: the bundled model on every core of a Ray cluster, by plain actors.

Batches of texts are given out, some ahead of time, and come back in order, so that one writer
stores the same library as without workers. A batch whose actor died is given to another.
"""

import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from footnote.index import ModelError
from footnote.index.embeddings.base import MiniLM
from footnote.index.embeddings.protocols import Matrix, TokenEmbedding
from footnote.index.storage.ingest.ray_cluster import RayCluster

# Batches that an actor has at a time: it begins the next one while the last is stored.
_AHEAD = 2
# A batch that so many actors died of is not given out again.
_TRIES = 4
# Seconds without any actor after which a cluster has no room for one.
STARTS_WITHIN = 120.0
# Seconds between two looks at whether that is so.
_LOOK_SECONDS = 5.0


class RayEmbedder:
    """The bundled model; what comes in batches is embedded on a cluster.

    The cluster is connected to, or started, when the first batch comes.
    """

    def __init__(self, local: MiniLM, address: str, *, workers: int = 0) -> None:
        """Starts nothing yet.

        Args:
            local: Embeds single texts, and says what the vectors of the actors must be.
            address: As ``check_workers`` accepts it.
            workers: Actors; 0 means one for each core of the cluster.
        """
        self._local = local
        self._cluster = RayCluster(address, workers)

    @property
    def name(self) -> str:
        """The model's name, recorded in the library."""
        return self._local.name

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self._local.dimensions

    @property
    def reader(self) -> str:
        """Name and version of the readings."""
        return self._local.reader

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Returns ``(n, dimensions)`` float32, embedded here."""
        return self._local.embed(texts)

    def read(self, texts: Sequence[str]) -> list[TokenEmbedding]:
        """Returns a reading of each text, in order, read here."""
        return self._local.read(texts)

    def embed_batches(self, batches: Iterable[Sequence[str]]) -> Iterator[list[TokenEmbedding]]:
        """Yields the readings of each batch, in order.

        Raises:
            ModelError: The cluster cannot be used, or has no actor left.
        """
        yield from _Sharing(self._cluster, self.reader, batches).run()

    def close(self) -> None:
        """Ends the actors, and the cluster if it was started here."""
        self._cluster.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()


@dataclass(slots=True)
class _Batch:
    """Texts that were given out, in their place of the order.

    Attributes:
        tries: Actors that died of it, or before it was their turn.
    """

    number: int
    texts: Sequence[str]
    tries: int = 0


class _Sharing:
    """One run over batches: what is waiting, what actors have, and what came back."""

    def __init__(self, cluster: RayCluster, reader: str, batches: Iterable[Sequence[str]]) -> None:
        self._cluster = cluster
        self._reader = reader
        self._source = enumerate(batches)
        self._again = deque[_Batch]()
        self._ray: Any = None
        self._starting: dict[Any, Any] = {}
        # An actor stands here once for each batch that it can be given now.
        self._free: list[Any] = []
        self._running: dict[Any, tuple[Any, _Batch]] = {}
        self._done: dict[int, list[TokenEmbedding]] = {}
        self._yielded = 0
        self._since = 0.0

    def run(self) -> Iterator[list[TokenEmbedding]]:
        """Yields the readings of each batch, in order."""
        while True:
            whole = not self._give_out()
            while (ready := self._done.pop(self._yielded, None)) is not None:
                self._yielded += 1
                yield ready
            if whole and not self._running and not self._again:
                return
            if self._running or self._starting:
                self._collect()

    def _give_out(self) -> bool:
        """Gives batches to whoever is free; returns whether there may be more."""
        while (batch := self._next()) is not None:
            if not batch.texts:
                self._done[batch.number] = []
                continue
            if self._ray is None:
                self._connect()
            if not self._free:
                self._again.appendleft(batch)
                return True
            actor = self._free.pop(0)
            self._running[actor.read.remote(list(batch.texts))] = (actor, batch)
        return self._is_full()

    def _next(self) -> _Batch | None:
        """Returns what is to be given out next: what came back first; None where that is all."""
        if self._again:
            return self._again.popleft()
        if self._is_full():
            return None
        found = next(self._source, None)
        return None if found is None else _Batch(*found)

    def _is_full(self) -> bool:
        """Returns whether so much is under way that no more is to be read."""
        held = len(self._running) + len(self._done) + len(self._again)
        return held >= 2 * _AHEAD * max(1, len(self._cluster.actors))

    def _connect(self) -> None:
        self._ray = self._cluster.connect()
        self._since = time.monotonic()
        for actor in self._cluster.actors:
            self._greet(actor)

    def _greet(self, actor: Any) -> None:
        self._starting[actor.describe.remote()] = actor

    def _collect(self) -> None:
        """Waits until something came back, or an actor started or died."""
        from ray.exceptions import RayError

        try:
            asked = [*self._running, *self._starting]
            ready, _ = self._ray.wait(asked, num_returns=1, timeout=_LOOK_SECONDS)
            for ref in ready:
                self._take(ref)
        except (RayError, ConnectionError) as error:
            said = " ".join(str(error).split())[:200]
            raise ModelError(f"the Ray cluster failed ({said}); run the same again") from error
        if self._running:
            self._since = time.monotonic()
        elif time.monotonic() > self._since + STARTS_WITHIN:
            raise ModelError(
                f"no Ray worker started within {STARTS_WITHIN:g} s; free a core of the cluster"
            )

    def _take(self, ref: Any) -> None:
        from ray.exceptions import ActorDiedError, ActorUnavailableError

        try:
            found = self._ray.get(ref)
        except (ActorDiedError, ActorUnavailableError) as error:
            self._replace(ref, error)
            return
        if ref in self._starting:
            actor = self._starting.pop(ref)
            if found != self._reader:
                raise ModelError(
                    f"a Ray worker has {found}, this machine {self._reader}; install the same "
                    "version of Footnote on both"
                )
            self._free += [actor] * _AHEAD
            return
        actor, batch = self._running.pop(ref)
        self._done[batch.number] = found
        self._free.append(actor)

    def _replace(self, ref: Any, error: Exception) -> None:
        """Has an actor start in a dead one's place, and its batch given to another."""
        if ref in self._starting:
            dead = self._starting.pop(ref)
            self._cluster.actors = [one for one in self._cluster.actors if one is not dead]
            if not self._cluster.actors:
                said = " ".join(str(error).split())[-200:]
                raise ModelError(f"no Ray worker could start ({said}); look at Ray's logs")
            return
        dead, batch = self._running.pop(ref)
        batch.tries += 1
        if batch.tries >= _TRIES:
            raise ModelError(
                f"{_TRIES} Ray workers died at the same papers; look at Ray's logs, or index "
                "without --workers"
            )
        self._again.appendleft(batch)
        self._free = [one for one in self._free if one is not dead]
        if any(one is dead for one in self._cluster.actors):
            started = self._cluster.start()
            living = [one for one in self._cluster.actors if one is not dead]
            self._cluster.actors = [*living, started]
            self._greet(started)
