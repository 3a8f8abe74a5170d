"""Features: how a statement compares with its quotes, as numbers for a classifier.

Each feature is a function of a pair; none is a verdict by itself.
"""

from collections.abc import Callable, Sequence

import numpy as np

from footnote.rag.verification.alignment import AlignedPair, Text, cosine_matrix
from footnote.rag.verification.lexical import (
    NO_UNITS,
    Quantity,
    denials,
    initials,
    loose_numbers,
    polarity,
)

# Relative rounding error allowed after "about".
ROUNDED = 0.05


def cosine(pair: AlignedPair) -> float:
    """Returns the highest cosine of the statement to a quote."""
    return pair.cosine


def aligned(pair: AlignedPair) -> float:
    """Returns the mean cosine of the statement's content words to the quotes.

    Source: BERTScore's precision, Zhang et al. 2020 (arXiv:1904.09675).
    """
    return float(pair.near.mean()) if len(pair.near) else 0.0


def aligned_low(pair: AlignedPair) -> float:
    """Returns the same for the worst quarter of the words."""
    ranked = np.sort(pair.near)
    return float(ranked[: max(1, len(ranked) // 4)].mean()) if len(ranked) else 0.0


def covered(pair: AlignedPair) -> float:
    """Returns the share of the statement's content words that the quotes contain, by stem."""
    have = {w.stem for w in pair.quotes.words}
    found = [w.stem in have for w in pair.statement.words if w.telling]
    return sum(found) / len(found) if found else 0.0


def number_foreign(pair: AlignedPair) -> float:
    """Returns how many numbers are not in the quotes, at most 2."""
    given = {q.value for q in pair.quotes.quantities} | loose_numbers(pair.quotes.words)
    return float(min(2, sum(not _given(q, given) for q in pair.statement.quantities)))


def _given(quantity: Quantity, given: set[float]) -> bool:
    reach = ROUNDED if quantity.hedged else 1e-9
    return any(abs(quantity.value - v) <= reach * abs(v) for v in given)


def number_unit(pair: AlignedPair) -> float:
    """Returns 1 if a number is a percentage on one side only."""
    for mine in pair.statement.quantities:
        same = [q.percent for q in pair.quotes.quantities if q.value == mine.value]
        if same and mine.percent not in same:
            return 1.0
    return 0.0


def number_moved(pair: AlignedPair) -> float:
    """Returns how many numbers count something that has another number in the quotes, at most 2."""
    moved = 0
    for mine in pair.statement.quantities:
        thing = _counted(pair.statement, mine)
        values = {q.value for q in pair.quotes.quantities if _counted(pair.quotes, q) == thing}
        moved += bool(thing and values) and mine.value not in values
    return float(min(2, moved))


def _counted(text: Text, quantity: Quantity) -> str:
    """Returns the stem of the content word within two words after a number, or ""."""
    behind = text.words[quantity.at + 1 : quantity.at + 4]
    plain = [w for w in behind if w.text.lower() not in NO_UNITS][:2]
    return next((w.stem for w in plain if w.telling and w.text.isalpha()), "")


def number_holder(pair: AlignedPair) -> float:
    """Returns how many numbers are next to a name that has another number there, at most 2."""
    moved = 0
    held = [(_holder(pair.quotes, q), q.value) for q in pair.quotes.quantities]
    for mine in pair.statement.quantities:
        name = _holder(pair.statement, mine)
        names = {holder for holder, value in held if value == mine.value}
        values = {value for holder, value in held if holder == name}
        moved += bool(names and values and name) and name not in names
    return float(min(2, moved))


def numbers_turned(pair: AlignedPair) -> float:
    """Returns 1 if two numbers are swapped while the other words are not.

    A number that still counts the same thing is ignored.
    """
    ours = {q.value: q for q in pair.statement.quantities}
    theirs = {q.value: q for q in pair.quotes.quantities}
    numbers = [
        (mine.at, theirs[value].at)
        for value, mine in ours.items()
        if value in theirs and not _counts_alike(pair, mine, theirs[value])
    ]
    counted = {at for at, _ in numbers}
    words = [
        (at, other)
        for at, other in enumerate(pair.partner)
        if other >= 0 and at not in counted and pair.statement.words[at].telling
    ]
    return float(_reversed(numbers) > 0 and _reversed(words) < 0.5)


def _counts_alike(pair: AlignedPair, mine: Quantity, other: Quantity) -> bool:
    thing = _counted(pair.statement, mine)
    return bool(thing) and thing == _counted(pair.quotes, other)


def _reversed(places: Sequence[tuple[int, int]]) -> float:
    """Returns the share of pairs that are in a different order in the quotes."""
    pairs = [(a, b) for a in places for b in places if a[0] < b[0] and a[1] != b[1]]
    return sum(a[1] > b[1] for a, b in pairs) / len(pairs) if pairs else 0.0


def _holder(text: Text, quantity: Quantity) -> str | None:
    """Returns the name nearest to a number; one after it wins over one before it."""
    places = [(n - quantity.at, n) for n in text.names]
    at = min(places, key=lambda p: (abs(p[0]) - (p[0] > 0), p[1]), default=None)
    return text.names[at[1]] if at else None


def _unquoted(pair: AlignedPair) -> list[str]:
    """Returns the statement's names that the quotes lack, also as initials."""
    have = {w.text.lower() for w in pair.quotes.words} | set(pair.quotes.names.values())
    have |= {w.stem for w in pair.quotes.words}
    letters = initials(pair.quotes.words)
    acronyms = {name for name in have if 2 <= len(name) <= 6}
    own = initials([pair.statement.words[n] for n in sorted(pair.statement.names)])
    found = []
    for at, name in pair.statement.names.items():
        short = pair.statement.words[at].text.isupper() and len(name) > 2 and name in letters
        spelled = any(a in own and name[0] in a for a in acronyms if len(a) > 2)
        if not (name in have or short or spelled or pair.statement.words[at].stem in have):
            found.append(name)
    return found


def name_unquoted(pair: AlignedPair) -> float:
    """Returns how many names are in no quote, at most 2."""
    return float(min(2, len(set(_unquoted(pair)))))


def name_foreign(pair: AlignedPair) -> float:
    """Returns how many names are neither in a quote nor in a cited paper, at most 2."""
    return float(min(2, len(set(_unquoted(pair)) - pair.about)))


def subject_foreign(pair: AlignedPair) -> float:
    """Returns 1 if the statement's first word is a content word that is found nowhere."""
    if not pair.statement.words or not pair.statement.words[0].telling:
        return 0.0
    first = pair.statement.words[0]
    return float(pair.partner[0] < 0 and first.text.lower() not in pair.about)


def negation_against(pair: AlignedPair) -> float:
    """Returns how many words are negated on one side only, at most 2."""
    found = 0
    for word, other in zip(pair.statement.words, pair.partner, strict=True):
        if word.telling and other >= 0 and not polarity(word):
            found += word.denied != pair.quotes.words[other].denied
    return float(min(2, found))


def negation_added(pair: AlignedPair) -> float:
    """Returns 1 if only the statement has a negation."""
    return float(bool(denials(pair.statement.words)) and not denials(pair.quotes.words))


def negation_dropped(pair: AlignedPair) -> float:
    """Returns 1 if only the quotes have a negation, in the part that the statement covers."""
    if denials(pair.statement.words):
        return 0.0
    return float(any(n >= 0 and pair.quotes.words[n].denied for n in pair.partner))


def _directions(pair: AlignedPair) -> list[tuple[int, int, int]]:
    """Returns each comparing word's position, its counterpart's position, and +1 or -1.

    The counterpart is the quotes' word of the same pair of opposites in the most similar context.
    """
    found = []
    ours, theirs = pair.statement.words, pair.quotes.words
    pointing = [(n, polarity(w)) for n, w in enumerate(theirs) if polarity(w)]
    for at, word in enumerate(ours):
        mine = polarity(word)
        places = [n for n, ways in pointing if mine.keys() & ways.keys()]
        if not places:
            continue
        same = {n: theirs[n].stem == word.stem for n in places}
        other = max(places, key=lambda n: cosine_matrix(ours, at, theirs, n) + 0.5 * same[n])
        axis = min(mine.keys() & polarity(theirs[other]).keys())
        sign = mine[axis] * polarity(theirs[other])[axis]
        sign *= -1 if word.denied != theirs[other].denied else 1
        found.append((at, other, sign))
    return found


def direction_against(pair: AlignedPair) -> float:
    """Returns how many comparing words point the other way in the quotes, at most 2."""
    return float(min(2, sum(sign < 0 for *_, sign in _directions(pair))))


def direction_agrees(pair: AlignedPair) -> float:
    """Returns how many comparing words point the same way, at most 2."""
    return float(min(2, sum(sign > 0 for *_, sign in _directions(pair))))


def sides_swapped(pair: AlignedPair) -> float:
    """Returns 1 if the words before and after a comparing word are swapped in the quotes."""
    for at, other, sign in _directions(pair):
        mine, theirs = _sides(pair.statement, at), _sides(pair.quotes, other)
        if sign > 0 and mine[0] & theirs[1] and mine[1] & theirs[0]:
            return 1.0
    return 0.0


def _sides(text: Text, at: int) -> tuple[set[str], set[str]]:
    """Returns the stems of content words before and after a word, without those on both sides."""
    before = {w.stem for w in text.words[max(0, at - 12) : at] if w.telling}
    behind = {w.stem for w in text.words[at + 1 : at + 13] if w.telling}
    return before - behind, behind - before


def said_nowhere(pair: AlignedPair) -> float:
    """Returns the share of the statement's content words that neither quotes nor papers have."""
    have = {w.stem for w in pair.quotes.words}
    telling = [w for w in pair.statement.words if w.telling]
    foreign = [w.stem not in have and w.text.lower() not in pair.about for w in telling]
    return sum(foreign) / len(telling) if telling else 0.0


def absolutes_added(pair: AlignedPair) -> float:
    """Returns how many more words such as "always" the statement has than the quotes."""
    return float(max(0, _count(pair.statement, _ABSOLUTES) - _count(pair.quotes, _ABSOLUTES)))


def hedged(pair: AlignedPair) -> float:
    """Returns 1 if the statement is hedged."""
    return float(_count(pair.statement, _HEDGES) > 0)


def denials_added(pair: AlignedPair) -> float:
    """Returns how many more negations the statement has than the quotes."""
    return float(max(0, denials(pair.statement.words) - denials(pair.quotes.words)))


def length(pair: AlignedPair) -> float:
    """Returns the number of the statement's content words, in twenties."""
    return sum(w.telling for w in pair.statement.words) / 20


def _count(text: Text, words: frozenset[str]) -> int:
    return len({w.text.lower() for w in text.words} & words)


_ABSOLUTES = frozenset(
    """all every always never any only must prove proves proven proved guarantee guarantees
    guaranteed whatever entirely completely fully no none each most best everywhere invariably
    wholly""".split()
)
_HEDGES = frozenset(
    """may might can could seems seem appears appear suggest suggests probably perhaps likely
    possibly often tends tend""".split()
)
FEATURES: Sequence[Callable[[AlignedPair], float]] = (
    cosine, aligned, aligned_low, covered, number_foreign, number_unit, number_moved,
    number_holder, numbers_turned, name_unquoted, name_foreign, subject_foreign,
    negation_against, negation_added, negation_dropped, direction_against, direction_agrees,
    sides_swapped,
)  # fmt: skip
# If all of these are 0, no fault was found in numbers, names, negations or directions.
FAULTS = tuple(
    fault.__name__
    for fault in (
        number_foreign, number_unit, number_moved, numbers_turned, name_foreign,
        negation_against, negation_added, direction_against,
    )
)  # fmt: skip
# What only a verdict looks at.
VERDICT_FEATURES = (said_nowhere, absolutes_added, hedged, denials_added, length)
# The keys of ``features``: ``clean`` is 1 if no fault was found, and ``clean_covered`` is then the
# covered share, since copied text is true only if nothing was changed.
NAMES = (
    *(feature.__name__ for feature in (*FEATURES, *VERDICT_FEATURES)), "clean", "clean_covered",
)  # fmt: skip
# These need an embedder with token vectors.
TOKEN_FEATURES = frozenset({"aligned", "aligned_low"})


def features(pair: AlignedPair) -> dict[str, float]:
    """Returns every feature by name, in the order of ``NAMES``."""
    figures = {feature.__name__: feature(pair) for feature in (*FEATURES, *VERDICT_FEATURES)}
    clean = float(not any(figures[fault] for fault in FAULTS))
    return figures | {"clean": clean, "clean_covered": clean * figures["covered"]}
