"""The map of a library: drawn seldom, kept with its catalog, and added to when papers come."""

import json
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from footnote.index import LibraryError
from footnote.index.clusters.layout import (
    Label,
    LibraryMap,
    Numbers,
    draw_map,
    nearest_of,
    place_beside,
    sample_rows,
)
from footnote.index.embeddings.protocols import Matrix
from footnote.index.models import Paper
from footnote.index.storage.catalog import Catalog
from footnote.index.storage.papers import LAST_ROW

NO_ABSTRACT = "no abstract"
# Version of the layout; changing it redraws every stored map.
_DRAWN = 2
# A map is drawn anew when so large a share of its papers came or went since it was drawn.
REDRAWN, MOST_PLACED = 0.1, 0.5
# Fractional part of the golden ratio: its multiples fill a line evenly, however many there are.
_GOLDEN = 0.618034


@dataclass(frozen=True, slots=True, eq=False)
class _Layout:
    """A map as it is kept.

    Attributes:
        revision: Of the catalog that it shows.
        numbers: ``(n,)``, papers.
        positions: ``(n, 2)`` float32.
        clusters: ``(n,)``, indices into ``labels``.
        labels: Of the clusters.
        changes: Papers that came or went since it was drawn.
    """

    revision: str
    numbers: Numbers
    positions: Matrix
    clusters: Numbers
    labels: Sequence[Label]
    changes: int = 0


class MapDrawer:
    """Draws the map of a catalog and stores it there.

    Papers that come are placed beside those that are most like them, which takes a moment; drawing
    takes seconds, and is left to ``refresh`` unless half of the papers are new.
    """

    def __init__(self, catalog: Catalog) -> None:
        """Takes the catalog without drawing."""
        self._catalog = catalog
        self._guard = threading.Lock()
        self._shown: tuple[str, LibraryMap] | None = None
        # Revision that was drawn here: where nothing can be written, that stands nowhere else.
        self._drawn: str | None = None
        # What was found of a revision: telling takes .5 s at 1,000,000 papers.
        self._due: tuple[str, bool] | None = None

    def current(self) -> LibraryMap:
        """Returns the map of the papers that are there now."""
        # One thread draws; the others wait for its map.
        with self._guard:
            revision = self._revision()
            if self._shown is None or self._shown[0] != revision:
                self._shown = revision, self._with_titles(self._update(revision))
            return self._shown[1]

    def is_due(self) -> bool:
        """Returns whether the map should be drawn anew by whoever has time."""
        revision = self._revision()
        if revision == self._drawn:
            return False
        if self._due is None or self._due[0] != revision:
            self._due = revision, self._find_due(revision)
        return self._due[1]

    def _find_due(self, revision: str) -> bool:
        known = self._read()
        if known is None:
            return True
        changes = known.changes
        if known.revision != revision:
            # Not placed yet.
            changes += len(self._numbers() ^ set(known.numbers.tolist()))
        return changes > REDRAWN * max(1, len(known.numbers))

    def refresh(self) -> None:
        """Draws the map anew if that is due; whoever asks for it meanwhile gets the one before."""
        if self.is_due():
            revision = self._revision()
            drawn = self._with_titles(self._draw(revision))
            with self._guard:
                self._shown, self._drawn = (revision, drawn), revision

    def _revision(self) -> str:
        return self._catalog.meta("revision") or "0"

    def _numbers(self) -> set[int]:
        """Returns the papers that can be placed: those that wait to be embedded come later."""
        papers = self._catalog.papers
        return {*papers.numbers_between(None, None)} - {*papers.uncut(LAST_ROW)}

    def _update(self, revision: str) -> _Layout:
        """Returns the kept map with what changed since, or a new one where too much did."""
        known = self._read()
        if known is None:
            return self._draw(revision)
        if known.revision == revision:
            return known
        present = self._numbers()
        bare = [at for at, of in enumerate(known.clusters) if _is_bare(known, int(of))]
        # One that has a text by now is placed as a new one.
        texts, _ = self._catalog.vectors.means(known.numbers[bare].tolist())
        keep = present.difference(texts.tolist())
        stays = np.isin(known.numbers, np.fromiter(keep, np.int64, len(keep)))
        came = sorted(present.difference(known.numbers[stays].tolist()))
        changes = known.changes + len(came) + int((~stays).sum())
        if changes > MOST_PLACED * max(1, len(present)):
            return self._draw(revision)
        layout = _Layout(
            revision,
            known.numbers[stays],
            known.positions[stays],
            known.clusters[stays],
            known.labels,
            changes,
        )
        return self._write(self._place(layout, came) if came else layout)

    def _place(self, layout: _Layout, came: Sequence[int]) -> _Layout:
        """Returns a layout with more papers, each beside those that are most like it."""
        with_text = [at for at, of in enumerate(layout.clusters) if not _is_bare(layout, int(of))]
        numbers, vectors = self._catalog.vectors.means(came)
        sample = np.array(with_text, np.int64)[sample_rows(len(with_text))]
        kept, beside = self._catalog.vectors.means(layout.numbers[sample].tolist())
        if len(numbers) and len(kept):
            rows = {int(n): at for at, n in enumerate(layout.numbers)}
            placed = layout.positions[[rows[int(n)] for n in kept]]
            positions = np.clip(place_beside(vectors, beside, placed), 0, 1)
            centres = np.array([(label.x, label.y) for label in layout.labels], np.float32)
            named = [at for at in range(len(centres)) if not _is_bare(layout, at)]
            clusters = np.array(named, np.int64)[nearest_of(positions, centres[named])]
            layout = _joined(layout, numbers, positions, clusters)
        bare = np.array(sorted(set(came) - set(layout.numbers.tolist())), np.int64)
        return _with_bare(layout, bare) if len(bare) else layout

    def _draw(self, revision: str) -> _Layout:
        numbers, vectors = self._catalog.vectors.means()
        sample = sample_rows(len(numbers))
        papers = dict(self._catalog.papers.read([int(numbers[at]) for at in sample]))
        # A paper removed in the meantime has no text.
        texts = [_text(papers.get(int(numbers[at]))) for at in sample]
        positions, clusters, labels = draw_map(vectors, sample, texts)
        bare = np.array(sorted(self._numbers() - set(numbers.tolist())), np.int64)
        if len(bare):
            # Above the lower edge, which is theirs.
            positions = (positions * (1, 0.9)).astype(np.float32)
            labels = [Label(label.text, label.x, label.y * 0.9) for label in labels]
        layout = _Layout(revision, numbers, positions, clusters, labels)
        return self._write(_with_bare(layout, bare) if len(bare) else layout)

    def _read(self) -> _Layout | None:
        row = self._catalog.vectors.read_map()
        if row is None:
            return None
        key, numbers, positions, clusters, told = row
        version, _, revision = key.partition(":")
        if version != str(_DRAWN):
            return None
        rest = json.loads(told)
        return _Layout(
            revision,
            np.frombuffer(numbers, np.int64),
            np.frombuffer(positions, np.float32).reshape(-1, 2),
            np.frombuffer(clusters, np.int64),
            [Label(**label) for label in rest["labels"]],
            rest["changes"],
        )

    def _write(self, layout: _Layout) -> _Layout:
        labels = [{"text": one.text, "x": one.x, "y": one.y} for one in layout.labels]
        # A library that cannot be written is still drawn.
        with suppress(LibraryError):
            self._catalog.write_map(
                f"{_DRAWN}:{layout.revision}",
                layout.numbers.tobytes(),
                layout.positions.astype(np.float32).tobytes(),
                layout.clusters.tobytes(),
                json.dumps({"labels": labels, "changes": layout.changes}),
            )
        return layout

    def _with_titles(self, layout: _Layout) -> LibraryMap:
        known = self._catalog.papers.titles()
        there = sorted((int(n), at) for at, n in enumerate(layout.numbers) if int(n) in known)
        rows = [at for _, at in there]
        named = [known[number] for number, _ in there]
        return LibraryMap(
            tuple(row[0] for row in named),
            tuple(row[1] for row in named),
            tuple(row[2] for row in named),
            layout.positions[rows],
            layout.clusters[rows],
            tuple(layout.labels),
        )


