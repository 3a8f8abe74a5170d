"""What happened to a catalog: imports, removals, and what its indexes do not have yet."""
