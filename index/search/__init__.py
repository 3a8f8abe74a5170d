"""Search: by meaning, by words and by name, and the stores that it reads."""
