"""What the product learned, and the commands that make it learn it again."""
