"""Suggestions: questions that a library answers, made of the titles of its papers."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise

from footnote.index.clusters.layout import sample_rows
from footnote.index.library import Library
from footnote.index.search.fulltext import STOP_WORDS

# Titles that are looked at; more would say the same.
LOOKED_AT = 2_000
_WORD = re.compile(r"[^\W\d_][\w-]*")
_NAMED = re.compile(r"^([A-Z][\w-]{2,20}): ")
# Words of a title that are of every field.
_GENERAL = frozenset(
    """learning model models method methods approach study analysis using based via towards toward
    new novel large efficient framework system systems deep data review evaluation case""".split()
)


def suggest_questions(library: Library | None) -> list[str]:
    """Returns up to three questions, each of another kind; none for an empty library."""
    if library is None or not library.size:
        return []
    titles = library.map().titles
    seen = [titles[row] for row in sample_rows(len(titles))[:LOOKED_AT]]
    topics = common_phrases(seen)
    forms = ("Which papers are about {}?", "What do the papers say about {}?")
    found = [form.format(topic) for form, topic in zip(forms, topics, strict=False)]
    named = [match[1] for title in seen if (match := _NAMED.match(title))]
    return [*found, *(f"What is {name}?" for name in named[:1])]


def common_phrases(titles: Iterable[str], *, count: int = 2) -> list[str]:
    """Returns the pairs of words that most titles have, those of a pair before left out."""
    counted = Counter(phrase for title in titles for phrase in set(_phrases(title)))
    found: list[str] = []
    for phrase, _ in sorted(counted.items(), key=lambda item: (-item[1], item[0])):
        if not any(set(phrase.split()) & set(other.split()) for other in found):
            found.append(phrase)
        if len(found) == count:
            break
    return found


def _phrases(title: str) -> Iterator[str]:
    words = [word.lower() for word in _WORD.findall(title)]
    for one, other in pairwise(words):
        general = {one, other} <= _GENERAL
        if not {one, other} & STOP_WORDS and not general and min(len(one), len(other)) > 2:
            yield f"{one} {other}"
