"""``footnote eval make``: an evaluation set made of a library, without a model or with one."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from footnote.ui.cli.judge_options import (
    DEFAULT_TOKENS,
    MOST_TOKENS,
    MOST_USD,
    endpoint_of,
    read_limit,
)
from footnote.ui.cli.options import (
    JsonOption,
    LibraryOption,
    Misuse,
    open_library,
    print_json,
    progress,
)

if TYPE_CHECKING:
    from footnote.evals.dataset.making.make import MadeSet
    from footnote.evals.dataset.making.written import QuestionWriter


def make(
    out: Annotated[Path, typer.Option(help="Folder for the set.", metavar="FOLDER")],
    library: LibraryOption = None,
    cases: Annotated[
        int, typer.Option(min=1, max=2000, help="Number of questions; one in five has no answer.")
    ] = 50,
    seed: Annotated[int, typer.Option(help="The same seed makes the same set.")] = 7,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Model that writes the questions; without one, rules cut them from sentences.",
        ),
    ] = None,
    model_tokens: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=MOST_TOKENS,
            help="Maximum number of tokens for writing.",
            show_default=f"{DEFAULT_TOKENS:,}, or no limit with --model-usd",
        ),
    ] = None,
    model_usd: Annotated[
        float | None,
        typer.Option(min=0, max=MOST_USD, help="Maximum cost in US dollars; needs --model-prices."),
    ] = None,
    model_prices: Annotated[
        str | None,
        typer.Option(metavar="PROMPT,COMPLETION", help="US dollars per million tokens of each."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a set of questions about a library's own papers, marked as made.

    The questions use the papers' words, so they are easier than what people ask: they compare runs.
    """
    budget = (model_tokens, model_usd, model_prices)
    if model is None and budget != (None, None, None):
        raise Misuse("spending limits need a model; add --model NAME")
    with ExitStack() as stack:
        writer = _writer(stack, model, *budget) if model else None
        opened = stack.enter_context(open_library(library))
        from footnote.evals.dataset.making.make import check_folder, make_set, write_set

        check_folder(out)
        advance = stack.enter_context(progress("Making", cases))
        made = make_set(opened, cases=cases, seed=seed, writer=writer, on_case=advance)
    _show(made, write_set(out, made), out, writer, as_json=as_json)


def _writer(
    stack: ExitStack, model: str, tokens: int | None, usd: float | None, prices: str | None
) -> "QuestionWriter":
    limit = read_limit(tokens, usd, prices, flag="--model")
    config = endpoint_of(model, "writing questions")
    from footnote.evals.dataset.making.written import QuestionWriter

    return stack.enter_context(QuestionWriter(config, limit=limit))


def _show(
    made: "MadeSet", count: int, out: Path, writer: "QuestionWriter | None", *, as_json: bool
) -> None:
    absent = sum(not row["answerable"] for row in made.rows)
    if as_json:
        spent = {"tokens": writer.tokens, "cost_usd": writer.cost_usd} if writer else {}
        told = {"cases": count, "unanswerable": absent, "dropped": dict(made.dropped), **spent}
        print_json({"set": str(out), **told})
        return
    print(f"{count} questions in {out}, {absent} of them without an answer in the library")
    for why, papers in made.dropped.items():
        print(f"{papers} papers gave none: {why}")
    if writer:
        cost = "" if writer.cost_usd is None else f", {writer.cost_usd:.4f} USD"
        print(f"Written by {writer.name}: {writer.tokens:,} tokens{cost}")
    print(f"Ask them with: footnote eval run {out}")
