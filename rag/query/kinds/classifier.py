"""The kind of a question, by a small trained model that also reads what the rules say.

A logistic model over four groups of features: the embedding of the question, its word n-grams
(hashed), the verdict of the rules, and its shape (length, question mark, follow-up). Trained by
``python -m footnote.evals.lab.training.kinds``, measured by
``python -m footnote.evals.lab.bench.kinds``.
"""

import re
from functools import cache
from itertools import pairwise
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from footnote.rag.answer import Kind
from footnote.rag.query.kinds.rules import (
    KINDS,
    asks_of_each,
    asks_what_it_does,
    find_reasons,
    find_rule,
    find_topic_words,
    names_overview,
)

WEIGHTS = Path(__file__).with_name("kinds.npz")
BUCKETS = 4096
# Below this chance of the best kind a question is read as one for a fact, the form which every
# question can be answered in. By the cross-validation of the training command this changes 3 of
# 100 questions, and as many right kinds as wrong ones.
SURE = 0.35
# Nothing is searched for talk, vague and metadata, so a wrong one costs the whole answer.
SURE_TO_SKIP = 0.5
# Their rules decide alone: an answer that searches for "thanks" helps nobody.
_UNSEARCHED = ("talk", "vague")
_WITHOUT_SEARCH = (*_UNSEARCHED, "metadata")
# Their answers have no place for reasons, so only a rule makes a question for reasons one of these.
_NO_REASONS = ("compare", "define", "number", "list")
# Tokens of a question that are read, so that a pasted page costs no more than a question.
_MOST_TOKENS = 120

_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)?|[?!.:,]")
_ENDS = frozenset("?!.")
_LENGTHS = (2, 4, 7, 12, 20)
_POINTERS = frozenset(
    "it its this that they them their these those he she one ones there same".split()
)
_DIGIT, _CAPITALS, _CAPITAL = (
    re.compile(r"\d"),
    re.compile(r"[A-Z]{2}"),
    re.compile(r"(?<=.)\b[A-Z]"),
)
# How much each group weighs against the others under one penalty.
_EMBEDDING_SCALE, _WORDS_SCALE, _RULES_SCALE = 5.0, 3.0, 2.0

Array = NDArray[np.float32]


def classify_kind(question: str, embedding: Array | None, *, first: bool) -> Kind:
    """Returns the kind of a question.

    Args:
        question: As it was asked.
        embedding: The question's MiniLM vector, ``(384,)`` of unit length; without it the rules
            and the words decide.
        first: Whether nothing was asked before; only then can a question be ``vague``.
    """
    rule = find_rule(question, first=first)
    if rule in _UNSEARCHED or (rule == "overview" and names_overview(question)):
        return rule
    kind = choose_kind(find_chances(question, embedding, first=first))
    if kind == "define" and asks_what_it_does(question):
        return "fact"
    if kind == rule or kind not in (*_NO_REASONS, "overview"):
        return kind
    reasons = find_reasons(question)
    if kind == "overview":
        # How a thing is done is well told in groups, why it is so is not.
        return "fact" if reasons and reasons != "how" else kind
    return "fact" if reasons or asks_of_each(question) else kind


def choose_kind(chances: Array) -> Kind:
    """Returns the likeliest kind, ``fact`` where none is likely enough."""
    best = int(chances.argmax())
    bound = SURE_TO_SKIP if KINDS[best] in _WITHOUT_SEARCH else SURE
    return KINDS[best] if chances[best] >= bound else "fact"


def find_chances(question: str, embedding: Array | None, *, first: bool) -> Array:
    """Returns the chance of each kind in the order of ``KINDS``, ``(10,)``."""
    weights = _read_weights()
    name = "words" if embedding is None else "all"
    row = read_features(question, embedding, first=first)
    scores = row @ weights[name] + weights[f"{name}_bias"]
    if not first:
        scores[KINDS.index("vague")] = -np.inf
    odds = np.exp(scores - scores.max())
    chances: Array = odds / odds.sum()
    return chances


def read_features(question: str, embedding: Array | None, *, first: bool) -> Array:
    """Returns the features of a question: rules, shape, hashed n-grams and, if given, embedding."""
    rule = np.zeros(len(KINDS) + 1, np.float32)
    found = find_rule(question, first=first)
    rule[KINDS.index(found) if found else -1] = _RULES_SCALE
    tokens = _read_tokens(question)
    parts = [rule, _read_shape(question, tokens, first), _hash_ngrams(tokens)]
    return np.concatenate(parts if embedding is None else [*parts, embedding * _EMBEDDING_SCALE])


def _read_shape(question: str, tokens: list[str], first: bool) -> Array:
    """Returns how long a question is, how much of it names something, and if it points back."""
    topic = len(find_topic_words(" ".join(tokens)))
    steps = np.searchsorted(_LENGTHS, len(tokens))
    points = bool(_POINTERS.intersection(tokens))
    flags = [
        "?" in question,
        not first,
        points,
        points and first,
        points and first and topic <= 1,
        points and first and topic <= 2,
        bool(_DIGIT.search(question)),
        bool(_CAPITALS.search(question)),
        bool(_CAPITAL.search(question)),
    ]
    sizes = [*np.eye(5)[min(topic, 4)], *np.eye(len(_LENGTHS) + 1)[steps]]
    return np.array([*sizes, *flags], np.float32)


def _read_tokens(question: str) -> list[str]:
    return _TOKEN.findall(question.lower().replace("’", "'"))[:_MOST_TOKENS]


def _hash_ngrams(tokens: list[str]) -> Array:
    """Returns which n-grams of one to three tokens stand in a question, as a row of fixed length.

    A mark stands before the first token and after each sentence, so that the words a sentence
    opens with count for themselves.
    """
    marked = ["^"]
    for token, after in pairwise([*tokens, ""]):
        marked += [token, "^"] if token in _ENDS and after else [token]
    marked.append("$")
    row = np.zeros(BUCKETS, np.float32)
    for n in (1, 2, 3):
        for at in range(len(marked) - n + 1):
            row[crc32(" ".join(marked[at : at + n]).encode()) % BUCKETS] = 1
    return row * np.float32(_WORDS_SCALE / np.sqrt(row.sum()))


@cache
def _read_weights() -> dict[str, Array]:
    with np.load(WEIGHTS) as file:
        return {name: file[name].astype(np.float32) for name in file.files}
