"""PDF: the title and the abstract of a paper, from its first pages.

A PDF says where letters stand, not what they are: the title is what is set largest on the first
page, the abstract what stands between its heading and the next. Where no abstract is found the
file is refused, so that no other text passes for one.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from footnote.index import SourceError
from footnote.index.models import Paper, Problem, arxiv_number
from footnote.index.readers.files import irregular
from footnote.index.readers.record import describe_fault, parse_paper

MAGIC = b"%PDF-"
SOURCE = "PDF"
# Pages that are read, and bytes of a file that is opened at all.
PAGES, MOST_BYTES = 3, 100_000_000
# Characters of a title, and of an abstract, which ends here where no next heading is found.
_TITLE, _ABSTRACT = (8, 300), (80, 3_000)
_ALIKE = 0.93

_HEADING = re.compile(
    r"^[ \t]{0,20}A ?BSTRACT\b[ \t]{0,9}[.:—–-]{0,3}|\bAbstract ?[—–:]", re.I | re.M
)
_NEXT = re.compile(
    r"^[ \t]{0,20}(?:(?:\d{1,2}|[IVX]{1,4})[.)]?[ \t]{1,9})?(?:I ?NTRODUCTION\b|Key ?words\b"
    r"|Index Terms\b|CCS Concepts\b|Categories and Subject|ACM Reference|General Terms\b|JEL\b)"
    r"|\b(?:Key ?words|Index Terms) ?[—–:]",
    re.I | re.M,
)
_STAMP = re.compile(r"arXiv:(\S{5,40})[^\n]{0,40}?\b(\d{1,2} [A-Z][a-z]{2} \d{4})")
_DOI = re.compile(r"\b(?:doi:? ?|doi\.org/)(10\.\d{4,9}/[^\s\"<>]{1,100}[^\s\"<>.,;)])", re.I)
_BROKEN = re.compile(r"(?<=[a-z])-\n(?=[a-z])")
_LIGATURES = str.maketrans({"ﬁ": "fi", "ﬂ": "fl", "ﬀ": "ff", "ﬃ": "ffi", "ﬄ": "ffl", "\u00ad": ""})
# What programs write where a title should stand.
_NO_TITLE = re.compile(r"^(?:untitled|microsoft word|arxiv|paper|main|template)\b|\.\w{2,4}$", re.I)


@dataclass(slots=True)
class PdfDraft:
    """What a PDF seems to say, to be looked at before it is believed.

    Attributes:
        ids: Fields of a record by name: ``arxiv_id``, ``doi``.
        published: As records have it, or "".
    """

    title: str
    abstract: str
    authors: tuple[str, ...] = ()
    published: str = ""
    ids: dict[str, str] = field(default_factory=dict)


def read(path: Path, name: str) -> Iterator[Paper | Problem]:
    """Yields the paper in a PDF, or why it cannot be used.

    Raises:
        SourceError: It is no PDF that can be read, or has no abstract.
    """
    draft = read_draft(path)
    try:
        yield parse_paper(
            {
                "title": draft.title,
                "abstract": draft.abstract,
                "authors": list(draft.authors),
                "published": draft.published or None,
                "source": SOURCE,
                **draft.ids,
            }
        )
    except ValueError as error:
        yield Problem(name, None, describe_fault(error))


def is_pdf(path: Path) -> bool:
    """Returns whether a file begins as a PDF does; False where it cannot be read."""
    # A pipe would be waited for.
    if irregular(path):
        return False
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def read_draft(path: Path) -> PdfDraft:
    """Returns what the first pages of a PDF say.

    Raises:
        SourceError: It cannot be read, or no title or abstract is found.
    """
    if path.stat().st_size > MOST_BYTES:
        raise SourceError(f"{path}: has more than {MOST_BYTES:,} bytes; add a reference instead")
    title, pages, info = _open(path)
    text = "\n".join(pages).translate(_LIGATURES)
    if not text.strip():
        raise SourceError(f"{path}: has no text, only pictures of it; add a reference instead")
    abstract = find_abstract(text)
    if not abstract:
        raise SourceError(
            f"{path}: no abstract is found on its first pages; add a reference instead"
        )
    named = info.get("title", "")
    title = _clean(title) or ("" if _NO_TITLE.search(named) else _clean(named))
    if not _TITLE[0] <= len(title) <= _TITLE[1]:
        raise SourceError(f"{path}: no title is found on its first page; add a reference instead")
    return PdfDraft(title, abstract, _authors(info.get("author", "")), *_facts(text))


def find_abstract(text: str) -> str:
    """Returns the abstract in the text of a paper's first pages; "" where none is found."""
    heading = _HEADING.search(text)
    if not heading:
        return ""
    after = text[heading.end() :]
    # The next heading right behind is that of a list of contents, or of nothing.
    end = _NEXT.search(after, _ABSTRACT[0])
    kept = after[: end.start() if end else _ABSTRACT[1]][: 2 * _ABSTRACT[1]]
    kept = _clean(kept)
    if not end:
        kept = kept[: kept.rfind(". ") + 1]
    return kept if len(kept) >= _ABSTRACT[0] else ""


def _open(path: Path) -> tuple[str, list[str], dict[str, str]]:
    """Returns what is set largest on the first page, the texts of the pages, the metadata."""
    from pypdf import PdfReader

    try:
        reader = PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            raise SourceError(f"{path}: has a password; add a reference instead")
        pieces: list[tuple[float, str]] = []

        def note(text: str, cm: list[float], tm: list[float], _: object, size: float) -> None:
            # Upright lines alone: arXiv's stamp runs up the margin.
            if text.strip() and not (tm[1] or cm[1]):
                pieces.append((abs(size * tm[3] * cm[3]), text))

        pages = [page.extract_text(visitor_text=note if n == 0 else None) or ""
                 for n, page in enumerate(reader.pages[:PAGES])]  # fmt: skip
        found: Mapping[str, object] = reader.metadata or {}
        info = {name: str(found.get(f"/{name.title()}") or "") for name in ("title", "author")}
    except SourceError:
        raise
    except Exception as error:
        # A broken PDF raises whatever its parts run into.
        raise SourceError(
            f"{path}: cannot be read as a PDF ({type(error).__name__}); add a reference instead"
        ) from error
    # The headings of sections may be as large; what stands before the abstract has the title.
    end = next((n for n, (_, text) in enumerate(pieces) if _HEADING.match(text.lstrip())), None)
    pieces = pieces[:end]
    largest = max((size for size, text in pieces if len(text.strip()) > 1), default=0.0)
    return "".join(text for size, text in pieces if size >= _ALIKE * largest), pages, info


def _clean(text: str) -> str:
    """Returns a text on one line, with words that were broken at its ends joined."""
    return " ".join(_BROKEN.sub("", text.translate(_LIGATURES)).split())


def _authors(text: str) -> tuple[str, ...]:
    names = (" ".join(name.split()) for name in re.split(r",| and |;", text))
    return tuple(name for name in names if name)


def _facts(text: str) -> tuple[str, dict[str, str]]:
    """Returns the date and the identifiers that a text tells of itself."""
    ids, published = {}, ""
    if stamp := _STAMP.search(text):
        number = arxiv_number(stamp[1])
        if number:
            ids["arxiv_id"] = number
        try:
            published = f"{datetime.strptime(stamp[2], '%d %b %Y'):%Y-%m-%d}"
        except ValueError:
            published = ""
    head = text[: text.lower().find("introduction") + 1 or 5_000]
    if doi := _DOI.search(head):
        ids["doi"] = doi[1]
    return published, ids
