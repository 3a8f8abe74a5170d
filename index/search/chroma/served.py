"""Served: the servers that this library's collections are on, as the settings have them asked."""

from collections.abc import Mapping
from pathlib import Path

from footnote.index.search.chroma.address import (
    ServerPlace,
    VectorPlace,
    VectorSettings,
    parse_place,
    read_place,
    read_vector_settings,
)
from footnote.index.search.chroma.named import is_named, note_named
from footnote.index.search.chroma.server import ChromaServer, UnusableServer
from footnote.index.settings import place_of, read_sources
from footnote.index.storage.database import read_rows

_VARIABLE = "FOOTNOTE_VECTORS"


def wished_place(flag: str | None, environ: Mapping[str, str]) -> VectorPlace | None:
    """Returns where a command is to keep collections; None to leave them where they are.

    Args:
        flag: What the command's flag says.
        environ: What is configured.

    Raises:
        LibraryError: A setting is wrong.
    """
    settings = read_vector_settings(environ)
    if not (text := flag or settings.server):
        return None
    return parse_place(text, settings, "--vectors" if flag else place_of(environ, _VARIABLE))


def prepare_place(place: VectorPlace, environ: Mapping[str, str]) -> None:
    """Makes sure of a server before a library moves to it, and remembers that it was named.

    Args:
        place: What ``wished_place`` returned.
        environ: What is configured.

    Raises:
        UnusableServer: The server cannot be used.
    """
    if not isinstance(place, ServerPlace):
        return
    server = ChromaServer(place, read_vector_settings(environ))
    try:
        server.check()
    finally:
        server.close()
    note_named(place.url)


def kept_place(catalog: Path) -> VectorPlace | None:
    """Returns where a library keeps its collections; None where there is no library.

    Raises:
        LibraryError: What it says is no place.
    """
    if not catalog.is_file():
        return None
    rows = read_rows(catalog, "SELECT value FROM meta WHERE key = 'vectors'")
    return read_place(str(rows[0][0]) if rows else None)


class ServerAccess:
    """The servers in use, each connected to once."""

    def __init__(self) -> None:
        """Reads no settings yet."""
        self._servers: dict[ServerPlace, ChromaServer] = {}

    def get(self, place: ServerPlace) -> ChromaServer:
        """Returns a server, with the token and the time limit of the settings.

        Raises:
            UnusableServer: Nobody named it on this machine.
            LibraryError: A setting is wrong.
        """
        if place not in self._servers:
            settings = read_vector_settings(read_sources((VectorSettings,)))
            if settings.server.strip().rstrip("/") != place.url and not is_named(place.url):
                raise UnusableServer(
                    str(place),
                    "was named by the library alone, and not on this machine",
                    f"if you trust it, set {_VARIABLE}={place.url}",
                )
            self._servers[place] = ChromaServer(place, settings)
        return self._servers[place]

    def close(self) -> None:
        """Ends all connections."""
        for server in self._servers.values():
            server.close()
        self._servers.clear()
