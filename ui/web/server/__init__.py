"""The server: what stands around Gradio, and what it leaves behind."""
