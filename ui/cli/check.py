"""The command that checks what somebody else wrote against the papers that it cites.

Heavy imports are inside the functions that need them, so that ``--help`` is fast.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from footnote.index import FootnoteError
from footnote.index.readers.files import read_text
from footnote.ui.cli.options import (
    ComposerOption,
    JsonOption,
    LibraryOption,
    RecordOption,
    ReplayOption,
    open_chat,
    open_library,
)

if TYPE_CHECKING:
    from footnote.rag.generation.chat.client import ChatClient
    from footnote.rag.verification.sentence_check import CheckedSentence
    from footnote.ui.cli.batch import SentenceToCheck

_JSON = (".json", ".jsonl", ".ndjson")
# What begins as JSON is no text, whatever the file is called.
_OBJECTS = re.compile(r"\s{0,99}(?:\[\s{0,99})?\{\s{0,99}\"")
SIGNS = {"supported": "✓", "unsettled": "○", "contradicted": "✗"}


def check(
    file: Annotated[
        Path, typer.Argument(help="JSON of sentences, or a text in Markdown or LaTeX.")
    ],
    library: LibraryOption = None,
    bibliography: Annotated[
        Path | None,
        typer.Option("--bib", help="File with the papers that the text cites: BibTeX or a list."),
    ] = None,
    composer: ComposerOption = "auto",
    record: RecordOption = None,
    replay: ReplayOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check whether sentences are supported by the papers they cite.

    A text gives one verdict a sentence. JSON Lines or a JSON array, each {"id", "sentence",
    "citations": [{"title", "quote"}]}, give a line {"id", "verdict", "notes", "quotes"} each. Rules
    judge; a model that is configured, or was recorded, judges what they leave open.
    """
    text = read_text(file)
    lines = is_json(file, text)
    given = _given(file, text) if lines else []
    references = {} if lines else references_of(file, text, bibliography)
    from footnote.rag.verification.sentence_check import SentenceChecker, check_text

    with open_chat(composer, record, replay) as chat, open_library(library) as opened:
        checker = SentenceChecker(opened)
        if lines:
            checked = [checker.check(row.sentence, row.cited()) for row in given]
        else:
            checked = list(check_text(checker, text, references))
        checked = _judge(chat, checked)
    if not checked:
        raise FootnoteError(f"{file}: has no sentences; give a text in Markdown or LaTeX")
    if lines or as_json:
        from footnote.ui.checks.verdicts import check_json

        names = [row.id for row in given] or [str(n) for n in range(1, len(checked) + 1)]
        for name, one in zip(names, checked, strict=True):
            print(json.dumps(check_json(name, one), ensure_ascii=False))
    else:
        print("\n".join(_lines(checked)))


def is_json(file: Path, text: str) -> bool:
    """Returns whether a file holds sentences as JSON, and no text."""
    return file.suffix.lower() in _JSON or bool(_OBJECTS.match(text))


def _judge(chat: "ChatClient | None", checked: list["CheckedSentence"]) -> list["CheckedSentence"]:
    """Returns the sentences as a model judges them, if there is one that can be trusted."""
    if chat is None:
        return checked
    from footnote.rag.generation.chat.judging import ModelJudge, judge_checked

    judge = ModelJudge(chat)
    checked = judge_checked(judge, checked)
    fault = f"{chat.where} is not trusted" if judge.trusted is False else judge.fault
    if fault:
        print(f"footnote: {fault}; the rules judged alone", file=sys.stderr)
    return checked


def _given(file: Path, text: str) -> "list[SentenceToCheck]":
    from footnote.ui.cli.batch import read_sentences

    return read_sentences(file, text)


def references_of(
    path: Path, text: str, bibliography: Path | None = None
) -> Mapping[str, Sequence[str]]:
    """Returns the references of the file that is named, or of those that the text itself names.

    LaTeX leaves the list that it made beside the text.
    """
    from footnote.index.readers.latex_text import named_bibliographies
    from footnote.index.readers.references import read_references

    files = [bibliography] if bibliography else []
    if bibliography is None:
        named = [path.parent / name for name in named_bibliographies(text)]
        made = [path.with_suffix(".bbl")] if path.suffix.lower() == ".tex" else []
        files = [file for file in (*made, *named) if file.is_file()]
    listed = [read_references(read_text(file)) for file in files]
    return {key: names for found in listed for key, names in found.items()}


def _lines(checked: Sequence["CheckedSentence"]) -> Iterator[str]:
    """Yields the verdicts on a text, and how many there are of each."""
    from footnote.rag.verification.sentence_check import UNCITED

    cited = [one for one in checked if UNCITED not in one.notes]
    for one in cited:
        yield f"{SIGNS[one.verdict]} {one.sentence}"
        yield from (f"    {note}" for note in one.notes)
        yield from (f"    “{' '.join(q.quote.split())}” ({q.title})" for q in one.quotes)
    counts = {verdict: sum(one.verdict == verdict for one in cited) for verdict in SIGNS}
    told = (
        f"{counts['supported']} supported, {counts['unsettled']} not settled, "
        f"{counts['contradicted']} contradicted"
    )
    rest = len(checked) - len(cited)
    uncited = f"; {rest} sentence{'s' * (rest != 1)} without a citation" if rest else ""
    yield f"\n{told}{uncited}"
