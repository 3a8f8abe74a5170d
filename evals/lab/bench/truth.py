"""What a library's folder holds, told apart from how it is held: to compare after a kill.

Read from the files themselves where the product may not help, and through the product where
that is what has to work.
"""

import hashlib
import json
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from footnote.evals.runs.run_folder import REPORT, ROWS
from footnote.index.embeddings.base import MiniLM
from footnote.index.embeddings.protocols import Embedder, Matrix, TokenEmbedding
from footnote.index.library import CATALOG, SNAPSHOTS, Library
from footnote.index.models import Paper, to_json
from footnote.index.storage.database import find_damage, read_rows

LIBRARY, RUN, FEED, TOPICS = "library", "run", "feed.xml", "topics.sqlite3"
QUERIES = ("deep reinforcement learning", "attention in language models", "image generation")
# Scores that stand further apart than this differ.
ALIKE = 1e-4
Rows = list[tuple[Any, ...]]
Found = dict[str, list[tuple[str, float]]]


@dataclass(frozen=True, slots=True)
class Truth:
    """All that a trial's folder says, however it came to say it.

    Attributes:
        papers: Record and identifiers, by id.
        texts: Sentences, and passages with their vectors, by id; a paper that waits to be embedded
            has none.
        settings: Embedder, and the imports that were undone.
        tokens: Of each paper, by id.
        marks: Of topics, by their text.
        entries: Of the feed.
        rows: Of the run, by case, without what a clock says.
        report: Measures of the run.
    """

    papers: Mapping[str, str] = field(default_factory=dict)
    settings: tuple[Rows, Rows] = field(default_factory=lambda: ([], []))
    tokens: Mapping[str, str] = field(default_factory=dict)
    marks: Mapping[str, int] = field(default_factory=dict)
    entries: Sequence[str] = ()
    rows: Mapping[str, str] = field(default_factory=dict)
    report: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)

    def between(self, before: "Truth", after: "Truth") -> bool:
        """Returns whether this is on the way: nothing that stays is lost, nothing is invented."""
        ways = (
            (before.papers, self.papers, after.papers),
            (before.rows, self.rows, after.rows),
        )
        # Papers are stored before they are embedded: a text that changes may be between both.
        stay = before.texts.items() & after.texts.items()
        texts = stay <= self.texts.items() <= before.texts.items() | after.texts.items()
        return texts and all(
            there.keys() & then.keys() <= here.keys()
            and here.items() <= there.items() | then.items()
            for there, here, then in ways
        )


def truth(folder: Path) -> Truth:
    """Returns what a trial's folder holds."""
    catalog = folder / LIBRARY / CATALOG
    rows = _rows(folder / RUN)
    return Truth(
        _by_id(
            read_rows(catalog, "SELECT id, year, record FROM papers"),
            read_rows(catalog, "SELECT id, alias FROM aliases JOIN papers ON paper = number"),
        ),
        (
            read_rows(catalog, "SELECT value FROM meta WHERE key = 'embedder'"),
            read_rows(catalog, "SELECT number FROM imports WHERE undone"),
        ),
        _by_id(read_rows(catalog, "SELECT id, tokens.sentences, reader, vectors FROM tokens "
                             "JOIN papers ON paper = number ORDER BY passage")),
        dict(read_rows(folder / LIBRARY / TOPICS, "SELECT text, mark FROM topics")),
        _entries(folder / FEED),
        {id: json.dumps(row, sort_keys=True) for id, row in rows.items()},
        _report(folder / RUN / REPORT),
        _by_id(
            read_rows(catalog, "SELECT id, sentences FROM papers WHERE sentences != ''"),
            read_rows(catalog, "SELECT id, first, last, vector FROM passages "
                          "JOIN papers ON paper = papers.number ORDER BY first"),
        ),
    )  # fmt: skip


def _by_id(*tables: Rows) -> dict[str, str]:
    """Returns one short text for all rows of each id."""
    found: dict[str, Any] = {}
    for table in tables:
        for id, *values in sorted(table, key=repr):
            found.setdefault(str(id), hashlib.sha256()).update(repr(values).encode())
    return {id: digest.hexdigest()[:20] for id, digest in found.items()}


def _entries(feed: Path) -> list[str]:
    text = feed.read_text("utf-8") if feed.is_file() else ""
    return sorted(re.findall(r"<id>([^<]+)</id>", text)[1:])


def _rows(run: Path) -> dict[str, dict[str, Any]]:
    """Returns the whole rows of a run, without times; the last may have been cut off."""
    path, found = run / ROWS, {}
    for line in path.read_text("utf-8").split("\n")[:-1] if path.is_file() else ():
        row = json.loads(line)
        row.pop("seconds")
        row["answer"] = row["answer"] and row["answer"]["text"]
        found[row["id"]] = row
    return found


def _report(path: Path) -> str:
    if not path.is_file():
        return ""
    measures = json.loads(path.read_text("utf-8"))["measures"]["ALL"]
    measures.pop("seconds", None)
    return json.dumps(measures, sort_keys=True)


