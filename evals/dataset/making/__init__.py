"""Making: an evaluation set of a library itself, by rules or by a model, marked as made."""
