"""Faults in a review: what fails costs its own part, and what stands is kept with the reason."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from footnote.index.library import Library
from footnote.index.models import make_paper
from footnote.rag import ComposerError
from footnote.rag.answer import REFUSAL, RULES_ALONE, Event, Stage, Standing
from footnote.rag.generation.chat.recorded import MissingReply
from footnote.rag.generation.citations import CitationBinder
from footnote.rag.generation.repair import AnswerDraft
from footnote.rag.generation.thorough import review as reviewing
from footnote.rag.generation.thorough import writing
from footnote.rag.generation.thorough.bounds.calls import CallReply
from footnote.rag.generation.thorough.outline import parse_outline
from footnote.rag.generation.thorough.parts import (
    OFF_TOPIC,
    OPEN,
    Assembly,
    ReviewPart,
    explain_missing,
    split_lead,
)
from footnote.rag.generation.thorough.table import read_table
from footnote.rag.retrieval.evidence import Sentence
from footnote.ui.cli.thorough import ask_thoroughly
from footnote.ui.storage.conversations import Conversations
from footnote.ui.web.context import AppContext
from footnote.ui.web.requests import QuestionRequest
from footnote.ui.web.streaming import Frame, answer_frames
from tests.endpoint import Reply, says
from tests.reviewing import SECTIONS, ScriptedReviewer, outline, quotes
from tests.scripted import QUESTION, quoted
from tests.test_thorough import review, table_rows

USER = "u" * 16


def sentences(*papers: str) -> list[Sentence]:
    """Returns the evidence of papers of three sentences each."""
    found = []
    for number, title in enumerate(papers, 1):
        text = f"{title} learns. {title} sees data. {title} wins."
        paper = make_paper(title, text, [f"arxiv:2401.{number:05}"])
        for at, said in enumerate(text.split(". ")):
            start = text.index(said)
            found.append(Sentence(paper, start, start + len(said), float(at)))
    return found


# A table.


@pytest.mark.parametrize(
    "cells",
    [
        "a method [1][4] | some data [2][7] | –",
        "a method [1][4][7] | some data [1][4] | wins [1][7]",
    ],
)
def test_a_row_without_a_cell_of_its_own_paper_is_left_out(cells: str) -> None:
    rows = read_table(f"| X | {cells} |", sentences("A", "B", "C"), cut=False)
    assert (rows.bounds, rows.papers, rows.dropped) == ([], [], 1)


def test_a_part_that_breaks_is_a_fault_of_that_part(
    demo_library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*args: Any, **more: Any) -> None:
        raise IndexError

    monkeypatch.setattr(writing.table, "read_table", breaks)
    _, answer, _ = review(demo_library, ScriptedReviewer())
    assert all(f"## {name}\n\n" in answer.text for name in (*SECTIONS, OPEN))
    assert answer.reason == "the table has 0 of 13 papers: something went wrong; see the log"


def test_what_breaks_behind_the_writing_leaves_what_stands(
    demo_library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*args: Any, **more: Any) -> None:
        raise KeyError

    monkeypatch.setattr(reviewing, "explain_missing", breaks)
    _, answer, _ = review(demo_library, ScriptedReviewer())
    assert len(table_rows(answer)) == 13
    assert answer.reason == f"something went wrong; see the log; {RULES_ALONE}"
    assert answer.receipt.prompt_tokens > 0


# Whoever asks keeps what stands.


class Breaking:
    """An engine whose review breaks after a part stands."""

    def __init__(self, error: Exception, *, stands: bool = True) -> None:
        self.error, self.stands = error, stands

    def stream(self, *asked: Any, **asking: Any) -> Iterator[Event]:
        yield Stage("search", "Searching")
        if self.stands:
            yield Standing(quoted())
        raise self.error


ERRORS = (
    (ComposerError("the model fell asleep"), f"the model fell asleep; {RULES_ALONE}"),
    (ValueError("a secret"), f"something went wrong; see the log; {RULES_ALONE}"),
)


@pytest.mark.parametrize(("error", "reason"), ERRORS)
def test_the_command_line_keeps_what_stands(error: Exception, reason: str) -> None:
    answer = ask_thoroughly(Breaking(error), QUESTION)  # type: ignore[arg-type]
    assert (answer.text, answer.reason) == (quoted().text, reason)


@pytest.mark.parametrize("engine", [Breaking(ValueError(), stands=False), Breaking(MissingReply())])
def test_where_nothing_stands_or_a_reply_must_be_recorded_it_fails(engine: Breaking) -> None:
    with pytest.raises(type(engine.error)):
        ask_thoroughly(engine, QUESTION)  # type: ignore[arg-type]


def frames(path: Path, engine: Breaking) -> tuple[list[Frame], Sequence[Any]]:
    """Returns the frames of a question, and the conversations that are there afterwards."""
    with Conversations.open(path / "kept.sqlite3") as kept:
        desk = AppContext(object(), {"one": engine.stream}, conversations=kept)  # type: ignore[arg-type]
        shown = list(answer_frames(desk, QUESTION, 1, QuestionRequest(USER)))
        return shown, [kept.load(USER, one.id).answers for one in kept.list(USER)]


@pytest.mark.parametrize(("error", "reason"), ERRORS)
def test_the_page_keeps_what_stands(error: Exception, reason: str, tmp_path: Path) -> None:
    shown, ((answer,),) = frames(tmp_path, Breaking(error))
    assert shown[-1]["state"] == "done"
    assert reason[1:] in shown[-1]["html"]
    assert (answer.text, answer.reason) == (quoted().text, reason)


def test_where_nothing_stands_no_conversation_is_left(tmp_path: Path) -> None:
    shown, kept = frames(tmp_path, Breaking(ValueError(), stands=False))
    assert (shown[-1]["state"], kept) == ("failed", [])


# A model that does not cite, and one that has nothing to say.


UNCITED = says("Demonstrations teach robots quickly. Rewards improve policies further.")


def test_a_model_that_cites_nothing_is_shown_without_sources(demo_library: Library) -> None:
    silent = dict.fromkeys((*SECTIONS, "lead", "table"), UNCITED)
    _, answer, _ = review(demo_library, ScriptedReviewer(instead=silent))
    assert not answer.abstained
    assert answer.text.count("quickly. (no source)") == 4
    assert answer.reason is not None
    assert answer.reason.startswith("the model cited nothing; the table has 0 of 13 papers")


def test_a_section_that_cites_nothing_is_named() -> None:
    parts = [part("", True), part("A", False), part("B", True), part(OPEN, False)]
    assert explain_missing(parts, 0) == ["the model cited nothing in “A”"]


def part(heading: str, cites: bool, verdict: Any = "supported") -> ReviewPart:
    given = sentences("A")
    bounds = CitationBinder(given).bind("A learns [1]." if cites else "A learns.")
    return ReviewPart(heading, [AnswerDraft(bound, verdict, 1.0) for bound in bounds], given)


# Open questions.


@pytest.mark.parametrize(
    "line",
    [
        "## Open questions", "## Open questions and future work", "### Open Questions:",
        "Open questions:", "Open questions", "## 5. Open questions", "**Open questions:**",
        "**5. Open questions**", "## Open Problems", "__Unresolved issues__", "## Offene Fragen",
    ],
)  # fmt: skip
def test_open_questions_are_told_from_the_opening(line: str) -> None:
    lead, ends = split_lead(CallReply(f"All learn [1].\n\n{line}\n\nWhat fails is open [2]."))
    assert lead.text.strip() == "All learn [1]."
    assert ends is not None
    assert ends.text.strip() == "What fails is open [2]."


@pytest.mark.parametrize(
    "text",
    ["Open questions remain about rewards [1].", "# A review\n\nAll learn [1].", "# A\n## B\nHi."],
)
def test_an_opening_alone_is_not_divided(text: str) -> None:
    assert split_lead(CallReply(text)) == (CallReply(text), None)


def test_a_label_before_its_words_begins_the_end() -> None:
    _, ends = split_lead(CallReply("All learn [1].\n**Open questions:** What fails [2]."))
    assert ends is not None
    assert ends.text == " What fails [2]."


def test_where_nothing_is_open_nothing_is_missing(demo_library: Library) -> None:
    def lead(handler: Any) -> None:
        says(f"{quotes(handler.asked['messages'][-1]['content'])[0]}\n\n## {OPEN}\n\n{REFUSAL}")(
            handler
        )

    _, answer, _ = review(demo_library, ScriptedReviewer(instead={"lead": lead}))
    assert OPEN not in answer.text
    assert answer.reason is None


def test_a_section_of_open_questions_stands_at_the_end_under_one_heading(
    demo_library: Library,
) -> None:
    headings = ("Comparison", "5. open questions", SECTIONS[0])
    reviewer = ScriptedReviewer(instead={"outline": says(outline(4, headings))})
    _, answer, _ = review(demo_library, reviewer)
    found = [line for line in answer.text.splitlines() if line.startswith("#")]
    assert found == [
        "## Comparison",
        f"## {SECTIONS[0]}",
        "## Comparison of the papers",
        f"## {OPEN}",
    ]


def test_sections_of_one_heading_are_one() -> None:
    rows = [{"heading": name, "says": name, "papers": [n]} for n, name in enumerate("AaB", 1)]
    found = parse_outline(json.dumps({"sections": rows}), 9)
    assert found is not None
    assert [(one.heading, one.papers) for one in found] == [("A", (0, 1)), ("B", (2,))]


# What is dropped.


def lies(handler: Any) -> None:
    marker = quotes(handler.asked["messages"][-1]["content"])[0].rpartition(" ")[2]
    says(f"It was trained on exactly 987,654 robots in 1901 {marker}")(handler)


def test_a_section_without_a_sentence_left_is_told() -> None:
    assembly = Assembly("drop")
    text = "".join(map(assembly.add, (part("A", True), part("B", False), part(OPEN, False))))
    assert text == (
        "## A\n\nA learns [1].\n\n## B\n\nThis section is missing: its sentences were contradicted "
        "by their sources, or cited none."
    )
    assert assembly.dropped == 2


def test_a_row_without_a_cell_left_is_no_row() -> None:
    given = sentences("A", "B")
    rows = read_table(
        "| A | learns [1] | – | wins [3] |\n| B | learns [4] | – | – |", given, cut=False
    )
    verdicts = ("contradicted", "contradicted", "supported")
    drafts = [AnswerDraft(b, v, 1.0) for b, v in zip(rows.bounds, verdicts, strict=True)]  # type: ignore[arg-type]
    assembly = Assembly("drop")
    text = assembly.add(ReviewPart("Comparison", drafts, given, rows=rows.papers))
    assert [line for line in text.splitlines() if "[" in line] == ["| B | learns [1] | – | – |"]
    assert "| A" not in text
    assert assembly.dropped == 2


def test_where_every_sentence_would_be_dropped_they_are_marked(demo_library: Library) -> None:
    instead: dict[str, Reply] = {**dict.fromkeys((*SECTIONS, "lead"), lies), "table": says("no")}
    _, answer, _ = review(
        demo_library, ScriptedReviewer(instead=instead), unsupported="drop", repair=False
    )
    assert not answer.abstained
    assert answer.text.count("(contradicted by its source)") == 4
    assert "missing" not in answer.text


def test_only_a_part_that_refuses_is_off_topic(demo_library: Library) -> None:
    _, answer, _ = review(
        demo_library, ScriptedReviewer(instead={SECTIONS[0]: says(REFUSAL), SECTIONS[1]: UNCITED})
    )
    assert f"## {SECTIONS[0]}\n\nThis section is missing: {OFF_TOPIC}." in answer.text
    assert f"## {SECTIONS[1]}\n\nDemonstrations teach" in answer.text
