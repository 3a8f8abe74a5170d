"""What a library takes on disk, by part, in bytes a paper.

    python -m footnote.evals.lab.bench.disk DIR...    # one column for each library

Pages and indexes are counted with the tables that they belong to. The sums leave out what the
papers are anyhow, their records, and what whoever opens the collection with Chroma alone needs:
documents, metadata, and Chroma's own index of their words.
"""

import argparse
from collections import Counter
from pathlib import Path

from footnote.index.library import CATALOG, SNAPSHOTS, WORDS
from footnote.index.search.chroma import DATABASE
from footnote.index.storage.database import read_rows

# The parts of the catalog's tables; those without one are "other".
CATALOG_PARTS = {
    "papers": "records",
    "passages": "vectors in the catalog",
    "tokens": "token vectors",
    "map": "map",
    "aliases": "identifiers",
    "claims": "identifiers",
}
CHROMA_IDS = ("embeddings", "sqlite_autoindex_embeddings_1")
APART = ("records", "Chroma's documents")
PARTS = (
    *dict.fromkeys(CATALOG_PARTS.values()),
    "other tables and indexes",
    "words",
    "vectors in Chroma",
    APART[1],
)
# Bytes of the pages of each table and index, and the table that an index is of.
_PAGES = (
    "SELECT coalesce(tbl_name, page.name), page.name, sum(pgsize) FROM dbstat AS page "
    "LEFT JOIN sqlite_master AS made ON made.name = page.name GROUP BY page.name"
)


def count_bytes(folder: Path) -> Counter[str]:
    """Returns the bytes of each part of the library in a folder."""
    found = Counter[str]()
    for table, name, size in read_rows(folder / CATALOG, _PAGES):
        indexed = table != name and table != "tokens"
        other = "identifiers" if table in ("aliases", "claims") else "other tables and indexes"
        found[other if indexed else CATALOG_PARTS.get(table, "other tables and indexes")] += size
    # Pages that hold nothing now.
    found["other tables and indexes"] += (folder / CATALOG).stat().st_size - sum(found.values())
    found["words"] = _size(folder / WORDS)
    newest = max((folder / SNAPSHOTS).glob("[0-9]*"), key=lambda one: one.stat().st_mtime)
    rows = {name: size for _, name, size in read_rows(newest / "vectors" / DATABASE, _PAGES)}
    ids = sum(rows.get(name, 0) for name in CHROMA_IDS)
    whole = (newest / "vectors" / DATABASE).stat().st_size
    found["vectors in Chroma"] = _size(newest / "vectors") - whole + ids
    found["Chroma's documents"] = whole - ids
    return found


def _size(folder: Path) -> int:
    return sum(one.stat().st_size for one in folder.rglob("*") if one.is_file())


def main() -> None:
    """Prints a line for each part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("libraries", nargs="+", type=Path, metavar="DIR")
    folders = parser.parse_args().libraries
    counts = [int(read_rows(at / CATALOG, "SELECT count(*) FROM papers")[0][0]) for at in folders]
    found = [count_bytes(folder) for folder in folders]
    print(f"{'bytes a paper':28s}" + "".join(f"{count:>10,} papers" for count in counts))
    for part in PARTS:
        print(_line(part, [f[part] / n for f, n in zip(found, counts, strict=True)]))
    sums = [sum(f.values()) for f in found]
    print(_line("all", [whole / n for whole, n in zip(sums, counts, strict=True)]))
    apart = [sum(f[part] for part in APART) for f in found]
    beyond = [(whole - a) / n for whole, a, n in zip(sums, apart, counts, strict=True)]
    print(_line("beyond records and documents", beyond))


def _line(name: str, sizes: list[float]) -> str:
    return f"{name:28s}" + "".join(f"{size:17,.0f}" for size in sizes)


if __name__ == "__main__":
    main()
