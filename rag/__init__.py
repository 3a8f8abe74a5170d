"""Question in, cited answer out: retrieval, evidence, composing, citing, verifying."""
