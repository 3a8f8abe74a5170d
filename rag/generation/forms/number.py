"""Number: the figure first, with its unit, then the sentence that has it; or that none has it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter

from footnote.index.search.fulltext import STOP_WORDS, stems
from footnote.rag.generation.forms.fact import SEVERAL, choose_beside, choose_sentences, room_for
from footnote.rag.generation.forms.form import NOT_STATED, Composed, Draft, Reading
from footnote.rag.generation.forms.measures import (
    HOW_MANY,
    counted_words,
    find_aspect,
    head_word,
    name_quantity,
    same_things,
    unit_pattern,
)
from footnote.rag.query.kinds.rules import find_core
from footnote.rag.query.names import find_names, missing_names
from footnote.rag.query.question import points_back
from footnote.rag.retrieval.evidence import Sentence
from footnote.rag.retrieval.injection.detector import select_quotable

# Sentences that are looked through for the figure, and papers that they are from.
LOOKED_AT, PAPERS = 24, 3
# Papers that are looked through where the best ones have no figure, and those that are shown.
THROUGH, SHOWN = 100, 4
# What a figure gains in a sentence that begins with a name of the question, and with the word for
# what is counted right behind it, within so many characters.
SUBJECT, ADJACENT, BESIDE = 0.2, 0.1, 30
# What a figure loses where its words do not tell what is needed, and twice that where they tell
# what there is.
STOCK = 0.1
# Characters of a unit; what is longer is a noun.
_SHORTEST_NOUN = 4
_WORDS = (
    r"one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty"
    r"|sixty|seventy|eighty|ninety|hundred|thousand|million|billion|dozens?|half|twice|few"
)
_FIGURE = re.compile(
    r"(?<![\w.(^@-])[$€£]?\d(?:[\d,]*\d)?(?:\.\d+)?(?!\^)"
    r"(?:\s?(?:%|×|x\b|[kKMB]\b|ms\b|s\b|Hz\b|[a-zA-Z]{1,3}/s\b)|-(?=[a-z]))?"
    rf"|\b(?:{_WORDS})\b(?:[ -](?:{_WORDS})\b)*",
)
# "Challenge 2", "Llama 2": the number is part of a name.
_NAMED = re.compile(r"\w\W+[A-Z]\w+ $")
_NAME_BEFORE = 40
_SHORT_NUMBER = re.compile(r"\d{1,2}$")
# Only of what can be counted or has units of its own is it said that no abstract states it.
_PLAIN = re.compile(
    r"\bhow many\b|^how (?:deep|large|big|small)\b|\b(?:top|what) speed\b"
    r"|\bcosts?\b|\bprice\b|\berror rate\b|\bWER\b",
    re.IGNORECASE,
)
# Who asks how many are needed does not want to know how many were collected.
_ASKS_FOR_NEED = re.compile(r"\b(?:need\w*|requir\w*|necessary|enough|suffic\w*)\b", re.IGNORECASE)
_TELLS_NEED = re.compile(
    r"\b(?:only|just|as (?:few|little) as|(?:no more|fewer|less) than|need\w*|requir\w*|enough"
    r"|suffic\w*)\b[^.;]{0,25}$",
    re.IGNORECASE,
)
_IS_ENOUGH = re.compile(
    r"^[^.;]{0,40}?\b(?:(?:is|are|were|was) (?:enough|needed|required|sufficient)|suffic\w*)\b",
    re.IGNORECASE,
)
_TELLS_STOCK = re.compile(
    r"\b(?:collect\w*|record\w*|gather\w*|compris\w*|contain\w*|consist\w*|dataset|corpus|total"
    r"|more than)\b|\bover $",
    re.IGNORECASE,
)
_SIZE = re.compile(r"\b\d+(?:\.\d+)?[BMk]\b")
_VAGUE = re.compile(r"(?:few|half|twice)\b", re.IGNORECASE)
_HOW_LONG = re.compile(r"\bhow long\b|\bhow much time\b", re.IGNORECASE)
_FROM_TO = re.compile(r"\bfrom\s+[$€£]?\d[\d.,]*[^.;]{0,40}?\s+to\s+[$€£]?\d")
_TRAILING = re.compile(
    r"(?: (?:of|to|from|in|and|on|with|for|by|at|per|the|as|or|than|is|are|was|were|while|that"
    r"|using)){1,3}$"
)
_MORE = re.compile(
    r" (?:faster|slower|more|less|fewer|better|worse|higher|lower|smaller|larger|longer|shorter)$"
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number in a sentence, with its unit as it stands there."""

    text: str
    sentence: Sentence


