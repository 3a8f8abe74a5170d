"""Stance: whether a quote says yes or no to a question or a claim.

A logistic model that compares the question with the quote
(``footnote.rag.verification.features``) and reads cues in both
(``footnote.rag.verification.sides.cues``). It is trained on experts' conclusions and on our own
reading of abstracts (``python -m footnote.evals.lab.training.stance``). If it is not sure, it gives
no side.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import islice
from typing import NamedTuple

import numpy as np

from footnote.index.embeddings.minilm_graph import MODEL_NAME
from footnote.index.embeddings.protocols import Embedder, Matrix
from footnote.rag.answer import Side
from footnote.rag.retrieval.answer_ranker.ranker import MOST_PAIRS, bundled_ranker, with_title
from footnote.rag.retrieval.evidence import Sentence
from footnote.rag.verification.alignment import AlignedPair, align_pair, read_texts
from footnote.rag.verification.features import FEATURES
from footnote.rag.verification.sides.cues import side_cues
from footnote.rag.verification.sides.plainness import fits_always, is_plain, may_take_side, says_no

_AUXILIARY = (
    r"(?:do|does|did|is|are|was|were|can|could|should|will|would|has|have|had|may|might|must)"
)
# The first main clause begins with such a verb: "Does ...", "If so, is ...".
_YES_OR_NO = re.compile(
    rf"^(?:[^?]{{0,160}}, )?{_AUXILIARY}(?:n't)?\s++(?!you\b)[^?]++\?", re.IGNORECASE
)
_ASKS_FOR_SIDES = re.compile(
    r"\b(?:disagree\w*|contradict\w*|conflict\w*|both (?:positions|sides|views|camps)|controvers\w*"
    r"|at odds|do (?:the |these )?(?:papers|studies|works|authors) agree|for and against)\b",
    re.IGNORECASE,
)
_DENIES = re.compile(
    r"\b(?:no|not|neither|nor|without|fail\w*|unlikely|lack\w*|little|limited|insufficient|cannot"
    r"|unable|rarely|hardly|absence|unnecessary|worse\w*|degrad\w*|hurt\w*|harm\w*|contrary|unlike"
    r"|reject\w*|refut\w*|unrelated|similar|comparable|equivalent)\b|n't\b",
    re.IGNORECASE,
)
_AFFIRMS = re.compile(
    r"\b(?:improv\w*|effective\w*|significant\w*|increas\w*|associated|predict\w*|useful|benefi\w*"
    r"|can|able|important|confirm\w*|support\w*|suggest\w*|demonstrat\w*|reliable|feasible|valid\w*"
    r"|outperform\w*|better|higher|superior|success\w*|enabl\w*|correlat\w*|accurate\w*|indeed"
    r"|should)\b",
    re.IGNORECASE,
)
_NO_EFFECT = re.compile(
    r"\b(?:no|not)\b(?:\W+\w+){0,4}?\W+(?:significant\w*|differ\w*|associat\w*|effect\w*|improv\w*"
    r"|correlat\w*|increas\w*|affect\w*|necess\w*|influenc\w*|support\w*|appear|seem|predict\w*"
    r"|relat\w*|benefi\w*)",
    re.IGNORECASE,
)
# A paper's aim or purpose is not its finding.
_ANNOUNCES = re.compile(
    r"\b(?:we|this (?:paper|study|work|article|review))\s+(?:\w+\s+)?(?:study|studied|studies"
    r"|investigat\w*|examin\w*|propos\w*|present\w*|introduc\w*|review\w*|aim\w*|explor\w*"
    r"|address\w*|consider\w*|describ\w*|develop\w*|sought)\b"
    r"|\bto (?:determine|investigate|examine|assess|evaluate|study|test|compare|understand)\b"
    r"|\b(?:aims?|objectives?|purpose|hypothes[ie]\w*|unclear|unknown|remains?|little is known)\b",
    re.IGNORECASE,
)
_CONCEDES = re.compile(r"\b(?:however|but|although|despite|while|only)\b", re.IGNORECASE)
_WORDS_TYPICAL = 20


def _density(cue: re.Pattern[str], text: str) -> float:
    """Returns how many cues a text has, relative to its length."""
    length = max(1.0, len(text.split()) / _WORDS_TYPICAL)
    return len(cue.findall(text)) / float(np.sqrt(length))


CUES: Mapping[str, Callable[[str, str], float]] = {
    "denies": lambda question, quote: _density(_DENIES, quote),
    "affirms": lambda question, quote: _density(_AFFIRMS, quote),
    "no_effect": lambda question, quote: float(_NO_EFFECT.search(quote) is not None),
    "denied_question": lambda question, quote: float(_DENIES.search(question) is not None),
    "denies_at_all": lambda question, quote: float(_DENIES.search(quote) is not None),
    "announces": lambda question, quote: float(_ANNOUNCES.search(quote) is not None),
    "bare": lambda question, quote: float(not (_AFFIRMS.search(quote) or _DENIES.search(quote))),
    "concedes": lambda question, quote: float(_CONCEDES.search(quote) is not None),
}
# A quote that is this much more likely to take a side outweighs others of its paper.
DOMINATES = 0.3
SIDES = ("yes", "no", "neither")
# What the answer ranker must give a quote; at 0 an answer is as likely as none (docs/choices.md).
ANSWERS = 1.5


def asks_for_sides(question: str) -> bool:
    """Returns whether a question can be answered by yes or no, or asks who says which."""
    asked = question.strip()
    return bool(_ASKS_FOR_SIDES.search(asked) or _YES_OR_NO.match(asked))


class Heard(NamedTuple):
    """What the answer ranker reads in a quote: how far it answers, and says yes and no."""

    answers: float
    yes: float
    no: float


def figures(
    question: str, quote: str, compared: AlignedPair, heard: Heard | None = None
) -> dict[str, float]:
    """Returns the model's input features by name, always in one order."""
    found = {feature.__name__: feature(compared) for feature in FEATURES}
    found |= {name: cue(question, quote) for name, cue in CUES.items()}
    found |= side_cues(question, quote, compared)
    if heard:
        found |= {f"heard {name}": value for name, value in heard._asdict().items()}
    return found


