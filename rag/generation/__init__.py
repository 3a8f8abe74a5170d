"""Generation: answers written from evidence, with or without a language model."""
