"""Measures of a ranking of papers, by ir-measures, at paper level.

Source: the definitions of trec_eval, through ir-measures (MacAvaney, Macdonald and Ounis,
"Streamlining Evaluation with ir-measures", ECIR 2022).
"""

from collections.abc import Collection, Sequence

import ir_measures
from ir_measures import AP, RR, Measure, Qrel, ScoredDoc, Success, nDCG

# An answer reports twenty hits; a deeper cut-off would count hits that nobody sees.
MEASURES: tuple[Measure, ...] = (nDCG @ 10, RR @ 10, AP @ 20, Success @ 1, Success @ 5)


def ranking_values(gold: Collection[str], ranked: Sequence[str]) -> dict[str, float]:
    """Returns each measure of one ranking of paper ids, best first.

    A question without gold papers has no values; one whose ranking is empty scores 0.

    Args:
        gold: Ids of the relevant papers; one that no library holds still counts.
        ranked: Ids of the hits, each once.
    """
    if not gold:
        return {}
    qrels = [Qrel("q", paper, 1) for paper in gold]
    # trec_eval breaks ties by id; distinct scores keep our own order.
    run = [ScoredDoc("q", paper, float(-rank)) for rank, paper in enumerate(ranked)]
    found = {str(m.measure): float(m.value) for m in ir_measures.iter_calc(MEASURES, qrels, run)}
    return {str(measure): found.get(str(measure), 0.0) for measure in MEASURES}


def recall_values(
    gold: Collection[str], ranked: Sequence[str], cuts: Sequence[int] = (5, 10)
) -> dict[str, float]:
    """Returns the recall of one ranking at each cut, and as ``R@1`` whether gold leads it.

    A question without gold papers has no values.

    Args:
        gold: Ids of the relevant papers; one that no library holds still counts.
        ranked: Ids of the hits, each once.
        cuts: How many hits are looked at, above 1.
    """
    if not gold:
        return {}
    wanted = set(gold)
    values = {"R@1": float(bool(ranked) and ranked[0] in wanted)}
    return values | {f"R@{k}": len(wanted & set(ranked[:k])) / len(wanted) for k in cuts}
