"""Metrics: what an answer and a ranking are worth, with their errors."""

LOWER_IS_BETTER = frozenset({"abstain_wrong", "aurc", "tokens", "cost_usd"})
