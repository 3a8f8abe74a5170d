"""Checks: a text of somebody's own as it was checked, for the page and as Markdown."""
