"""Phrases: runs of a sentence's telling words that a preposition or an article introduces.

What follows an article or a preposition is nearly always the name of a thing, so no grammar has to
be learned; runs that end or begin like a verb are left out.

Source: Rose, Engel, Cramer and Cowley 2010, "Automatic keyword extraction from individual
documents", which cuts at stop words.
"""

import re

from footnote.index.search.fulltext import STOP_WORDS

# Words of a phrase, and letters of one that is a single word.
LONGEST, SHORTEST_WORD = 3, 6

_TOKEN = re.compile(r"\w[\w'’-]{0,60}|[^\w\s]")
_INTRODUCES = frozenset(
    """a an the of in for on with from by between across over under through via into using than
    and or as its their our two three several many each per""".split()
)
_LIKE_A_VERB = re.compile(r"(?:ed|ing|ly)$")
# Verbs and adverbs that end such runs most often, and look like nouns.
_NO_NOUNS = frozenset(
    """achieves allows contain contains demonstrate demonstrates due effectively enables even
    exploits fewer improves leads leverages motivates outperforms present provides refines remain
    remains requires results reveal reveals searches serves shed show shows together underscores
    yields""".split()
)


def find_phrases(sentence: str) -> list[str]:
    """Returns the phrases of a sentence in their order, each once and verbatim."""
    tokens = _TOKEN.findall(sentence)
    found: dict[str, None] = {}
    at = 0
    while at < len(tokens):
        start = at + 1
        if tokens[at].lower() not in _INTRODUCES:
            at = start
            continue
        at = start
        while at < len(tokens) and _carries_content(tokens[at]):
            at += 1
        run, phrase = tokens[start:at], " ".join(tokens[start:at])
        if _names_thing(run) and phrase in sentence:
            found[phrase] = None
    return list(found)


def _carries_content(token: str) -> bool:
    word = token.lower()
    return token[0].isalpha() and word not in STOP_WORDS and word not in _INTRODUCES


def _names_thing(run: list[str]) -> bool:
    if not 1 <= len(run) <= LONGEST or _LIKE_A_VERB.search(run[0]) or _LIKE_A_VERB.search(run[-1]):
        return False
    if any(word.lower() in _NO_NOUNS for word in run):
        return False
    return len(run) > 1 or len(run[0]) >= SHORTEST_WORD
