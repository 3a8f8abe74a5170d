"""Stack: the guard, policies and our own routes in front of Gradio."""

import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware

from footnote.ui.maintenance.telemetry.request_log import RequestLog
from footnote.ui.web.security.access.gate import Gate
from footnote.ui.web.security.calls import Calls
from footnote.ui.web.security.middleware import Guard
from footnote.ui.web.security.policy import PagePolicy

Service = AbstractAsyncContextManager[Any]
"""Something that is open as long as the server serves."""


def app_options(
    add: Callable[[Starlette], Sequence[Service]],
    guard: Callable[[Any], Guard],
    gate: Callable[[Any], Gate],
    calls: Callable[[Any], Calls],
    watch: Callable[[Any, Any], RequestLog],
    *,
    close: Callable[[], None],
    script: str,
    uploads: Path | None,
) -> dict[str, Any]:
    """Returns the options of Gradio's application, so that every request passes the guard.

    Args:
        add: Adds our own routes; returns what is open as long as they are.
        guard: Puts the guard around what it is given.
        gate: Puts the check of who may around it, within the guard.
        calls: Puts the check of calls around it, within the gate.
        watch: Puts what names and tells requests around the guard, of an application.
        close: Called when the server ends.
        script: The page's own script, which it may run.
        uploads: Folder that goes when the server ends.
    """

    @asynccontextmanager
    async def opened(app: Starlette) -> AsyncIterator[None]:
        # Gradio is complete now, and no request has been handled yet. Middleware passed to Gradio
        # would run inside its own, which then adds CORS headers.
        services = add(app)
        if app.middleware_stack is not None:
            app.middleware_stack = watch(guard(gate(calls(app.middleware_stack))), app)
        try:
            async with AsyncExitStack() as stack:
                for service in services:
                    await stack.enter_async_context(service)
                yield
        finally:
            close()
            if uploads is not None:
                shutil.rmtree(uploads, ignore_errors=True)

    return {"lifespan": opened, "middleware": [Middleware(PagePolicy, scripts=(script,))]}


def is_guarded(app: Any) -> bool:
    """Returns whether every request to an application passes its guard."""
    stack = app.middleware_stack
    return isinstance(stack, RequestLog) and isinstance(stack.app, Guard)
