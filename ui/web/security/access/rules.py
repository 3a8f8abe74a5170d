"""Rules: who may do what, one line a route and one a kind of action; what has none is refused.

Somebody who may do a thing may do it to what is theirs, or to the library, as the route says:
another user's conversations look like ones that do not exist.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from starlette.routing import compile_path

from footnote.ui.storage.accounts.libraries import NAME
from footnote.ui.storage.accounts.models import Role
from footnote.ui.web.security.policy import is_conversation

UPLOAD, ASK, FEED = "/gradio_api/upload", "/ask", "/feed.atom"
API, AGENTS, SIGN_IN = "/v1", "/mcp", "/sign-in"
IMPORTS = f"{API}/imports"
# How a path names one of several libraries: /v1/libraries/NAME/search, /mcp/NAME.
LIBRARIES = f"{API}/libraries"
_IN_LIBRARY = re.compile(
    rf"(?P<above>{LIBRARIES}|{AGENTS})/(?P<name>{NAME.pattern})(?P<rest>/.*)?", re.DOTALL
)
_NOBODY, _READER, _WRITER, _ADMIN = Role


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may send requests to a route.

    Attributes:
        path: Of the route, as Starlette writes it; of a mount, "/mcp" and "/mcp/{rest:path}".
        needs: The least role by method; HEAD needs what GET does, others are refused.
        part: Of which part of the server it is: "page", "programs" (``footnote serve``), or
            "accounts".
        asks: Whether a request is a question, whose number is limited.
        logged: What the log calls a change that is made by it; "" for what is not logged.
        log_path: Whether the log also names the path, which then holds no question.
        within: Whether what is sent says which library it is about, as the name of a model does.
    """

    path: str
    needs: Mapping[str, Role]
    part: str = "page"
    asks: bool = False
    logged: str = ""
    log_path: bool = False
    within: bool = False
    pattern: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pattern", compile_path(self.path)[0])


def _page(path: str, least: Role, method: str = "GET", **more: bool) -> Rule:
    return Rule(path, {method: least}, **more)  # type: ignore[arg-type]


def _programs(path: str, asks: bool = False, logged: str = "", **needs: Role) -> Rule:
    return Rule(path, needs, "programs", asks, logged, bool(logged))


def _by_model(path: str, **needs: Role) -> Rule:
    return Rule(path, needs, "programs", "POST" in needs, within=True)


def _accounts(path: str, **needs: Role) -> Rule:
    return Rule(path, needs, "accounts")


# Routes that are used. Gradio has some fifty more: an API for every function, a proxy, its
# files, monitoring. A list of routes to close would miss those that its next version adds.
RULES: Sequence[Rule] = (
    _page("/", _READER),
    _page("/c/{id}", _READER),
    _page("/config", _READER),
    _page("/theme.css", _READER),
    _page("/assets/{file:path}", _READER),
    _page("/static/{file:path}", _READER),
    _page("/gradio_api/heartbeat/{session}", _READER),
    _page("/gradio_api/queue/data", _READER),
    _page("/gradio_api/queue/join", _READER, "POST"),
    # Each action has a rule of its own below.
    _page("/gradio_api/component_server", _READER, "POST"),
    _page(UPLOAD, _WRITER, "POST"),
    _page(ASK, _READER, "POST", asks=True),
    _page(FEED, _READER),
    # Its token is a secret; what was shared with users alone asks for more (``routes``).
    _page("/shared/{token}", _NOBODY),
    # What the page of the sign-in shows, and what browsers fetch without a cookie.
    _page("/fonts/{name}", _NOBODY),
    _page("/favicon.ico", _NOBODY),
    _page("/manifest.json", _NOBODY),
    _page("/robots.txt", _NOBODY),
    # The server asks itself as it starts; it does nothing a second time.
    _page("/gradio_api/startup-events", _NOBODY),
    _accounts(SIGN_IN, GET=_NOBODY, POST=_NOBODY),
    _accounts("/sign-out", POST=_NOBODY),
    _accounts("/account", GET=_READER, POST=_READER),
    _accounts("/people", GET=_ADMIN, POST=_ADMIN),
    _programs("/healthz", GET=_NOBODY),
    _programs("/readyz", GET=_NOBODY),
    _programs("/metrics", GET=_READER),
    # Each tool is a question to the library, and none changes it.
    _programs(AGENTS, asks=True, POST=_READER),
    _programs("/v1/openapi.json", GET=_READER),
    _programs("/v1/status", GET=_READER),
    _programs("/v1/ask", asks=True, POST=_READER),
    _programs("/v1/search", POST=_READER),
    _programs("/v1/check", asks=True, POST=_READER),
    _programs("/v1/papers", logged="papers added", GET=_READER, POST=_WRITER),
    _programs("/v1/papers/{name:path}/similar", GET=_READER),
    _programs("/v1/papers/{name:path}", logged="paper removed", GET=_READER, DELETE=_WRITER),
    _programs(IMPORTS, logged="papers added", GET=_WRITER, POST=_WRITER),
    _programs(f"{IMPORTS}/identifiers", logged="papers added", POST=_WRITER),
    _programs(f"{IMPORTS}/{{id}}", GET=_WRITER, PATCH=_WRITER),
    _programs("/v1/export", GET=_READER),
    _programs("/v1/conversations", asks=True, GET=_READER, POST=_READER),
    _programs("/v1/conversations/{id}", GET=_READER, PATCH=_READER, DELETE=_READER),
    _programs("/v1/feedback", POST=_READER),
    _by_model("/v1/models", GET=_READER),
    _programs("/v1/embeddings", POST=_READER),
    _by_model("/v1/chat/completions", POST=_READER),
    _by_model("/v1/responses", POST=_READER),
)

