"""A checked text as HTML for the page, every word of it escaped."""

from markupsafe import Markup

from footnote.ui.checks.markdown import review_markdown
from footnote.ui.checks.review import TextReview
from footnote.ui.rendering.cards import Span, byline, card_html
from footnote.ui.rendering.environment import piece


def review_html(review: TextReview) -> Markup:
    """Returns a checked text, and behind it the hidden cards of its papers."""
    cards = [
        card_html(f"check-{cited.number}", "Cited", cited.paper, list(cited.spans))
        for cited in review.papers
        if cited.paper
    ]
    shown = piece("check", "review", review, review_markdown(review), _names, byline)
    return Markup("").join([shown, *cards])


def _names(spans: tuple[Span, ...]) -> list[str]:
    return [f"{start}-{end}" for start, end in spans]
