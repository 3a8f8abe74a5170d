"""Storage: conversations and topics of each user, in SQLite."""
