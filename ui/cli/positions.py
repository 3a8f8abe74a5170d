"""The command that shows which papers agree with a claim and which do not.

Heavy imports are inside the function that needs them, so that ``--help`` is fast.
"""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from footnote.ui.cli.options import (
    CountOption,
    JsonOption,
    LibraryOption,
    ShardOption,
    SinceOption,
    UntilOption,
    check_years,
    make_filters,
    open_engine,
    print_json,
)

if TYPE_CHECKING:
    from footnote.rag.claim_check import Position


def positions(
    claim: Annotated[str, typer.Argument(help="A claim, or a yes-or-no question.")],
    library: LibraryOption = None,
    shard: ShardOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    k: CountOption = 10,
    as_json: JsonOption = False,
) -> None:
    """Show which papers say yes to a claim and which say no, with quotes."""
    from footnote.rag.claim_check import check_claim
    from footnote.rag.claim_check import positions as find
    from footnote.ui.rendering.charts.stance import SIDES, in_order, summary

    check_claim(claim)  # complain before anything is loaded
    check_years(since, until)
    with open_engine(library, "extractive", shards=shard) as engine:
        found = in_order(find(engine.retriever, claim, make_filters(since, until), k=k))
    if as_json:
        print_json([_json(position) for position in found])
        return
    print(summary(found))
    for one in found:
        word, sign, _ = SIDES[one.side]
        print(f"\n{sign} {word}: {one.paper.flagged_title} ({one.paper.year or 'no year'})")
        print(f"  “{' '.join(one.quote.split())}”")


def _json(position: "Position") -> dict[str, Any]:
    return {
        "paper_id": position.paper.id,
        "title": position.paper.title,
        "year": position.paper.year,
        **({"status": position.paper.status} if position.paper.status else {}),
        "side": position.side,
        "chance": round(position.chance, 4),
        "quote": position.quote,
        "start": position.start,
        "end": position.end,
        "score": round(position.score, 6),
    }
