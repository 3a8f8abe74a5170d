"""What a thorough answer may spend, and its calls within that."""
