"""Model output on a terminal: the models that an endpoint offers, and how one did."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from footnote.rag.generation.chat.endpoints.trial import ListedModel


def show_models(console: Console, address: str, models: Sequence[ListedModel]) -> None:
    """Prints the models that an endpoint offers, the configured one with a star."""
    table = Table(box=None, pad_edge=False, show_edge=False, title=None)
    table.add_column("", style="cyan")
    table.add_column(f"models at {address}", overflow="fold", ratio=1)
    table.add_column("window", justify="right")
    table.add_column("$ in", justify="right")
    table.add_column("$ out", justify="right")
    for model in models:
        prices = (
            (f"{model.prices.prompt:g}", f"{model.prices.completion:g}") if model.prices else ()
        )
        window = f"{model.window:,}" if model.window else ""
        table.add_row("*" if model.configured else "", Text(model.name), window, *prices)
    console.print(table)
    if any(model.prices for model in models):
        console.print("$: USD for a million tokens of prompt and answer", style="dim")


def show_rows(console: Console, rows: Sequence[tuple[str, str]]) -> None:
    """Prints names and values in two columns."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(name, Text(value))
    console.print(table)
