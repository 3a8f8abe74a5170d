"""Labels: name each cluster of papers by its most distinctive words."""

import math
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from footnote.index.search.fulltext import STOP_WORDS, stems

_WORDS = 3
# Words common in abstracts of every field.
COMMONPLACE = frozenset(
    """abstract achieve achieves across address aim analysis approach approaches article available
    based better challenge challenges compared conclusion current demonstrate demonstrated design
    different effect effective et al evaluate evaluation existing experiments find findings first
    framework general given high however impact important improve improved including increased
    introduce investigate key known large level method methods model models multiple new novel
    number paper papers performance present problem propose proposed provide recent research result
    results role several show showed shown shows significant significantly specific state strong
    studies study suggest system systems task tasks technique three two various
    work works""".split()
)
_WORD = re.compile(r"[^\W\d_][\w-]*\w")


def label_clusters(texts: Sequence[str], clusters: NDArray[np.int64], count: int) -> list[str]:
    """Returns the two or three most distinctive words of each cluster, separated by commas.

    Each cluster is one text. A word scores by how many of its papers have it, and by how rare it is
    in all clusters: ``sqrt(tf) * log(1 + mean words of a cluster / tf in all)``.

    Args:
        texts: Title and abstract of each paper.
        clusters: ``(n,)``, the cluster of each paper.
        count: How many clusters there are.

    Source: class-based TF-IDF, Grootendorst 2022, "BERTopic" (arXiv:2203.05794); the root is
    its library's ``reduce_frequent_words``.
    """
    within = [Counter[str]() for _ in range(count)]
    spelt: dict[str, Counter[str]] = {}
    stem_of: dict[str, str] = {}
    for text, cluster in zip(texts, clusters, strict=True):
        # A word counts once a paper: a name from one paper must not name its cluster.
        for word in {w.lower() for w in _WORD.findall(text)} - STOP_WORDS - COMMONPLACE:
            if word not in stem_of:
                stem_of[word] = " ".join(stems(word))
            within[cluster][stem_of[word]] += 1
            spelt.setdefault(stem_of[word], Counter())[word] += 1
    everywhere = sum(within, Counter[str]())
    mean = everywhere.total() / max(1, count)
    names = []
    for own in within:
        papers = max(own.values(), default=0)
        telling = sorted(
            (math.sqrt(n) * math.log(1 + mean / everywhere[stem]), stem)
            for stem, n in own.items()
            if n > 1 or papers < 2
        )[::-1]
        words = [max(sorted(spelt[s]), key=spelt[s].__getitem__) for _, s in telling[:_WORDS]]
        names.append(", ".join(words) or "other papers")
    return names
