"""Transcripts: a conversation as Markdown, as one self-contained HTML page, or as JSON.

What papers and models wrote is data: in HTML it is escaped, and in Markdown every sign that
could make an element, an image or a link of it is. The links that are made are the papers' own
addresses.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote as percent

from markupsafe import Markup

from footnote.index.models import Paper
from footnote.rag.answer import Answer, Citation, Statement
from footnote.rag.serialization import answer_json
from footnote.ui.export.citation_data import one_line
from footnote.ui.export.page_style import PAGE_POLICY, page_style
from footnote.ui.rendering.answer import remarks_on, tell_searched, verdict, writer_of
from footnote.ui.rendering.answer_blocks import Block, Bold, Pieces, parse_blocks
from footnote.ui.rendering.cards import byline, web_address
from footnote.ui.rendering.environment import render
from footnote.ui.storage.models import Transcript
from footnote.ui.storage.refresh import since

TRANSCRIPT_VERSION = 1

_SIGNS = re.compile(r"[\\`*_{}\[\]#|~$@]|(?<=:)//|(?<=www)\.", re.IGNORECASE)
# What begins a list or a rule where a line begins.
_OPENING = re.compile(r"[-+=]|\d+(?=[.)])")
_ENTITY = re.compile(r"&(?=#?\w+;)")


@dataclass(frozen=True, slots=True)
class Note:
    """A footnote of an answer: a quote and where it is from."""

    number: int
    quote: str
    paper: Paper


def transcript_json(transcript: Transcript) -> str:
    """Returns the conversation as JSON, ``"version": 1``; its answers are Answer JSON."""
    told = {
        "version": TRANSCRIPT_VERSION,
        "title": transcript.title,
        "created": transcript.created.isoformat(timespec="seconds"),
        "answers": [_answer_json(answer) for answer in transcript.answers],
    }
    # Half a character, which only a model could have written, has no UTF-8.
    text = json.dumps(told, ensure_ascii=False, indent=2)
    return text.encode("utf-8", "replace").decode() + "\n"


def _answer_json(answer: Answer) -> dict[str, Any]:
    """Returns Answer JSON in which a paper has a note if anything became of it since."""
    told = answer_json(answer)
    for row, paper in zip(told["papers"], answer.papers, strict=True):
        if since(paper):
            row["note"] = paper.note
    return told


def footnotes(answer: Answer) -> dict[Citation, Note]:
    """Returns the footnote of each citation, numbered from 1; one quote has one footnote."""
    notes: dict[tuple[str, int, int], Note] = {}
    found = {}
    for citation in (c for s in answer.statements for c in s.citations):
        place = (citation.paper_id, citation.start, citation.end)
        paper = answer.papers[citation.marker - 1]
        found[citation] = notes.setdefault(place, Note(len(notes) + 1, citation.quote, paper))
    return found


def _remarks(answer: Answer) -> list[str]:
    """Returns what a reader should know of how the answer came about, in plain text."""
    remarks = []
    if searched_for := tell_searched(answer):
        remarks.append(searched_for)
    if answer.scope:
        remarks.append(f"Only papers {answer.receipt.filters}")
    if answer.reason:
        remarks.append(f"Note: {answer.reason}")
    remarks += remarks_on(answer)
    count = answer.receipt.searched
    searched = f" · {count:,} paper{'s' * (count != 1)} searched" if count else ""
    return [*remarks, writer_of(answer) + searched]


def _about(transcript: Transcript) -> str:
    count = len(transcript.answers)
    questions = "1 question" if count == 1 else f"{count} questions"
    return f"Footnote · {transcript.created:%Y-%m-%d} · {questions}"


def _marks(statement: Statement) -> str:
    """Returns the remark about a statement that its quotes do not support, in plain text."""
    found = verdict(statement)
    return "; ".join([*([found[0]] if found else ()), *statement.notes])


def _numbers(statement: Statement, notes: dict[Citation, Note]) -> list[int]:
    return list(dict.fromkeys(notes[citation].number for citation in statement.citations))


# Markdown.


def transcript_markdown(transcript: Transcript) -> str:
    """Returns the conversation as Markdown with footnotes, as GitHub and pandoc read them.

    A footnote ``[^2-3]`` is the third of the second answer.
    """
    parts = [f"# {text_markdown(transcript.title)}", text_markdown(_about(transcript))]
    for place, answer in enumerate(transcript.answers, 1):
        parts += _answer_markdown(answer, place)
    return "\n\n".join(part for part in parts if part) + "\n"


def _answer_markdown(answer: Answer, place: int) -> list[str]:
    notes = footnotes(answer)
    parts = [f"## {text_markdown(answer.question)}"]
    blocks = parse_blocks(answer.text, answer.statements)
    parts += ["\n".join(_block_markdown(block, notes, place)) for block in blocks]
    parts += [f"*{text_markdown(remark)}*" for remark in _remarks(answer)]
    distinct = {note.number: note for note in notes.values()}.values()
    return [*parts, *(_note_markdown(note, place) for note in distinct)]


def _block_markdown(block: Block, notes: dict[Citation, Note], place: int) -> Iterator[str]:
    """Yields the lines of a block."""
    rows = [[_pieces_markdown(cell, notes, place) for cell in row] for row in block.rows]
    match block.kind:
        case "heading":
            yield f"### {rows[0][0]}"
        case "list":
            yield from (f"- {row[0]}" for row in rows)
        case "table":
            head, *others = (f"| {' | '.join(row)} |" for row in rows)
            yield from (head, f"|{' --- |' * len(rows[0])}", *others)
        case _:
            yield rows[0][0]


def _pieces_markdown(pieces: Pieces, notes: dict[Citation, Note], place: int) -> str:
    told = []
    for piece in pieces:
        if isinstance(piece, Statement):
            told.append(_statement_markdown(piece, notes, place))
        elif isinstance(piece, Bold):
            told.append(f"**{text_markdown(piece.text)}**")
        else:
            told.append(_words_markdown(piece))
    return "".join(told)


def _words_markdown(words: str) -> str:
    """Returns words between statements, with the space at their ends."""
    kept = text_markdown(words)
    return f"{' ' * words.startswith(' ')}{kept}{' ' * words.endswith(' ')}" if kept else " "


def _statement_markdown(statement: Statement, notes: dict[Citation, Note], place: int) -> str:
    numbers = "".join(f"[^{place}-{number}]" for number in _numbers(statement, notes))
    marks = _marks(statement)
    return f"{text_markdown(statement.text)}{numbers}" + (
        f" *({text_markdown(marks)})*" if marks else ""
    )


def _note_markdown(note: Note, place: int) -> str:
    paper, url = note.paper, web_address(note.paper)
    facts = [
        f"“{text_markdown(note.quote)}” — *{text_markdown(paper.title)}*",
        text_markdown(byline(paper)),
        f"<{_address(url)}>" if url else "",
        text_markdown(paper.note or ""),
    ]
    return f"[^{place}-{note.number}]: " + " · ".join(fact for fact in facts if fact)


def text_markdown(text: str) -> str:
    """Returns foreign text as one line of Markdown that shows it literally."""
    line = _SIGNS.sub(lambda found: f"\\{found[0]}", one_line(text))
    line = _ENTITY.sub("&amp;", line).replace("<", "&lt;").replace(">", "&gt;")
    opening = _OPENING.match(line)
    if not opening:
        return line
    at = opening.end() if opening[0].isdigit() else 0
    return f"{line[:at]}\\{line[at:]}"


def _address(url: str) -> str:
    return re.sub(r"[<>\\`\"\s]", lambda found: percent(found[0]), one_line(url))


# HTML.


def transcript_html(transcript: Transcript) -> str:
    """Returns the conversation as one HTML file, light or dark, without scripts or requests."""
    return render(
        "transcript",
        title=one_line(transcript.title),
        about=_about(transcript),
        answers=transcript.answers,
        policy=Markup(PAGE_POLICY),
        style=page_style(),
        blocks_of=lambda answer: parse_blocks(answer.text, answer.statements),
        notes_of=footnotes,
        numbers_of=_numbers,
        marks_of=_marks,
        remarks_of=_remarks,
        byline_of=byline,
        address_of=web_address,
    )
