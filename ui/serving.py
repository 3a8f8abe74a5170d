"""The chat page from the command line: over a library, and over the demo."""

from typing import TYPE_CHECKING, Annotated

import typer

from ui.assemble import (
    ComposerOption,
    HostOption,
    LibraryOption,
    PortOption,
    chosen_model,
    chosen_reranker,
    console,
    make_embedder,
    make_engine,
    open_engine,
    progress,
)

if TYPE_CHECKING:
    from rag.engine import CitedQueryEngine

DEMO_QUESTION = "How many robot demonstrations was OpenVLA trained on?"
DEFAULT_PORT = 7860


def chat(
    library: LibraryOption = None,
    host: HostOption = "127.0.0.1",
    port: PortOption = DEFAULT_PORT,
    composer: ComposerOption = "auto",
) -> None:
    """Serve the chat page over a library."""
    with open_engine(library, composer) as engine:
        _serve(engine, host, port)


def demo(
    host: HostOption = "127.0.0.1",
    port: PortOption = DEFAULT_PORT,
    composer: ComposerOption = "auto",
    serve: Annotated[bool, typer.Option(help="Serve the chat page after the answer.")] = True,
) -> None:
    """Answer an example question over the demo library, then serve its chat page."""
    from index.demo import demo_papers, demo_version
    from index.library import Library
    from index.minilm import EXPORT_VERSION, cache_folder
    from index.sources import read_sources
    from ui.terminal import show_answer

    model, reranker = chosen_model(composer), chosen_reranker()
    terminal = console()
    folder = cache_folder() / f"demo-{demo_version()}-{EXPORT_VERSION}" / "demo"
    embedder = make_embedder()
    sources = read_sources([demo_papers()])
    with Library.open(folder, embedder=embedder, create=True) as library:
        if library.size < len(sources.papers):
            with progress("Indexing", len(sources.papers)) as advance:
                library.add(sources.papers, on_progress=advance)
        engine = make_engine(library, model, reranker)
        terminal.print(f"Question: {DEMO_QUESTION}\n", style="bold", markup=False)
        show_answer(terminal, engine.ask(DEMO_QUESTION))
        if serve:
            _serve(engine, host, port)


def _serve(engine: "CitedQueryEngine", host: str, port: int) -> None:
    from ui.chat import build_page, launch

    def ready(address: str) -> None:
        print(f"Chat page: {address} (Ctrl-C stops it)", flush=True)

    launch(build_page(engine.stream, engine.library), host=host, port=port, on_ready=ready)