class Chances(NamedTuple):
    """Probabilities that a quote says yes, no, and neither; they sum to 1."""

    yes: float
    no: float
    neither: float


NEITHER = Chances(0.0, 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class StanceModel:
    """A trained model.

    Attributes:
        names: Of the features, see ``figures``.
        coefficients: ``(3, f)``; rows are those of ``SIDES``, columns of ``names``.
        sure: Minimum chances for showing yes and no.
    """

    names: Sequence[str]
    coefficients: Matrix
    intercepts: Matrix
    sure: Mapping[str, float]

    def chances(self, seen: Mapping[str, float]) -> Chances:
        """Returns the probabilities of yes, no and neither for a quote with these features."""
        if tuple(seen) != tuple(self.names):
            raise ValueError("stance.json does not match these features; train it again")
        row = np.array(list(seen.values()), np.float32)
        scores = self.coefficients @ row + self.intercepts
        powers = np.exp(scores - scores.max())
        return Chances(*map(float, powers / powers.sum()))


@lru_cache(2)
def trained(*, heard: bool = False) -> StanceModel:
    """Returns the model in the package, with or without what the answer ranker reads."""
    rows = json.loads(files(__package__).joinpath("trained", "stance.json").read_text("utf-8"))
    row = rows["heard" if heard else "unheard"]
    coefficients = np.array(row["coefficients"], np.float32)
    intercepts = np.array(row["intercepts"], np.float32)
    return StanceModel(row["features"], coefficients, intercepts, row["sure"])


def is_heard(embedder: Embedder) -> bool:
    """Returns whether the answer ranker can be asked too: it is of the bundled embedder's model."""
    return embedder.name == MODEL_NAME


def chances(
    question: str,
    quotes: Sequence[str],
    embedder: Embedder,
    heard: Sequence[Heard | None] | None = None,
) -> list[Chances]:
    """Returns how likely each quote says yes to the question, no, and neither.

    Args:
        question: Or a claim.
        quotes: Sentences.
        embedder: Compares their words with the question's.
        heard: What the answer ranker reads in each, where it was asked.
    """
    if not quotes:
        return []
    asked, *read = read_texts([question, *quotes], embedder)
    found = []
    for quote, text, one in zip(quotes, read, heard or [None] * len(quotes), strict=True):
        seen = figures(question, quote, align_pair(asked, [text]), one)
        found.append(trained(heard=one is not None).chances(seen))
    return found


def plain_chances(
    question: str, sentences: Sequence[Sentence], embedder: Embedder
) -> list[Chances]:
    """Returns the same for sentences of papers; a side that one cannot plainly take has none.

    What the answer ranker says of a sentence counts, where it can be asked.
    """
    # Most sentences may not take a side at all, and reading one takes the time of a search.
    hears = is_heard(embedder)
    asked = [s for s in sentences if may_take_side(question, s.text, s.paper, heard=hears)]
    heard = hear(question, asked) if hears else [None] * len(asked)
    found = chances(question, [sentence.text for sentence in asked], embedder, heard)
    told = zip(asked, found, heard, strict=True)
    said = {sentence: keep_plain(question, sentence, one, own) for sentence, one, own in told}
    return [said.get(sentence, NEITHER) for sentence in sentences]


def hear(question: str, sentences: Sequence[Sentence]) -> list[Heard]:
    """Returns what the answer ranker that tells sides reads in sentences."""
    ranker, found = bundled_ranker(sides=True), list[Heard]()
    for at in range(0, len(sentences), MOST_PAIRS):
        part = sentences[at : at + MOST_PAIRS]
        texts = [with_title(sentence.paper.title, sentence.text) for sentence in part]
        found += [Heard(*map(float, row)) for row in ranker.read(question, texts)]
    return found


def keep_plain(
    question: str, sentence: Sentence, said: Chances, heard: Heard | None = None
) -> Chances:
    """Returns the chances of a sentence, without those of sides that it cannot plainly take."""
    quote = sentence.text
    may = may_take_side(question, quote, sentence.paper, heard=heard is not None)
    may = may and (heard is None or heard.answers >= ANSWERS)
    plain = is_plain if heard is None else fits_always
    yes = said.yes if may and plain(question, quote, "yes") else 0.0
    no = said.no if may and plain(question, quote, "no") else 0.0
    if may and says_no(question, quote):
        yes, no = 0.0, max(no, trained(heard=heard is not None).sure["no"])
    return Chances(yes, no, 1 - yes - no)


def classify_side(found: Sequence[Chances], *, heard: bool = False) -> Side | None:
    """Returns the side of a paper from its quotes' chances; None if that is not sure.

    Args:
        found: Of ``plain_chances``.
        heard: Whether the answer ranker had a say in them, see ``is_heard``.
    """
    sure = trained(heard=heard).sure
    yes = max((c.yes for c in found), default=0.0)
    no = max((c.no for c in found), default=0.0)
    if yes >= sure["yes"] and no >= sure["no"] and abs(yes - no) < DOMINATES:
        return "mixed"
    return "yes" if yes >= max(no, sure["yes"]) else "no" if no >= max(yes, sure["no"]) else None


class PaperStance(NamedTuple):
    """What a paper says to a question.

    Attributes:
        side: None if that is not sure.
        chances: Of each of its sentences.
    """

    side: Side | None
    chances: Sequence[Chances]


def read_stances(
    question: str, papers: Sequence[Sequence[Sentence]], embedder: Embedder
) -> list[PaperStance]:
    """Returns the stance of each paper, told by some of its sentences."""
    said = iter(plain_chances(question, [s for own in papers for s in own], embedder))
    parts = [list(islice(said, len(own))) for own in papers]
    return [PaperStance(classify_side(one, heard=is_heard(embedder)), one) for one in parts]
