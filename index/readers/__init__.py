"""Readers of paper records, one a format; ``formats`` chooses among them by content."""
