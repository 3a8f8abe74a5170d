"""The command that lists an endpoint's models and tries the configured one."""

import sys
from typing import TYPE_CHECKING, Any

from footnote.index import FootnoteError
from footnote.ui.cli.options import JsonOption, Misuse, as_misuse, console, print_json

if TYPE_CHECKING:
    from footnote.rag.generation.chat.endpoints.trial import ListedModel, ModelTrial
    from footnote.rag.generation.settings import LLMSettings, Prices


def models(as_json: JsonOption = False) -> None:
    """List the models of the configured endpoint, and try the one that writes answers."""
    config = _configured()
    from footnote.rag.generation.chat.endpoints.profile import open_memory
    from footnote.rag.generation.chat.endpoints.trial import find_models, try_model

    offered = find_models(config)
    if not as_json:
        _show_list(config, offered)
    if not config.model:
        if as_json:
            print_json(models_json(config, offered, None))
        raise Misuse("FOOTNOTE_MODEL is not set; set it to the name of a model to try")
    if not as_json:
        print(f"Trying {config.model} ...", file=sys.stderr)
    trial = try_model(config, memory=open_memory(config), offered=offered)
    if as_json:
        print_json(models_json(config, offered, trial))
    else:
        _show_trial(trial)
    if trial.fault:
        raise FootnoteError(trial.fault)


def _configured() -> "LLMSettings":
    """Returns the configured endpoint; its model is empty where only the address is set."""
    from dataclasses import replace

    from footnote.rag.generation.settings import LLMSettings
    from footnote.ui.settings import model_sources

    with as_misuse():
        sources = model_sources()
        named = sources.get("FOOTNOTE_MODEL", "").strip()
        unnamed = sources.get("OPENAI_BASE_URL", "").strip() and not named
        filled = sources.using(FOOTNOTE_MODEL="none") if unnamed else sources
        config = LLMSettings.from_environment(filled)
    if config is None:
        raise Misuse(
            "no endpoint is configured; set OPENAI_API_KEY, or OPENAI_BASE_URL and FOOTNOTE_MODEL"
        )
    return replace(config, model="") if unnamed else config


def models_json(
    config: "LLMSettings", offered: "list[ListedModel] | None", trial: "ModelTrial | None"
) -> dict[str, Any]:
    """Returns what an endpoint offers, and how the configured model did, as JSON values."""
    from footnote.rag.generation.chat.endpoints.connection import address_of

    return {
        "endpoint": address_of(config.base_url),
        "model": config.model or None,
        "models": None
        if offered is None
        else [
            {
                "name": model.name,
                "configured": model.configured,
                "window": model.window,
                "prices": _prices_json(model.prices),
            }
            for model in offered
        ],
        "trial": trial and _trial_json(trial),
    }


def _trial_json(trial: "ModelTrial") -> dict[str, Any]:
    return {
        "streams": trial.streams,
        "takes_schema": trial.takes_schema,
        "gives_json": trial.gives_json,
        "first_word_s": None if trial.first_word is None else round(trial.first_word, 3),
        "window": trial.window.tokens,
        "window_source": trial.window.source,
        "prices": _prices_json(trial.prices),
        "refused": list(trial.refused),
        "api": trial.api,
        "fault": trial.fault,
    }


def _prices_json(prices: "Prices | None") -> dict[str, Any] | None:
    if prices is None:
        return None
    return {"prompt": prices.prompt, "completion": prices.completion, "source": prices.source}


def _show_list(config: "LLMSettings", offered: "list[ListedModel] | None") -> None:
    from footnote.rag.generation.chat.endpoints.connection import address_of
    from footnote.ui.cli.model_output import show_models

    address = address_of(config.base_url)
    if offered is None:
        print(f"{address} does not list its models.")
        return
    show_models(console(), address, offered)
    if config.model and not any(model.configured for model in offered):
        print(f"{config.model} is not among them.")


def _show_trial(trial: "ModelTrial") -> None:
    from footnote.rag.generation.chat.endpoints.trial import describe_trial
    from footnote.ui.cli.model_output import show_rows

    show_rows(console(), describe_trial(trial))