def _text(paper: Paper | None) -> str:
    return f"{paper.title}. {paper.abstract}" if paper else ""


def _is_bare(layout: _Layout, cluster: int) -> bool:
    return layout.labels[cluster].text == NO_ABSTRACT


def _joined(layout: _Layout, numbers: Numbers, positions: Matrix, clusters: Numbers) -> _Layout:
    return _Layout(
        layout.revision,
        np.concatenate([layout.numbers, numbers]),
        np.concatenate([layout.positions, positions]).astype(np.float32),
        np.concatenate([layout.clusters, clusters]),
        layout.labels,
        layout.changes,
    )


def _with_bare(layout: _Layout, numbers: Numbers) -> _Layout:
    """Returns a layout with papers without an abstract side by side along the lower edge."""
    labels = list(layout.labels)
    if not any(label.text == NO_ABSTRACT for label in labels):
        labels.append(Label(NO_ABSTRACT, 0.5, 0.97))
    cluster = next(at for at, label in enumerate(labels) if label.text == NO_ABSTRACT)
    across = (numbers * _GOLDEN) % 1
    positions = np.stack([across, np.ones(len(numbers))], axis=1).astype(np.float32)
    layout = _Layout(
        layout.revision, layout.numbers, layout.positions, layout.clusters, labels, layout.changes
    )
    return _joined(layout, numbers, positions, np.full(len(numbers), cluster, np.int64))
