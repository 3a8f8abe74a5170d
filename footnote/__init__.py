"""Footnote: questions over paper abstracts, answered with checked quotes."""
