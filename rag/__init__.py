"""Question in, cited answer out: retrieval, evidence, composing, citing, verifying.

Errors of this package, below the tree of ``index``::

    FootnoteError
    ├── QuestionError    a question that cannot be asked
    ├── ComposerError    a language model that did not answer
    └── RerankError      a reranker that gave no scores
"""

from footnote.index import FootnoteError

__all__ = ["ComposerError", "QuestionError", "RerankError"]


class QuestionError(FootnoteError):
    """The question is empty, too long, or not text."""


class ComposerError(FootnoteError):
    """The language model did not answer; the message says why."""


class RerankError(FootnoteError):
    """The reranker gave no scores; the message says why."""
