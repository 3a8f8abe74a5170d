"""Stated: what a writer is told of a paper beside its abstract, and so may say without a quote.

Title, authors, year, venue and identifiers. ``describe_paper`` puts them behind the abstract, as
one text, which every verifier can read; ``split_record`` takes them apart again.
"""

from footnote.index.models import Paper

# No abstract has an empty line before such a word.
_RECORD = "\n\nRecord: "
_KINDS = ("arxiv:", "doi:", "pmid:", "acl:")
# Authors named at most: what is said of more is left open.
_MOST_AUTHORS = 100


def describe_paper(paper: Paper) -> str:
    """Returns the title, the abstract and the bibliographic record of a paper."""
    known = [name for name in paper.aliases if name.startswith(_KINDS)]
    record = [", ".join(paper.authors[:_MOST_AUTHORS]), paper.published, paper.venue, *known]
    told = "; ".join(" ".join(part.split()) for part in record if part)
    return f"{paper.title} {paper.abstract}{_RECORD + told if told else ''}"


def split_record(about: str) -> tuple[str, str]:
    """Returns the title with the abstract, and the record; empty if there is none."""
    text, _, record = about.partition(_RECORD)
    return text, record


def shorten(about: str, longest: int) -> str:
    """Returns what is told of a paper, its abstract and its record each up to some characters."""
    text, record = split_record(about)
    return text[:longest] + (_RECORD + record[:longest] if record else "")
