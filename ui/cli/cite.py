"""The command that prints papers of a library as references.

Heavy imports are inside the function that needs them, so that ``--help`` is fast.
"""

from typing import Annotated, Literal

import typer

from footnote.index import FootnoteError
from footnote.ui.cli.options import LibraryOption, open_library

FormOption = Annotated[
    Literal["apa", "ieee", "bibtex", "ris", "csl-json"],
    typer.Option("--style", help="A style of references, or a format of reference managers."),
]


def cite(
    papers: Annotated[
        list[str],
        typer.Argument(help="Ids, arXiv numbers or titles of papers.", metavar="PAPER..."),
    ],
    style: FormOption = "apa",
    library: LibraryOption = None,
) -> None:
    """Print papers of the library as references."""
    from footnote.ui.export.bibliography import bibliography

    with open_library(library) as opened:
        found = [(name, opened.paper(name)) for name in papers]
        path = opened.path
    missing = [name for name, paper in found if paper is None]
    if missing:
        raise FootnoteError(
            f"no paper {missing[0]!r} in {path}; find its id with: footnote search WORDS"
        )
    print(bibliography([paper for _, paper in found if paper], style), end="")
