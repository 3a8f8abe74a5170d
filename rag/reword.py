"""Reword: what a question is searched with where it is not in good English."""

import re
from dataclasses import replace

from index.library import Library
from rag.glossary import translated
from rag.question import Question

_WORD = re.compile(r"[^\W\d_]+")


def reworded(question: Question, library: Library) -> Question:
    """Returns a question with the words to search with: in English, spelled as the papers do."""
    found = translated(question.asked)
    words = _spelled(found.english if found else question.asked, library)
    if words == question.asked:
        words = ""
    topic = translated(question.topic) if question.topic else None
    return replace(
        question,
        words=words,
        language=found.language if found else None,
        topic=topic.english if topic else question.topic,
    )


def _spelled(text: str, library: Library) -> str:
    """Returns a text with each word that no paper has replaced by what it was meant to be."""
    return _WORD.sub(lambda word: library.respelled(word[0]) or word[0], text)
