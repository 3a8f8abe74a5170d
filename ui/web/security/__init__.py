"""Security: which requests reach the server, and how large they may be."""
