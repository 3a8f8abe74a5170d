"""Thoughts: what a reasoning model writes before its answer, kept out of the answer.

Thoughts begin the text with ``<think>``. If the chat template has written the opening tag, only
``</think>`` appears, on its own line, and everything before it is thought. A tag within a sentence
stays: papers write about such tags.
"""

import re

_NAMES = ("think", "thinking", "thought", "reasoning")
_NAME = f"(?:{'|'.join(_NAMES)})"
_OPENING = re.compile(rf"\s*<{_NAME}>", re.IGNORECASE)
_CLOSING = re.compile(rf"</{_NAME}>", re.IGNORECASE)
_LONE_CLOSING = re.compile(rf"\n[ \t]*</{_NAME}>", re.IGNORECASE)
_MOST_SPACE = 100
_LONGEST_TAG = max(len(f"</{name}>") for name in _NAMES)
# The start of a lone closing tag at the end of a text.
_BEGUN_LINE = re.compile(r"\n[ \t]{0,40}(<[/a-z]{0,40})?$", re.IGNORECASE)


class Thoughts:
    """Removes a model's thoughts from a stream of text."""

    def __init__(self) -> None:
        """Starts before the first piece."""
        self._held = ""
        self._state = "start"

    @property
    def thinking(self) -> bool:
        """Whether a block is open."""
        return self._state == "thought"

    def feed(self, piece: str) -> tuple[str, bool]:
        """Returns the next piece of the answer, and whether everything before it was thought."""
        self._held += piece
        restarted = False
        while True:
            if self._state == "start" and not self._has_begun():
                return "", restarted
            if self._state == "thought" and not self._has_ended():
                return "", restarted
            if self._state == "answer":
                lone = _LONE_CLOSING.search(self._held)
                if not lone:
                    return self._ready(), restarted
                restarted, self._state, self._held = True, "start", self._held[lone.end() :]

    def flush(self) -> str:
        """Returns what was held back when the text ended."""
        held, self._held = self._held, ""
        return "" if self.thinking else held

    def _has_begun(self) -> bool:
        """Returns whether it is clear if the text begins with thoughts or the answer."""
        opening = _OPENING.match(self._held)
        if opening:
            self._state, self._held = "thought", self._held[opening.end() :]
            return True
        begun = self._held.lstrip().lower()
        if not begun:
            # Skip the space before an answer: a model may write any amount of it.
            self._held = self._held[:_MOST_SPACE]
        if any(f"<{name}>".startswith(begun) for name in _NAMES):
            return False
        self._state = "answer"
        return True

    def _has_ended(self) -> bool:
        closing = _CLOSING.search(self._held)
        if closing is None:
            self._held = self._held[-_LONGEST_TAG:]
            return False
        self._state, self._held = "start", self._held[closing.end() :]
        return True

    def _ready(self) -> str:
        begun = _BEGUN_LINE.search(self._held)
        end = begun.start() if begun else len(self._held)
        ready, self._held = self._held[:end], self._held[end:]
        return ready
