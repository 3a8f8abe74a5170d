"""Rewrite: search words for a question that is not in correct English."""

import re
from dataclasses import replace

from footnote.index.library import LibraryReader
from footnote.index.search.fulltext import query_words
from footnote.rag.query.question import Question
from footnote.rag.query.translation import Translation, glossary, translate

# What a question in another language asks with, word by word.
_FRAME = frozenset(
    "work works use uses used user article articles treat treats deal paper papers".split()
)
_WORD = re.compile(r"\w+")
# Maximum words to correct: each takes milliseconds in a large library.
MOST_MISSPELLED = 30


def rewrite_question(question: Question, library: LibraryReader) -> Question:
    """Returns a question with search words in English, spelled as in the papers."""
    found = translate(question.asked)
    if found and _library_has_own_words(question.asked, found, library):
        found = None
    english = _drop_frame(found.english) if found else question.asked
    words = _correct_spelling(english, library)
    if words == question.asked:
        words = ""
    topic = translate(question.topic) if question.topic else None
    return replace(
        question,
        words=words,
        language=found.language if found else None,
        topic=topic.english if topic else question.topic,
    )


def _drop_frame(english: str) -> str:
    """Returns the words of a glossary without those that only ask for papers: "work use"."""
    kept = [word for word in english.split() if word not in _FRAME]
    return " ".join(kept) or english


def _library_has_own_words(asked: str, found: Translation, library: LibraryReader) -> bool:
    """Returns whether the papers contain most of the original words that were translated."""
    put = set(query_words(asked)) - set(query_words(found.english))
    words = [word for word in put if word not in glossary(found.language).function_words]
    return bool(words) and 2 * sum(map(library.searcher.knows_word, words)) > len(words)


def _correct_spelling(text: str, library: LibraryReader) -> str:
    """Returns a text with each word that is in no paper replaced by its likely spelling."""
    unknown = [w for w in dict.fromkeys(_WORD.findall(text)) if not library.searcher.knows_word(w)]
    meant = {word: library.searcher.find_respelling(word) for word in unknown[:MOST_MISSPELLED]}
    return _WORD.sub(lambda word: meant.get(word[0]) or word[0], text)
