"""Turns: whether a statement turns round what its quotes say: sides, holders of numbers, denials.

Copied words prove little where only their order changed: "DPR beats BM25" is not "BM25 beats DPR".
Two names on exchanged sides of one comparing word are a fault; all else is a doubt.
"""

import re
from collections.abc import Iterator, Sequence

from footnote.rag.verification.alignment import AlignedPair
from footnote.rag.verification.lexical import Word, denies_by_verb, polarity, read_words
from footnote.rag.verification.rules.amounts import read_amounts
from footnote.rag.verification.rules.arithmetic import agrees
from footnote.rag.verification.rules.naming import find_names
from footnote.rag.verification.rules.proof import Findings
from footnote.rag.verification.rules.units import Amount

# Words that set what stands before them over what stands behind, or under it.
_OVER = frozenset(
    """beat beats beating beaten outperform outperforms outperformed outperforming exceed exceeds
    exceeded exceeding surpass surpasses surpassed surpassing overtake overtakes overtook overtaken
    pass passes passed lead leads led defeat defeats defeated replace replaces replaced replacing
    improve improves improved improving win wins won ahead top tops topped outdo outdoes
    outdid""".split()
)
_UNDER = frozenset(
    """lag lags lagged lagging trail trails trailed behind lose loses lost underperform
    underperforms underperformed""".split()
)
_COMPARED = frozenset("than over compared against versus vs".split())
# "Replacing PaLM by FLAN" is not "replacing FLAN by PaLM".
_JOINING = frozenset("by into to from".split())
_PASSIVE = re.compile(r"\w(?:ed|en|un|on)\s(?:\w+ly\s)?by\b", re.IGNORECASE)
_DENIES = re.compile(
    r"not|no|never|none|neither|nor|without|cannot|nothing|nobody|hardly|barely|scarcely|rarely"
    r"|seldom|fail\w{0,3}|unable|instead|rather|independent\w{0,2}|absen\w{1,3}"
    r"|unlike|except\w{0,5}|only|few|little|less|fewer"
    r"|zero|free|\w{1,20}n't|un\w{4,20}|in\w{2,8}able|stop\w{0,4}|struggl\w{1,3}"
    r"|miss\w{0,3}|limited|unseen|new|novel|trouble|difficult\w{0,3}|part\w{0,4}",
    re.IGNORECASE,
)
_FAILS = re.compile(r"fail\w{0,3}|unable|refus\w{1,3}", re.IGNORECASE)
# How far behind a word any denial may stand; before it, anywhere.
_BEHIND = 3
# "Without" denies only what follows; "do not matter" denies what stands before it, too.
_ONWARD = re.compile(r"without|instead|rather|unlike|except\w{0,5}|free", re.IGNORECASE)
_REACH = 10
# Content words behind a comparing word that are its other side.
_NEXT = 3
_WHETHER = re.compile(r"\b(?:whether|asks? if|asked if|question of)\b[^.;:,]{1,200}", re.IGNORECASE)
_ASKS = re.compile(
    r"\b(?:whether|if|ask\w{0,3}|test\w{0,3}|stud\w{1,4}|examin\w{1,3}|investigat\w{1,3}|question\w{0,3}"
    r"|explor\w{1,3}|analy\w{2,4}|measur\w{1,3}|compar\w{1,4}|evaluat\w{1,3}|determin\w{1,3}|check\w{0,3})\b",
    re.IGNORECASE,
)
# Share of a statement's content words within a question from which on it is that question.
_ASKED = 0.6
_CLAUSE = re.compile(r"[,;:]|\b(?:while|whereas|compared|than|against|versus|but)\b")
_OF = re.compile(r"^(?:[^\s,;]{1,20}\s){0,4}?(?:for|by|on|in|than|as)\s(?:the\s|in\s)?$")


