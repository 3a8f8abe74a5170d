"""Suggestions: questions that a library answers, made of its papers and tried before they show.

Whoever opens a library sees what it is about and one question of each of several kinds; whoever
has an answer sees where to go from there.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np

from footnote.index.clusters.layout import sample_rows
from footnote.index.library import LibraryReader
from footnote.index.models import Paper
from footnote.index.search.fulltext import STOP_WORDS, stems
from footnote.rag.answer import Answer, Kind
from footnote.rag.query.topic import find_topic

# Titles that topics are read from, and papers whose abstracts are read; more would say the same.
LOOKED_AT, READ = 2_000, 400
TOPICS, OFFERED, NEXT = 8, 4, 3
# Questions of one kind that are tried before the kind is given up.
TRIES = 4
# Words of a question's topic that can be asked about again.
_SHORT_TOPIC = 4
# What papers do with a topic: "Which papers use tactile sensing?"
_DOES = re.compile(
    r"^(?:use|study|propose|introduce|explore|apply|address|discuss|investigate|train|test"
    r"|evaluate|learn|present|build)s?\s(?:on\s|from\s|with\s)?",
    re.IGNORECASE,
)
# "How are world models used?"
_DONE = re.compile(r"\s(?:used|studied|trained|applied|evaluated|made)$", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_][\w-]*")
_NAMED = re.compile(r"^([A-Z][\w-]{2,20}): ")
# Words of a title that are of every field.
_GENERAL = frozenset(
    """learning model models method methods approach study analysis using based via towards toward
    new novel large efficient framework system systems deep data review evaluation case""".split()
)
# What an abstract states a figure of, and how one asks for it.
_MEASURES = (
    (
        re.compile(r"\d[^.]{0,60}success rate|success rate[^.]{0,60}\d"),
        "What success rate does {} reach?",
    ),
    (re.compile(r"\d[^.]{0,40}accuracy|accuracy[^.]{0,40}\d"), "What accuracy does {} reach?"),
    (re.compile(r"\d[^.]{0,30}parameters"), "How many parameters does {} have?"),
)  # fmt: skip


def suggest_questions(library: LibraryReader | None) -> list[str]:
    """Returns up to three questions, each of another kind, untried; none for an empty library."""
    found = make_questions(library) if library is not None else {}
    return [found[kind][0] for kind in ("list", "overview", "define") if found.get(kind)]


def offer_questions(library: LibraryReader, ask: Callable[[str], Answer]) -> list[str]:
    """Returns up to four questions of different kinds, each of which ``ask`` answers well."""
    kinds: tuple[Kind, ...] = ("overview", "list", "compare", "number", "define")
    found = make_questions(library)
    tried = (_first_answered(kind, found.get(kind, ()), ask) for kind in kinds)
    return [question for question in tried if question][:OFFERED]


def offer_next(
    answer: Answer, ask: Callable[[str], Answer], topics: Sequence[str] = ()
) -> list[str]:
    """Returns up to three questions that lead on from an answer, each of which ``ask`` answers.

    Args:
        answer: Led on from.
        ask: Tries a question.
        topics: Of the library, the widest first.
    """
    offered: list[str] = []
    for kind, questions in _lead_on(answer, topics):
        if len(offered) == NEXT:
            break
        fresh = (one for one in questions if not any(_same_topic(one, taken) for taken in offered))
        if question := _first_answered(kind, fresh, ask):
            offered.append(question)
    return offered


def _first_answered(
    kind: Kind, questions: Iterable[str], ask: Callable[[str], Answer]
) -> str | None:
    """Returns the first question whose answer has its form, and neither doubts nor lacks."""
    for question in list(questions)[:TRIES]:
        answer = ask(question)
        doubtful = answer.abstained or answer.match == "weak" or answer.missing
        if answer.kind == kind and answer.statements and not doubtful:
            return question
    return None


def make_questions(library: LibraryReader) -> Mapping[Kind, list[str]]:
    """Returns questions by kind that a library may well answer, the likeliest first."""
    if not library.size:
        return {}
    topics = [topic for topic, _ in find_topics(library)]
    named = _find_named(library.page("added", 0, READ))
    return {
        "overview": [f"What do the papers say about {topic}?" for topic in topics],
        # Of other topics than the overviews, where there are others.
        "list": [f"Which papers are about {topic}?" for topic in [*topics[1:], *topics[:1]]],
        "define": [f"What is {name}?" for name in named],
        "number": list(_ask_for_figures(named)),
        "compare": [f"How does {one} compare with {other}?" for one, other in _find_pairs(named)],
    }


def _lead_on(answer: Answer, topics: Sequence[str]) -> Iterator[tuple[Kind, list[str]]]:
    """Yields what may be asked after an answer: of its papers by name, of its topic more widely."""
    asked = answer.standalone_question.casefold()
    named = _find_named(answer.papers)
    fresh = {name: paper for name, paper in named.items() if name.casefold() not in asked}
    topic = find_topic(answer.question) if answer.question == answer.standalone_question else ""
    topic = _DONE.sub("", _DOES.sub("", topic))
    if 0 < len(topic.split()) <= _SHORT_TOPIC and answer.kind in ("list", "overview"):
        if answer.kind != "overview":
            yield "overview", [f"What do the papers say about {topic}?"]
        else:
            yield "list", [f"Which papers are about {topic}?"]
    yield "number", list(_ask_for_figures(named))
    pairs = [pair for pair in _find_pairs(named) if pair[1].casefold() not in asked]
    yield "compare", [f"How does {one} compare with {other}?" for one, other in pairs]
    yield "define", [f"What is {name}?" for name in fresh]
    near = [phrase for phrase in _near_topics(answer) if not _names(asked, phrase)]
    # The smaller a group, the more it says.
    own = [one for one in reversed(topics) if one in near]
    yield "overview", [f"What do the papers say about {topic}?" for topic in [*own, *near]]
    yield "list", [f"Which papers are about {topic}?" for topic in near]
    yield "overview", [f"What do the papers say about {topic}?" for topic in near[1:]]


def _near_topics(answer: Answer) -> list[str]:
    """Returns what the titles that a question found share, first what cited papers do.

    Of those what fewer have says more; of the others what more have is nearer.
    """
    cited = {paper.id for paper in answer.papers}
    papers = [*answer.papers, *(hit.paper for hit in answer.hits if hit.paper.id not in cited)]
    found = [(phrase, paper) for paper in papers for phrase in _whole_phrases(paper, papers)]
    counted = Counter(phrase for phrase, _ in found)
    own = {phrase for phrase, paper in found if paper.id in cited}
    shared = [phrase for phrase in counted if counted[phrase] > 1]
    return sorted(
        shared, key=lambda one: (one not in own, counted[one] if one in own else -counted[one])
    )


def _whole_phrases(paper: Paper, beside: Sequence[Paper]) -> list[str]:
    """Returns the pairs of words of a title, and three where titles have two of them only so."""
    whole = []
    for phrase in dict.fromkeys(_phrases(paper.title)):
        ways = Counter(
            match[0].lower()
            for other in beside
            if (match := re.search(rf"{re.escape(phrase)}(?: [\w-]+)?", other.title, re.IGNORECASE))
        )
        if not ways:  # a comma or a colon stands between the two
            continue
        longer, count = ways.most_common(1)[0]
        rest = longer[len(phrase) :].strip()
        only = 2 * count > ways.total() > 1 and rest and rest not in STOP_WORDS
        whole.append(f"{phrase} {rest}" if only else phrase)
    return whole


def _same_topic(one: str, other: str) -> bool:
    """Returns whether two offered questions are about one thing, or one about a part of it."""
    ours, theirs = (set(stems(question.rpartition(" about ")[2])) for question in (one, other))
    return ours <= theirs or theirs <= ours


def _names(asked: str, phrase: str) -> bool:
    """Returns whether a question has every word of a phrase already, in any form."""
    return set(stems(phrase)) <= set(stems(asked))


def find_topics(library: LibraryReader, *, most: int = TOPICS) -> list[tuple[str, int]]:
    """Returns what the groups of the library's map are about, with the papers of each.

    A topic is the pair of words that tells a group's titles from all others best; no two topics
    share a word, so that they can be told apart. The largest group comes first.
    """
    drawn = library.map()
    rows = sample_rows(len(drawn.titles))[:LOOKED_AT]
    within: dict[int, Counter[str]] = {}
    for row in rows:
        counted = within.setdefault(int(drawn.clusters[row]), Counter())
        counted.update(set(_phrases(drawn.titles[row])))
    everywhere = sum(within.values(), Counter[str]())
    sizes = np.bincount(drawn.clusters, minlength=len(drawn.labels))
    topics: list[tuple[str, int]] = []
    for group in sorted(within, key=lambda group: (-int(sizes[group]), group)):
        ranked = sorted(
            (-count * math.log(1 + len(rows) / everywhere[phrase]), phrase)
            for phrase, count in within[group].items()
            if count > 1
        )
        taken = {word for topic, _ in topics for word in topic.casefold().split()}
        free = (phrase for _, phrase in ranked if not taken & set(phrase.casefold().split()))
        if phrase := next(free, None):
            topics.append((phrase, int(sizes[group])))
    return topics[:most]


def _phrases(title: str) -> Iterator[str]:
    words = [word if _is_name(word) else word.lower() for word in _WORD.findall(title)]
    for one, other in pairwise(words):
        pair = {one.lower(), other.lower()}
        if not pair & STOP_WORDS and not pair <= _GENERAL and min(map(len, pair)) > 2:
            yield f"{one} {other}"


def _is_name(word: str) -> bool:
    return any(map(str.isupper, word[1:]))


def _find_named(papers: Sequence[Paper]) -> dict[str, Paper]:
    """Returns the papers whose title begins with a name of what they present, by that name."""
    return {match[1]: paper for paper in papers if (match := _NAMED.match(paper.title))}


def _ask_for_figures(named: Mapping[str, Paper]) -> Iterator[str]:
    for name, paper in named.items():
        asks = (ask for stated, ask in _MEASURES if stated.search(paper.abstract))
        if ask := next(asks, None):
            yield ask.format(name)


def _find_pairs(named: Mapping[str, Paper]) -> Iterator[tuple[str, str]]:
    """Yields two named papers where one's abstract names the other."""
    for name, paper in named.items():
        for other in dict.fromkeys(_WORD.findall(paper.abstract)):
            if other != name and other in named:
                yield name, other
