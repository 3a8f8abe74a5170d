"""Thorough answers: a literature review in rounds, written section by section within bounds."""
