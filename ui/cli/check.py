"""The command that checks what somebody else wrote against the papers that it cites.

Heavy imports are inside the functions that need them, so that ``--help`` is fast.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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

SIGNS = {"supported": "✓", "unsettled": "○", "contradicted": "✗"}


def check(
    file: Annotated[
        Path, typer.Argument(help="JSON Lines of sentences, or a text in Markdown or LaTeX.")
    ],
    library: LibraryOption = None,
    bibliography: Annotated[
        Path | None,
        typer.Option("--bib", help="BibTeX file with the papers that the text cites by key."),
    ] = None,
    composer: ComposerOption = "auto",
    record: RecordOption = None,
    replay: ReplayOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check whether sentences are supported by the papers they cite.

    A text gives one verdict a sentence. JSON Lines, each {"id", "sentence", "citations":
    [{"title", "quote"}]}, give a line {"id", "verdict", "notes", "quotes"} each. Rules judge; a
    model that is configured, or was recorded, judges what they leave open.
    """
    text = read_text(file)
    lines = file.suffix.lower() in (".jsonl", ".ndjson") or text.lstrip().startswith('{"')
    given = _given(file, text) if lines else []
    references = {} if lines else _references(file, text, bibliography)
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
        names = [row.id for row in given] or [str(n) for n in range(1, len(checked) + 1)]
        for name, one in zip(names, checked, strict=True):
            print(json.dumps(check_json(name, one), ensure_ascii=False))
    else:
        print("\n".join(_lines(checked)))


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


def check_json(name: str, checked: "CheckedSentence") -> dict[str, Any]:
    """Returns the verdict on a sentence as JSON values."""
    return {
        "id": name,
        "verdict": checked.verdict,
        "support": round(checked.support, 4),
        "sentence": checked.sentence,
        "notes": list(checked.notes),
        "quotes": [
            {"paper_id": quote.paper_id, "title": quote.title, "quote": quote.quote}
            for quote in checked.quotes
        ],
    }


def _references(path: Path, text: str, bibliography: Path | None) -> Mapping[str, Sequence[str]]:
    """Returns the entries of the BibTeX file that is named, or that the text itself names."""
    from footnote.index.readers.bibtex import read_keys
    from footnote.index.readers.latex_text import named_bibliographies

    files = [bibliography] if bibliography else []
    if bibliography is None:
        named = (path.parent / name for name in named_bibliographies(text))
        files = [file for file in named if file.is_file()]
    return {key: names for file in files for key, names in read_keys(read_text(file)).items()}


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
