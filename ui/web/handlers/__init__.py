"""Handlers: everything a reader does on the page besides asking, one call for each action.

An action takes the page's context and the browser's arguments. Its reply says what HTML goes where;
nothing else in the page changes. An error is one line for the reader.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from footnote.index import FootnoteError
from footnote.ui.storage.accounts.models import LOCAL_USER, Identity
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
from footnote.ui.web.security.access.rules import LOGGED_ACTIONS, NEEDED

log = logging.getLogger(__name__)

CRASHED = "Something went wrong; the log has it, and nothing was lost."
Reply = dict[str, Any]
"""``html`` by CSS selector, ``frames`` of turns, ``error`` or ``told``: a line, ``file`` to save,
``scope``, ``signed`` (who is signed in), ``conversation``, ``dialog``, ``job``, ``checking`` (the
job of a check), ``example`` (a text to check), ``later`` (milliseconds until it is to be asked for
again), ``forget`` (what the browser had kept): each only where it is needed."""

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


def act(desk: AppContext, sent: Any, who: Identity = LOCAL_USER) -> Reply:
    """Returns the reply to an action of somebody; errors become a reply as well."""
    try:
        args = Args.read(sent).of(who)
        name = args.text("action", most=40)
        if name not in ACTIONS:
            return {"error": f"The page asked for {name[:40]!r}, which is not known; reload it."}
        desk = desk.find(args.text("library", "", most=40), who)
        # One without a rule is nobody's.
        needed = NEEDED.get(name)
        if needed is None or desk.who.role < needed:
            asked = f"This needs the role {needed.label}; ask an admin." if needed else CRASHED
            return {"error": asked}
        reply = ACTIONS[name](desk, args)
        if desk.accounts is not None and name in LOGGED_ACTIONS and "error" not in reply:
            desk.accounts.log.add(who.name, LOGGED_ACTIONS[name], desk.name, who.address)
        return reply
    except FootnoteError as error:
        return {"error": _sentence(str(error))}
    except Exception:
        # The only broad catch for actions: a crash becomes one line.
        log.exception("an action failed")
        return {"error": CRASHED}


def _sentence(line: str) -> str:
    first = line[:1].upper() + line[1:] if line.partition(" ")[0].isalpha() else line
    return first if first.endswith((".", "!", "?")) else f"{first}."
