"""Embeddings: the bundled model, any endpoint, and a vector for each token."""
