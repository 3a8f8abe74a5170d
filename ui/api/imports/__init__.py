"""Imports: files and identifiers that programs send, read into the library one after another."""
