"""Citations of a model's text: how they are written, bound to quotes and numbered."""

from footnote.rag.generation.citations.binder import Bound, CitationBinder, is_dangling

__all__ = ["Bound", "CitationBinder", "is_dangling"]
