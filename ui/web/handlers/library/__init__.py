"""Handlers of the library's papers: the room, browsing, collections, and each paper's card."""

from collections.abc import Callable, Mapping
from typing import Any

from footnote.ui.web.context import AppContext
from footnote.ui.web.handlers.library import (
    browsing,
    collections,
    corrections,
    papers,
    room,
    table,
)
from footnote.ui.web.requests import Args

ACTIONS: Mapping[str, Callable[[AppContext, Args], dict[str, Any]]] = {
    name: action
    for module in (room, browsing, collections, corrections, papers, table)
    for name, action in module.ACTIONS.items()
}
