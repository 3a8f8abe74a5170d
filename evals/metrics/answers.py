"""Measures of answers against cases, each in [0, 1] but ``tokens`` and ``cost_usd``.

A measure has a list of values for an answer, since some average over citations or facts
rather than over questions; it has none where it does not apply. A case that crashed has the
worst value of every measure that would have applied.

Measures of the first group are those of the project's reference scorer, name by name;
``R@1`` there means that the first hit is a gold paper. Those of the second group are additional and
have their own names.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np

from footnote.evals.dataset.cases import Case
from footnote.evals.metrics.rankings import ranking_values
from footnote.index.embeddings.protocols import Embedder
from footnote.index.models import normal_title
from footnote.rag.answer import Answer, Citation, Statement
from footnote.rag.generation.citations import is_dangling
from footnote.rag.verification.rules.remarks import tells_what_is_missing

Values = dict[str, list[float]]
Supports = Callable[[str, Sequence[str]], bool]

# Stop words, ignored when two texts are compared word by word.
_STOP = frozenset(
    """a an the of to in on for and or is are be by with as that this it its from at which than
    not can we their they has have was were into""".split()
)
_MARKER = re.compile(r"\[(\d+)\]")
# A gold quote counts as quoted, and a nugget as stated, from these shares of its words on.
QUOTED_SHARE = 0.6
STATED_SHARE = 0.7


def content_words(text: str) -> set[str]:
    """Returns the words of a text that carry its content, lower case."""
    return {word for word in re.findall(r"\w+", text.lower()) if word not in _STOP}


def share_of_words(text: str, words: Collection[str]) -> float:
    """Returns the share of a text's content words that are among ``words``."""
    wanted = content_words(text)
    return len(wanted & set(words)) / len(wanted) if wanted else 1.0


def answer_values(
    case: Case,
    answer: Answer,
    *,
    gold: Mapping[str, str],
    embedder: Embedder,
    supports: Supports,
) -> Values:
    """Returns the values of each measure for one answer.

    Args:
        case: The question, and what a right answer needs.
        answer: What was answered.
        gold: Name in the case (a title or an id) to id of each paper it names.
        embedder: For the similarity to a reference answer.
        supports: Whether quotes carry a statement.
    """
    citations = [c for s in answer.statements for c in s.citations]
    values: Values = {
        "verbatim": [_verbatim(answer, c) for c in citations],
        "markers_bound": _count_bound_markers(answer, citations),
        **_spent(answer),
    }
    for statement in answer.statements:
        recall, precisions = alce(statement, supports)
        values.setdefault("citation_recall", []).append(recall)
        values.setdefault("citation_precision", []).extend(precisions)
    if not case.answerable:
        told = answer.abstained or answer.missing is not None
        told = told or any(tells_what_is_missing(s.text) for s in answer.statements)
        return {**values, "abstain_right": [float(answer.abstained)], "absence_told": [float(told)]}
    values["abstain_wrong"] = [float(answer.abstained)]
    values |= _ranking(case, answer, gold)
    values |= _content(case, answer, citations, gold)
    if case.reference:
        values["similarity"] = [similarity(answer.text, case.reference, embedder)]
    return values


def crashed_values(case: Case) -> Values:
    """Returns the worst value of each measure that would have applied."""
    if not case.answerable:
        return {"abstain_right": [0.0], "absence_told": [0.0]}
    values: Values = {"abstain_wrong": [1.0]}
    if case.papers:
        values |= {name: [0.0] for name in ("R@1", "R@5", "R@10")}
        values |= {name: [0.0] for name in ranking_values({"none"}, [])}
    if case.evidence:
        values |= {"evidence": [0.0], "evidence_recall": [0.0]}
    if case.nuggets:
        values |= {name: [0.0] * len(case.nuggets) for name in ("nuggets", "nuggets_partial")}
    if case.reference:
        values["similarity"] = [0.0]
    return values


def _verbatim(answer: Answer, citation: Citation) -> float:
    abstracts = {p.id: p.abstract for p in answer.papers}
    cut = abstracts.get(citation.paper_id, "")[citation.start : citation.end]
    return float(cut == citation.quote)


