"""Which sentence answers a question: a small cross-encoder of our own."""
