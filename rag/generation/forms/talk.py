"""Talk: a greeting, thanks, a farewell, or a question about this assistant."""

import re

from footnote.rag.generation.forms.form import Composed, Draft, Reading, count_papers
from footnote.rag.generation.forms.suggestions import suggest_questions

_THANKS = re.compile(
    r"\b(?:thank\w*|thx|ty|cheers|appreciate\w*|great|perfect|nice|cool|awesome|excellent|helpful"
    r"|useful|good job|well done|got it|makes sense)\b",
    re.IGNORECASE,
)
_BYE = re.compile(
    r"\b(?:bye\w*|good ?night|see (?:you|ya)|farewell|later|ciao|cya|take care)\b", re.I
)
_GREETS = re.compile(
    r"^\W*(?:hi+|hello+|hey+|hiya|yo|hej|hola|howdy|greetings|good (?:morning|afternoon|evening"
    r"|day))\b",
    re.IGNORECASE,
)


def write(reading: Reading) -> Composed:
    """Writes a line or two, and for whoever begins, what can be asked."""
    asked = reading.question.asked
    draft = Draft(())
    if _BYE.search(asked) and not _GREETS.search(asked):
        draft.add("Goodbye. Your conversation can be opened and continued later.")
    elif _THANKS.search(asked) and not asked.rstrip().endswith("?"):
        draft.add("You are welcome. Ask on, or ask about one of the papers above.")
    else:
        hello = "Hello. " if _GREETS.search(asked) else ""
        held = f" of the {count_papers(reading.library.size)} here" if reading.library else ""
        draft.add(
            f"{hello}I answer questions about the abstracts{held}. Every sentence is a quote that "
            "you can open in its paper; where the papers do not say something, I say that."
        )
        questions = suggest_questions(reading.library)
        if questions:
            draft.add("For example:")
            draft.add(*(f"- {question}" for question in questions))
    return draft.finish()
