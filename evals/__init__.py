"""Answers in, figures out."""
