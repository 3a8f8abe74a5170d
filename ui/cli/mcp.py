"""The command that gives agents the library as tools, over standard input and output.

Heavy imports are inside the function that needs them, so that ``--help`` is fast.
"""

from typing import TYPE_CHECKING

from footnote.ui.cli.options import (
    ComposerOption,
    LibraryOption,
    check_extra,
    chosen_model,
    open_library,
)

if TYPE_CHECKING:
    from footnote.index.library import Library
    from footnote.ui.web.server.writers import Writers


def mcp(library: LibraryOption = None, composer: ComposerOption = "auto") -> None:
    """Give agents the library as tools (MCP over standard input and output)."""
    import anyio

    check_extra("serve", "mcp")
    from footnote.ui.cli.desks import make_writers

    chosen_model(composer)  # complains before anything is loaded
    with open_library(library) as opened:
        anyio.run(_serve, opened, make_writers(opened, composer))


async def _serve(library: "Library", writers: "Writers") -> None:
    """Answers until the client ends its input."""
    from footnote.ui.api.agents.server import build_agents
    from footnote.ui.api.answering import Answering
    from footnote.ui.web.context import AppContext

    desk = AppContext(library, writers.asks, engines=writers.engines, writers=writers)
    await build_agents(desk, Answering(desk)).run_stdio_async()
