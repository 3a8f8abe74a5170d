"""The chat page from the command line: over a library, over the demo, and beside the API."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from footnote.ui.cli.options import (
    AllowHostOption,
    ComposerOption,
    HostOption,
    LibraryOption,
    OpenOption,
    PortOption,
    TrustedProxyOption,
    as_misuse,
    chosen_limits,
    chosen_model,
    chosen_reranker,
    chosen_telemetry,
    console,
    make_embedder,
    open_library,
    progress,
)

if TYPE_CHECKING:
    from footnote.index.library import Library
    from footnote.ui.web.context import AppContext
    from footnote.ui.web.security.hosts import Door
    from footnote.ui.web.security.limits import Limits
    from footnote.ui.web.server.writers import Writers

DEMO_QUESTION = "How many robot demonstrations was OpenVLA trained on?"
DEFAULT_PORT = 7860


def chat(
    library: LibraryOption = None,
    host: HostOption = "127.0.0.1",
    port: PortOption = DEFAULT_PORT,
    composer: ComposerOption = "auto",
    open_: OpenOption = False,
    allow_host: AllowHostOption = None,
    trusted_proxy: TrustedProxyOption = None,
) -> None:
    """Serve the chat page over a library."""
    door = _door(host, open_, allow_host, trusted_proxy)
    _prepare()
    chosen_model(composer)  # complains before anything is loaded
    with open_library(library) as opened:
        _serve(make_writers(opened, composer), opened, host, port, door)


def serve(
    library: LibraryOption = None,
    host: HostOption = "127.0.0.1",
    port: PortOption = DEFAULT_PORT,
    composer: ComposerOption = "auto",
    open_: OpenOption = False,
    allow_host: AllowHostOption = None,
    trusted_proxy: TrustedProxyOption = None,
) -> None:
    """Serve the chat page, and the same answers to programs under /v1."""
    door = _door(host, open_, allow_host, trusted_proxy)
    _check_private(door, host)
    _prepare()
    chosen_model(composer)  # complains before anything is loaded
    with open_library(library) as opened:
        _serve(make_writers(opened, composer), opened, host, port, door, api=True)


def _check_private(door: "Door", host: str) -> None:
    """Refuses to serve programs of other machines: the API has no accounts yet.

    Raises:
        typer.Exit: Others could reach it.
    """
    from footnote.index import FootnoteError

    with as_misuse():
        if not door.is_private(host):
            raise FootnoteError(
                "footnote serve answers programs of this machine alone, for it has no accounts; "
                "omit --host, --open, --allow-host and --trusted-proxy, or serve the page alone "
                "with: footnote chat"
            )


def demo(
    host: HostOption = "127.0.0.1",
    port: PortOption = DEFAULT_PORT,
    composer: ComposerOption = "auto",
    serve: Annotated[bool, typer.Option(help="Serve the chat page after the answer.")] = True,
    open_: OpenOption = False,
    allow_host: AllowHostOption = None,
    trusted_proxy: TrustedProxyOption = None,
) -> None:
    """Answer an example question over the demo library, then serve its chat page."""
    from footnote.index.demo import demo_papers, demo_version
    from footnote.index.embeddings.minilm_export import EXPORT_VERSION, cache_folder
    from footnote.index.library import Library
    from footnote.index.readers.gathering import read_sources
    from footnote.ui.cli.output import show_answer

    door = _door(host, open_, allow_host, trusted_proxy)
    _prepare()
    chosen_model(composer)  # complains before anything is loaded
    terminal = console()
    folder = cache_folder() / f"demo-{demo_version()}-{EXPORT_VERSION}" / "demo"
    embedder = make_embedder()
    sources = read_sources([demo_papers()])
    with Library.open(folder, embedder=embedder, create=True) as library:
        if library.size < len(sources.papers):
            with progress("Indexing", len(sources.papers)) as advance:
                library.add(sources.papers, on_progress=advance)
        writers = make_writers(library, composer)
        engine = next(iter(writers.engines.values()))
        terminal.print(f"Question: {DEMO_QUESTION}\n", style="bold", markup=False)
        show_answer(terminal, engine.ask(DEMO_QUESTION))
        if serve:
            _serve(writers, library, host, port, door)


def _prepare() -> None:
    """Applies settings that are needed before the first thread starts."""
    from footnote.ui.web.server.allocator import share_arenas

    share_arenas()


def _door(host: str, open_: bool, names: list[str] | None, proxies: list[str] | None) -> "Door":
    """Returns who may connect; raises before anything is loaded."""
    from footnote.ui.settings import all_sources
    from footnote.ui.web.security.hosts import Door

    with as_misuse():
        sources = all_sources()
        names = names or sources.get("FOOTNOTE_ALLOW_HOST", "").replace(",", " ").split()
        proxies = proxies or sources.get("FOOTNOTE_TRUSTED_PROXY", "").replace(",", " ").split()
        door = Door.read(open=open_, names=names, proxies=proxies)
        door.check(host)
        chosen_limits()
    return door


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


def _serve(
    writers: "Writers",
    library: "Library",
    host: str,
    port: int,
    door: "Door",
    *,
    api: bool = False,
) -> None:
    """Serves the page of a library, with its files in the library's folder."""
    from footnote.ui.web.page import build_page, launch
    from footnote.ui.web.security.hosts import is_loopback, warning
    from footnote.ui.web.server.idle import IdleWork

    limits = chosen_limits()
    with (
        _open_desk(writers, library, limits) as desk,
        IdleWork(library, lambda: desk.busy),
    ):

        def ready(address: str) -> None:
            _say_where(address, api=api)
            if door.open and not is_loopback(host):
                keeps, writes = desk.conversations is not None, writers.model is not None
                print(warning(keeps=keeps, writes=writes), flush=True)

        page = build_page(next(iter(writers.asks.values())), library, desk=desk)
        launch(
            page, host=host, port=port, door=door, limits=limits, on_ready=ready, api=api,
            telemetry=chosen_telemetry(),
        )  # fmt: skip


@contextmanager
def _open_desk(writers: "Writers", library: "Library", limits: "Limits") -> Iterator["AppContext"]:
    """Opens what the server of a library works with."""
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
            unpacked=limits.unpacked,
            writers=writers,
        )


def _say_where(address: str, *, api: bool) -> None:
    """Prints where the page, and the API, can be reached."""
    print(f"Chat page: {address} (Ctrl-C stops it)", flush=True)
    if api:
        print(f"API: {address}v1, described in {address}v1/openapi.json", flush=True)


def _sets(library: "Library") -> dict[str, Path]:
    """Returns the sets that the page can run: those in FOOTNOTE_SETS, or the demo's own."""
    from footnote.evals.dataset.cases import is_set
    from footnote.evals.demo import demo_set
    from footnote.ui.settings import all_sources

    folder = all_sources().get("FOOTNOTE_SETS", "").strip()
    found = sorted(path for path in Path(folder).iterdir() if is_set(path)) if folder else []
    own = {"demo": demo_set()} if library.path.name == "demo" else {}
    return own | {path.name: path for path in found}
