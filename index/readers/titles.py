"""Titles: which may stand in a reference, whatever its style.

Vancouver, Harvard or what a chat model writes: where authors end and a title begins differs, but a
title that is known can be found by its words.
"""

import re

from footnote.index.models import identifier

# Words of an entry in which titles are looked for, words of such a title, and characters of its
# identifier: one word alone names no paper.
_MOST_WORDS, _FEWEST_WORDS, _SHORTEST_WITHIN = 100, 2, len("title:") + 12
# How a word ends that may stand before a title, and the last of a title; how one begins after it.
_ENDS = re.compile(r"[^\w\s-]$|^\(?\d{4}[a-z]?\)?$")
_CLOSES = re.compile(r"[.,;?!)\]*_\"'”’»]$")
_OPENS = re.compile(r"[(\[*_\"'“‘«–—-]").match


def titles_within(entry: str) -> set[str]:
    """Returns the identifiers of all titles that may stand in a reference, in any style.

    A title is set apart by its signs: "Imitation learning: a survey" holds no "Imitation learning".
    """
    words = entry.replace("](", "] (").split()[:_MOST_WORDS]
    starts = [
        at
        for at in range(len(words))
        if at == 0 or _ENDS.search(words[at - 1]) or _OPENS(words[at])
    ]
    ends = [
        at
        for at in range(1, len(words) + 1)
        if at == len(words) or _CLOSES.search(words[at - 1]) or _OPENS(words[at])
    ]
    spans = ((start, end) for start in starts for end in ends if end - start >= _FEWEST_WORDS)
    found = (identifier("title", " ".join(words[start:end])) for start, end in spans)
    return {title for title in found if title and len(title) >= _SHORTEST_WITHIN}
