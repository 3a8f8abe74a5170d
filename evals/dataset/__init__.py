"""Datasets: questions with what a right answer needs, read from files of anybody."""
