"""Glossaries: a foreign term and its English, a tab between; function words have none."""
