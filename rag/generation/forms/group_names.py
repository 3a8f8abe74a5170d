"""Groups of papers in an overview, each under a phrase that all of its papers have.

So a heading is true of every paper below it, and a reader can check it.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field
from functools import lru_cache

from footnote.index.clusters.labels import COMMONPLACE
from footnote.index.search.fulltext import STOP_WORDS, stems

OTHERS = "Others"
# Papers of a group; groups at most, besides the papers that are in none.
FEWEST, MOST, GROUPS = 2, 5, 4
# Papers of the only group that makes groups at all.
ALONE = 3
# Papers that have a phrase which ends no noun phrase, at least.
FEWEST_OF_PART = 3
# More than this share of the papers that have a phrase are in the group that it names.
HELD = 0.6
# What a phrase counts for by its words: two say more than one, and three more than two.
_SAYS = {1: 1.0, 2: 1.7, 3: 1.8, 4: 1.9}
# What a paper counts for that has the phrase in its title.
_TITLED = 1.0
_WORD = re.compile(r"[^\W\d_][\w-]*\w")
_BREAK = re.compile(r"[^\w\s-]+")
# Verbs and adverbs make no heading, and some words say nothing unless another does.
_NO_HEADING = re.compile(r"(?:ly|ize[sd]?|ise[sd]?|ify|ifies|ified|ates?|-based)$")
_NOT_ALONE = frozenset(
    """abilities ability ai applications better beyond capabilities capability data deep
    diverse efficient environment environments essential examples fast features
    generalizable human information labels language large learning llm llms machines matter
    ml models need needed networks neural open open-source parameters policies policy reach
    real real-world requirements rl robots robust strong train training understand various
    work world""".split()
)
_OUR = re.compile(r"\b(behavi|col|fav|hum|neighb|rum|vap|vig|flav|lab)our", re.IGNORECASE)
# "Aligning language" of "aligning language models" is torn out.
_DOING = re.compile(r"[\w-]+ing\b")
_ABBREVIATION = re.compile(r"[A-Z]{3,}s?")

Phrase = tuple[str, ...]
# Title and abstract of a paper.
TitledText = tuple[str, str]


@dataclass(slots=True)
class _Found:
    """A phrase of titles.

    Attributes:
        papers: Those of the overview that have it.
        joining: The others that have it.
        titled: All whose title has it.
        spelled: How often it is spelled in each way.
        ends: Whether it ends a noun phrase of some title: one that does not, as "policy
            improvement" of "policy improvement operator", names a group only where more papers
            have it.
    """

    papers: set[int] = field(default_factory=set)
    joining: set[int] = field(default_factory=set)
    titled: set[int] = field(default_factory=set)
    spelled: Counter[str] = field(default_factory=Counter)
    ends: bool = False

    def makes_group(self, left: Set[int], spare: Set[int], most: int) -> bool:
        """Returns whether few enough papers have it, and most of them are in no group yet.

        One that is alone with it is joined by one to spare, where it stands in either title.
        """
        own, joins = self.papers & left, self.joining & spare
        size = len(own) + (len(own) < FEWEST and bool(joins) and bool((own | joins) & self.titled))
        enough = len(self.papers | joins) >= (FEWEST if self.ends else FEWEST_OF_PART)
        return (
            enough
            and size >= FEWEST
            and len(self.papers) <= most
            and len(own) > HELD * len(self.papers)
        )

    def worth(self, phrase: Phrase, left: Set[int], rare: float) -> float:
        own = self.papers & left
        return _SAYS[len(phrase)] * rare * (len(own) + _TITLED * len(self.titled & left))


def group_papers(
    texts: Sequence[TitledText], topic: str, others: Sequence[TitledText] = (), *, spare: int = 0
) -> list[tuple[str, list[int]]]:
    """Returns groups of papers by name, the group of the best paper first.

    The papers that share no phrase come last, as ``OTHERS``. Where next to none share one there is
    one group, without a name.

    Args:
        texts: Title and abstract of each paper, best first.
        topic: What all papers are about, which is no name of a group.
        others: Other papers near the topic, in the same way. Their titles name things too, and a
            phrase that most of them have says little.
        spare: How many of the others, from the first, may join a paper that would be alone under
            its phrase; they are counted on after the papers.
    """
    found, share = _read_phrases(texts, others, set(stems(topic)))
    left, groups = set(range(len(texts))), list[tuple[str, list[int]]]()
    joining = set(range(len(texts), len(texts) + spare))
    while len(groups) < GROUPS:
        fitting = [
            phrase
            for phrase, one in found.items()
            if one.makes_group(left, joining, max(FEWEST, min(MOST, len(texts) // 2)))
        ]
        if not fitting:
            break
        best = max(fitting, key=lambda p: (found[p].ends, found[p].worth(p, left, 1 - share[p]), p))
        members = sorted(found[best].papers & left)
        if len(members) < FEWEST:
            members.append(min(found[best].joining & joining))
        groups.append((_spell(found[best].spelled), members))
        left.difference_update(members)
        joining.difference_update(members)
    if not groups or (len(groups) == 1 and len(groups[0][1]) < ALONE):
        return [("", list(range(len(texts))))]
    groups.sort(key=lambda group: group[1][0])
    return [*groups, (OTHERS, sorted(left))] if left else groups


def _spell(spelled: Counter[str]) -> str:
    name = max(spelled, key=spelled.__getitem__)
    return name[:1].upper() + name[1:]


def _read_phrases(
    texts: Sequence[TitledText], others: Sequence[TitledText], known: Set[str]
) -> tuple[dict[Phrase, _Found], dict[Phrase, float]]:
    """Returns the phrases that end a noun phrase of a title, with the papers that have them.

    Beside them the share of all texts that have each.
    """
    found: dict[Phrase, _Found] = {}
    for n, (title, _) in enumerate((*texts, *others)):
        ends = {phrase for phrase, _ in _phrases(title, known, whole=True)}
        for phrase, spelled in _phrases(title, known):
            if phrase not in ends and _DOING.match(spelled):
                continue
            one = found.setdefault(phrase, _Found())
            one.ends |= phrase in ends
            one.spelled[spelled] += 1
            one.titled.add(n)
    counts, begins = Counter[Phrase](), {phrase[0] for phrase in found}
    for n, (title, abstract) in enumerate((*texts, *others)):
        held = _find_held(f"{title}. {abstract}", found.keys(), begins)
        counts.update(held)
        for phrase in held:
            (found[phrase].papers if n < len(texts) else found[phrase].joining).add(n)
    all_texts = len(texts) + len(others)
    return found, {phrase: counts[phrase] / all_texts for phrase in found}


def _find_held(text: str, wanted: Set[Phrase], begins: Set[str]) -> set[Phrase]:
    """Returns which phrases a text has; one word must stand there as an abbreviation.

    Args:
        text: What they stand in.
        wanted: The phrases.
        begins: The first word of each.
    """
    held = set()
    for part in _BREAK.split(text):
        words = _WORD.findall(part)
        stemmed = list(map(_stem_telling, words))
        for at, stem in enumerate(stemmed):
            if stem not in begins:
                continue
            for size in _SAYS:
                phrase = tuple(stemmed[at : at + size])
                if phrase in wanted and (len(phrase) > 1 or _ABBREVIATION.fullmatch(words[at])):
                    held.add(phrase)
    return held


def _phrases(text: str, known: Set[str], *, whole: bool = False) -> Iterator[tuple[Phrase, str]]:
    """Yields runs of one to four telling words, each by its stems, with its spelling.

    Args:
        text: What they stand in.
        known: Stems; a phrase of these alone is left out.
        whole: Whether only the end of a noun phrase counts, and not "diverse" of "diverse skills":
            what follows is nothing, or a word such as "of".
    """
    for part in _BREAK.split(text):
        words = _WORD.findall(part)
        stemmed = list(map(_stem_telling, words))
        for size in _SAYS:
            for at in range(len(words) - size + 1):
                phrase = tuple(stemmed[at : at + size])
                after = words[at + size : at + size + 1]
                if whole and after and after[0].lower() not in STOP_WORDS:
                    continue
                if all(phrase) and _names(words[at : at + size], phrase, known):
                    yield phrase, " ".join(_lower(word) for word in words[at : at + size])


def _names(words: Sequence[str], phrase: Phrase, known: Set[str]) -> bool:
    """Returns whether words say something beside the topic: a phrase, or an abbreviation."""
    if len(words) == 1 and not _ABBREVIATION.fullmatch(words[0]):
        return False
    said = zip(words, phrase, strict=True)
    return any(
        word.lower() not in _NOT_ALONE and not set(stem.split()) <= known for word, stem in said
    )


@lru_cache(1 << 15)
def _stem_telling(word: str) -> str:
    """Returns the stems of a word that tells something, empty for another."""
    return " ".join(stems(_spell_alike(word))) if _tells(word) else ""


def _spell_alike(word: str) -> str:
    """Returns a word in one spelling, so that "behaviour" and "behavior" are one."""
    return _OUR.sub(r"\1or", word)


def _tells(word: str) -> bool:
    low = word.lower()
    return not (low in STOP_WORDS or low in COMMONPLACE or len(low) < 3 or _NO_HEADING.search(low))


@lru_cache(1 << 15)
def _lower(word: str) -> str:
    """Returns a word as it stands inside a sentence: a name keeps its capitals."""
    is_name = any(any(map(str.isupper, part[1:])) or len(part) == 1 for part in word.split("-"))
    return word if is_name else word.lower()
