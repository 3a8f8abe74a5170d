"""What differs between model endpoints, found out once and remembered."""
