"""Engine: from a question to a cited answer; ``pipeline`` has it on one screen."""

from footnote.rag.engine.pipeline import CitedQueryEngine

__all__ = ["CitedQueryEngine"]
