"""The desks of a server: what it works with, one for each of its libraries."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from footnote.ui.cli.options import (
    chosen_limits,
    chosen_reranker,
    library_folder,
    make_embedder,
    open_library,
    present_folder,
)

if TYPE_CHECKING:
    from footnote.index.library import Library
    from footnote.ui.storage.accounts.accounts import Accounts
    from footnote.ui.web.context import AppContext
    from footnote.ui.web.server.writers import Writers

LibrariesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--library",
        metavar="[NAME=]PATH",
        help="Folder of a library; repeated, each with a name. Users and their roles are in the "
        "first.",
        show_default="$FOOTNOTE_LIBRARY, else the user's data folder",
    ),
]


def read_libraries(given: Sequence[str] | None) -> dict[str, Path]:
    """Returns the folders of the libraries by name; one alone has the name "".

    Raises:
        FootnoteError: A name is missing, is none, or stands twice.
    """
    from footnote.index import FootnoteError
    from footnote.ui.storage.accounts.libraries import NAME

    if not given or (len(given) == 1 and not _name_of(given[0])):
        return {"": library_folder(Path(given[0]) if given else None)}
    found: dict[str, Path] = {}
    for text in given:
        name = _name_of(text)
        if not NAME.fullmatch(name):
            raise FootnoteError(
                f"--library {text!r} has no name; of several give each as NAME=PATH, the name of "
                "small letters, digits, - and _"
            )
        if name in found:
            raise FootnoteError(f"two libraries are called {name!r}; give each a name of its own")
        found[name] = library_folder(Path(text.partition("=")[2]))
    return found


def _name_of(text: str) -> str:
    """Returns the name before the sign; "" where the text is a path alone."""
    name, sign, path = text.partition("=")
    return name if sign and path and "/" not in name else ""


@contextmanager
def open_desks(
    folders: Mapping[str, Path], composer: str, accounts: "Accounts | None"
) -> "Iterator[AppContext]":
    """Opens the libraries of a server; gives the first one's desk, which knows the others."""
    from footnote.ui.storage.accounts.belongings import hand_over
    from footnote.ui.web.server.idle import Activity, IdleWork

    for folder in folders.values():
        present_folder(folder)
    if accounts is not None:
        admin = accounts.users.first_admin()
        for came in accounts.libraries.register(folders):
            # What was kept there before belongs to nobody who could see it.
            if admin is not None:
                hand_over(came, admin)
    with ExitStack() as stack:
        # One model embeds for all, and answers under way are counted together.
        embedder, activity = make_embedder(), Activity()
        desks: dict[str, AppContext] = {}
        for name, folder in folders.items():
            library = stack.enter_context(open_library(folder, embedder=embedder))
            desk = stack.enter_context(open_desk(make_writers(library, composer), library))
            desks[name] = replace(
                desk, accounts=accounts, activity=activity, name=name,
                libraries=desks if name else {},
            )  # fmt: skip
            stack.enter_context(IdleWork(library, partial(_busy, desks[name])))
        yield next(iter(desks.values()))


def _busy(desk: "AppContext") -> bool:
    return desk.busy


def make_writers(library: "Library", composer: str) -> "Writers":
    """Returns who can write on the page of a library."""
    from footnote.index.settings import beside_settings
    from footnote.rag.generation.chat.endpoints.chosen import FILE
    from footnote.ui.settings import all_sources
    from footnote.ui.web.server.writers import Writers

    sources = all_sources()
    return Writers(
        library, sources, path=beside_settings(FILE, sources),
        quotes_only=composer == "extractive", reranker=chosen_reranker(),
        longest=chosen_limits().question,
    )  # fmt: skip


@contextmanager
def open_desk(writers: "Writers", library: "Library") -> Iterator["AppContext"]:
    """Opens what the server of a library works with, with its files in the library's folder."""
    from footnote.ui.settings import all_sources
    from footnote.ui.storage.conversations import Conversations
    from footnote.ui.storage.shelf import Shelf
    from footnote.ui.storage.topics import Topics
    from footnote.ui.web.context import AppContext

    browser = all_sources().get("FOOTNOTE_CONVERSATIONS", "").strip() == "browser"
    with ExitStack() as stack:
        file = library.path / "conversations.sqlite3"
        yield AppContext(
            library,
            writers.asks,
            conversations=None if browser else stack.enter_context(Conversations.open(file)),
            topics=stack.enter_context(Topics.open(library.path / "topics.sqlite3")),
            shelf=stack.enter_context(Shelf.open(library.path)),
            feedback=library.path / "feedback.jsonl",
            runs=library.path / "runs",
            engines=writers.engines,
            sets=_sets(library),
            made_sets=library.path / "sets",
            unpacked=chosen_limits().unpacked,
            writers=writers,
        )


def _sets(library: "Library") -> dict[str, Path]:
    """Returns the sets that the page can run: those in FOOTNOTE_SETS, or the demo's own."""
    from footnote.evals.dataset.cases import is_set
    from footnote.evals.demo import demo_set
    from footnote.ui.settings import all_sources

    folder = all_sources().get("FOOTNOTE_SETS", "").strip()
    found = sorted(path for path in Path(folder).iterdir() if is_set(path)) if folder else []
    own = {"demo": demo_set()} if library.path.name == "demo" else {}
    return own | {path.name: path for path in found}
