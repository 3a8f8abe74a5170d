"""Judge options: build the judge from the command line's options."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from footnote.index import FootnoteError
from footnote.ui.cli.options import Misuse

if TYPE_CHECKING:
    from footnote.evals.judge.agreement import Rating
    from footnote.evals.judge.budget import SpendingLimit
    from footnote.evals.judge.run import Judging
    from footnote.rag.generation.settings import LLMSettings, Prices

DEFAULT_TOKENS = 200_000
MOST_TOKENS = 10**12
MOST_USD = 1_000_000
LABELS_FILE = "judge_labels.jsonl"

JudgeOption = Annotated[bool, typer.Option("--judge", help="Also let a language model judge.")]
JudgeModelOption = Annotated[
    str | None,
    typer.Option(help="Model that judges.", metavar="NAME", show_default="$FOOTNOTE_JUDGE_MODEL"),
]
JudgeTokensOption = Annotated[
    int | None,
    typer.Option(
        min=0,
        max=MOST_TOKENS,
        help="Maximum number of tokens for judging.",
        show_default=f"{DEFAULT_TOKENS:,}, or no limit with --judge-usd",
    ),
]
JudgeUsdOption = Annotated[
    float | None,
    typer.Option(min=0, max=MOST_USD, help="Maximum cost in US dollars; needs --judge-prices."),
]
JudgePricesOption = Annotated[
    str | None,
    typer.Option(metavar="PROMPT,COMPLETION", help="US dollars per million tokens of each."),
]
JudgeLabelsOption = Annotated[
    Path | None,
    typer.Option(
        metavar="HUMAN.jsonl",
        help='Human {"id", "label"}; id is a case, or CASE#N for its statement N.',
        show_default=f"{LABELS_FILE} in SET",
    ),
]


@dataclass(frozen=True, slots=True)
class JudgeWish:
    """The judge's options on a command line."""

    model: str | None = None
    tokens: int | None = None
    usd: float | None = None
    prices: str | None = None
    labels: Path | None = None


@contextmanager
def open_judge(
    wanted: bool, wish: JudgeWish, *, cases: Path, folder: Path
) -> "Iterator[Judging | None]":
    """Opens the judge of a run; None if none is requested.

    Args:
        wanted: Whether to judge.
        wish: The judge's options.
        cases: Folder of the set, which may hold human labels.
        folder: Folder of the run, named in the message about a reached limit.
    """
    if not wanted:
        if wish != JudgeWish():
            raise Misuse("judge options need the judge; add --judge")
        yield None
        return
    limit = read_limit(wish.tokens, wish.usd, wish.prices, flag="--judge")
    config = _config(wish.model)
    labels = _labels(wish.labels, cases)
    from footnote.evals.judge.judge import Judge
    from footnote.evals.judge.judgement import LimitReached
    from footnote.evals.judge.run import Judging
    from footnote.index.embeddings.minilm_export import cache_folder

    try:
        with Judge(config, cache=cache_folder() / "judgements", limit=limit) as judge:
            yield Judging(judge, labels=labels)
    except LimitReached as error:
        raise FootnoteError(
            f"{error}, and so are the rows; continue with --out {folder}"
        ) from error


def _config(name: str | None) -> "LLMSettings":
    """Returns the configured endpoint with the judge's model."""
    from footnote.ui.settings import model_sources

    sources = model_sources()
    model = (name or sources.get("FOOTNOTE_JUDGE_MODEL", "")).strip()
    if not model:
        raise Misuse("no judge model is set; give --judge-model or set FOOTNOTE_JUDGE_MODEL")
    return endpoint_of(model, "the judge")


def endpoint_of(model: str, whose: str) -> "LLMSettings":
    """Returns the configured endpoint with a model.

    Raises:
        Misuse: None is configured; the message says for whom.
    """
    from footnote.rag.generation.settings import LLMSettings
    from footnote.ui.settings import model_sources

    config = LLMSettings.from_environment(model_sources().using(FOOTNOTE_MODEL=model))
    if config is None:
        raise Misuse(
            f"no endpoint is configured for {whose}; set OPENAI_API_KEY or OPENAI_BASE_URL"
        )
    return config


def _read_prices(text: str | None, flag: str) -> "Prices | None":
    if text is None:
        return None
    from footnote.rag.generation.settings import Prices

    try:
        prompt, completion = map(float, text.split(","))
        if not (0 <= prompt <= MOST_USD and 0 <= completion <= MOST_USD):
            raise ValueError(text)
    except ValueError as error:
        raise Misuse(
            f'{flag}-prices {text!r} is not PROMPT,COMPLETION, such as "0.15,0.6"'
        ) from error
    return Prices(prompt, completion)


def read_limit(
    tokens: int | None, usd: float | None, prices: str | None, *, flag: str
) -> "SpendingLimit":
    """Returns what a model may spend.

    Args:
        tokens: At most; ``DEFAULT_TOKENS`` where nothing limits it.
        usd: At most; needs prices.
        prices: As on the command line.
        flag: How the options begin, such as "--judge".

    Raises:
        Misuse: One of them is not a number, or the prices are missing.
    """
    # NaN is neither below a bound nor above it.
    if usd is not None and math.isnan(usd):
        raise Misuse(f"{flag}-usd is not a number; give US dollars, such as 0.5")
    known = _read_prices(prices, flag)
    if usd is not None and known is None:
        raise Misuse(f"{flag}-usd needs prices; add {flag}-prices PROMPT,COMPLETION")
    from footnote.evals.judge.budget import SpendingLimit

    most = DEFAULT_TOKENS if tokens is None and usd is None else tokens
    return SpendingLimit(usd=usd, tokens=most, prices=known)


def _labels(path: Path | None, cases: Path) -> "dict[str, Rating] | None":
    """Returns the human labels; None if there are none."""
    found = path or cases / LABELS_FILE
    if path is None and not found.exists():
        return None
    from footnote.evals.judge.agreement import read_ratings

    return read_ratings(found, human=True)
