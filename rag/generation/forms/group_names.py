"""Names of groups of papers in an overview: phrases that a group has and the others lack."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from footnote.index.clusters.labels import COMMONPLACE
from footnote.index.search.fulltext import STOP_WORDS, stems

# Two words say more than one; a phrase of a title more than one of an abstract.
_PAIR, _TITLE = 1.6, 1.5
_PHRASES = 2
_WORD = re.compile(r"[^\W\d_][\w-]*\w")


def name_groups(texts: Sequence[str], groups: NDArray[np.int64], topic: str) -> list[str]:
    """Returns a name for each group: one or two phrases that most of its papers have.

    Args:
        texts: Title, a full stop and abstract of each paper.
        groups: ``(n,)``, the group of each paper, numbered from 0.
        topic: What all papers are about; its words tell no group from another.
    """
    known = set(stems(topic))
    count = int(groups.max(initial=-1)) + 1
    spelled: dict[tuple[str, ...], Counter[str]] = {}
    within = [Counter[tuple[str, ...]]() for _ in range(count)]
    titled = [set[tuple[str, ...]]() for _ in range(count)]
    for text, group in zip(texts, groups.tolist(), strict=True):
        title = text.partition(". ")[0]
        titled[group] |= {key for key, _ in _phrases(title, known)}
        found = dict(_phrases(text, known))
        for key, words in found.items():
            spelled.setdefault(key, Counter())[words] += 1
        within[group].update(found.keys())
    sizes = np.bincount(groups, minlength=count)
    return [_name(n, within, titled[n], sizes, spelled) for n in range(count)]


def _name(
    group: int,
    within: Sequence[Counter[tuple[str, ...]]],
    titled: set[tuple[str, ...]],
    sizes: NDArray[np.int64],
    spelled: dict[tuple[str, ...], Counter[str]],
) -> str:
    """Returns the name of one group, "Other papers" where no two of its papers share a phrase."""
    others = max(1, int(sizes.sum() - sizes[group]))

    def score(key: tuple[str, ...]) -> float:
        elsewhere = sum(counts[key] for n, counts in enumerate(within) if n != group)
        apart = within[group][key] / sizes[group] - elsewhere / others
        return float(apart) * (_PAIR if len(key) == 2 else 1.0) * (_TITLE if key in titled else 1.0)

    shared = [key for key, papers in within[group].items() if papers > 1 or sizes[group] == 1]
    chosen: list[tuple[str, ...]] = []
    for key in sorted(shared, key=lambda key: (-score(key), key)):
        if score(key) <= 0 or len(chosen) == _PHRASES:
            break
        if not any(set(key) & set(other) for other in chosen):
            chosen.append(key)
    name = ", ".join(max(spelled[key], key=spelled[key].__getitem__) for key in chosen)
    return name[:1].upper() + name[1:] if name else "Other papers"


def _phrases(text: str, known: set[str]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yields the words and pairs of words of a text, each by its stems, with its spelling."""
    words = [word.lower() for word in _WORD.findall(text)]
    stemmed = [" ".join(stems(word)) for word in words]
    telling = [
        bool(stem) and word not in STOP_WORDS and word not in COMMONPLACE and len(word) > 2
        for word, stem in zip(words, stemmed, strict=True)
    ]
    for word, stem, tells in zip(words, stemmed, telling, strict=True):
        if tells and stem not in known:
            yield (stem,), word
    for (n, one), (m, other) in pairwise(enumerate(words)):
        pair = (stemmed[n], stemmed[m])
        if telling[n] and telling[m] and not set(pair) <= known:
            yield pair, f"{one} {other}"
