"""The Tantivy full-text store of papers: derived from the catalog, disposable."""

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import tantivy

from footnote.index.models import year_bounds

# Words of a question that say nothing about its topic; BM25 would still weigh them.
STOP_WORDS = frozenset(
    """a about above after again against all also am an and any are as at be because been before
    being below between both but by can could did do does doing done down during each either else
    ever few for from further get gets got had has have having he her here hers him his how however
    i if in into is it its itself just let like made make makes many may me might mine more most
    much must my no nor not now of off often on once one only onto or other our ours out over own
    per quite rather really same say says she should since so some such than that the their theirs
    them then there these they this those through thus to too toward towards under until up upon us
    use used uses using very via was we well were what when where whether which while who whom
    whose why will with within without would yes yet you your yours""".split()
)
_WORD = re.compile(r"\w+")
_NO_YEAR = 0


def query_words(text: str) -> list[str]:
    """Returns the content words of a question, in order, each once."""
    found = dict.fromkeys(word for word in _WORD.findall(text.lower()))
    telling = [word for word in found if word not in STOP_WORDS]
    return telling or list(found)


@lru_cache
def _analyzer(language: str) -> tantivy.TextAnalyzer:
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    builder = builder.filter(tantivy.Filter.lowercase())
    return builder.filter(tantivy.Filter.stemmer(language)).build()


def stems(text: str, language: str = "english") -> list[str]:
    """Returns the stem of each word of a text; the index keeps the English ones."""
    return list(_analyzer(language).analyze(text))


# What Tantivy adds to the score of a paper whose year was asked for.
DATED = 1.0
# The index keeps no longer word.
LONGEST_WORD = 40
_ASCII_WORD = re.compile(r"[a-zA-Z0-9]+")


@lru_cache
def _index_analyzer() -> tantivy.TextAnalyzer:
    """Returns what the index reads a text with; Tantivy calls it ``en_stem``."""
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    builder = builder.filter(tantivy.Filter.remove_long(LONGEST_WORD))
    builder = builder.filter(tantivy.Filter.lowercase())
    return builder.filter(tantivy.Filter.stemmer("english")).build()


@lru_cache(100_000)
def _index_stem(word: str) -> str | None:
    return next(iter(_index_analyzer().analyze(word)), None)


# The papers of a conversation are scored again and again, at 60 microseconds each.
@lru_cache(4_096)
def index_terms(text: str) -> tuple[str, ...]:
    """Returns the terms that the index holds of a text, in order, as often as they stand in it."""
    if not text.isascii():
        return tuple(_index_analyzer().analyze(text))
    # Half of the time: words repeat themselves.
    return tuple(term for word in _ASCII_WORD.findall(text) if (term := _index_stem(word)))


def query_clauses(text: str) -> list[tuple[str, ...]]:
    """Returns what each content word of a question is looked for as: a term, or a phrase of them.

    A word that a lower dash joins is a phrase to Tantivy, and to it a word in two forms counts
    twice.
    """
    found = (index_terms(word) for word in query_words(text))
    return [clause for clause in found if clause]


@dataclass(frozen=True, slots=True)
class Lengths:
    """How many papers an index scores by, and how long they are.

    Attributes:
        papers: Their number; those that were removed count until Tantivy merges its segments.
        average: Of their terms.
    """

    papers: int
    average: float


