"""Judging: the tools that answer questions, weigh claims and check texts."""

from contextlib import aclosing
from functools import partial
from typing import Annotated, Any, Literal

from mcp.server.mcpserver import Context, MCPServer
from mcp.types import CallToolResult
from pydantic import Field

from footnote.rag.answer import Answer, PapersToRead, Stage
from footnote.rag.claim_check import Position
from footnote.rag.claim_check import positions as find_positions
from footnote.ui.api.agents.finding import READS, Author, Count, Name, Since, Until, Venue
from footnote.ui.api.agents.shapes import (
    CheckedText,
    CitedAnswer,
    PaperPosition,
    PaperPositions,
    cited_answer,
    reply,
)
from footnote.ui.api.answering import Answering
from footnote.ui.api.asks import PROGRAMS, filters_of, user_of
from footnote.ui.api.papers import open_check
from footnote.ui.api.schemas.asking import AskedScope
from footnote.ui.api.schemas.library import CheckedReply
from footnote.ui.checks.verdicts import check_json
from footnote.ui.rendering.charts.stance import in_order, summary
from footnote.ui.web.context import AppContext
from footnote.ui.web.requests import QuestionRequest

Mode = Annotated[
    Literal["quotes", "quick", "thorough"] | None,
    Field(
        description="quotes: the papers' own sentences; quick: a model writes; thorough: a model "
        "writes a review, for minutes. Without one, as the server does by default."
    ),
]


def add_judging(server: MCPServer[Any], desk: AppContext, answering: Answering) -> None:
    """Adds the tools that answer, weigh and check."""
    _add_ask(server, desk, answering)

    @server.tool(title="Weigh a claim", annotations=READS)
    async def positions(
        claim: Annotated[
            str,
            Field(min_length=1, max_length=4_000, description="A claim, or a yes-or-no question."),
        ],
        since: Since = None,
        until: Until = None,
        k: Count = 10,
    ) -> Annotated[CallToolResult, PaperPositions]:
        """Tells which papers agree with a claim and which do not, each with a verbatim quote."""
        filters = filters_of(desk, AskedScope(since=since, until=until))
        retriever = desk.engine.retriever
        found = in_order(
            await answering.compute(partial(find_positions, retriever, claim, filters, k=k))
        )
        told = PaperPositions(summary=summary(found), positions=list(map(_position, found)))
        return reply(told, [one.paper for one in found])

    @server.tool(title="Check a text", annotations=READS)
    async def check(
        text: Annotated[
            str,
            Field(
                min_length=1,
                max_length=200_000,
                description="Markdown or LaTeX that cites papers of the library, such as "
                "[name](https://arxiv.org/abs/1707.06347), or [1] with a list of references.",
            ),
        ],
        context: Context[Any, Any],
        references: Annotated[
            str, Field(max_length=1_000_000, description="Its references, if not in the text.")
        ] = "",
    ) -> Annotated[CallToolResult, CheckedText]:
        """Tells for each sentence that cites whether the paper's abstract supports it."""
        checker, citing = await answering.compute(partial(open_check, desk, text, references))
        told = []
        for number, sentence in enumerate(citing, 1):
            # One by one, so that nobody checks what nobody waits for.
            checked = await answering.compute(partial(checker.check_cited, sentence))
            told.append(CheckedReply.model_validate(check_json(str(number), checked)))
            await context.report_progress(number, len(citing), "checking sentences")
        return reply(CheckedText(sentences=told))


def _add_ask(server: MCPServer[Any], desk: AppContext, answering: Answering) -> None:
    @server.tool(title="Ask the papers", annotations=READS)
    async def ask(
        question: Annotated[
            str,
            Field(min_length=1, max_length=20_000, description="One that stands by itself."),
        ],
        context: Context[Any, Any],
        mode: Mode = None,
        since: Since = None,
        until: Until = None,
        author: Author = None,
        venue: Venue = None,
        papers: Annotated[
            list[Name] | None, Field(max_length=100, description="Only these papers.")
        ] = None,
    ) -> Annotated[CallToolResult, CitedAnswer]:
        """Answers a question; every sentence carries a checked, verbatim quote of a paper."""
        scope = AskedScope(since=since, until=until, author=author, venue=venue, papers=papers)
        filters = await answering.run(partial(filters_of, desk, scope))
        asked = answering.choose(QuestionRequest(_user_of(context), filters=filters), mode)
        answer, step = None, 0
        async with aclosing(answering.events(question, asked, ())) as events:
            async for event in events:
                if isinstance(event, Answer):
                    answer = event
                elif isinstance(event, Stage | PapersToRead):
                    step += 1
                    await context.report_progress(step, None, _told(event))
        assert answer is not None
        return reply(cited_answer(answer), answer.papers)


def _user_of(context: Context[Any, Any]) -> str:
    """Returns whose question a tool answers; nobody's by standard input, or without accounts."""
    request = context.request_context.request
    return PROGRAMS if request is None else user_of(request)


def _told(event: Stage | PapersToRead) -> str:
    if isinstance(event, Stage):
        return event.detail
    return f"reading {len(event.papers)} papers"


def _position(one: Position) -> PaperPosition:
    return PaperPosition(
        paper_id=one.paper.id,
        title=one.paper.flagged_title,
        year=one.paper.year,
        side=one.side,
        chance=round(one.chance, 4),
        quote=one.quote,
    )
