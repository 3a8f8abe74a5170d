"""A checked text as Markdown, each sentence with its verdict and quote."""

from collections.abc import Iterator

from footnote.ui.checks.review import ReviewedSentence, TextReview
from footnote.ui.export.transcripts import text_markdown

_WORDS = {"supported": "supported", "unsettled": "not settled", "contradicted": "contradicted"}

_ABSENT = {True: " (not in the library)", False: " (no reference)"}


def review_markdown(review: TextReview) -> str:
    """Returns a checked text: its headings, its sentences that cite, and what they cite."""
    lines = ["# Checked text", "", " ".join(filter(None, (review.summary, review.rest)))]
    for block in review.blocks:
        if block.kind == "heading":
            heads = (said.text for row in block.rows for cell in row for said in cell)
            lines += ["", f"## {text_markdown(' '.join(heads))}"]
            continue
        cited = [said for row in block.rows for cell in row for said in cell if said.verdict]
        for said in cited:
            lines += ["", *_sentence(said)]
    lines += ["", "## Cited papers", ""]
    for paper in review.papers:
        labels = f"[{', '.join(paper.labels)}] " if paper.labels else ""
        gone = _ABSENT[paper.referenced] if paper.paper is None else ""
        lines.append(f"- {text_markdown(labels + paper.name)}{gone}")
    return "\n".join([*lines, ""])


def _sentence(said: ReviewedSentence) -> Iterator[str]:
    marks = "".join(f"[{mark.label}]" for mark in said.marks)
    why = f": {text_markdown(said.why)}" if said.why else ""
    yield f"- {text_markdown(f'{said.text} {marks}')} — **{_WORDS[said.verdict or '']}**{why}"
    for quote, title in said.quotes:
        yield f"  > “{text_markdown(quote)}” — *{text_markdown(title)}*"
