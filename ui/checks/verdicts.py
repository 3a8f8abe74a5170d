"""Verdicts: a checked sentence as JSON values."""

from typing import Any

from footnote.rag.verification.sentence_check import CheckedSentence


def check_json(name: str, checked: CheckedSentence) -> dict[str, Any]:
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
