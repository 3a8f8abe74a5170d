"""The kind that a question is answered as: what the classifier reads, within what can be told."""

import re

from footnote.index.embeddings.minilm_graph import MODEL_NAME
from footnote.index.embeddings.protocols import query_vector
from footnote.index.library import EVERYTHING, Filters, LibraryReader
from footnote.index.search.fulltext import STOP_WORDS, query_words
from footnote.rag.answer import Kind
from footnote.rag.query.kinds.classifier import classify_kind
from footnote.rag.query.kinds.rules import find_foreign_kind, find_rule
from footnote.rag.query.names import find_names
from footnote.rag.query.question import FEWEST_THINGS, Question, find_things, is_whole
from footnote.rag.query.translation import detect_language

# A question: what only the classifier takes for small talk may well be one from another field.
_ASKS = re.compile(
    r"\b(?:what|why|how|which|who|whom|whose|where|when|do|does|did|is|are|was|were|can|could|should"
    r"|will|would|has|have|had|may|might)\b",
    re.IGNORECASE,
)
# A follow-up points at something; "??!" and "the of and" do not.
_POINTS = re.compile(
    r"\b(?:what|why|how|which|who|where|when|it|its|they|them|their|that|this|these|those|ones?|more"
    r"|again|else|others?|next|then|tell|go|continue|explain|elaborate|summari[sz]e|really|sure|same"
    r"|examples?|details?)\b",
    re.IGNORECASE,
)

# "the Eiffel Tower": a capital behind another word.
_NAME_WITHIN = re.compile(r"[a-z,] [A-Z][a-z]{2,30}\b")
# Letters of a word that may name nothing, such as "many" or "long".
_SHORT_WORD = 3


def decide_kind(
    asked: Question, library: LibraryReader, filters: Filters, *, can_tell: bool
) -> Kind:
    """Returns the kind of a question.

    Args:
        asked: With what was asked before.
        library: What is asked; its embedder's vector of the question is read if it is MiniLM's.
        filters: Those that were given: what is asked of a part is not told of the whole.
        can_tell: Whether the catalog knows what is asked for.
    """
    question = asked.asked
    if detect_language(question):
        return find_foreign_kind(question)
    embedder = library.embedder
    vector = query_vector(embedder, question) if embedder.name == MODEL_NAME else None
    first = not asked.topic and filters.papers is None
    rule = find_rule(question, first=first)
    kind = classify_kind(question, vector, first=first)
    searched: Kind = "list" if rule == "list" else "fact"
    match kind:
        case "talk" if rule != "talk":
            return searched if _ASKS.search(question) or not has_words(question, library) else kind
        case "vague" if not _POINTS.search(question):
            return searched
        case "metadata" if not can_tell or filters != EVERYTHING:
            return searched
    return kind


def names_own_topic(question: str, library: LibraryReader) -> bool:
    """Returns whether a question names what it is about, if only by words that no paper has.

    "What is the boiling point of tungsten?" is no part of a conversation about robots.
    """
    if find_names(question) or _NAME_WITHIN.search(question):
        return True
    words = {word for word in query_words(question) if len(word) > _SHORT_WORD} - STOP_WORDS
    # One word alone may be a rare one for what papers have: "shortcomings".
    unknown = sum(not library.searcher.knows_word(word) for word in words)
    return 2 * unknown >= len(words) > 0


def stands_alone(question: str, library: LibraryReader) -> bool:
    """Returns whether a short question is whole, and of things that the papers know."""
    words = query_words(" ".join(find_things(question)))
    return is_whole(question) and sum(map(library.searcher.knows_word, words)) >= FEWEST_THINGS


def has_words(question: str, library: LibraryReader) -> bool:
    """Returns whether a question has a word of English or of a paper, or none to judge by."""
    words = {word for word in query_words(question) if len(word) > 1} - STOP_WORDS
    if not words:
        return not query_words(question) or bool(STOP_WORDS & set(query_words(question)))
    return any(map(library.searcher.is_word, words))
