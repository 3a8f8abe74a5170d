"""Chat: one call of a language model, over the wire or through LlamaIndex, as a stream of text."""
