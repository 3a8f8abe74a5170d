"""Names: the window of a model by its name, where its server does not tell."""

import re

DEFAULT_WINDOW = 8_192
# What models of these names have at least, by their makers' documentation (looked up in November
# 2026). Where they have more it makes no difference: no prompt of ours is as long.
_WINDOWS = (
    (re.compile(r"gpt-3\.5", re.IGNORECASE), 16_385),
    (re.compile(r"gpt-4(?!o|\.|-turbo)", re.IGNORECASE), 8_192),
    (
        re.compile(
            r"gpt-4o|gpt-4\.|gpt-4-turbo|gpt-5|\bo[134](?:-|$)|claude|gemini|deepseek-(?:chat|reasoner)"
            r"|mistral-(?:large|medium|small)|command-(?:r|a)|grok",
            re.IGNORECASE,
        ),
        128_000,
    ),
)


def find_window(model: str) -> int:
    """Returns the tokens that a model of this name reads and writes in one call, else a few."""
    return next((size for name, size in _WINDOWS if name.search(model)), DEFAULT_WINDOW)


def is_known(model: str) -> bool:
    """Returns whether the window of a model is known by its name."""
    return any(name.search(model) for name, _ in _WINDOWS)