def find_turns(statement: str, quotes: Sequence[str], pair: AlignedPair) -> Findings:
    """Returns what a statement turns round.

    Args:
        statement: One sentence, without markers.
        quotes: What it cites.
        pair: Both, aligned.
    """
    doubts = list(_denial_doubts(pair))
    if _is_asked(statement, quotes):
        doubts.append("the quote only asks so")
    faults: list[str] = []
    for quote in quotes:
        for text, sure in _swapped_names(statement, quote):
            (faults if sure else doubts).append(text)
    if len(quotes) > 1:
        # Another quote may say it in this order.
        return Findings((), tuple(dict.fromkeys([*doubts, *faults])))
    doubts += [f"{name} has another number in the quote" for name in _moved(statement, quotes)]
    if not faults and _has_swapped_sides(read_words(statement), read_words(" ".join(quotes))):
        doubts.append("its sides are exchanged in the quote")
    return Findings(tuple(dict.fromkeys(faults)), tuple(dict.fromkeys(doubts)))


# Sides.


def _sign(word: Word) -> int:
    """Returns whether a word sets what stands before it over or under the rest; 0 for neither."""
    lower = word.text.lower()
    if lower in _OVER or lower in _UNDER:
        return 1 if lower in _OVER else -1
    ways = set(polarity(word).values())
    return ways.pop() if len(ways) == 1 else 0


def _swapped_names(statement: str, quote: str) -> Iterator[tuple[str, bool]]:
    """Yields two names on exchanged sides of one comparing word, and whether that is sure."""
    named = {" ".join(name) for text in (statement, quote) for name in find_names(text)}
    named = {name for name in named if name in statement}
    seen = sorted((statement.find(name), name) for name in named if quote.find(name) >= 0)
    for n, (start, one) in enumerate(seen):
        for end, other in seen[n + 1 :]:
            at, behind = quote.find(other), quote.find(one)
            if not 0 <= at < behind or one in other or other in one:
                continue
            mine = statement[start + len(one) : end]
            theirs = quote[at + len(other) : behind]
            if _PASSIVE.search(mine) or _PASSIVE.search(theirs):
                continue
            sure = _is_same_comparison(mine, theirs)
            if sure is not None:
                yield f"{one} and {other} are exchanged in the quote", sure


def _is_same_comparison(mine: str, theirs: str) -> bool | None:
    """Returns whether two texts between names compare the same way; None if they do not."""
    own, other = read_words(mine), read_words(theirs)
    ways = [{_sign(word) for word in words} - {0} for words in (own, other)]
    stems = [{word.stem for word in words if _sign(word)} for words in (own, other)]
    compares = [
        any(_sign(w) or w.text.lower() in _COMPARED for w in words) for words in (own, other)
    ]
    texts = [{word.text.lower() for word in words} for words in (own, other)]
    if texts[0] & texts[1] & _JOINING and max(len(own), len(other)) <= _NEXT:
        return False
    joined = texts[0] & texts[1] & _COMPARED
    if not all(compares):
        return None
    if len(ways[0]) == len(ways[1]) == 1 and ways[0] != ways[1]:
        return None
    denied = _denies([*own, *other])
    if not stems[0] & stems[1] and not joined:
        return None
    simple = len(stems[0]) == len(stems[1]) == 1 and stems[0] == stems[1]
    return simple and not denied and len(own) <= _REACH and len(other) <= _REACH


def _has_swapped_sides(own: Sequence[Word], other: Sequence[Word]) -> bool:
    """Returns whether content words stand on exchanged sides of the same comparing word."""
    pivots = [
        (at, place)
        for at in range(len(own))
        for place in range(len(other))
        if _compares(own, at) and _compares(other, place)
        if own[at].stem == other[place].stem and own[at].denied == other[place].denied
    ]
    for at, place in pivots:
        mine, theirs = _around(own, at), _around(other, place)
        crossed = (mine[0] - mine[1]) & (theirs[1] - theirs[0])
        if crossed and not mine[1] & theirs[1]:
            return True
    return False


def _compares(words: Sequence[Word], at: int) -> bool:
    lower = words[at].text.lower()
    if at + 1 < len(words) and words[at + 1].text.lower() == "by":
        return False
    return lower in _OVER or lower in _UNDER or lower == "than"


def _around(words: Sequence[Word], at: int) -> tuple[set[str], set[str]]:
    """Returns the stems of content words before and behind a word."""
    before = {w.stem for w in words[max(0, at - _REACH) : at] if w.telling}
    telling = [w.stem for w in words[at + 1 : at + 1 + _REACH] if w.telling]
    behind = {stem for stem in telling[:_NEXT] if not stem[0].isdigit()}
    return before, behind


