"""Runs: an engine is asked every case of a set, and the answers are kept."""
