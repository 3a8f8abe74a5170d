"""The chat page: its server, its routes, and what its buttons do."""
