"""What stands before Gradio in the server of the page: the guard, policies, our own addresses."""

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware

from footnote.ui.web.security.calls import Calls
from footnote.ui.web.security.middleware import Guard
from footnote.ui.web.security.policy import PagePolicy


def app_options(
    add: Callable[[Starlette], None],
    guard: Callable[[Any], Guard],
    calls: Callable[[Any], Calls],
    *,
    script: str,
    uploads: Path | None,
) -> dict[str, Any]:
    """Returns what Gradio makes its application with, so that no request passes the guard by.

    Args:
        add: Adds addresses of our own.
        guard: Puts the guard around what it is given.
        calls: Puts the check of calls around it, within the guard.
        script: The page's own script, which it may run.
        uploads: Folder that goes when the server ends.
    """

    @asynccontextmanager
    async def opened(app: Starlette) -> AsyncIterator[None]:
        # Everything of Gradio's stands by now, and no request was taken yet. Middleware that
        # Gradio is given stands within its own, which adds the headers of CORS after it.
        add(app)
        if app.middleware_stack is not None:
            app.middleware_stack = guard(calls(app.middleware_stack))
        try:
            yield
        finally:
            if uploads is not None:
                shutil.rmtree(uploads, ignore_errors=True)

    return {"lifespan": opened, "middleware": [Middleware(PagePolicy, scripts=(script,))]}


def is_guarded(app: Any) -> bool:
    """Returns whether nothing reaches an application but through its guard."""
    return isinstance(app.middleware_stack, Guard)
