"""Retrieval: rank papers and sentences, and decide whether they can answer."""
