"""What papers say to a claim, as a table: who says yes, who no, and in which words."""

from collections import Counter
from collections.abc import Callable, Sequence

from footnote.rag.answer import Side
from footnote.rag.claim_check import Position
from footnote.ui.rendering.cards import card_html, text_html

# A word and a sign beside each colour: nobody has to tell colours apart.
SIDES: dict[Side | None, tuple[str, str, str]] = {
    "yes": ("says yes", "✓", "fn-yes"),
    "no": ("says no", "✗", "fn-no"),
    "mixed": ("mixed", "±", "fn-mixed"),
    None: ("unclear", "?", "fn-unclear"),
}
# Of 29 sides told of papers that contradict a claim of SciFact 5 were right, of 63 that support one
# 58 (command: python -m footnote.evals.lab.bench.positions SCIFACT --library DIR).
REMARK = (
    '<p class="fn-remark">A small model reads the sides and often misses a no; the quotes are the '
    "papers' own words. Read them before you count.</p>"
)


def in_order(positions: Sequence[Position]) -> list[Position]:
    """Returns the positions by side and then by year, the newest first, undated ones last."""
    sides = list(SIDES)
    return sorted(positions, key=lambda p: (sides.index(p.side), -(p.paper.year or 0)))


def summary(positions: Sequence[Position]) -> str:
    """Returns how many papers say what; counts alone, nothing that would follow from them."""
    if not positions:
        return "No paper of the library comes near the claim."
    counts = Counter(position.side for position in positions)
    told = [f"{counts[side]} {_verb(side, counts[side])}" for side in SIDES if counts[side]]
    papers = "1 paper comes" if len(positions) == 1 else f"{len(positions)} papers come"
    return f"{papers} near the claim: {', '.join(told)}."


def _verb(side: Side | None, count: int) -> str:
    word, one = SIDES[side][0], count == 1
    if word.startswith("says "):
        return word if one else f"say {word[5:]}"
    return f"is {word}" if one else f"are {word}"


def agreement_html(
    claim: str, positions: Sequence[Position], *, card: Callable[[Position], str]
) -> str:
    """Returns the table, each title a button that opens its paper's card.

    Args:
        claim: As it was asked.
        positions: From ``footnote.rag.claim_check.positions``.
        card: Gives the id of each position's card, such as those of ``agreement_cards_html``.
    """
    rows = "".join(_row(position, card(position)) for position in in_order(positions))
    table = (
        '<div class="fn-agree-scroll" role="region" aria-label="What each paper says" tabindex="0">'
        '<table><thead><tr><th scope="col">Says</th><th scope="col">Paper</th>'
        f'<th scope="col">Year</th><th scope="col">In its words</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )
    return (
        '<section class="fn-view fn-agree" data-view="agreement">'
        f'<h3 class="fn-agree-claim">{text_html(claim)}</h3>'
        f'<p class="fn-agree-sum">{summary(positions)}</p>{table if positions else ""}'
        f"{REMARK if positions else ''}</section>"
    )


def agreement_cards_html(positions: Sequence[Position], *, card: Callable[[Position], str]) -> str:
    """Returns one hidden card for each position, its quote marked; as ``source_cards_html``."""
    return "".join(
        card_html(card(one), SIDES[one.side][0].capitalize(), one.paper, [(one.start, one.end)])
        for one in positions
    )


def _row(position: Position, card: str) -> str:
    word, sign, kind = SIDES[position.side]
    title = position.paper.title or "Untitled"
    return (
        f'<tr><td class="fn-agree-side"><span class="fn-side {kind}">'
        f'<span aria-hidden="true">{sign}</span>{word}</span></td>'
        f'<th scope="row"><button type="button" class="fn-title" data-card="{text_html(card)}"'
        f' data-quotes="{position.start}-{position.end}" aria-controls="{text_html(card)}"'
        f' aria-expanded="false">{text_html(title)}</button></th>'
        f'<td class="fn-agree-year">{position.paper.year or "no year"}</td>'
        f"<td><q>{text_html(position.quote)}</q></td></tr>"
    )
