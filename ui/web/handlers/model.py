"""The room of the model: who writes the answers and how, chosen, tried, and kept.

What it costs and where questions go is for whoever runs the server: a page that others reach shows
it and changes nothing. A key is neither shown nor taken.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from markupsafe import Markup

from footnote.index import FootnoteError
from footnote.rag.generation.chat.endpoints.chosen import check_address
from footnote.rag.generation.chat.endpoints.connection import address_of
from footnote.rag.generation.chat.endpoints.keys import find_key
from footnote.rag.generation.chat.endpoints.profile import open_memory
from footnote.rag.generation.chat.endpoints.trial import (
    ListedModel,
    ModelTrial,
    describe_trial,
    find_models,
    try_model,
)
from footnote.rag.generation.settings import (
    DEFAULT_MODEL,
    LONGEST_INSTRUCTIONS,
    LLMSettings,
)
from footnote.ui.rendering.environment import piece
from footnote.ui.rendering.panels import composers_html, counted
from footnote.ui.web.context import AppContext
from footnote.ui.web.requests import Args, BadRequest
from footnote.ui.web.security.hosts import is_loopback
from footnote.ui.web.server.writers import Writers, setting_of, source_line

_ROOM, _WRITING, _TIP, _TRIED = "#fn-room-model", "#fn-writing", "#fn-tip", "#fn-model-tried"
# What a form calls a setting, and what its reader does.
FIELDS: Mapping[str, tuple[str, str]] = {
    "base_url": ("OPENAI_BASE_URL", "Address"),
    "model": ("FOOTNOTE_MODEL", "Model"),
    "extent": ("FOOTNOTE_THOROUGH", "Answers"),
    "length": ("FOOTNOTE_LENGTH", "Length"),
    "language": ("FOOTNOTE_LANGUAGE", "Language"),
    "instructions": ("FOOTNOTE_INSTRUCTIONS", "Your own instructions"),
    "day_tokens": ("FOOTNOTE_DAY_TOKENS", "Tokens a day"),
    "day_cost": ("FOOTNOTE_DAY_COST", "USD a day"),
}
# What errors call a setting where it stands in the form.
CALLED = {
    **{variable: f"“{label}”" for variable, label in FIELDS.values()},
    "OPENAI_BASE_URL": "the address",
    "FOOTNOTE_MODEL": "the name of the model",
}
# Offered beside any other name.
LANGUAGES = (
    "Arabic", "Chinese", "Czech", "Danish", "Dutch", "English", "Finnish", "French", "German",
    "Greek", "Hebrew", "Hindi", "Hungarian", "Indonesian", "Italian", "Japanese", "Korean",
    "Norwegian", "Polish", "Portuguese", "Romanian", "Russian", "Spanish", "Swedish", "Turkish",
    "Ukrainian", "Vietnamese",
)  # fmt: skip
# Characters of a field that are read; what is too long for its setting is told by that.
_MOST_SENT = 2 * LONGEST_INSTRUCTIONS
OTHERS = (
    "Other machines can reach this page, so this can only be changed where it runs: in the "
    "environment or footnote.toml."
)
ADMINS = "Only an admin of this library can change this."


@dataclass(frozen=True, slots=True)
class ShownSetting:
    """A setting as the room shows it.

    Attributes:
        value: As it is in force; "" for the default.
        fixed: What sets it so that it cannot be chosen; "" if nothing does.
    """

    name: str
    label: str
    value: str
    fixed: str


def shown(desk: AppContext, args: Args) -> dict[str, Any]:
    """Shows the room."""
    return {"html": {_ROOM: _room_html(desk)}}


def saved(desk: AppContext, args: Args) -> dict[str, Any]:
    """Keeps what was chosen; the next question is answered with it."""
    writers = _changeable(desk)
    was, asked_thoroughly = writers.model, writers.thorough
    try:
        writers.choose(_read(writers, args), CALLED)
    except FootnoteError as error:
        raise BadRequest(_sentence(str(error))) from error
    for other in (own.writers for own in desk.all[1:]):
        if other is not None:
            other.renew()
    return {
        "html": {_ROOM: _room_html(desk), **writing_html(desk)},
        "told": _explain_saved(writers, was),
        "focus": "#fn-model-save",
        # Whoever chose another default here wants it in this browser, too.
        "forget": ["thorough"] if writers.thorough is not asked_thoroughly else [],
    }


def tried(desk: AppContext, args: Args) -> dict[str, Any]:
    """Lists what the endpoint offers and tries the model, as they stand in the form."""
    writers = _changeable(desk)
    try:
        config = writers.try_out(_read(writers, args), CALLED)
        if config is None:
            raise BadRequest("there is no address to try; give one like http://HOST:PORT/v1")
        offered = find_models(config)
        trial = None
        if config.model:
            trial = try_model(config, memory=open_memory(config), offered=offered)
    except FootnoteError as error:
        return {"html": {_TRIED: piece("model", "failed", _sentence(str(error)))}}
    return {"html": {_TRIED: _tried_html(writers, config, offered, trial)}}


def writing_html(desk: AppContext) -> dict[str, Markup]:
    """Returns by its place what depends on who can write: the choice of them, and the tip."""
    writers = desk.writers
    if writers is None:
        return {}
    wanted = desk.may_choose and writers.model is None and not writers.quotes_only
    tip = piece("model", "tip") if wanted else Markup()
    return {_WRITING: composers_html(desk, bare=True), _TIP: tip}


def _changeable(desk: AppContext) -> Writers:
    if desk.writers is None:
        raise BadRequest("this page has no choice of a model; serve one with: footnote chat")
    if not desk.may_choose:
        raise BadRequest(OTHERS if desk.accounts is None else ADMINS)
    return desk.writers


def _read(writers: Writers, args: Args) -> dict[str, str]:
    """Returns what was chosen in the form, as text by environment variable.

    Raises:
        FootnoteError: A value is wrong.
    """
    chosen = {}
    for name, (variable, label) in FIELDS.items():
        text = args.text(name, "", most=_MOST_SENT).strip()
        if not text or writers.is_fixed(variable):
            continue
        if name == "base_url":
            check_address(text)
        setting = setting_of(variable)
        try:
            setting.parse(text)
        except (ValueError, KeyError, OverflowError) as error:
            told = f"“{text[:40]}”" if len(text) <= 40 else f"{len(text):,} characters long"
            raise BadRequest(f"“{label}” is {told}; {setting.expects}") from error
        chosen[variable] = text
    return chosen


def _room_html(desk: AppContext) -> Markup:
    writers = desk.writers
    if writers is None:
        return piece("model", "closed")
    fields = {
        name: ShownSetting(name, label, _value(writers, variable),
                           source_line(writers.sources, variable))
        for name, (variable, label) in FIELDS.items()
    }  # fmt: skip
    lines = list(_describe(writers))
    if not desk.may_choose:
        return piece("model", "locked", lines, fields, OTHERS if desk.accounts is None else ADMINS)
    most = (LONGEST_INSTRUCTIONS, DEFAULT_MODEL)
    return piece("model", "room", lines, fields, LANGUAGES, most)


def _value(writers: Writers, variable: str) -> str:
    """Returns a setting as text; an address without what may be secret in it."""
    text = writers.sources.get(variable, "").strip()
    return address_of(text) if variable == "OPENAI_BASE_URL" and text else text


def _describe(writers: Writers) -> Iterator[str]:
    """Yields in words who writes, where questions go, whether a key is sent, and what is spent."""
    model = writers.model
    if writers.quotes_only:
        yield "This page was started with --composer extractive: answers are quotes, as they stand."
    elif model is None:
        yield "No language model is set. Answers are made of the papers’ own sentences."
    else:
        yield f"{model.model} at {address_of(model.base_url)} writes the answers."
        yield _explain_way(model.base_url)
    yield _explain_key(writers)
    if model is not None:
        yield from _explain_spent(writers, model)


def _explain_way(base_url: str) -> str:
    """Returns in words what is sent to an address, and who could read it on the way."""
    told = "Questions, and the abstracts found for them, are sent there."
    url = httpx.URL(base_url)
    if _is_here(url.host):
        return f"{told} It is on this machine."
    if url.scheme == "http":
        return f"{told} They are not encrypted (http): others on the way can read them."
    return told


def _is_here(host: str) -> bool:
    try:
        return is_loopback(host)
    except FootnoteError:
        return False


def _explain_key(writers: Writers) -> str:
    """Returns in words whether there is a key and where it goes; nothing of the key itself."""
    sources, model = writers.sources, writers.model
    if not sources.get("OPENAI_API_KEY", "").strip():
        return (
            "No key is set. A server of your own mostly needs none; for others set OPENAI_API_KEY, "
            "and OPENAI_BASE_URL beside it, where this page is started."
        )
    where = sources.source("OPENAI_API_KEY")
    told = f"A key is set ({where}); it stays on the server"
    if model is None:
        return f"{told}."
    if not find_key(sources):
        return f"{told}, and was not set for this address: none is sent there."
    return f"{told} and is sent to {httpx.URL(model.base_url).netloc.decode()} alone."


def _explain_spent(writers: Writers, model: LLMSettings) -> Iterator[str]:
    """Yields in words what today has taken, and of which limits."""
    try:
        spent = writers.spent(model)
    except FootnoteError as error:
        yield f"{error}."
        return
    if spent is None:
        return
    limits = (model.day_tokens, model.day_cost)
    told = []
    if model.day_tokens is not None:
        told.append(f"{spent.tokens:,} of {model.day_tokens:,} tokens")
    elif spent.tokens and model.day_cost is None:
        told.append(counted(spent.tokens, "token"))
    if model.day_cost is not None:
        told.append(f"${spent.cost:.2f} of ${model.day_cost:.2f}")
    if told:
        beyond = "" if limits == (None, None) else " Beyond that, answers are quotes."
        yield f"Today: {' and '.join(told)}.{beyond}"


def _explain_saved(writers: Writers, was: LLMSettings | None) -> str:
    model = writers.model
    if model is None:
        return "Saved. Answers are quotes from the papers."
    if was is not None and (was.model, was.base_url) == (model.model, model.base_url):
        return "Saved. It holds from the next question on."
    return (
        f"Saved. Questions and abstracts now go to {model.model} at {address_of(model.base_url)}."
    )


def _tried_html(
    writers: Writers,
    config: LLMSettings,
    offered: list[ListedModel] | None,
    trial: ModelTrial | None,
) -> Markup:
    """Returns what was found out: the models that are offered, and how the named one did."""
    address = address_of(config.base_url)
    if offered is None:
        told = f"{address} does not list its models."
    else:
        told = f"{address} offers {counted(len(offered), 'model')}."
    # What is fixed is not to be picked.
    models = [] if writers.is_fixed("FOOTNOTE_MODEL") else offered or []
    if trial is None:
        return piece("model", "tried", f"{told} Name one to try it.", models, [])
    if trial.fault:
        fault = piece("model", "failed", _sentence(trial.fault))
        return fault + piece("model", "tried", told, models, [])
    told = f"{config.model} works. {told}"
    return piece("model", "tried", told, models, describe_trial(trial))


def _sentence(fault: str) -> str:
    """Returns a fault as the command line tells it, as a sentence."""
    # The name of a model, which may begin it, stays as it is written.
    ours = fault.startswith(("the ", "there "))
    return f"{fault[:1].upper() if ours else fault[:1]}{fault[1:]}."


ACTIONS = {"model": shown, "model-save": saved, "model-try": tried}
