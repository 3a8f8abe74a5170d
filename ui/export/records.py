"""Records: a paper in the fields that ``footnote index`` reads again."""

from collections.abc import Iterator

from footnote.index.models import Paper

# What a field of its own tells, or the title.
_TOLD = ("arxiv:", "doi:", "pmid:", "title:")


def paper_record(paper: Paper) -> dict[str, object]:
    """Returns a paper as ``index`` reads it again; what is not known is None."""
    known = dict(_identifiers(paper))
    return {
        "title": paper.title,
        "abstract": paper.abstract,
        "authors": list(paper.authors),
        # One without a year is none that anybody else reads.
        "published": paper.published if paper.year else None,
        "year": paper.year,
        "venue": paper.venue,
        "doi": known.get("doi"),
        "arxiv_id": known.get("arxiv"),
        "pmid": known.get("pmid"),
        "url": paper.url,
        "source": paper.source,
        **({} if paper.id.startswith(_TOLD) else {"id": paper.id}),
        **({"author_count": paper.author_count} if paper.author_count is not None else {}),
        **({"note": paper.note} if paper.note else {}),
        **({"status": paper.status} if paper.status else {}),
    }


def _identifiers(paper: Paper) -> Iterator[tuple[str, str]]:
    for name in (*reversed(paper.aliases), paper.id):
        kind, _, value = name.partition(":")
        yield kind, value
