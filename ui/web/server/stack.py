"""Stack: the guard, policies and our own routes in front of Gradio."""

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware

from footnote.ui.web.security.access.gate import Gate
from footnote.ui.web.security.calls import Calls
from footnote.ui.web.security.middleware import Guard
from footnote.ui.web.security.policy import PagePolicy


def app_options(
    add: Callable[[Starlette], None],
    guard: Callable[[Any], Guard],
    gate: Callable[[Any], Gate],
    calls: Callable[[Any], Calls],
    *,
    script: str,
    uploads: Path | None,
) -> dict[str, Any]:
    """Returns the options of Gradio's application, so that every request passes the guard.

    Args:
        add: Adds our own routes.
        guard: Puts the guard around what it is given.
        gate: Puts the check of who may around it, within the guard.
        calls: Puts the check of calls around it, within the gate.
        script: The page's own script, which it may run.
        uploads: Folder that goes when the server ends.
    """

    @asynccontextmanager
    async def opened(app: Starlette) -> AsyncIterator[None]:
        # Gradio is complete now, and no request has been handled yet. Middleware passed to Gradio
        # would run inside its own, which then adds CORS headers.
        add(app)
        if app.middleware_stack is not None:
            app.middleware_stack = guard(gate(calls(app.middleware_stack)))
        try:
            yield
        finally:
            if uploads is not None:
                shutil.rmtree(uploads, ignore_errors=True)

    return {"lifespan": opened, "middleware": [Middleware(PagePolicy, scripts=(script,))]}


def is_guarded(app: Any) -> bool:
    """Returns whether every request to an application passes its guard."""
    return isinstance(app.middleware_stack, Guard)