# Actions of the page (``footnote.ui.web.handlers``) by the least role that may do them.
ACTION_RULES: Mapping[Role, frozenset[str]] = {
    _READER: frozenset(
        """boot begin next scope confirm paper similar cite copy vote doubt
        talks open rename delete share unshare export
        timeline map map-dots map-papers agreement
        check check-example check-start check-stop
        library browse own tag untag note papers-export collect uncollect collection-new
        collection-rename collection-delete collection-share collection-unshare
        table table-open table-export job
        news seen topic-save topic-remove watch evals eval-open eval-compare eval-case
        model""".split()
    ),
    _WRITER: frozenset(
        """add paste draft-add remove undo redo correct-form correct eval-make eval-start""".split()
    ),
    _ADMIN: frozenset(["model-save", "model-try"]),
}
# Those that change what others see, as the log calls them.
LOGGED_ACTIONS: Mapping[str, str] = {
    "add": "import begun", "paste": "import begun", "draft-add": "import begun",
    "remove": "papers removed", "undo": "import undone", "redo": "import redone",
    "correct": "record corrected", "eval-make": "set made", "eval-start": "eval started",
    "model-save": "model changed", "share": "link made", "collection-share": "link made",
    "unshare": "links withdrawn", "collection-unshare": "links withdrawn",
}  # fmt: skip
NEEDED = {name: role for role, names in ACTION_RULES.items() for name in names}


class Rules:
    """The rules of one server: of those parts that it has."""

    def __init__(self, *, programs: bool = False, accounts: bool = False) -> None:
        """Takes whether it serves programs, and whether it has accounts."""
        parts = {"page", *(["programs"] * programs), *(["accounts"] * accounts)}
        self._rules = [rule for rule in RULES if rule.part in parts]
        self._programs = programs

    def find(self, path: str) -> Rule | None:
        """Returns the first rule of a path; None where there is nothing."""
        if path.startswith("/c/") and not is_conversation(path):
            return None
        path = split_library(path)[1]
        return next((rule for rule in self._rules if rule.pattern.match(path)), None)

    def is_api(self, path: str) -> bool:
        """Returns whether a path is for programs, also one where there is nothing."""
        rule = self.find(path)
        return self._programs and (
            path.startswith(f"{API}/") or (rule is not None and rule.part == "programs")
        )

    def needed(self, method: str, path: str) -> Role | None:
        """Returns the least role that a request needs; None where nobody may send it."""
        rule = self.find(path)
        return rule.needs.get("GET" if method == "HEAD" else method) if rule else None


def plain_path(path: str) -> str:
    """Returns a path without its last slash: Gradio has most routes twice."""
    return path.removesuffix("/") or "/"


def split_library(path: str) -> tuple[str, str]:
    """Returns the library that a path of programs names, and the path that it has without one.

    The name is "" where it names none: it is about the first library, or the page's, whose calls
    name theirs in the body.
    """
    found = _IN_LIBRARY.fullmatch(path)
    if found is None:
        return "", path
    above = API if found["above"] == LIBRARIES else AGENTS
    return found["name"], above + (found["rest"] or "")