def write(reading: Reading) -> Composed:
    """Writes the figure and its sentence; where nothing that was read has it, that first."""
    draft = Draft(reading.evidence)
    if not reading.evidence:
        return draft.finish()
    asked = find_core(reading.question.asked)
    figure = find_figure(asked, reading.evidence)
    if figure and not missing_names(reading.question.asked, [figure.sentence.paper]):
        beside = [figure.sentence, *_find_beside(figure.sentence, reading)]
        draft.add(f"**{figure.text}**: {' '.join(draft.quote(s) for s in beside)}")
        return draft.finish()
    elsewhere, least = ([], "") if find_names(asked) else _find_elsewhere(reading, asked)
    if elsewhere:
        draft = Draft([figure.sentence for figure in elsewhere])
        shown, more = elsewhere[:SHOWN], [f.sentence.paper for f in elsewhere[SHOWN:]]
        many = len(elsewhere) > 1
        states = f"{len(elsewhere)} abstracts state" if many else "1 abstract states"
        own = ", each for its own case" if many else ", for its own case"
        some = f"; {len(shown)} of them" if more else ""
        draft.add(f"{least}{states} {name_quantity(asked)}{own}{some}:")
        draft.add(
            *(
                draft.row(f.sentence.paper, f"**{f.text}**: {draft.quote(f.sentence)}")
                for f in shown
            )
        )
        return draft.finish(more=more)
    quotes = choose_sentences(_of_named(reading), room_for(reading.question.asked))
    named = reading.say_missing_names()
    figured = _FIGURE.search(quotes[0].text) is not None
    told = reading.is_surely_present or not (_PLAIN.search(asked) or named)
    if figured and told:
        draft.add(" ".join(draft.quote(sentence) for sentence in quotes))
        return draft.finish(missing=reading.say_absent())
    draft.add(f"Nearest: {draft.quote(quotes[0])}")
    missing = named or f"{NOT_STATED} {name_quantity(asked)}."
    return draft.finish(missing=missing)


def _find_beside(told: Sentence, reading: Reading) -> list[Sentence]:
    """Returns what stands behind the sentence that has the figure, where more is asked for."""
    asked = reading.question.asked
    others = [s for s in reading.evidence if s != told]
    if room_for(asked) is SEVERAL:
        return choose_beside(told, others)
    # "Of the 7B and 32B models": the other may have a sentence of its own.
    sizes = [size for size in _SIZE.findall(asked) if size not in told.text]
    own = [s for s in others if s.paper == told.paper and _FIGURE.search(s.text)]
    return [s for s in own if any(size in s.text for size in sizes)][: len(sizes)]


def _find_elsewhere(reading: Reading, asked: str) -> tuple[list[Figure], str]:
    """Returns figures of what is counted from papers that were not read for the question.

    Whoever names no paper may ask of any: one figure a paper, of those that name it most first.
    Then what their count begins with: "At least " where there were more papers than are looked
    through.
    """
    library, counted = reading.library, HOW_MANY.search(asked)
    head = head_word(asked)
    of_last = reading.question.is_follow_up and points_back(asked)
    if library is None or counted is None or not head or of_last:
        return [], ""
    # "10 demonstrations", "hundreds of human demonstrations"; what is counted stands behind.
    plain = re.compile(
        rf"(?<![\w.,-])(?:\d[\d,]*(?:[-–]\d+)?|(?:{_WORDS}|hundreds of|thousands of))"
        rf"(?: [a-z][\w-]{{0,20}}){{0,2}}? {re.escape(head)}(?:ies|e?s)\b",
        re.IGNORECASE,
    )
    ranked = library.searcher.rank_by_words(counted["what"], k=THROUGH, filters=reading.filters)
    for_need, found = _ASKS_FOR_NEED.search(asked) is not None, list[tuple[int, Figure]]()
    for hit in library.searcher.hits(ranked, "bm25"):
        spans = library.sentences(hit.paper)
        own = []
        for n in select_quotable(hit.paper, spans, reading.question.wording):
            sentence = Sentence(hit.paper, *spans[n], 0.0)
            match = plain.search(sentence.text)
            if match and not _VAGUE.match(match[0]):
                place = _rank_for_need(sentence.text, *match.span()) if for_need else 0
                own.append((place, Figure(" ".join(match[0].split()), sentence)))
        found += [min(own, key=itemgetter(0))] if own else []
    ordered = [figure for _, figure in sorted(found, key=itemgetter(0))]
    return ordered, "At least " if len(ranked) == THROUGH else ""


