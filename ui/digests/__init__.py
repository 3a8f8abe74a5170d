"""Digests: what new papers say about saved topics, as text, feed and mail."""
