"""Maintenance: a library examined, mended, backed up, restored, its sources read again."""
