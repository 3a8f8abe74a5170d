"""Prompt injection: sentences of a paper that give a reader or a model orders."""
