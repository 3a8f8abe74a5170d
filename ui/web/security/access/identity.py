"""Identity: how a request says who sends it, and how what handles it asks."""

from collections.abc import Mapping
from typing import Any

from footnote.ui.storage.accounts.models import NOBODY, Identity

_KEY = "footnote.identity"


def identified(scope: Mapping[str, Any], who: Identity) -> dict[str, Any]:
    """Returns a request that knows who sends it."""
    return {**scope, _KEY: who}


def identity_of(scope: Mapping[str, Any]) -> Identity:
    """Returns who sends a request: nobody, if it did not come through the gate."""
    who = scope.get(_KEY, NOBODY)
    return who if isinstance(who, Identity) else NOBODY
