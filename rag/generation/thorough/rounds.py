"""Rounds: search, let the model name what is missing, search again; papers fused by rank."""

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

from footnote.rag import ComposerError
from footnote.rag.answer import Stage
from footnote.rag.generation.chat.plan import SearchPlan, parse_plan
from footnote.rag.generation.forms.fact import put_first_what_stands_alone
from footnote.rag.generation.forms.form import Reading, count_papers
from footnote.rag.generation.reader import read_abstracts
from footnote.rag.generation.thorough.bounds.calls import BoundedCalls, CallReply
from footnote.rag.generation.thorough.prompts import write_gaps_prompt
from footnote.rag.generation.thorough.settings import FEWEST_PAPERS
from footnote.rag.retrieval.evidence import Sentence
from footnote.rag.retrieval.hybrid import RetrievalResult, fuse_results

# Papers that one query brings in: what stands deeper in many rankings must not push out what one
# query alone finds.
DEPTH = 15
GAP_QUERIES = 3
# Calls that writing needs: an outline, an opening, three sections and a table.
WRITING = 6
GAPS_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "enough": {"type": "boolean"},
        "queries": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["enough", "queries"],
    "additionalProperties": False,
}

Find = Callable[[str | None], RetrievalResult]
Read = Callable[[RetrievalResult], Reading]


class SearchRounds:
    """The searches for one thorough answer.

    Attributes:
        faults: What went wrong, in our words.
    """

    def __init__(self, calls: BoundedCalls, find: Find, read: Read) -> None:
        """Takes what may be called, and how papers are found and read.

        Args:
            calls: Makes the calls.
            find: Finds papers for a query, or for the question where it is None.
            read: Reads the papers that were found.
        """
        self.faults: list[str] = []
        self._calls, self._find, self._read = calls, find, read

    def run(
        self, question: str, plan: SearchPlan | None, *, budget: int
    ) -> Generator[Stage, None, RetrievalResult]:
        """Yields what is being done; returns the papers of all rounds, each once, best first.

        Args:
            question: As it stands alone.
            plan: Of the first round; None searches for the question alone.
            budget: Tokens of a prompt.
        """
        spending = self._calls.spending
        rounds, needs = spending.allowed.rounds, plan.needs if plan else ""
        own, others = self._find(None), list[RetrievalResult]()
        new = list(plan.queries) if plan else []
        made = [question]
        for number in range(1, rounds + 1):
            others += map(self._find, new)
            made += new
            found = self._fuse(own, others)
            said = f"Round {number} of {rounds}: {count_papers(len(found.hits))}"
            if number == rounds or not found.hits or not spending.leaves(WRITING + 1):
                break
            shown = find_findings(self._read(found))
            messages = write_gaps_prompt(question, needs, made[1:], shown, budget=budget)
            try:
                reply = yield from self._calls.ask_telling(said, messages, GAPS_SCHEMA)
            except ComposerError as error:
                self.faults.append(f"the search ended after round {number}: {error}")
                break
            new = self._read_queries(reply, made, number)
            if not new:
                break
        yield Stage("search", f"{said}; {spending.say_left()}")
        return found

    def _fuse(self, own: RetrievalResult, others: Sequence[RetrievalResult]) -> RetrievalResult:
        """Returns the best papers of all searches, filled up from those of the question."""
        most = self._calls.spending.allowed.papers
        if not others:
            return fuse_results(own, (), k=most)
        found = fuse_results(own, others, k=most, depth=DEPTH)
        if len(found.hits) >= min(FEWEST_PAPERS, most):
            return found
        return fuse_results(own, others, k=min(FEWEST_PAPERS, most))

    def _read_queries(self, reply: CallReply, made: Sequence[str], number: int) -> list[str]:
        """Returns the queries of a reply that are new; a reply that tells nothing is a fault."""
        plan = parse_plan(reply.text)
        if plan is None and (reply.cut or '"enough"' not in reply.text):
            why = reply.cut or "the reply was not JSON"
            self.faults.append(f"the search ended after round {number}: {why}")
        known = {query.casefold() for query in made}
        queries = plan.queries if plan else ()
        return [query for query in queries if query.casefold() not in known][:GAP_QUERIES]


def find_findings(reading: Reading) -> list[Sentence]:
    """Returns the most telling sentence of each paper that was found, best paper first."""
    best = reading.by_paper
    whole = group_by_paper(read_abstracts(reading, most=len(reading.hits)))
    found = []
    for hit in reading.hits:
        if sentences := best.get(hit.paper.id):
            found.append(put_first_what_stands_alone(sentences)[0])
        elif sentences := whole.get(hit.paper.id):
            # Findings come late in an abstract.
            found.append(sentences[-1])
    return found


def group_by_paper(sentences: Sequence[Sentence]) -> dict[str, list[Sentence]]:
    """Returns sentences by the id of their paper, in their order."""
    found: dict[str, list[Sentence]] = {}
    for sentence in sentences:
        found.setdefault(sentence.paper.id, []).append(sentence)
    return found