def _spent(answer: Answer) -> Values:
    """Returns what a model's answer took; a price that is not known is no measure."""
    receipt = answer.receipt
    if answer.mode != "llm":
        return {}
    values = {"tokens": [float(receipt.prompt_tokens + receipt.completion_tokens)]}
    return values if receipt.cost_usd is None else {**values, "cost_usd": [receipt.cost_usd]}


def _count_bound_markers(answer: Answer, citations: Sequence[Citation]) -> list[float]:
    """Returns for each marker of an answer whether a quote stands behind it.

    A model's markers without a source are no longer in the text; they are counted from the notes of
    their statement.
    """
    known = {c.marker for c in citations if 1 <= c.marker <= len(answer.papers)}
    text = answer.text
    for statement in answer.statements:
        # An abstract may hold a bracketed number of its own.
        text = text.replace(statement.text, "")
    shown = [float(int(marker) in known) for marker in _MARKER.findall(text)]
    lost = sum(is_dangling(note) for statement in answer.statements for note in statement.notes)
    return shown + [0.0] * lost


def _ranking(case: Case, answer: Answer, gold: Mapping[str, str]) -> Values:
    if not case.papers:
        return {}
    wanted = set(gold.values())
    ranked = [hit.paper.id for hit in answer.hits]
    values = {"R@1": [float(bool(ranked) and ranked[0] in wanted)]}
    values |= {f"R@{k}": [len(wanted & set(ranked[:k])) / len(wanted)] for k in (5, 10)}
    return values | {name: [value] for name, value in ranking_values(wanted, ranked).items()}


def _content(
    case: Case, answer: Answer, citations: Sequence[Citation], gold: Mapping[str, str]
) -> Values:
    """Returns what the quotes hold: gold sentences, gold papers, facts."""
    values: Values = {}
    if case.papers:
        values["cited_gold"] = [float(c.paper_id in set(gold.values())) for c in citations]
    if case.evidence:
        quoted = [
            any(
                c.paper_id == gold[wanted.paper]
                and share_of_words(wanted.quote, content_words(c.quote)) >= QUOTED_SHARE
                for c in citations
            )
            for wanted in case.evidence
        ]
        values["evidence"] = [float(any(quoted))]
        values["evidence_recall"] = [sum(quoted) / len(quoted)]
    said = content_words(" ".join([answer.text, *(c.quote for c in citations)]))
    shares = [share_of_words(nugget, said) for nugget in case.nuggets]
    if shares:
        values["nuggets"] = [float(share >= STATED_SHARE) for share in shares]
        values["nuggets_partial"] = shares
    return values


def alce(statement: Statement, supports: Supports) -> tuple[float, list[float]]:
    """Returns a statement's citation recall, and the precision of each of its citations.

    Recall is 1 where all its quotes together support it. A citation is precise where they
    do and it is needed: it supports the statement alone, or the others do not without it.

    Source: Gao, Yen, Yu and Chen 2023, "Enabling Large Language Models to Generate Text
    with Citations" (arXiv:2305.14627), section 4.
    """
    quotes = [citation.quote for citation in statement.citations]
    if not quotes or not supports(statement.text, quotes):
        return 0.0, [0.0] * len(quotes)
    if len(quotes) == 1:
        return 1.0, [1.0]
    precisions = []
    for place, quote in enumerate(quotes):
        others = quotes[:place] + quotes[place + 1 :]
        needed = supports(statement.text, [quote]) or not supports(statement.text, others)
        precisions.append(float(needed))
    return 1.0, precisions


def similarity(text: str, reference: str, embedder: Embedder) -> float:
    """Returns the cosine of an answer and a reference, cut off at 0; markers are left out.

    Source: sentence embeddings compared by cosine, Reimers and Gurevych 2019
    (arXiv:1908.10084).
    """
    rows = embedder.embed([re.sub(r"(?<!\s)\s*+\[\d+\]|\*\*", "", text), reference])
    return float(np.clip(rows[0] @ rows[1], 0.0, 1.0))


def gold_ids(case: Case, find: Callable[[str], str | None]) -> dict[str, str]:
    """Returns the id of each paper that the case names; one not in the library keeps its name."""
    names = dict.fromkeys([*case.papers, *(gold.paper for gold in case.evidence)])
    return {name: find(name) or f"missing:{normal_title(name)}" for name in names}
