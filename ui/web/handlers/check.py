"""The room "Check a text": what somebody else wrote, read against the papers that it cites."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from footnote.index import FootnoteError
from footnote.index.library import Library
from footnote.index.readers.cited_text import (
    CitedBlock,
    CitedSentence,
    citing_sentences,
    read_cited_blocks,
)
from footnote.index.readers.references import read_references
from footnote.rag.verification.sentence_check import MOST_CITED, CheckedSentence, SentenceChecker
from footnote.ui.checks.example import example_text
from footnote.ui.checks.html import review_html
from footnote.ui.checks.review import review_text
from footnote.ui.rendering.environment import piece
from footnote.ui.storage.models import shorten
from footnote.ui.web.context import AppContext
from footnote.ui.web.jobs import Job
from footnote.ui.web.requests import Args, BadRequest, is_text

if TYPE_CHECKING:
    from footnote.rag.generation.chat.judging import ModelJudge

_ROOM = "#fn-room-check"
# Characters of a text and of its references. Together they fit into one request, 1 MB, also where
# each takes three bytes; rules judge some 15 to 60 sentences a second.
MOST_TEXT, MOST_REFERENCES = 100_000, 200_000
# Sentences that cite in one text, and their citations: a minute of work.
MOST_CITING, MOST_CITATIONS = 1_000, 2_000
# An example has three papers.
_FEWEST = 3
FORMS = "[3], [^3], [@key], a link to a paper, or \\cite{key}"
RULES = "The rules judged alone."


def shown(desk: AppContext, args: Args) -> dict[str, Any]:
    """Shows the room; what was typed there is in the browser."""
    judges = [
        (name, name if _judge_of(desk, name) else f"{name}: the rules alone")
        for name in desk.engines
    ]
    told = "Rules judge. With a language model configured, it settles what they leave open."
    example = desk.papers.size >= _FEWEST
    limits = (MOST_TEXT, MOST_REFERENCES)
    return {"html": {_ROOM: piece("check", "room", limits, judges, told, example)}}


def example(desk: AppContext, args: Args) -> dict[str, Any]:
    """Returns a text over papers of this library, with a true, an open and a false sentence."""
    text = example_text(desk.papers)
    if text is None:
        raise BadRequest("no example can be made from these papers; paste a text of your own")
    return {"example": text}


def started(desk: AppContext, args: Args) -> dict[str, Any]:
    """Checks a text; the reply names a job to follow."""
    library, blocks = desk.papers, _read(args)
    name = args.text("composer", "", most=200)
    judge = _judge_of(desk, name if name in desk.engines else next(iter(desk.engines), ""))

    def work(job: Job) -> str:
        return _check(library, blocks, judge, job)

    return {"checking": desk.jobs.start(args.user, "Checking", "sentences", work)}


def stopped(desk: AppContext, args: Args) -> dict[str, Any]:
    """Stops a check: it ends with the sentence that it is at."""
    desk.jobs.get(args.user, args.text("job", most=100)).stopping = True
    return {}


def _read(args: Args) -> list[CitedBlock]:
    """Returns the text that was sent.

    Raises:
        BadRequest: It is empty, too long, no text, or cites nothing.
    """
    text = _sent(args, "text", MOST_TEXT, "Check it chapter by chapter")
    listed = _sent(args, "references", MOST_REFERENCES, "Leave only what the text cites")
    if not text.strip():
        raise BadRequest("there is no text; paste a paragraph that cites papers")
    references = read_references(listed)
    if listed.strip() and not references:
        raise BadRequest(
            "no reference could be read; give BibTeX entries, or lines such as "
            "[1] Authors. Title. Year."
        )
    blocks = read_cited_blocks(text, references)
    _check_amount(citing_sentences(blocks))
    return blocks


def _check_amount(citing: Sequence[CitedSentence]) -> None:
    """Refuses what would take minutes, or a page of many megabytes.

    Raises:
        BadRequest: No sentence cites, or too many do, or they cite too much.
    """
    if not citing:
        raise BadRequest(f"no sentence cites a paper: cite with {FORMS}")
    counts = [len(sentence.citations) for sentence in citing]
    for found, most, told in (
        (len(citing), MOST_CITING, "sentences cite papers"),
        (sum(counts), MOST_CITATIONS, "citations are in the text"),
    ):
        if found > most:
            raise BadRequest(
                f"{found:,} {told}; the limit is {most:,}. Check it chapter by chapter"
            )
    if max(counts) > MOST_CITED:
        first = shorten(citing[counts.index(max(counts))].text, 60)
        raise BadRequest(
            f"one sentence has {max(counts):,} citations; the limit is {MOST_CITED}: “{first}”"
        )


def _sent(args: Args, name: str, most: int, advice: str) -> str:
    """Returns one of the two texts that were sent."""
    value = args.values.get(name) or ""
    if not isinstance(value, str) or not is_text(value):
        raise BadRequest(f"the {name} holds bytes that are no text; save the file as UTF-8")
    if len(value) > most:
        raise BadRequest(
            f"the {name} {'have' if name == 'references' else 'has'} {len(value):,} characters; "
            f"the limit is {most:,}. {advice}"
        )
    return value


def _judge_of(desk: AppContext, name: str) -> "ModelJudge | None":
    """Returns the model that judges for an engine, if one does."""
    engine = desk.engines.get(name)
    return getattr(engine.composer, "judge", None) if engine else None


def _check(library: Library, blocks: list[CitedBlock], judge: "ModelJudge | None", job: Job) -> str:
    """Returns the checked text as HTML."""
    checker, citing = SentenceChecker(library), citing_sentences(blocks)
    job.total = len(citing)
    checked: list[CheckedSentence] = []
    for sentence in citing:
        job.check_wanted()
        checked.append(checker.check_cited(sentence))
        job.advance()
    told = RULES
    if judge is not None:
        checked, told = _ask_model(judge, checked, job)
    return review_html(review_text(blocks, checked, library.cited, told))


def _ask_model(
    judge: "ModelJudge", checked: list[CheckedSentence], job: Job
) -> tuple[list[CheckedSentence], str]:
    """Returns the sentences as a model judges them, and in words who judged."""
    from footnote.rag.generation.chat.judging import is_for_model, judge_checked

    job.check_wanted()
    name, asked = judge.chat.config.model, sum(map(is_for_model, checked))
    if not asked:
        return checked, f"The rules left nothing for {name} to settle."
    job.note = f"{name} judges {asked} sentence{'s' * (asked > 1)}"
    try:
        checked = judge_checked(judge, checked)
    except FootnoteError as error:
        return checked, f"{RULES[:-1]}: {error}."
    fault = f"{name} did not pass its test as a judge" if judge.trusted is False else judge.fault
    told = f"{asked:,} that the rules left open went to {name}."
    return checked, f"{RULES[:-1]}: {fault}." if fault else told


ACTIONS = {"check": shown, "check-example": example, "check-start": started, "check-stop": stopped}
