"""The command that splits a paper that was merged wrongly.

Heavy imports are inside the function that needs them, so that ``--help`` is fast.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from footnote.index import FootnoteError
from footnote.ui.cli.options import JsonOption, LibraryOption, open_library, print_json

if TYPE_CHECKING:
    from footnote.index.models import Paper


def split(
    paper: Annotated[
        str, typer.Argument(help="Id, arXiv number, DOI or title of a paper.", metavar="PAPER")
    ],
    record: Annotated[
        list[int] | None,
        typer.Option(help="Number of a record that becomes a paper of its own; may be repeated."),
    ] = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Split a paper that several records were taken for; it stays so when they are read again."""
    with open_library(library) as opened:
        found = opened.known(paper)
        parts = opened.parts(paper)
        if len(parts) < 2:
            raise FootnoteError(f"{found.id} was made of one record; there is nothing to split")
        if not record and len(parts) > 2:
            raise FootnoteError(
                f"{found.id} was made of {len(parts)} records: {_list_parts(parts)}; "
                "say which leave: --record NUMBER"
            )
        leaving = [number - 1 for number in record or [2]]
        if not all(0 <= at < len(parts) for at in leaving):
            raise FootnoteError(f"--record: give a number from 1 to {len(parts)}")
        new = opened.split(found.id, leaving)
        # What stays may have lost the identifier that it was called by.
        (stays,) = opened.find([alias for alias in found.aliases if alias != new][:1]).values()
        report = {"paper": stays.id, "new": new, "title": opened.known(new).title}
    if as_json:
        print_json(report)
    else:
        print(
            "Split: {paper} and {new} ({title})\nTake it back with: footnote undo".format(**report)
        )


def _list_parts(parts: "Sequence[Paper]") -> str:
    """Returns what each record is called, numbered from 1."""
    return ", ".join(f"{at} {part.id}" for at, part in enumerate(parts, 1))
