"""Tokens: a short vector for each telling token of a paper, and how it is stored."""
