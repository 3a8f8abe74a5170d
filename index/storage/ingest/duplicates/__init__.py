"""Duplicates: which records are one paper, what they say together, and how they are parted."""