class FullTextIndex:
    """One Tantivy index in one folder, with a document for each paper under its catalog number."""

    def __init__(self, folder: Path) -> None:
        """Opens the index, or makes an empty one."""
        folder.mkdir(parents=True, exist_ok=True)
        schema = tantivy.SchemaBuilder()
        schema.add_integer_field("number", stored=True, indexed=True, fast=True)
        schema.add_integer_field("year", indexed=True, fast=True)
        schema.add_text_field("text", tokenizer_name="en_stem")
        self._schema = schema.build()
        self._index = tantivy.Index(self._schema, path=str(folder))
        self._searcher = self._index.searcher()
        self._lengths: Lengths | None = None

    def count(self) -> int:
        """Returns the number of papers."""
        return int(self._searcher.num_docs)

    def count_among(self, numbers: Collection[int]) -> int:
        """Returns how many of the papers with these numbers are here."""
        these = tantivy.Query.term_set_query(self._schema, "number", sorted(numbers))
        return len(_best(self._searcher, these, len(numbers)))

    def write(
        self, papers: Iterable[tuple[int, str, int | None]], *, without: Iterable[int] | None = ()
    ) -> None:
        """Adds rows of number, text and year, in one commit with what it removes.

        What is removed still counts in how rare a word is, until Tantivy merges its segments.

        Args:
            papers: A paper that is there already must be among ``without``.
            without: Numbers of papers to remove before, one that is not there is passed over; None
                removes all, without a trace.
        """
        writer = self._index.writer(heap_size=64_000_000, num_threads=1)
        if without is None:
            writer.delete_all_documents()
        for number in without or ():
            writer.delete_documents_by_term("number", number)
        for number, text, year in papers:
            writer.add_document(
                tantivy.Document(number=[number], text=[text], year=[year or _NO_YEAR])
            )
        writer.commit()
        writer.wait_merging_threads()
        self.reload()

    def reload(self) -> None:
        """Sees what was written since, by whoever wrote it; searches under way go on as before."""
        self._index.reload()
        self._searcher = self._index.searcher()
        self._lengths = None

    def search(
        self,
        text: str,
        k: int,
        *,
        since: int | None = None,
        until: int | None = None,
        papers: Collection[int] | None = None,
    ) -> list[tuple[int, float]]:
        """Returns up to ``k`` pairs of paper number and BM25 score, best first.

        Args:
            text: What to look for.
            k: Maximum number of papers.
            since: First year.
            until: Last year.
            papers: Numbers of the papers that may be found; all where not given.
        """
        words = query_words(text)
        if not words or k < 1:
            return []
        # Only words reach the parser, so nothing in a question is query syntax.
        query, _ = self._index.parse_query_lenient(" ".join(words), ["text"])
        return self._find(self._limit(query, since, until, papers), k)

    def search_weighted(
        self,
        clauses: Mapping[tuple[str, ...], float],
        k: int,
        *,
        since: int | None = None,
        until: int | None = None,
        papers: Collection[int] | None = None,
        without: Collection[int] = (),
    ) -> list[tuple[int, float]]:
        """Returns what ``search`` does for clauses, each by its own weight.

        Args:
            clauses: As ``query_clauses`` gives them, with what their BM25 is multiplied by.
            k: As for ``search``, as ``since``, ``until`` and ``papers`` are.
            since: First year.
            until: Last year.
            papers: Numbers of the papers that may be found.
            without: Numbers of papers that may not.
        """
        should = tantivy.Occur.Should
        weighted = [
            (should, tantivy.Query.boost_query(self._clause(clause), weight))
            for clause, weight in clauses.items()
        ]
        query = tantivy.Query.boolean_query(weighted)
        if without:
            these = tantivy.Query.term_set_query(self._schema, "number", sorted(without))
            query = tantivy.Query.boolean_query(
                [(tantivy.Occur.Must, query), (tantivy.Occur.MustNot, these)]
            )
        return self._find(self._limit(query, since, until, papers), k)

    def lengths(self) -> Lengths:
        """Returns what BM25 compares the length of a paper with; nothing of an empty index."""
        searcher = self._searcher
        if self._lengths is None:
            # Only an explanation of a score tells it, of any word; common ones begin so.
            some = (searcher.terms_with_prefix("text", at, limit=1) for at in ("th", "a", ""))
            term = next((found[0][0] for found in some if found), None)
            if term is None:
                return Lengths(0, 0.0)
            query = self._clause((term,))
            _, at = _best(searcher, query, 1)[0]
            told = _values(json.loads(query.explain(searcher, at).to_json()))
            self._lengths = Lengths(int(told["N"]), told["avgdl"])
        return self._lengths

    def frequency(self, term: str, among: Collection[int] | None = None) -> int:
        """Returns how many papers have a term, of all or of those with these numbers."""
        if among is None:
            return int(self._searcher.doc_freq("text", term))
        if not among:
            return 0
        these = tantivy.Query.term_set_query(self._schema, "number", sorted(among))
        must = tantivy.Occur.Must
        both = tantivy.Query.boolean_query([(must, self._clause((term,))), (must, these)])
        return len(_best(self._searcher, both, len(among)))

    def _clause(self, clause: tuple[str, ...]) -> tantivy.Query:
        if len(clause) == 1:
            return tantivy.Query.term_query(self._schema, "text", clause[0])
        return tantivy.Query.phrase_query(self._schema, "text", list(clause))

    def _limit(
        self,
        query: tantivy.Query,
        since: int | None,
        until: int | None,
        papers: Collection[int] | None,
    ) -> tantivy.Query:
        """Returns a query for papers of some years, or with some numbers, alone."""
        must = tantivy.Occur.Must
        if since is not None or until is not None:
            # Its score is ``DATED``.
            years = tantivy.Query.range_query(
                self._schema, "year", tantivy.FieldType.Integer, *year_bounds(since, until)
            )
            query = tantivy.Query.boolean_query([(must, query), (must, years)])
        if papers is not None:
            # Its score is a constant: at 0 the others stay BM25.
            these = tantivy.Query.term_set_query(self._schema, "number", sorted(papers))
            these = tantivy.Query.const_score_query(these, 0.0)
            query = tantivy.Query.boolean_query([(must, query), (must, these)])
        return query

    def _find(self, query: tantivy.Query, k: int) -> list[tuple[int, float]]:
        # Another thread may reload: an address is one of the searcher that gave it.
        searcher = self._searcher
        found = _best(searcher, query, k)
        rows = [(int(searcher.doc(at)["number"][0]), float(score)) for score, at in found]
        # Tantivy breaks ties by place, which depends on the order of writing.
        return sorted(rows, key=lambda row: (-row[1], row[0]))

    def known(self, word: str) -> bool:
        """Returns whether any paper has a word with the same stem."""
        return any(self._searcher.doc_freq("text", stem) for stem in stems(word))

    def resembling(self, word: str, *, edits: int, k: int) -> list[int]:
        """Returns the numbers of up to ``k`` papers with a word within so many edits."""
        found, searcher = set[int](), self._searcher
        for stem in stems(word)[:1]:
            query = tantivy.Query.fuzzy_term_query(self._schema, "text", stem, distance=edits)
            best = _best(searcher, query, k)
            found |= {int(searcher.doc(at)["number"][0]) for _, at in best}
        return sorted(found)

    def close(self) -> None:
        """Closes the files, so that the folder can be moved or removed."""
        del self._searcher, self._index


def _values(told: Mapping[str, Any]) -> dict[str, float]:
    """Returns the values of an explained score by the symbols that begin their descriptions."""
    found = {str(told["description"]).partition(",")[0]: float(told["value"])}
    for part in told.get("details") or ():
        found |= _values(part)
    return found


def _best(searcher: tantivy.Searcher, query: tantivy.Query, k: int) -> list[tuple[Any, Any]]:
    """Returns up to ``k`` scores with their documents.

    Tantivy allocates memory for ``k`` results: two thousand million crash the process.
    """
    k = min(k, int(searcher.num_docs))
    return list(searcher.search(query, k).hits) if k > 0 else []
