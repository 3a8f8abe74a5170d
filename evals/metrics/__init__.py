"""Metrics: what an answer and a ranking are worth, with their errors."""