def progress(folder: Path) -> tuple[tuple[int, int], int, int, int]:
    """Returns numbers that only grow while a command works, as others see them committed."""
    catalog, run = folder / LIBRARY / CATALOG, folder / RUN / ROWS
    revision = read_rows(catalog, "SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'revision'")
    staged = read_rows(catalog, "SELECT count(*) FROM staged")
    marks = read_rows(folder / LIBRARY / TOPICS, "SELECT sum(mark) FROM topics")
    return (
        (revision[0][0] if revision else 0, staged[0][0] if staged else 0),
        (marks[0][0] or 0) if marks else 0,
        run.read_bytes().count(b"\n") if run.is_file() else 0,
        len(_entries(folder / FEED)),
    )


def damages(folder: Path) -> list[str]:
    """Returns each database file in a folder that is not whole, and why.

    A snapshot in the making is no part of a library before it has its name.
    """
    made = (f for f in folder.rglob("*.sqlite3") if "ing/" not in f.as_posix())
    files = sorted(made)
    return [f"{f.relative_to(folder)}: {found}" for f in files if (found := find_damage(f))]


def strays(folder: Path) -> list[str]:
    """Returns the folders of snapshots that nobody can be reading any more."""
    rows = read_rows(folder / LIBRARY / CATALOG, "SELECT value FROM meta WHERE key = 'generation'")
    published = int(rows[0][0]) if rows else 0
    # One in the making goes on with the next command.
    kept = {str(published), str(published - 1), f"{published + 1}.making"}
    root = folder / LIBRARY / SNAPSHOTS
    return sorted(p.name for p in root.iterdir() if p.name not in kept) if root.is_dir() else []


# Embedders.


class Remembering:
    """The bundled model, which reads each text once for all that is built in a run."""

    def __init__(self) -> None:
        self._model = MiniLM()
        self._read: dict[str, TokenEmbedding] = {}
        self.name, self.dimensions = self._model.name, self._model.dimensions
        self.reader = self._model.reader

    def read(self, texts: Sequence[str]) -> list[TokenEmbedding]:
        """Returns a reading of each text, in order."""
        new = [text for text in dict.fromkeys(texts) if text not in self._read]
        self._read |= zip(new, self._model.read(new), strict=True)
        return [self._read[text] for text in texts]

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Returns ``(n, 384)`` float32, rows of unit length."""
        return np.stack([reading.vector for reading in self.read(texts)])


class Hashed:
    """Another embedder, which a library is rebuilt from: words counted in 64 buckets."""

    name, dimensions = "hashed-words", 64

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Returns ``(n, 64)`` float32, rows of unit length."""
        counts = np.full((len(texts), self.dimensions), 0.01, np.float32)
        for row, text in enumerate(texts):
            for word in re.findall(r"\w+", text.lower()):
                counts[row, zlib.crc32(word.encode()) % self.dimensions] += 1
        unit: Matrix = counts / np.linalg.norm(counts, axis=1, keepdims=True)
        return unit


class Searches:
    """What libraries find, and what clean builds of the same papers find."""

    def __init__(self) -> None:
        self._embedders: list[Embedder] = [Remembering(), Hashed()]
        self._clean: dict[str, Found] = {}

    def difference(self, folder: Path) -> str | None:
        """Opens a library, mending it; returns how its searches differ from a clean build's."""
        catalog = folder / LIBRARY / CATALOG
        made = read_rows(catalog, "SELECT value FROM meta WHERE key = 'embedder'")
        if not made:
            return None  # Killed before there was a library.
        embedder = next(e for e in self._embedders if e.name == made[0][0])
        with Library.open(folder / LIBRARY, embedder=embedder) as library:
            papers, found, waiting = list(library.papers()), searched(library), library.waiting
        expected = self.clean(papers, embedder)
        # What waits to be embedded is found by its words alone.
        told = [q for q in expected if not (waiting and q.startswith("cosine"))]
        return next((q for q in told if not _alike(found[q], expected[q])), None)

    def clean(self, papers: Sequence[Paper], embedder: Embedder) -> Found:
        """Returns what is found in a library made of these papers at once; made once."""
        key = hashlib.sha256("\n".join([embedder.name, *map(to_json, papers)]).encode()).hexdigest()
        if key not in self._clean:
            with (
                TemporaryDirectory() as folder,
                Library.open(Path(folder) / LIBRARY, embedder=embedder, create=True) as library,
            ):
                library.add(papers)
                self._clean[key] = searched(library)
        return self._clean[key]


def searched(library: Library) -> Found:
    """Returns every paper with its score, for each query, by meaning and by words."""
    return {
        f"{by}: {query}": [
            (hit.paper.id, hit.score)
            for hit in library.search(query, k=max(1, library.size), by=by)
        ]
        for by in ("cosine", "bm25")
        for query in QUERIES
    }  # fmt: skip


def _alike(found: Sequence[tuple[str, float]], expected: Sequence[tuple[str, float]]) -> bool:
    """Returns whether the same papers have the same scores; ties may come in any order."""
    ours, theirs = dict(found), dict(expected)
    return ours.keys() == theirs.keys() and all(abs(ours[i] - theirs[i]) < ALIKE for i in ours)
