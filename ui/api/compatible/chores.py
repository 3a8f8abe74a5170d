"""Chores: what chat clients ask a model beside the reader's questions.

Open WebUI, LibreChat and their like send prompts for a title, for tags, for follow-up questions and
for search queries. They ask nothing of the papers: they are recognised and answered from the
conversation itself.
"""

import json
import re

from footnote.ui.storage.models import shorten

_LONGEST_TITLE = 60
_ASKS = re.compile(
    r"^\s{0,20}(?:#{1,4}\s?task\b|(?:please )?(?:generate|provide|create|write|suggest|give)\b)",
    re.IGNORECASE,
)
_KINDS = {
    "title": re.compile(r"\btitle\b", re.IGNORECASE),
    "tags": re.compile(r"\btags?\b", re.IGNORECASE),
    "follow_ups": re.compile(r"\bfollow[- ]?ups?\b", re.IGNORECASE),
    "queries": re.compile(r"\b(?:search|web|retrieval) quer(?:y|ies)\b", re.IGNORECASE),
}
# How the conversation stands in such a prompt.
_HISTORY = re.compile(
    r"<chat_history>|^[ \t]{0,9}(?:Conversation|Convo|Chat History):", re.IGNORECASE | re.MULTILINE
)
_SAID = re.compile(r"^\s{0,20}(?:user|human):\s{0,9}(\S.{0,2000})$", re.IGNORECASE | re.MULTILINE)
_JSON = re.compile(r"\bJSON\b")
_FIRST = 2_000


def do_chore(prompt: str, before: list[str]) -> str | None:
    """Returns the reply to a prompt that a client sends by itself; None for a reader's question.

    Args:
        prompt: The last message.
        before: What the reader asked before it.
    """
    history = _HISTORY.search(prompt)
    head = prompt[: min(_FIRST, history.start() if history else _FIRST)]
    if not _ASKS.match(head) or (history is None and not before):
        return None
    places = {
        name: match.start() for name, words in _KINDS.items() if (match := words.search(head))
    }
    if not places:
        return None
    kind = min(places, key=lambda name: places[name])
    asked = _SAID.findall(prompt[history.end() :] if history else "") or before
    title = shorten(" ".join(asked[0].split()), _LONGEST_TITLE) if asked else "Conversation"
    if not _JSON.search(prompt):
        return title if kind == "title" else ""
    return json.dumps({kind: title if kind == "title" else []}, ensure_ascii=False)
