"""Metrics: measures of answers and rankings, with their errors."""

LOWER_IS_BETTER = frozenset({"abstain_wrong", "aurc", "tokens", "cost_usd"})
