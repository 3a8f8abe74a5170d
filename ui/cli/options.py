"""Options: what commands share, such as options, the library, the engine and output.

Heavy imports are inside the functions that need them, so that ``--help`` is fast.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from footnote.index import FootnoteError

if TYPE_CHECKING:
    from rich.console import Console

    from footnote.index.embeddings.protocols import Embedder
    from footnote.index.library import Filters, Library, LibraryReader
    from footnote.rag.engine import CitedQueryEngine
    from footnote.rag.generation.chat.client import ChatClient
    from footnote.rag.generation.chat.recorded import RecordedChat
    from footnote.rag.generation.settings import LLMSettings
    from footnote.rag.retrieval.reranking.rerank import Reranker
    from footnote.ui.cli.output import Bar
    from footnote.ui.maintenance.telemetry.settings import TelemetrySettings
    from footnote.ui.web.security.limits import Limits


def _folder(text: str) -> Path:
    """Returns a folder as typed; rejects "", which would mean the working folder."""
    if not text.strip():
        raise typer.BadParameter("the path is empty; give the folder of a library")
    return Path(text)


LibraryOption = Annotated[
    Path | None,
    typer.Option(
        "--library",
        metavar="PATH",
        parser=_folder,
        envvar="FOOTNOTE_LIBRARY",
        help="Folder of the library.",
        show_default="the user's data folder",
    ),
]
ShardOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--shard", metavar="PATH", parser=_folder,
        help="Folder of a library that is read with others as one, or a manifest of such; repeat "
        "for several. In place of --library.",
    ),
]  # fmt: skip
JsonOption = Annotated[bool, typer.Option("--json", help="Print only JSON on stdout.")]
WaitOption = Annotated[
    float,
    typer.Option("--wait", metavar="SECONDS", min=0, help="Wait for another process that writes."),
]
CountOption = Annotated[int, typer.Option("-k", min=1, max=1000, help="Number of papers.")]
SinceOption = Annotated[int | None, typer.Option(help="First year.", min=1000, max=9999)]
UntilOption = Annotated[int | None, typer.Option(help="Last year.", min=1000, max=9999)]
NoFiltersOption = Annotated[
    bool,
    typer.Option("--no-filters", help="Do not turn years or names in the question into filters."),
]
ExplainOption = Annotated[bool, typer.Option("--explain", help="Show how the answer was made.")]
ThoroughOption = Annotated[
    bool,
    typer.Option(
        "--thorough", help="Write a literature review: search in rounds, sections, a table."
    ),
]
LanguageOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="Language of a model's answer.")
]
LengthOption = Annotated[
    Literal["short", "medium", "long"] | None, typer.Option(help="Length of a model's answer.")
]
InstructionsOption = Annotated[
    str | None,
    typer.Option(metavar="TEXT", help="What else a model should heed."),
]
HostOption = Annotated[str, typer.Option(help="Address to listen on.")]
PortOption = Annotated[int, typer.Option(help="Port to listen on.", min=0, max=65535)]
OpenOption = Annotated[
    bool, typer.Option("--open", help="Allow other machines to connect to --host.")
]
AllowHostOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME", envvar="FOOTNOTE_ALLOW_HOST",
        help="Another host name of the page; repeat for several.",
    ),
]  # fmt: skip
TrustedProxyOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="ADDRESS", envvar="FOOTNOTE_TRUSTED_PROXY",
        help="Proxy whose X-Forwarded headers are trusted; repeat for several.",
    ),
]  # fmt: skip
ComposerOption = Annotated[
    Literal["auto", "extractive", "llm"],
    typer.Option(help="auto: a language model if one is configured, otherwise quotes."),
]


class Misuse(FootnoteError):
    """Wrong usage of the command line; exit status 2."""


@contextmanager
def as_misuse() -> "Iterator[None]":
    """Turns errors in settings into wrong usage."""
    try:
        yield
    except FootnoteError as error:
        raise Misuse(str(error)) from error


@contextmanager
def open_library(
    path: Path | None,
    *,
    empty: bool = False,
    wait: float = 0.0,
    embedder: "Embedder | None" = None,
) -> "Iterator[Library]":
    """Opens a library that must exist and hold papers; with ``empty`` it may hold none."""
    # Fail before loading a model.
    folder = present_folder(path)
    from footnote.index.library import Library

    with Library.open(folder, embedder=embedder or make_embedder(), wait=wait) as library:
        if not library.size and not empty:
            raise FootnoteError(
                f"the library at {folder} is empty; add papers with: "
                f"footnote index PATH --library {folder}"
            )
        yield library


@contextmanager
def open_reader(
    path: Path | None, shards: Sequence[Path] | None = None
) -> "Iterator[LibraryReader]":
    """Opens what is only read: a library, or several as one."""
    if not shards:
        with open_library(path) as library:
            yield library
        return
    from footnote.index.library.shards.manifest import shard_folders

    # Fail before loading a model.
    folders = shard_folders(shards)
    from footnote.index.library.shards.library import ShardedLibrary

    with ShardedLibrary.open(folders, embedder=make_embedder()) as sharded:
        if not sharded.size:
            raise FootnoteError("the shards hold no papers; add some with: footnote index PATH")
        yield sharded


@contextmanager
def open_engine(
    path: Path | None,
    composer: str,
    wishes: Mapping[str, str] | None = None,
    shards: Sequence[Path] | None = None,
) -> "Iterator[CitedQueryEngine]":
    """Opens a library, or several as one, and an engine over it."""
    model, reranker = chosen_model(composer, wishes), chosen_reranker()
    with open_reader(path, shards) as library:
        yield make_engine(library, model, reranker)


RecordOption = Annotated[
    Path | None,
    typer.Option("--record", help="Folder for the prompts that a model would get; see --replay."),
]
ReplayOption = Annotated[
    Path | None,
    typer.Option("--replay", help="Folder or file of recorded replies, in place of a model."),
]


@contextmanager
def open_replaying(
    path: Path | None,
    composer: str,
    record: Path | None,
    replay: Path | None,
    wishes: Mapping[str, str] | None = None,
    shards: Sequence[Path] | None = None,
) -> "Iterator[CitedQueryEngine]":
    """Opens a library and an engine over it, with recorded replies if they are asked for."""
    if record is None and replay is None:
        with open_engine(path, composer, wishes, shards) as engine:
            yield engine
        return
    if wishes:
        raise Misuse(
            "replies are recorded for the usual prompts; leave out --language, --length and "
            "--instructions, or --record and --replay"
        )
    from footnote.rag.build import engine_through

    with open_chat(composer, record, replay) as chat, open_reader(path, shards) as library:
        assert chat is not None
        yield engine_through(library, chat)


@contextmanager
def open_chat(
    composer: str, record: Path | None, replay: Path | None
) -> "Iterator[ChatClient | None]":
    """Opens recorded replies, or the configured model; None if there is no model.

    What is missing among the replies, and what is stale, is printed at the end.
    """
    if record and replay:
        raise Misuse("--record takes the replies that its folder has; give --record or --replay")
    place = record or replay
    if place is None:
        model = chosen_model(composer)
        if model is None:
            yield None
            return
        from footnote.rag.generation.chat.client import ChatClient
        from footnote.rag.generation.chat.endpoints.profile import open_memory

        yield ChatClient(model, memory=open_memory(model))
        return
    from footnote.rag.generation.chat.recorded import RecordedChat

    chat = RecordedChat(place, record=bool(record))
    yield chat
    for line in _tell_recorded(chat, place):
        print(line, file=sys.stderr)


# Names of prompts that are listed.
_MOST_NAMED = 10


def _tell_recorded(chat: "RecordedChat", place: Path) -> "Iterator[str]":
    """Yields what is missing and what is stale, a line each."""
    if missing := chat.missing:
        some = f"{len(missing)} prompt{'s' * (len(missing) > 1)}"
        yield (
            f"footnote: {some} without a reply; put replies to {place}/prompts/NAME.md into "
            f"{place}/replies/NAME.txt and run this again"
        )
    if renumbered := len(chat.renumbered):
        yield (
            f"footnote: {renumbered} replies were recorded for prompts that gave other papers "
            "beside those they cite; their numbers were changed"
        )
    if stale := chat.stale:
        named = ", ".join(stale[:_MOST_NAMED]) + (", ..." if len(stale) > _MOST_NAMED else "")
        yield f"footnote: {len(stale)} replies to no prompt of this run: {named}"


def make_engine(
    library: "LibraryReader", model: "LLMSettings | None", reranker: "Reranker | None"
) -> "CitedQueryEngine":
    """Returns an engine over a library, with the chosen model and reranker."""
    from footnote.rag.build import build_engine

    longest = chosen_limits().question
    return build_engine(library, model=model, reranker=reranker, longest=longest)


def make_embedder() -> "Embedder":
    """Returns the embedder that the environment asks for; the bundled one by default."""
    from footnote.index.embeddings.configured import configured_embedder
    from footnote.ui.settings import all_sources

    return configured_embedder(all_sources())


def chosen_limits() -> "Limits":
    """Returns the configured limits on requests."""
    from footnote.ui.settings import all_sources
    from footnote.ui.web.security.limits import Limits

    with as_misuse():
        return Limits.from_environment(all_sources())


def check_extra(extra: str, *modules: str) -> None:
    """Rejects a command whose packages are not installed.

    Args:
        extra: Of the distribution, that brings them.
        modules: That it needs.
    """
    from importlib.util import find_spec

    if any(find_spec(module) is None for module in modules):
        raise FootnoteError(
            f"this command needs more packages; run: pip install 'footnote-papers[{extra}]'"
        )


def chosen_telemetry() -> "TelemetrySettings":
    """Returns what a server is to tell about itself, and makes it log so."""
    from footnote.index.settings import read_fields
    from footnote.ui.maintenance.telemetry.logs import configure_logs
    from footnote.ui.maintenance.telemetry.settings import TelemetrySettings
    from footnote.ui.settings import all_sources

    with as_misuse():
        chosen = TelemetrySettings(**read_fields(TelemetrySettings, all_sources()))
    configure_logs(chosen.log)
    return chosen


def read_wishes(
    language: str | None, length: str | None, instructions: str | None
) -> dict[str, str]:
    """Returns what flags say of a model's answer, by environment variable."""
    said = {
        "FOOTNOTE_LANGUAGE": language,
        "FOOTNOTE_LENGTH": length,
        "FOOTNOTE_INSTRUCTIONS": instructions,
    }
    return {variable: text for variable, text in said.items() if text}


