"""Benchmarks: figures that the README and the comments quote, printed by a command each."""
