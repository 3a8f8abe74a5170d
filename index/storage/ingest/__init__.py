"""Ingest: records merged into papers, cut, embedded and committed in batches."""
