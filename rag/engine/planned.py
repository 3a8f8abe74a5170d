"""Planned: what a model planned of a search, and what of it the rules take."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from footnote.index.library import EVERYTHING, Filters, LibraryReader
from footnote.rag.answer import Event, Kind, Usage
from footnote.rag.generation.chat.plan import SearchPlan
from footnote.rag.generation.forms import WITHOUT_SEARCH
from footnote.rag.generation.forms.form import Reading
from footnote.rag.query.filter_parser import Scope
from footnote.rag.query.question import Question
from footnote.rag.retrieval.hybrid import MATCHED, RetrievalResult

if TYPE_CHECKING:
    from footnote.rag.generation.thorough.review import Review


@dataclass(frozen=True, slots=True)
class Planned:
    """What a model planned, if one was asked, and what that took."""

    plan: SearchPlan | None = None
    usage: Usage = field(default_factory=Usage)

    def choose(self, kind: Kind) -> Kind:
        """Returns the kind that is answered, where the rules read one."""
        if self.plan is None:
            return kind
        # A search is planned, so it is made.
        return self.plan.kind or ("list" if kind in WITHOUT_SEARCH else kind)

    @property
    def queries(self) -> Sequence[str]:
        """Other wordings that are searched for, too."""
        return self.plan.queries if self.plan else ()

    def narrow(self, scope: Scope, library: LibraryReader) -> Scope:
        """Returns the scope with the years of the plan where the rules read none."""
        if self.plan is None or scope.filters.dated:
            return scope
        years = Filters(since=self.plan.since, until=self.plan.until)
        if years == EVERYTHING:
            return scope
        filters = replace(scope.filters, since=years.since, until=years.until)
        return replace(scope, filters=filters) if library.count(filters) else scope

    def complete(self, reading: Reading) -> Reading:
        """Returns the reading with the question as it stands alone, and what an answer needs."""
        if self.plan is None:
            return reading
        question = replace(reading.question, completed=self.plan.question)
        return replace(reading, question=question, needs=self.plan.needs)

    def search_in_rounds(
        self,
        asked: Question,
        scope: Scope,
        review: "Review",
        search: Callable[[Scope, int], RetrievalResult],
        read: Callable[[Question, RetrievalResult, Filters, Kind], Reading],
    ) -> Generator[Event, None, RetrievalResult]:
        """Yields the rounds of a thorough answer's search; returns the papers of all of them."""
        filters = scope.filters

        def find(query: str | None) -> RetrievalResult:
            asking = scope if query is None else replace(scope, question=Question(query))
            return search(asking, MATCHED)

        def read_found(found: RetrievalResult) -> Reading:
            return read(asked, found, filters, "overview")

        question = (self.plan and self.plan.question) or asked.standalone
        return (yield from review.search(question, self.plan, find, read_found))
