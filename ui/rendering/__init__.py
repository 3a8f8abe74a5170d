"""Rendering: answers, papers and panels as safe HTML."""
