"""Export: references and conversations as files."""
