"""Judging: a model judges the sentences that the rules cannot decide, many in one call.

A model earns trust first: it judges sixteen sentences of known verdict, once. One that gets more
than two of them wrong is not asked.
"""

import hashlib
import json
import logging
import math
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, get_args

from footnote.index.chunking import count_tokens
from footnote.rag import ComposerError
from footnote.rag.answer import Usage, Verdict
from footnote.rag.generation.chat.client import ChatClient
from footnote.rag.generation.chat.recorded import MissingReply
from footnote.rag.generation.prompts import JUDGE, write_judge_prompt
from footnote.rag.retrieval.injection.detector import find_orders
from footnote.rag.verification.sentence_check import (
    ABOUT_EVIDENCE,
    MISQUOTED,
    NOT_HERE,
    CheckedSentence,
)
from footnote.rag.verification.verifier import VerificationResult

_log = logging.getLogger(__name__)

# Sentences in one call, and tokens of its claims.
MOST_CLAIMS, MOST_TOKENS = 20, 6_000
# Of the sixteen known sentences, as many may be judged wrongly.
WRONG_ALLOWED = 2
_LONGEST_WHY = 120
SUPPORT: Mapping[Verdict, float] = {"supported": 0.9, "unsettled": 0.5, "contradicted": 0.0}
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "verdicts": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "id": {"type": "string"},
                    "verdict": {"type": "string", "enum": list(get_args(Verdict))},
                    "why": {"type": "string"},
                },
                "required": ["id", "verdict", "why"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["verdicts"],
    "additionalProperties": False,
}
_ROW = re.compile(
    r'"id"\s{0,9}:\s{0,9}"?S?(\d{1,3})"?\s{0,9},\s{0,9}"verdict"\s{0,9}:\s{0,9}"(\w{1,20})"'
    r'(?:\s{0,9},\s{0,9}"why"\s{0,9}:\s{0,9}"((?:[^"\\]|\\.){0,400})")?'
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence and the quotes that it cites."""

    sentence: str
    quotes: tuple[str, ...]


class ModelJudge:
    """Judges claims by a model; what it has judged once it does not judge again.

    May be used from many threads at once.

    Attributes:
        chat: Calls the model.
        trusted: Whether the model passed its test; None before it was tried. What the test takes is
            on no answer's receipt.
        unanswered: Whether a recorded reply was missing.
        fault: Why the latest call gave no verdicts; None if it did.
    """

    def __init__(self, chat: ChatClient) -> None:
        """Asks nothing yet; a model that was tried before need not be tried again."""
        self.chat = chat
        tried = chat.known.memory.profile.trusted
        self.trusted = tried[1] if tried and tried[0] == _version() else None
        self.unanswered = False
        self.fault: str | None = None
        self._kept: dict[Claim, VerificationResult] = {}
        self._testing = threading.Lock()

    def judge(
        self, claims: Sequence[Claim], *, deadline: float = math.inf
    ) -> tuple[list[VerificationResult | None], Usage]:
        """Returns the model's verdict on each claim, None where it gave none, and what it took.

        A model that cannot be reached or is not trusted judges nothing.
        """
        usage = Usage()
        new = [claim for claim in dict.fromkeys(claims) if claim not in self._kept]
        # Where a prompt is only recorded, those that follow it are recorded too.
        if new and (self._earns_trust(deadline) or self.unanswered):
            for batch in in_batches(new):
                found, took = self._ask(batch, deadline)
                self._kept |= found if found and self.trusted else {}
                usage = usage.add(took)
        return [self._kept.get(claim) for claim in claims], usage

    def _earns_trust(self, deadline: float) -> bool:
        with self._testing:
            if self.trusted is None:
                known = known_claims()
                found, _ = self._ask(list(known), deadline)
                if found is not None:
                    right = sum(
                        claim in found and (found[claim].verdict == "supported") is honest
                        for claim, honest in known.items()
                    )
                    self.trusted = right >= len(known) - WRONG_ALLOWED
                    self.chat.known.memory.update(trusted=(_version(), self.trusted))
                    _log.info("%s judged %d of %d right", self.chat.where, right, len(known))
            return bool(self.trusted)

    def _ask(
        self, claims: Sequence[Claim], deadline: float
    ) -> tuple[dict[Claim, VerificationResult] | None, Usage]:
        """Returns the verdicts and what they took; None in their place if the call failed."""
        shown = [(claim.sentence, claim.quotes) for claim in claims]
        call = self.chat.call(write_judge_prompt(shown), deadline=deadline, schema=SCHEMA)
        try:
            for _ in call:
                pass
        except MissingReply:
            self.unanswered = True
            return None, Usage()
        except ComposerError as error:
            self.fault = str(error)
            return None, call.usage if call.charged else Usage()
        self.fault = None
        found = parse_verdicts(call.text)
        return {claim: found[n] for n, claim in enumerate(claims, 1) if n in found}, call.usage


def judge_checked(judge: ModelJudge, checked: Sequence[CheckedSentence]) -> list[CheckedSentence]:
    """Returns checked sentences with the model's verdict where no word-for-word proof decided.

    A sentence that gives orders is not shown to a model: somebody else wrote it.
    """
    open_ = [one for one in checked if is_for_model(one)]
    claims = [Claim(one.sentence, tuple(_evidence(one))) for one in open_]
    found = dict(zip(map(id, open_), judge.judge(claims)[0], strict=True))
    return [_with_verdict(one, found.get(id(one))) for one in checked]


def is_for_model(one: CheckedSentence) -> bool:
    """Returns whether a model may judge a checked sentence."""
    if not _evidence(one) or one.verdict == "contradicted" or one.support >= 1:
        return False
    if ABOUT_EVIDENCE in one.notes:
        return False
    return not find_orders(one.sentence, ((0, len(one.sentence)),))


def _evidence(one: CheckedSentence) -> list[str]:
    """Returns the quotes of a checked sentence that stand in papers of the library."""
    return [quote.quote for quote in one.quotes if quote.paper_id is not None]


def _with_verdict(one: CheckedSentence, ruling: VerificationResult | None) -> CheckedSentence:
    if ruling is None:
        return one
    kept = tuple(note for note in one.notes if note.startswith((NOT_HERE, MISQUOTED)))
    if ruling.verdict == "contradicted" and any(note.startswith(NOT_HERE) for note in kept):
        # What a missing paper says may be what is missing here.
        ruling = ruling._replace(verdict="unsettled", support=SUPPORT["unsettled"])
    return replace(
        one, verdict=ruling.verdict, support=ruling.support, notes=(*ruling.notes, *kept)
    )


def parse_verdicts(reply: str) -> dict[int, VerificationResult]:
    """Returns the verdicts in a model's reply by number; of one cut off those that are whole."""
    found: dict[int, VerificationResult] = {}
    for number, word, why in _ROW.findall(reply):
        verdict: Verdict | None = next((v for v in get_args(Verdict) if v == word.lower()), None)
        if verdict is not None:
            told = " ".join(_decoded(why).split())[:_LONGEST_WHY]
            notes = (told,) if told and verdict != "supported" else ()
            found.setdefault(int(number), VerificationResult(verdict, SUPPORT[verdict], notes))
    return found


def _decoded(text: str) -> str:
    try:
        said = str(json.loads(f'"{text}"'))
    except ValueError:
        said = text
    return said.encode("utf-8", "ignore").decode("utf-8").replace("\0", "")


def in_batches(claims: Sequence[Claim]) -> list[list[Claim]]:
    """Returns claims in as few batches as the limits of one call allow."""
    batches: list[list[Claim]] = []
    left = 0
    for claim in claims:
        size = count_tokens(" ".join((claim.sentence, *claim.quotes)))
        if not batches or len(batches[-1]) == MOST_CLAIMS or size > left:
            batches.append([])
            left = MOST_TOKENS
        batches[-1].append(claim)
        left -= size
    return batches


def known_claims() -> dict[Claim, bool]:
    """Returns sixteen claims, and whether each is honest."""
    return {Claim(said, (quote,)): honest for quote, *rest in _KNOWN for said, honest in rest}


@cache
def _version() -> str:
    """Returns what changes when the test of a model does."""
    told = json.dumps([JUDGE, _KNOWN, WRONG_ALLOWED])
    return hashlib.sha256(told.encode()).hexdigest()[:12]


# Quotes in our own words, each with honest and false sentences of different kinds.
_KNOWN: tuple[tuple[Any, ...], ...] = (
    (
        "On twelve tasks Tern reaches a success rate of 81.4%, 9 points above Gull, while training "
        "on a single GPU for less than six hours.",
        ("Tern beats Gull by 9 points over twelve tasks.", True),
        ("Gull does better than Tern on twelve tasks.", False),
        ("Training Tern takes less than six days on one GPU.", False),
        ("Roughly four fifths of Tern's attempts succeed.", True),
    ),
    (
        "Larger batches did not improve accuracy, but they shortened training in most settings.",
        ("Accuracy did not gain from larger batches.", True),
        ("With larger batches training is always shorter.", False),
        ("Larger batches made the models more accurate.", False),
        ("Training mostly became shorter when batches grew.", True),
    ),
    (
        "We release a corpus of 40,000 annotated dialogues in Finnish and Estonian, which may help "
        "to study how speakers repair misunderstandings.",
        ("The corpus has 40,000 dialogues in two languages.", True),
        ("The dialogues were annotated by three linguists each.", False),
        ("The corpus covers Finnish and Hungarian.", False),
        ("The data could be of use for studying repair in conversation.", True),
    ),
    (
        "Pruning half of the weights costs less than one point of accuracy, whereas pruning "
        "three quarters of them makes the network useless.",
        ("A network can lose half of its weights at a cost of under one point.", True),
        ("Even with three quarters of the weights gone the network works well.", False),
        ("Removing 75 % of the weights ruins the network.", True),
        ("Quantizing half of the weights costs less than one point.", False),
    ),
)
