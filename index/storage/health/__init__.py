"""Health: what a catalog holds, in figures, and what in it cannot be right."""
