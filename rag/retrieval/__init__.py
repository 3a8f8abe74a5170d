"""Retrieval: papers and sentences in order, and whether they can answer."""
