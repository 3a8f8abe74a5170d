"""The chat page from the command line: over a library, over the demo, and beside the API."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from footnote.ui.cli.desks import (
    LibrariesOption,
    make_writers,
    open_desk,
    open_desks,
    read_libraries,
)
from footnote.ui.cli.options import (
    AllowHostOption,
    ComposerOption,
    HostOption,
    Misuse,
    OpenOption,
    PortOption,
    TrustedProxyOption,
    as_misuse,
    check_extra,
    chosen_limits,
    chosen_model,
    chosen_telemetry,
    console,
    library_folder,
    make_embedder,
    progress,
)

if TYPE_CHECKING:
    from footnote.ui.storage.accounts.accounts import Accounts
    from footnote.ui.web.context import AppContext
    from footnote.ui.web.security.hosts import Door

DEMO_QUESTION = "How many robot demonstrations was OpenVLA trained on?"
DEFAULT_PORT = 7860


def chat(
    library: LibrariesOption = None,
    host: HostOption = "127.0.0.1",
    port: PortOption = DEFAULT_PORT,
    composer: ComposerOption = "auto",
    open_: OpenOption = False,
    allow_host: AllowHostOption = None,
    trusted_proxy: TrustedProxyOption = None,
) -> None:
    """Serve the chat page over a library."""
    ways = (host, open_, allow_host, trusted_proxy)
    _serve_libraries(library, ways, port, composer, api=False)


def serve(
    library: LibrariesOption = None,
    host: HostOption = "127.0.0.1",
    port: PortOption = DEFAULT_PORT,
    composer: ComposerOption = "auto",
    open_: OpenOption = False,
    allow_host: AllowHostOption = None,
    trusted_proxy: TrustedProxyOption = None,
) -> None:
    """Serve the chat page, and the same answers to programs under /v1."""
    ways = (host, open_, allow_host, trusted_proxy)
    _serve_libraries(library, ways, port, composer, api=True)


Ways = tuple[str, bool, list[str] | None, list[str] | None]


def _serve_libraries(
    given: list[str] | None, ways: Ways, port: int, composer: str, *, api: bool
) -> None:
    """Serves libraries: the page, and programs where ``api`` is set.

    Args:
        given: As they stand on the command line.
        ways: The host, and who else may connect.
        port: To listen on.
        composer: Who writes.
        api: Whether programs are served too.
    """
    if api:
        check_extra("serve", "mcp", "prometheus_client")
    with as_misuse():
        folders = read_libraries(given)
    with _accounts(next(iter(folders.values())), *ways, api=api) as (door, accounts):
        _prepare()
        chosen_model(composer)  # complains before anything is loaded
        with open_desks(folders, composer, accounts) as desk:
            _serve(desk, ways[0], port, door, api=api)


@contextmanager
def _accounts(
    library: Path | None,
    host: str,
    open_: bool,
    names: list[str] | None,
    proxies: list[str] | None,
    *,
    api: bool = False,
) -> "Iterator[tuple[Door, Accounts | None]]":
    """Opens the accounts of a library if they are needed; also gives who may connect.

    None are needed while this machine alone reaches the server, and it has no user. Behind a proxy
    every visitor comes from this machine, so a host name or a proxy counts as others. The page
    alone, without the routes of programs, may be open to anybody as long as it has no user.

    Raises:
        FootnoteError: They are needed, and there is no admin yet.
    """
    from footnote.ui.cli.accounts import account_settings
    from footnote.ui.storage.accounts.accounts import ACCOUNTS, Accounts
    from footnote.ui.storage.accounts.models import Role

    door, settings = _door(host, open_, names, proxies), account_settings()
    path, users, admins = library_folder(library) / ACCOUNTS, 0, 0
    if path.is_file():
        with Accounts(path, settings=settings) as accounts:
            users, admins = accounts.users.count(), accounts.users.count(Role.ADMIN)
    with as_misuse():
        private = door.is_private(host) and not settings.proxy_header
        if not users and not api:
            door.check(host)
    if not users and (private or not api):
        yield door, None
        return
    if not admins:
        raise Misuse(
            "others can reach this server, so it needs accounts, and there is no admin yet; add "
            "one first: footnote user add NAME --role admin"
        )
    with Accounts(path, settings=settings) as accounts:
        yield door.letting_in(host), accounts


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
    from footnote.ui.web.server.idle import IdleWork

    door = _door(host, open_, allow_host, trusted_proxy)
    with as_misuse():
        door.check(host)
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
            with open_desk(writers, library) as desk, IdleWork(library, lambda: desk.busy):
                _serve(desk, host, port, door)


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
        chosen_limits()
    return door


def _serve(desk: "AppContext", host: str, port: int, door: "Door", *, api: bool = False) -> None:
    """Serves the page over a desk."""
    from footnote.ui.web.page import build_page, launch

    def ready(address: str) -> None:
        _say_where(address, api=api)
        if desk.accounts is not None:
            _say_who(desk.accounts, host)
        else:
            writes = desk.writers is not None and desk.writers.model is not None
            _warn(door, host, keeps=desk.conversations is not None, writes=writes)

    page = build_page(next(iter(desk.asks.values())), desk.library, desk=desk)
    launch(
        page, host=host, port=port, door=door, limits=chosen_limits(), on_ready=ready, api=api,
        telemetry=chosen_telemetry(), accounts=desk.accounts,
    )  # fmt: skip


def _say_where(address: str, *, api: bool) -> None:
    """Prints where the page, and the API, can be reached."""
    print(f"Chat page: {address} (Ctrl-C stops it)", flush=True)
    if api:
        print(f"API: {address}v1, described in {address}v1/openapi.json", flush=True)


def _warn(door: "Door", host: str, *, keeps: bool, writes: bool) -> None:
    """Prints who can do what, if others can reach a page without accounts."""
    from footnote.ui.web.security.hosts import is_loopback, warning

    if (door.open and not is_loopback(host)) or door.names or door.proxies:
        print(warning(keeps=keeps, writes=writes), flush=True)


def _say_who(accounts: "Accounts", host: str) -> None:
    """Prints who may do all, as a library that came from elsewhere may have brought its own."""
    from footnote.ui.storage.accounts.models import Role
    from footnote.ui.web.security.hosts import is_loopback

    users = accounts.users.list()
    admins = ", ".join(user.name for user in users if user.role == Role.ADMIN)
    print(f"Accounts: {len(users):,}; admins: {admins}", flush=True)
    if not is_loopback(host):
        print(
            "Nothing is encrypted, passwords neither: put a proxy with TLS in front of it, and "
            "name it by --trusted-proxy",
            flush=True,
        )
