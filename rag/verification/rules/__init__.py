"""Rules: what the words of a statement and its source show without a model."""