# Holders.


def _moved(statement: str, quotes: Sequence[str]) -> Iterator[str]:
    """Yields the names whose number the quotes give to another name, and another one to them."""
    held = [pair for quote in quotes for pair in _held(quote)]
    mine = _held(statement, [" ".join(name) for q in quotes for name in find_names(q)])
    for value, name in mine:
        owners = {owner for other, owner in held if agrees(value, other)}
        own = [one for one, owner in held if owner == name and _is_alike(one, value)]
        if not name or not owners or owners & {name, ""} or not own:
            continue
        known = {owner for owner in owners if owner and owner in statement}
        # "DPR beats the 59 % of BM25" names both; only an exchange of both is one.
        exchanged = any(agrees(v, o) for v, n in mine if n in known for o in own)
        if not known or exchanged:
            yield name


def _is_alike(one: Amount, other: Amount) -> bool:
    return one.family == other.family or not (one.family and other.family)


def _held(text: str, known: Sequence[str] = ()) -> list[tuple[Amount, str]]:
    """Returns each number of a sentence with the name that it is of; empty for none.

    Args:
        text: The sentence.
        known: Names that it may begin with, where a capital says nothing.
    """
    named = {*known, *(" ".join(name) for name in find_names(text))}
    spots = sorted((m.start(), m.end(), name) for name in named for m in _places(name, text))
    cuts = [match.start() for match in _CLAUSE.finditer(text)]
    found = []
    for amount in read_amounts(text):
        end = amount.at + len(amount.text)
        behind = [n for a, _, n in spots if a > end and _OF.match(text[end:a].lstrip(" %"))]
        clause = max((cut for cut in cuts if cut < amount.at), default=0)
        before = [(a, n) for a, b, n in spots if b <= amount.at]
        near = [n for a, n in before if a >= clause]
        found.append((amount, behind[0] if behind else near[-1] if near else ""))
    return found


def _places(name: str, text: str) -> Iterator[re.Match[str]]:
    return re.finditer(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text)


# Denials.


def _denial_doubts(pair: AlignedPair) -> Iterator[str]:
    """Yields a doubt where one text denies a word that the other says, with no denial near it."""
    own, other = pair.statement.words, pair.quotes.words
    for at, place in enumerate(pair.partner):
        if place < 0 or not own[at].telling:
            continue
        same = own[at].stem == other[place].stem
        if not same and (polarity(own[at]) or polarity(other[place])):
            continue
        mine, theirs = _is_denied(own, at), _is_denied(other, place)
        # "62 Hz instead of 1.5 Hz" denies nothing of what it names.
        if _is_replaced(own, at) or _is_replaced(other, place):
            continue
        words, spot = (own, at) if theirs else (other, place)
        if mine != theirs and not _is_denial_near(words, spot):
            yield f"{own[at].text} is denied {'here' if mine else 'in the quote'} alone"


def _is_denied(words: Sequence[Word], at: int) -> bool:
    fails = any(_FAILS.fullmatch(word.text) for word in words[max(0, at - 3) : at])
    return words[at].denied or fails


def _is_replaced(words: Sequence[Word], at: int) -> bool:
    return any(
        w.text.lower() in ("instead", "rather") for w in words[max(0, at - _BEHIND - 2) : at]
    )


def _is_denial_near(words: Sequence[Word], at: int) -> bool:
    near = words[: at + _BEHIND + 1]
    far = [word for word in words[at + 1 :] if not _ONWARD.fullmatch(word.text)]
    return _denies([*near, *far])


def _denies(words: Sequence[Word]) -> bool:
    return denies_by_verb(words) or any(_DENIES.fullmatch(word.text) for word in words)


def _is_asked(statement: str, quotes: Sequence[str]) -> bool:
    """Returns whether a statement claims what its quotes only ask: "asks whether ..."."""
    if _ASKS.search(statement):
        return False
    telling = {word.stem for word in read_words(statement) if word.telling}
    for quote in quotes:
        for match in _WHETHER.finditer(quote):
            asked = {word.stem for word in read_words(match[0])}
            if telling and len(telling & asked) >= _ASKED * len(telling):
                return True
    return False
