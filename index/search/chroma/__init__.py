"""The Chroma collection of passage vectors: derived from the catalog, disposable.

Each passage has its text as document, and as metadata ``paper_id``, ``title``, ``year`` where it
is known, ``start`` and ``end``, so that it is a complete collection for anyone who opens it with
Chroma alone. Our own search needs only ids and vectors, and a library can omit the rest, which
takes two thirds of the collection's disk.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from footnote.index import LibraryError
from footnote.index.embeddings.protocols import Matrix

COLLECTION = "passages"
# Its file of documents, metadata and writes to come.
DATABASE = "chroma.sqlite3"
# Chroma refuses more rows than this in one call (5,461 as measured on 1.5.9).
BATCH_ROWS = 5000
HNSW: Any = {
    "space": "cosine",
    "ef_search": 200,
    # The graph is written after every change. With the default 1,000, each process rebuilds a
    # smaller graph, differently each time: two runs of one eval differed in 10 of 110 questions,
    # and in AP@20 by 2e-4.
    "sync_threshold": 2,
    "batch_size": 2,
}

Metadata = dict[str, str | int]


def passage_metadata(paper_id: str, title: str, year: int | None, start: int, end: int) -> Metadata:
    """Returns the metadata of a passage; Chroma takes no None."""
    dated: Metadata = {} if year is None else {"year": year}
    return {"paper_id": paper_id, "title": title, **dated, "start": start, "end": end}


class UnusableCollection(LibraryError):
    """A collection that cannot be searched; words can.

    Attributes:
        brief: What a reader of an answer is told, who need not know where it is.
    """

    brief = "the collection of vectors cannot be used; run: footnote doctor"


class DamagedCollection(UnusableCollection):
    """A collection that cannot be opened, is not there, or holds something else."""


def brief_reason(error: Exception) -> str:
    """Returns the first line of an error of Chroma, or its kind where it says nothing."""
    return str(error).splitlines()[0][:120] if str(error) else type(error).__name__


def find_damage(database: Path) -> str | None:
    """Returns what is wrong with a SQLite file at first sight, None for one whole or not there.

    Chroma, which is native code, is not given a file that is known to be cut; one with a journal
    was left by a kill, and SQLite mends it.

    Source: the database header, https://www.sqlite.org/fileformat2.html.
    """
    try:
        with database.open("rb") as file:
            header = file.read(100)
            size = file.seek(0, os.SEEK_END)
    except FileNotFoundError:
        return None
    if len(header) < 100 or not header.startswith(b"SQLite format 3\0"):
        return f"{database.name} is empty or no database"
    page = int.from_bytes(header[16:18], "big")
    pages = int.from_bytes(header[28:32], "big")
    # The count holds where the file was last changed by a version that knows of it.
    known = header[24:28] == header[92:96]
    journal = database.with_name(f"{database.name}-journal")
    left = journal.is_file() and journal.stat().st_size > 0
    if known and not left and size < pages * (65_536 if page == 1 else page):
        return f"{database.name} was cut"
    return None


class ChromaIndex:
    """One Chroma collection; its ids are the catalog's passage numbers."""

    def __init__(self, folder: Path) -> None:
        """Opens the collection of a folder, or makes an empty one.

        Raises:
            DamagedCollection: Its database was cut, emptied or overwritten.
        """
        if damage := find_damage(folder / DATABASE):
            raise DamagedCollection(damage)
        # Importing takes .4 s, which a library that is only added to need not wait for.
        import chromadb
        from chromadb.config import Settings

        client = chromadb.PersistentClient(
            str(folder), settings=Settings(anonymized_telemetry=False)
        )
        # embedding_function=None: Chroma's default one would download a model.
        collection = client.get_or_create_collection(
            COLLECTION, embedding_function=None, configuration={"hnsw": HNSW}
        )
        self._hold(collection, BATCH_ROWS)
        self._client: Any = client

    def _hold(self, collection: Any, rows: int) -> None:
        """Takes Chroma's collection, and how many rows a call may have."""
        self._collection = collection
        self._rows = rows
        # Asked twice in every search, at 0.6 ms; only this object changes the collection.
        self._count: int | None = None
        self._documents: bool | None = None

    def count(self) -> int:
        """Returns the number of vectors."""
        if self._count is None:
            self._count = int(self._collection.count())
        return self._count

    def numbers(self) -> set[int]:
        """Returns the number of every passage in the collection."""
        found = set[int]()
        for at in range(0, self.count(), self._rows):
            part = self._collection.get(include=[], limit=self._rows, offset=at)["ids"]
            found |= {int(id) for id in part}
        return found

    def present(self, numbers: Sequence[int]) -> list[int]:
        """Returns those of the passages that are in the collection, in order."""
        found = set[str]()
        for at in range(0, len(numbers), self._rows):
            part = [str(n) for n in numbers[at : at + self._rows]]
            found |= {*self._collection.get(part, include=[])["ids"]}
        return [n for n in numbers if str(n) in found]

    def has_documents(self) -> bool | None:
        """Returns whether the passages have documents; None where there is no passage.

        Raises:
            DamagedCollection: It cannot be read any more.
        """
        if self._documents is None:
            try:
                documents = self._collection.get(limit=1, include=["documents"])["documents"]
            except LibraryError:
                raise
            # Chroma's errors share no base class.
            except Exception as error:
                told = f"the collection cannot be read ({brief_reason(error)})"
                raise DamagedCollection(told) from error
            self._documents = documents[0] is not None if documents else None
            if self._documents is None and self.count():
                self._documents = False
        return self._documents

    def upsert(
        self,
        numbers: Sequence[int],
        vectors: Matrix,
        documents: Sequence[str] = (),
        metadata: Sequence[Metadata] = (),
    ) -> None:
        """Adds or replaces passages under their numbers.

        Args:
            numbers: Of the passages.
            vectors: ``(n, d)``.
            documents: One for each passage, or none.
            metadata: One for each passage, or none.
        """
        self._count = self._documents = None
        for at in range(0, len(numbers), self._rows):
            part = slice(at, at + self._rows)
            self._collection.upsert(
                [str(n) for n in numbers[part]],
                vectors[part],
                documents=list(documents[part]) or None,
                metadatas=[*metadata[part]] or None,
            )

    def describe(self, metadata: Mapping[int, Metadata]) -> None:
        """Replaces the metadata of passages, by number; vectors and documents stay."""
        numbers = list(metadata)
        for at in range(0, len(numbers), self._rows):
            part = numbers[at : at + self._rows]
            # A key that is left out stays as it was: only None removes it.
            rows: list[Any] = [{"year": None, **metadata[n]} for n in part]
            self._collection.update([str(n) for n in part], metadatas=rows)

    def delete(self, numbers: Iterable[int]) -> None:
        """Removes vectors; a number that is not there is passed over."""
        self._count = self._documents = None
        ids = [str(n) for n in numbers]
        for at in range(0, len(ids), self._rows):
            self._collection.delete(ids[at : at + self._rows])

    def nearest(self, vector: Matrix, k: int) -> list[tuple[int, float]]:
        """Returns up to ``k`` pairs of passage number and cosine, best first."""
        k = min(k, self.count())
        if k < 1:
            return []
        found = self._collection.query(
            query_embeddings=np.asarray(vector, np.float32)[None],
            n_results=k,
            include=["distances"],
        )
        distances = (found["distances"] or [[]])[0]
        rows = [(int(i), 1.0 - d) for i, d in zip(found["ids"][0], distances, strict=True)]
        return sorted(rows, key=lambda row: (-row[1], row[0]))

    def close(self) -> None:
        """Closes the files, so that the folder can be moved or removed."""
        self._client.close()
