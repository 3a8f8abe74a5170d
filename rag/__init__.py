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
    """A question that cannot be asked."""


class ComposerError(FootnoteError):
    """A language model that did not answer; the message says why."""


class RerankError(FootnoteError):
    """A reranker that gave no scores; the message says why."""