def chosen_model(choice: str, wishes: Mapping[str, str] | None = None) -> "LLMSettings | None":
    """Returns the model that writes, with what flags say of it; None to only quote."""
    from footnote.ui.settings import model_sources

    sources = model_sources().using(**(wishes or {}))
    names = ("OPENAI_API_KEY", "OPENAI_BASE_URL")
    configured = any(sources.get(name, "").strip() for name in names)
    if choice == "llm" and not configured:
        raise Misuse(
            "no language model is configured; set OPENAI_API_KEY, or OPENAI_BASE_URL and "
            "FOOTNOTE_MODEL"
        )
    if choice == "extractive" or not configured:
        return None
    from footnote.rag.generation.settings import LLMSettings

    # A flag that is wrong is misuse.
    with as_misuse() if wishes else nullcontext():
        return LLMSettings.from_environment(sources)


def chosen_reranker() -> "Reranker | None":
    """Returns the configured reranker; None by default."""
    from footnote.ui.settings import all_sources

    sources = all_sources()
    if not any(name.startswith("FOOTNOTE_RERANK_") for name in sources):
        return None
    from footnote.rag.retrieval.reranking.rerank import reranker_from

    with as_misuse():
        return reranker_from(sources)


def library_folder(path: Path | None) -> Path:
    """Returns the library's folder, the user's data folder by default."""
    if path is not None:
        return path.expanduser()
    from platformdirs import user_data_path

    from footnote.ui.settings import all_sources

    if configured := all_sources().get("FOOTNOTE_LIBRARY", "").strip():
        return Path(configured).expanduser()
    return user_data_path("footnote", appauthor=False) / "library"


