"""Index: read papers from files, store them in a library, and search it.

Every error that callers can get::

    FootnoteError
    ├── SourceError      a path that cannot be read as papers
    ├── ModelError       the embedding model is missing, damaged or out of reach
    └── LibraryError     a library that cannot be opened or written
        ├── LibraryNotFound
        ├── LibraryLocked      another process is writing it
        └── EmbedderMismatch   built with another embedder
"""

__all__ = [
    "EmbedderMismatch",
    "FootnoteError",
    "LibraryError",
    "LibraryLocked",
    "LibraryNotFound",
    "ModelError",
    "SourceError",
]


class FootnoteError(Exception):
    """An error whose message is one line for a person: what, got, next."""


class SourceError(FootnoteError):
    """A path that cannot be read as papers."""


class ModelError(FootnoteError):
    """The embedding model is missing, damaged or out of reach."""


class LibraryError(FootnoteError):
    """A library that cannot be opened or written."""


class LibraryNotFound(LibraryError):
    """The folder contains no library."""


class LibraryLocked(LibraryError):
    """Another process is writing this library."""


class EmbedderMismatch(LibraryError):
    """The library was built with another embedder."""
