"""Verification: whether a quote supports a statement, and which side it takes."""
