"""Datasets: read and check sets of questions with their expected answers."""
