"""Kinds of questions: what form an answer should have, read before the search."""
