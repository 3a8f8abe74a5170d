"""Accounts: who may use a served library, how they prove it, and who did what."""
