"""Security: what reaches the server, and how much of it."""
