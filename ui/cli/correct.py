"""The command that corrects a paper's record by hand.

Heavy imports are inside the function that needs them, so that ``--help`` is fast.
"""

from typing import Annotated

import typer

from footnote.index import FootnoteError
from footnote.ui.cli.options import JsonOption, LibraryOption, WaitOption, open_library, print_json


def correct(
    paper: Annotated[
        str, typer.Argument(help="Id, arXiv number, DOI or title of a paper.", metavar="PAPER")
    ],
    title: Annotated[str | None, typer.Option(help="The right title.")] = None,
    author: Annotated[
        list[str] | None, typer.Option(help="An author; repeat it for each, in order.")
    ] = None,
    published: Annotated[
        str | None, typer.Option(help='The right date, such as 2024 or 2024-03-05; "" for none.')
    ] = None,
    venue: Annotated[str | None, typer.Option(help='The right venue; "" for none.')] = None,
    status: Annotated[
        str | None, typer.Option(help='"retracted" or "withdrawn"; "" for neither.')
    ] = None,
    library: LibraryOption = None,
    wait: WaitOption = 0.0,
    as_json: JsonOption = False,
) -> None:
    """Correct a paper's record; it stays so when its source is read again."""
    from footnote.index.readers.record import describe_fault, parse_correction

    given = {
        "title": title, "authors": author, "published": published, "venue": venue,
        "status": status,
    }  # fmt: skip
    fields = {name: value for name, value in given.items() if value is not None}
    if not fields:
        raise FootnoteError(
            "nothing to correct; give --title, --author, --published, --venue or --status"
        )
    try:
        correction = parse_correction(fields)
    except ValueError as error:
        raise FootnoteError(f"the paper stays as it was: {describe_fault(error)}") from error
    with open_library(library, wait=wait) as opened:
        changed = opened.correct(paper, correction)
        found = opened.known(paper)
    if as_json:
        print_json({"paper": found.id, "changed": changed, "corrected": list(found.corrected)})
    elif changed:
        print(f"Corrected: {found.title}\nTake it back with: footnote undo")
    else:
        print(f"Nothing changed: {found.title}")
