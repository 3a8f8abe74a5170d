"""Server: what surrounds Gradio, and what cleans up after it."""