def _rank_for_need(text: str, start: int, end: int) -> int:
    """Returns 0 where words beside a figure tell what is needed, 2 where what is there, else 1."""
    before = text[:start]
    if _TELLS_NEED.search(before) or _IS_ENOUGH.search(text[end:]):
        return 0
    return 2 if _TELLS_STOCK.search(before[-60:]) else 1


def _of_named(reading: Reading) -> Sequence[Sentence]:
    """Returns the sentences with the names of the question, or of papers with them, if any are."""
    names = [name.casefold() for name in find_names(reading.question.asked)]
    said = [s for s in reading.evidence if all(name in s.text.casefold() for name in names)]
    asked = reading.question.asked
    own = [s for s in reading.evidence if not missing_names(asked, [s.paper])]
    return said or own or reading.evidence


def find_figure(asked: str, evidence: Sequence[Sentence]) -> Figure | None:
    """Returns the first figure, in the order of the evidence, that measures what is asked for.

    Only of the best papers: the figure of another one is of something else.
    """
    papers = list(dict.fromkeys(sentence.paper.id for sentence in evidence))[:PAPERS]
    read = [s for s in evidence if s.paper.id in papers][:LOOKED_AT]
    if not (find_aspect(asked) or counted_words(asked)):
        # Any figure fits; so its paper must at least be about what is asked.
        about = {word for word in stems(asked) if word not in STOP_WORDS}
        read = [s for s in read if about & set(stems(f"{s.paper.title} {s.text}"))]
    names = [name.casefold() for name in find_names(asked)]
    heads = same_things(head_word(asked))
    aspect = find_aspect(asked)
    found = []
    for sentence in read:
        begins = sentence.text.casefold().startswith(tuple(names)) if names else False
        for place in _fitting(asked, sentence.text):
            behind = sentence.text[place[1] : place[1] + BESIDE].casefold()
            head = next((word for word in heads if word in behind), "")
            score = sentence.score + SUBJECT * begins + ADJACENT * bool(head)
            if _ASKS_FOR_NEED.search(asked):
                score -= STOCK * _rank_for_need(sentence.text, *place)
            # "800,000 robot episodes", not "800,000 robot".
            noun = re.search(rf"\b{aspect.beside}\b", behind) if aspect and not head else None
            counted = head or (noun[0] if noun and len(noun[0]) > _SHORTEST_NOUN else "")
            figure = Figure(_with_unit(sentence.text, *place, counted), sentence)
            found.append((score, -place[0], figure))
    return max(found, key=lambda row: row[:2])[2] if found else None


def _fitting(asked: str, text: str) -> list[tuple[int, int]]:
    """Returns the places of the figures in a sentence that measure what is asked for."""
    wanted = unit_pattern(asked)
    fitting = [
        place
        for place in _figures(text)
        if wanted.search(_around(text, *place))
        # "Within a few hours" tells how long, not how many.
        and (_HOW_LONG.search(asked) or text[slice(*place)].lower() != "few")
    ]
    # "From 1.5 Hz to 62 Hz": what was reached stands last.
    return fitting[-1:] if _FROM_TO.search(text) else fitting


def _figures(text: str) -> Iterator[tuple[int, int]]:
    for match in _FIGURE.finditer(text):
        before = text[max(0, match.start() - _NAME_BEFORE) : match.start()]
        if not (_SHORT_NUMBER.match(match[0]) and _NAMED.search(before)):
            yield match.start(), match.end()


def _around(text: str, start: int, end: int) -> str:
    """Returns the figure with the five words behind it and the three before it."""
    after = re.match(r"(?:\W{0,3}[\w/%$-]+){0,5}", text[end : end + 80])
    before = text[max(0, start - 40) : start].split()[-3:]
    return " ".join([*before, text[start:end] + (after[0] if after else "")])


def _with_unit(text: str, start: int, end: int, head: str) -> str:
    """Returns the figure with the words behind it, up to the one that is counted, or one."""
    words = re.match(r"(?:[ -]?[A-Za-z][\w-]*){0,4}", text[end : end + 60])
    behind = re.findall(r"[ -]?[A-Za-z][\w-]*", words[0]) if words else []
    named = [
        n for n, word in enumerate(behind) if head and word.strip(" -").lower().startswith(head)
    ]
    kept = behind[: named[0] + 1 if named else 1]
    # "15 percent" says less than "15 percent faster".
    kept += [word for word in behind[len(kept) : len(kept) + 1] if _MORE.match(word)]
    return _TRAILING.sub("", " ".join((text[start:end] + "".join(kept)).split()))
