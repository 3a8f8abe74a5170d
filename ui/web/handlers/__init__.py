"""Handlers: everything a reader does on the page besides asking, one call for each action.

An action takes the page's context and the browser's arguments. Its reply says what HTML goes where;
nothing else in the page changes. An error is one line for the reader.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from footnote.index import FootnoteError
from footnote.ui.web.context import AppContext
from footnote.ui.web.handlers import (
    charts,
    check,
    confirmations,
    conversations,
    digest,
    evals,
    feedback,
    filters,
    library,
    model,
)
from footnote.ui.web.requests import Args

log = logging.getLogger(__name__)

CRASHED = "Something went wrong; the log has it, and nothing was lost."
Reply = dict[str, Any]
"""``html`` by CSS selector, ``frames`` of turns, ``error`` or ``told``: a line, ``file`` to save,
``scope``, ``conversation``, ``dialog``, ``job``, ``checking`` (the job of a check), ``example`` (a
text to check), ``later`` (milliseconds until it is to be asked for again), ``forget`` (what the
browser had kept): each only where it is needed."""

ACTIONS: Mapping[str, Callable[[AppContext, Args], Reply]] = {
    name: action
    for module in (
        conversations,
        filters,
        charts,
        check,
        library,
        digest,
        evals,
        feedback,
        confirmations,
        model,
    )
    for name, action in module.ACTIONS.items()
}


def act(desk: AppContext, sent: Any) -> Reply:
    """Returns the reply to an action; errors become a reply as well."""
    try:
        args = Args.read(sent)
        name = args.text("action", most=40)
        if name not in ACTIONS:
            return {"error": f"The page asked for {name[:40]!r}, which is not known; reload it."}
        return ACTIONS[name](desk, args)
    except FootnoteError as error:
        return {"error": _sentence(str(error))}
    except Exception:
        # The only broad catch for actions: a crash becomes one line.
        log.exception("an action failed")
        return {"error": CRASHED}


def _sentence(line: str) -> str:
    first = line[:1].upper() + line[1:] if line.partition(" ")[0].isalpha() else line
    return first if first.endswith((".", "!", "?")) else f"{first}."
