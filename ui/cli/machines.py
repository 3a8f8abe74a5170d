"""Machines: the options of ``index`` that reach past this one, and what they ask for.

Heavy imports are inside the functions that need them, so that ``--help`` is fast.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from footnote.index.storage.place import CATALOG
from footnote.ui.cli.options import Misuse, as_misuse, make_embedder

if TYPE_CHECKING:
    from footnote.index.embeddings.protocols import Embedder
    from footnote.index.search.chroma.address import VectorPlace

VectorsOption = Annotated[
    str | None,
    typer.Option(
        "--vectors", metavar="URL",
        help="Keep the Chroma collection on a server, as http://HOST:PORT; or folder.",
        show_default=False,
    ),
]  # fmt: skip
WorkersOption = Annotated[
    str,
    typer.Option(
        "--workers", metavar="CLUSTER", show_default=False,
        help="Embed on a Ray cluster: ray (of this machine), auto (a running one), ray://HOST:PORT.",
    ),
]  # fmt: skip


def choose_place(vectors: str | None, folder: Path) -> "tuple[VectorPlace | None, bool]":
    """Returns where the collection is to be kept, and whether the library has to be opened for it.

    Fails where it is to move to a server that cannot be used.
    """
    from footnote.index.search.chroma.served import kept_place, prepare_place, wished_place
    from footnote.ui.settings import all_sources

    sources = all_sources()
    with as_misuse():
        place = wished_place(vectors, sources)
    if place is None or (vectors is None and place == kept_place(folder / CATALOG)):
        return place, False
    prepare_place(place, sources)
    return place, True


def check_cluster(workers: str) -> None:
    """Rejects what is no cluster, before any file is read."""
    if workers:
        from footnote.index.storage.ingest.ray_cluster import check_workers

        with as_misuse():
            check_workers(workers)


@contextmanager
def open_embedder(workers: str) -> "Iterator[Embedder]":
    """Opens the embedder that the settings ask for, on a cluster where one is given."""
    embedder = make_embedder()
    if not workers:
        yield embedder
        return
    from footnote.index.embeddings.base import MiniLM
    from footnote.index.storage.ingest.ray_workers import RayEmbedder

    if not isinstance(embedder, MiniLM):
        raise Misuse(
            f"--workers embeds with the bundled model, and FOOTNOTE_EMBEDDING_MODEL asks an "
            f"endpoint for {embedder.name}; leave one of them out"
        )
    with RayEmbedder(embedder, workers) as shared:
        yield shared
