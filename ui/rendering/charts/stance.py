"""What papers say to a claim, as a table: who says yes, who no, and in which words."""

from collections import Counter
from collections.abc import Callable, Sequence

from markupsafe import Markup

from footnote.rag.answer import Side
from footnote.rag.claim_check import Position
from footnote.ui.rendering.cards import card_html
from footnote.ui.rendering.environment import render

# Of 29 sides told of papers that contradict a claim of SciFact 5 were right, of 63 that support one
# 58 (command: python -m footnote.evals.lab.bench.positions SCIFACT --library DIR).
# Each colour has a word and a sign, so that nobody has to distinguish colours.
SIDES: dict[Side | None, tuple[str, str, str]] = {
    "yes": ("says yes", "✓", "fn-yes"),
    "no": ("says no", "✗", "fn-no"),
    "mixed": ("mixed", "±", "fn-mixed"),
    None: ("unclear", "?", "fn-unclear"),
}


def in_order(positions: Sequence[Position]) -> list[Position]:
    """Returns the positions by side and then by year, the newest first, undated ones last."""
    sides = list(SIDES)
    return sorted(positions, key=lambda p: (sides.index(p.side), -(p.paper.year or 0)))


def summary(positions: Sequence[Position]) -> str:
    """Returns how many papers take each side: only counts, no conclusion."""
    if not positions:
        return "No paper in the library is close to the claim."
    counts = Counter(position.side for position in positions)
    told = [f"{counts[side]} {_verb(side, counts[side])}" for side in SIDES if counts[side]]
    papers = "1 paper is" if len(positions) == 1 else f"{len(positions)} papers are"
    return f"{papers} close to the claim: {', '.join(told)}."


def _verb(side: Side | None, count: int) -> str:
    word, one = SIDES[side][0], count == 1
    if word.startswith("says "):
        return word if one else f"say {word[5:]}"
    return f"is {word}" if one else f"are {word}"


def agreement_html(
    claim: str,
    positions: Sequence[Position],
    *,
    card: Callable[[Position], str],
    within: str = "",
) -> Markup:
    """Returns the table, each title a button that opens its paper's card.

    Args:
        claim: As it was asked.
        positions: From ``footnote.rag.claim_check.positions``.
        card: Gives the id of each position's card, such as those of ``agreement_cards_html``.
        within: Which papers were asked, where it was not all.
    """
    return render(
        "agreement",
        claim=claim,
        summary=summary(positions),
        positions=in_order(positions),
        sides=SIDES,
        card=card,
        within=within,
    )


def agreement_cards_html(
    positions: Sequence[Position], *, card: Callable[[Position], str]
) -> Markup:
    """Returns one hidden card for each position, its quote marked; as ``source_cards_html``."""
    return Markup("").join(
        card_html(card(one), SIDES[one.side][0].capitalize(), one.paper, [(one.start, one.end)])
        for one in positions
    )
