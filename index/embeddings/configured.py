"""Configured: the embedder that the settings ask for."""

from collections.abc import Mapping

from footnote.index.embeddings.minilm_graph import MODEL_NAME
from footnote.index.embeddings.protocols import Embedder
from footnote.index.settings import (
    INDEX_SECTIONS,
    EndpointSettings,
    LibrarySettings,
    read_fields,
    read_sources,
)


def configured_name(environ: Mapping[str, str]) -> str:
    """Returns the name of the embedder that the settings ask for, without loading it."""
    wanted = LibrarySettings(**read_fields(LibrarySettings, environ)).embedding_model
    return wanted or MODEL_NAME


def configured_embedder(environ: Mapping[str, str] | None = None) -> Embedder:
    """Returns the embedder that the settings ask for; the bundled one by default."""
    # Importing takes a second, which a name does not need.
    from footnote.index.embeddings.base import EndpointEmbedder, MiniLM

    environ = read_sources(INDEX_SECTIONS) if environ is None else environ
    model = LibrarySettings(**read_fields(LibrarySettings, environ)).embedding_model
    if not model:
        return MiniLM()
    at = EndpointSettings(**read_fields(EndpointSettings, environ))
    return EndpointEmbedder(model, base_url=at.base_url or None, api_key=at.api_key or "none")
