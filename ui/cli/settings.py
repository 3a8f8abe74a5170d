"""The command that shows the settings and where they come from."""

from typing import Annotated

import typer

from footnote.ui.cli.options import JsonOption, as_misuse, print_json


def settings(
    as_json: JsonOption = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the table for the documentation.")
    ] = False,
) -> None:
    """Show every setting, its value, and where it comes from."""
    from footnote.ui.settings import model_sources, setting_rows, settings_json, settings_markdown

    if markdown:
        print(settings_markdown(), end="")
        return
    with as_misuse():
        rows = setting_rows(model_sources())
    if as_json:
        print_json(settings_json(rows))
        return
    for row in rows:
        print(f"{row.name} = {row.value}  ({row.variable}: {row.source})")