def present_folder(path: Path | None) -> Path:
    """Returns the library's folder, which must exist."""
    from footnote.index import LibraryNotFound

    folder = library_folder(path)
    if folder.is_file():
        raise LibraryNotFound(f"{folder} is a file, and a library is a folder; give --library DIR")
    if not folder.is_dir():
        raise LibraryNotFound(
            f"no library at {folder}; create one with: footnote index PATH --library {folder}"
        )
    return folder


def check_years(since: int | None, until: int | None) -> None:
    """Rejects years in the wrong order before anything is loaded."""
    if since is not None and until is not None and since > until:
        raise Misuse(f"--since {since} is after --until {until}; swap them")


def make_filters(since: int | None, until: int | None) -> "Filters":
    """Returns the years as filters."""
    from footnote.index.library import Filters

    return Filters(since, until)


@contextmanager
def progress(label: str, total: int) -> "Iterator[Bar]":
    """Shows a progress bar on stderr while open."""
    from footnote.ui.cli.output import progress_bar

    with progress_bar(console(stderr=True), label, total) as bar:
        yield bar


def console(*, stderr: bool = False) -> "Console":
    """Returns the console on stdout."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)


def print_json(value: Any) -> None:
    """Prints one line of JSON; escaped where stdout is not UTF-8, so that it stays JSON."""
    utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    print(json.dumps(value, ensure_ascii=not utf8))
