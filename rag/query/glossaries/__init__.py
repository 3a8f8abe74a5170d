"""Glossaries: a foreign term, a tab, its English; function words have no English."""
