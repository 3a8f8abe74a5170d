"""Several libraries searched as one: each folder is whole, and nothing is written to any."""
