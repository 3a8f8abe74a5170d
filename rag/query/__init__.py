"""Query: understand a question, read its filters, and choose the words to search with."""
