"""Vague: a follow-up with nothing before it; the answer asks what is meant."""

from footnote.rag.generation.forms.form import Composed, Draft, Reading
from footnote.rag.generation.forms.suggestions import suggest_questions


def write(reading: Reading) -> Composed:
    """Asks back, with questions that the library answers."""
    draft = Draft(())
    draft.add("What should this be about? Name a topic, a method or a paper.")
    questions = suggest_questions(reading.library)
    if questions:
        draft.add("For example:")
        draft.add(*(f"- {question}" for question in questions))
    return draft.finish()
