"""Concepts: what a wide question asks for, word by word, and which papers show it.

A word is shown by a paper that has it, by its stem or spelled out, or that has a token near to it.
Words that stand together are one need; needs joined by "or" are one, met by either.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from footnote.index.embeddings.protocols import Matrix
from footnote.index.models import Hit, Paper, Span
from footnote.index.search.fulltext import STOP_WORDS, stems
from footnote.rag.generation.forms.abbreviations import spell_out
from footnote.rag.query.names import is_abbreviation
from footnote.rag.query.topic import split_question
from footnote.rag.retrieval.hybrid import RetrievalResult

# Cosine of a word to its nearest token in a paper: what is below the first is another thing, from
# the second on it is the same. A need is met from MET on, halfway. Over the gold papers of the
# lists of forms_dev the words have .7 to .9, their paraphrases .55 to .65, all else .3 to .5.
NEAR_TO, SAME = 0.4, 0.65
MET = 0.5
# Least weight of a word that every paper shows.
_LEAST = 0.05
# Words that ask, that count, or that say only how a paper has to do with what is asked for.
UNTELLING = frozenset(
    """address addresses adopt adopts anything apply applies applied based bring brings build builds
    combine combines concern concerns employ employs consider considers contain contains cover
    covers deal deals demonstrate demonstrates describe describes develop develops discuss discusses
    evaluate evaluated evaluates everything examine examines explore explores find focus focuses
    give gives given handle handles introduce introduces investigate investigates involve involves
    lean leans leverage leverages list look looks make makes mention mentions present presents
    propose proposes proposed provide provides publish publishes relate related release released
    releases rely relies report reports run runs show shows studied studies study studying survey
    surveys tackle tackles take takes teach teaches test tested tests thing things treat treats try
    tried turn turns utilise utilises utilize utilizes written available different kind kinds sort
    sorts type types existing new recent known paper papers article articles publication
    publications abstract abstracts work works research library literature collection people person
    researchers authors several many various another one ones first second two three earlier
    something some only purely solely overview summary summarise summarize state role
    """.split()
)
# These tell nothing where they are asked for by themselves: "which models", not "world models".
_CARRIERS = frozenset(
    """algorithm algorithms approach approaches method methods model models system systems technique
    techniques""".split()
)
_OPEN = re.compile(r"\bopen(?:ly)?[- ](?:source[ds]?|sourcing|available|weights?)\b", re.IGNORECASE)
_EXPLAINED = re.compile(
    r"\([^()]{0,200}\)|,? (?:i\.e\.|that is,|namely)\s.{0,300}$"
    r"|,? (?:e\.g\.,?|for (?:instance|example),?|such as)\s[^,;?]{0,100}",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_PART = re.compile(r"[^\W_]+")
_BESIDE = re.compile(r"[\s-]{1,3}")
_EITHER = re.compile(r"\s{0,2}(?:,\s{0,2})?(?:or\s{1,2})?(?:(?:an?|the)\s)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Concept:
    """A telling word of a question.

    Attributes:
        start: Where it begins in the question.
        end: Where it ends.
        spellings: Its stems with spaces around them; "off-policy" also in one word, an abbreviation
            also spelled out.
        parts: Numbers of the tokens of each of its parts, in the question as it was matched.
    """

    start: int
    end: int
    spellings: tuple[str, ...]
    parts: tuple[tuple[int, ...], ...]

    @property
    def stem(self) -> str:
        """The stem of its last part."""
        return self.spellings[0].split()[-1]

    def named_in(self, stemmed: str) -> bool:
        """Returns whether it stands in a text of stems."""
        return any(spelling in stemmed for spelling in self.spellings)


@dataclass(frozen=True, slots=True)
class Need:
    """What must be shown: one of several phrases, each by the numbers of its concepts."""

    text: str
    phrases: tuple[tuple[int, ...], ...]

    def meet(self, values: Matrix) -> Matrix:
        """Returns how far each paper meets it, from ``(papers, concepts)``."""
        met = [values[:, list(phrase)].min(axis=1) for phrase in self.phrases]
        return np.asarray(np.max(met, axis=0), np.float32)


@dataclass(frozen=True, slots=True)
class Shown:
    """How far each paper shows each concept of a question.

    Attributes:
        needs: What the question asks for; empty where no word of it tells.
        concepts: Its telling words.
        met: ``(papers,)`` whether each paper shows all needs, by its words or ones near to them.
        weights: ``(concepts,)`` what each word says: little, where most papers show it.
    """

    needs: tuple[Need, ...]
    concepts: tuple[Concept, ...]
    met: Matrix
    weights: Matrix

    @property
    def said(self) -> tuple[str, ...]:
        """The concepts by their stems, each as it may be spelled."""
        return tuple(said for concept in self.concepts for said in concept.spellings)

    def share(self, text: str) -> float:
        """Returns the weight of the concepts that a text names, in [0, 1]."""
        stemmed = _stem(text)
        told = [c.named_in(stemmed) for c in self.concepts]
        return float(self.weights @ np.array(told, np.float32)) if told else 0.0

    def names_all(self, *texts: str) -> bool:
        """Returns whether each need stands in one of these texts, in the words of the question."""
        return self.names(self.needs, *texts)

    def names(self, needs: Sequence[Need], *texts: str) -> bool:
        """Returns whether each of some needs stands in one of these texts."""
        stemmed = list(map(_stem, texts))
        return all(any(self._names(need, text) for text in stemmed) for need in needs)

    def _names(self, need: Need, stemmed: str) -> bool:
        return any(all(self.concepts[n].named_in(stemmed) for n in p) for p in need.phrases)


def read_shown(found: RetrievalResult, hits: Sequence[Hit]) -> Shown:
    """Returns how far each of these papers shows what the question asks for."""
    concepts = _find_concepts(found)
    values = np.array(
        [[_value(found, hit.paper, concept) for concept in concepts] for hit in hits], np.float32
    ).reshape(len(hits), len(concepts))
    needs = _join_needs(found.question.wording, concepts)
    met = [need.meet(values) >= MET for need in needs] or [np.ones(len(hits), bool)]
    rare = 1 + _LEAST - values.mean(axis=0) if len(hits) else np.ones(len(concepts))
    weights = rare / max(1e-9, float(rare.sum()))
    return Shown(needs, concepts, np.all(met, axis=0), weights.astype(np.float32))


def _value(found: RetrievalResult, paper: Paper, concept: Concept) -> float:
    """Returns how far a paper shows a concept, in [0, 1]."""
    if concept.named_in(_stem(f"{paper.title}. {paper.abstract}")):
        return 1.0
    match = found.matches.get(paper.id)
    if match is None or not concept.parts:
        return 0.0
    near = min(float(np.mean(match.found[list(part)])) for part in concept.parts)
    return min(1.0, max(0.0, (near - NEAR_TO) / (SAME - NEAR_TO)))


def _find_concepts(found: RetrievalResult) -> tuple[Concept, ...]:
    wording = found.question.wording
    before = len(found.question.query) - len(wording)
    # What is asked of each paper says nothing of which papers are asked for.
    own, _ = split_question(wording)
    # "open source" asks how a thing is given away; it is read as a relation.
    # What explains or is an example need not be shown.
    plain = own
    for beside_it in (_OPEN, _EXPLAINED):
        plain = beside_it.sub(lambda match: " " * len(match[0]), plain)
    concepts: list[Concept] = []
    for match in _WORD.finditer(plain):
        word, start, end = match[0].lower(), match.start(), match.end()
        beside = concepts and _BESIDE.fullmatch(own[concepts[-1].end : start])
        if len(word) < 2 or word in STOP_WORDS or word in UNTELLING:
            continue
        if word in _CARRIERS and not beside:
            continue
        spellings = [_stem(word), *([_stem(word.replace("-", ""))] if "-" in word else ())]
        if is_abbreviation(match[0]) and (out := _spell_out(match[0], found)):
            spellings.append(out)
        parts = _find_tokens(match, before, found.asked.spans)
        concepts.append(Concept(start, end, tuple(spellings), parts))
    return tuple(concepts)


def _find_tokens(
    word: re.Match[str], before: int, spans: Sequence[Span]
) -> tuple[tuple[int, ...], ...]:
    """Returns the numbers of the tokens of each part of a word.

    None at all if a part has none, as "off" of "off-policy": the other says something else alone.
    """
    parts = []
    for part in _PART.finditer(word[0]):
        start, end = (before + word.start() + at for at in part.span())
        parts.append(tuple(n for n, (a, b) in enumerate(spans) if start <= a and b <= end))
    return tuple(parts) if all(parts) else ()


def _spell_out(short: str, found: RetrievalResult) -> str:
    form = spell_out(short, [hit.paper for hit in found.hits])
    return _stem(form.text) if form else ""


def _join_needs(wording: str, concepts: Sequence[Concept]) -> tuple[Need, ...]:
    groups: list[list[list[int]]] = []
    for n, concept in enumerate(concepts):
        between = wording[concepts[n - 1].end : concept.start] if n else ""
        if n and _BESIDE.fullmatch(between):
            groups[-1][-1].append(n)
        elif n and _EITHER.fullmatch(between) and ("," in between or " or " in between):
            groups[-1].append([n])
        else:
            groups.append([[n]])
    return tuple(
        Need(
            wording[concepts[group[0][0]].start : concepts[group[-1][-1]].end],
            tuple(map(tuple, group)),
        )
        for group in groups
    )


@lru_cache(8192)
def _stem(text: str) -> str:
    """Returns the stems of a text, with a space before and after each."""
    return f" {' '.join(stems(text))} "
