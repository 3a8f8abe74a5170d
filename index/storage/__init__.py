"""Storage: the SQLite catalog of a library, and how papers come into it and leave it."""
