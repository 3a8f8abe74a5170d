"""An example to check: three sentences over papers that a library really holds.

One is true, one false, one open. Each is taken from an abstract and shown only if the rules judge
it so.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from footnote.index.library import Library
from footnote.index.models import Paper
from footnote.index.readers.cited_text import read_cited_text
from footnote.rag.answer import Verdict
from footnote.rag.retrieval.injection.detector import find_orders
from footnote.rag.retrieval.wording import is_own, leans
from footnote.rag.verification.sentence_check import CitedSource, SentenceChecker

# Papers that are looked through, and sentences that are judged for one; few have a number alone.
SEARCHED, TRIED = 400, 24
# Characters of a sentence that reads easily.
_SHORTEST, _LONGEST = 50, 200
_SIGNS = re.compile(r"[\[\]|\\$`*_<>#@~^]|https?:")
# No share of a hundred, which three times over would be none.
_NUMBER = re.compile(r"(?<![\w.,-])[1-9]\d{0,4}(?![\w.,%-]| ?per ?cent\b)")
_YEAR = re.compile(r"(?:19|20)\d\d")
_OPEN = (
    "The same idea has been tried in many other settings since.",
    "Most of the work that followed builds on it.",
)

_RAREST_FIRST: tuple[Verdict, ...] = ("contradicted", "supported", "unsettled")
_TOLD: tuple[Verdict, ...] = ("supported", "unsettled", "contradicted")


def example_text(library: Library) -> str | None:
    """Returns a short Markdown text with its references; None if these papers yield none."""
    checker = SentenceChecker(library)
    papers = [one for one in library.page("added", 0, SEARCHED) if _is_plain(one)]
    found: dict[Verdict, tuple[str, Paper]] = {}
    # What few papers yield comes first, so that no other sentence takes that paper.
    for verdict in _RAREST_FIRST:
        cited = [paper for _, paper in found.values()]
        rest = [paper for paper in papers if paper not in cited]
        sentence = next(_sentences(checker, library, rest, verdict), None)
        if sentence is None:
            return None
        found[verdict] = sentence
    told = [found[verdict] for verdict in _TOLD]
    said = [f"{sentence[:-1]} [{n}]." for n, (sentence, _) in enumerate(told, 1)]
    listed = [f"[{number}] {_reference(paper)}" for number, (_, paper) in enumerate(told, 1)]
    text = "\n".join(["# Related work", "", " ".join(said), "", "## References", "", *listed, ""])
    return text if len(read_cited_text(text)) == len(told) else None


def _sentences(
    checker: SentenceChecker, library: Library, papers: Sequence[Paper], verdict: Verdict
) -> Iterator[tuple[str, Paper]]:
    """Yields sentences that the rules judge as wanted, each with the paper that it cites."""
    made = _candidates(library, papers, verdict)
    for sentence, paper in islice(made, TRIED):
        if checker.check(sentence, [CitedSource(paper.title)]).verdict == verdict:
            yield sentence, paper


def _candidates(
    library: Library, papers: Sequence[Paper], verdict: Verdict
) -> Iterator[tuple[str, Paper]]:
    for paper in papers:
        own = _OPEN if verdict == "unsettled" else list(_plain_sentences(library, paper))
        if verdict == "contradicted":
            own = [wrong for sentence in own if (wrong := _with_another_number(sentence))]
        yield from ((sentence, paper) for sentence in own)


def _plain_sentences(library: Library, paper: Paper) -> Iterator[str]:
    """Yields sentences of an abstract that can be read alone and hold no signs."""
    spans = tuple(library.sentences(paper))
    orders = find_orders(paper.abstract, spans)
    for number, (start, end) in enumerate(spans):
        sentence = " ".join(paper.abstract[start:end].split())
        plain = sentence.endswith(".") and _SHORTEST <= len(sentence) <= _LONGEST
        plain = plain and sentence[0].isupper() and not _SIGNS.search(sentence)
        if plain and number not in orders and not leans(sentence) and not is_own(sentence):
            yield sentence


def _with_another_number(sentence: str) -> str | None:
    """Returns a sentence with another number in the place of its only one; None without one."""
    match, *more = [*_NUMBER.finditer(sentence), None]
    if match is None or len(more) > 1 or _YEAR.fullmatch(match[0]):
        return None
    return f"{sentence[: match.start()]}{3 * int(match[0]) + 1}{sentence[match.end() :]}"


def _is_plain(paper: Paper) -> bool:
    return bool(paper.title) and not _SIGNS.search(paper.title)


def _reference(paper: Paper) -> str:
    authors = ", ".join(paper.authors[:3]) + (" et al." if len(paper.authors) > 3 else ".")
    year = f" {paper.year}." if paper.year else ""
    return f'{authors if paper.authors else ""} "{paper.title}".{year}'.strip()
