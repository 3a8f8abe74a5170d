"""Whether a quote can say yes or no, and the words by which it does."""
