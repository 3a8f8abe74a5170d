"""Reranking: cross-encoders and LlamaIndex postprocessors that order the best hits anew."""
