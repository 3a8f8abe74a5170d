"""Citations of an answer in every format that clients read.

[n] in the text; annotations of type url_citation, as OpenAI's web search has them; ``citations``
and ``search_results``, as Perplexity has them; source events, as Open WebUI takes them.
"""

import re
from typing import Any
from urllib.parse import quote

from footnote.index.models import Paper
from footnote.rag.answer import Answer
from footnote.ui.rendering.cards import web_address

_MARKER = re.compile(r"\[(\d{1,4})\]")


def address_of(paper: Paper) -> str:
    """Returns where a paper can be read, else where it is looked for by its title."""
    return web_address(paper) or (
        f"https://arxiv.org/search/?searchtype=title&query={quote(paper.title[:300])}"
    )


def annotations(answer: Answer) -> list[dict[str, Any]]:
    """Returns one annotation for each marker in the text, in order."""
    found = []
    for match in _MARKER.finditer(answer.text):
        number = int(match[1])
        if 1 <= number <= len(answer.papers):
            paper = answer.papers[number - 1]
            found.append(
                {
                    "type": "url_citation",
                    "url_citation": {
                        "start_index": match.start(),
                        "end_index": match.end(),
                        "url": address_of(paper),
                        "title": paper.title,
                    },
                }
            )
    return found


def quotes_of(answer: Answer) -> list[list[str]]:
    """Returns the quotes of each cited paper, in the order of the markers."""
    quoted: list[dict[str, None]] = [{} for _ in answer.papers]
    for statement in answer.statements:
        for citation in statement.citations:
            quoted[citation.marker - 1][citation.quote] = None
    return [list(quotes) for quotes in quoted]


def search_results(answer: Answer) -> list[dict[str, Any]]:
    """Returns the cited papers in the order of the markers, each with its quotes as a snippet."""
    return [
        {
            "title": paper.title,
            "url": address_of(paper),
            "date": paper.published if paper.year else None,
            "snippet": " … ".join(quotes),
        }
        for paper, quotes in zip(answer.papers, quotes_of(answer), strict=True)
    ]


def source_events(answer: Answer) -> list[dict[str, Any]]:
    """Returns one event for each cited paper, as Open WebUI shows them beside an answer."""
    return [
        {
            "type": "source",
            "data": {
                "source": {"name": paper.title, "url": address_of(paper)},
                "document": quotes,
                "metadata": [{"source": address_of(paper), "name": paper.title} for _ in quotes],
            },
        }
        for paper, quotes in zip(answer.papers, quotes_of(answer), strict=True)
    ]
