"""Make: a set of questions over a library's own papers, so that its answers can be measured.

What is made is easier than what people ask: its words are the papers'. So every case says that it
was made, how, when, and of which papers, and a run's report repeats it.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice, zip_longest
from pathlib import Path
from random import Random
from typing import Any, Protocol

from footnote.evals.dataset.making.absent import (
    SUBJECTS,
    AbsentItem,
    ask_for_names,
    find_absent_subjects,
    invent_names,
)
from footnote.evals.dataset.making.known_items import (
    KnownItem,
    NoMoreQuestions,
    NoQuestion,
    find_items,
    usable_sentences,
)
from footnote.evals.dataset.making.occurrences import Occurrences, content_stems
from footnote.evals.dataset.making.phrases import find_phrases
from footnote.evals.feedback import write_cases
from footnote.evals.runs.runner import library_fingerprint
from footnote.index import SourceError
from footnote.index.library import Library
from footnote.index.models import Paper

CASES, SEED = 50, 7
# One case in so many has no answer in the library.
ABSENT = 5
# Papers that are tried for a case at most: many abstracts give no fair question.
_TRIED = 6
# Cosine from which two papers count as near-duplicates: both would answer.
NEAR_DUPLICATE = 0.9
RULES = "rules"
QUESTIONS = "questions.jsonl"

Row = dict[str, Any]


class Writer(Protocol):
    """Writes a question that a paper answers, as a model does."""

    name: str

    def write(self, paper: Paper) -> KnownItem:
        """Returns a question whose quote stands in the abstract.

        Raises:
            NoQuestion: It gave none that can be used.
            NoMoreQuestions: It can write none from now on.
        """


@dataclass(frozen=True, slots=True)
class MadeSet:
    """Cases that a program made.

    Attributes:
        rows: Lines of ``questions.jsonl``.
        dropped: Sampled papers that gave no case, counted by the reason.
    """

    rows: Sequence[Row]
    dropped: Mapping[str, int] = field(default_factory=dict)


def make_set(
    library: Library,
    *,
    cases: int = CASES,
    seed: int = SEED,
    writer: Writer | None = None,
    now: datetime | None = None,
    on_case: Callable[[int], None] = lambda count: None,
) -> MadeSet:
    """Returns a set of a library; the same for the same papers, seed and rules.

    Args:
        library: Whose papers are asked about.
        cases: At most; a small library gives fewer.
        seed: Of every choice.
        writer: Writes the answerable questions; rules cut them from sentences if none is given.
        now: When it is made.
        on_case: Called with 1 for each case.

    Raises:
        SourceError: The library gives no case.
    """
    random = Random(seed)
    absent = cases // ABSENT
    tried = _TRIED * (cases - absent)
    sampled = _sample(library, random, papers=tried, names=2 * absent, written=writer is not None)
    dropped: Counter[str] = Counter()
    found: list[tuple[str, KnownItem | AbsentItem]] = []
    for known in islice(_known(library, sampled, random, writer, dropped), cases - absent):
        found.append((writer.name if writer else RULES, known))
        on_case(1)
    if not found:
        why = ", ".join(dropped) or "none has an abstract"
        raise SourceError(
            f"{library.path}: no question can be made of its {library.size:,} papers ({why}); "
            "add papers, or give another model"
        )
    for without in islice(_absent(sampled, random), min(absent, len(found) // (ABSENT - 1))):
        found.append((RULES, without))
        on_case(1)
    moment = (now or datetime.now(UTC)).isoformat(timespec="seconds")
    made = {"when": moment, "library": library_fingerprint(library), "seed": seed}
    rows = [_row(number, by, item, made) for number, (by, item) in enumerate(found, 1)]
    return MadeSet(rows, dict(sorted(dropped.items())))


def write_set(folder: Path, made: MadeSet) -> int:
    """Writes a set into a folder; returns how many cases it holds.

    Raises:
        SourceError: The folder holds a set that was not made, or cannot be written.
    """
    check_folder(folder)
    return write_cases(folder / QUESTIONS, made.rows)


def check_folder(folder: Path) -> None:
    """Checks that a set can be written into a folder, before anything is made for it.

    Raises:
        SourceError: It holds questions that were not made.
    """
    path = folder / QUESTIONS
    lines = path.read_text("utf-8", "replace").splitlines() if path.exists() else []
    if any(line.strip() and '"made"' not in line for line in lines):
        raise SourceError(f"{path} has questions that nobody made so; give another --out folder")


@dataclass(frozen=True, slots=True)
class _Sampled:
    """Papers to ask about, their sentences, invented names, and what the library holds of both."""

    papers: Sequence[Paper]
    sentences: Mapping[str, Sequence[str]]
    names: Sequence[str]
    occurrences: Occurrences


def _sample(
    library: Library, random: Random, *, papers: int, names: int, written: bool
) -> _Sampled:
    """Returns what questions are made of; a writer needs no occurrences of its sentences."""
    ids = [paper.id for paper in library.papers() if paper.abstract]
    chosen = map(library.paper, random.sample(ids, min(papers, len(ids))))
    pool = [paper for paper in chosen if paper is not None]
    sentences = {p.id: usable_sentences(p, library.sentences(p)) for p in pool}
    invented = invent_names(random, names)
    read = [] if written else [sentence for own in sentences.values() for sentence in own]
    read += [*invented, *(words for _, words in SUBJECTS)]
    occurrences = Occurrences(library.papers(), content_stems("\n".join(read)))
    return _Sampled(pool, sentences, invented, occurrences)


def _known(
    library: Library,
    sampled: _Sampled,
    random: Random,
    writer: Writer | None,
    dropped: Counter[str],
) -> Iterator[KnownItem]:
    """Yields a question for each sampled paper that gives one, and counts why others do not."""
    for paper in sampled.papers:
        if any(hit.score >= NEAR_DUPLICATE for hit in library.similar(paper.id, k=1)):
            dropped["another paper is nearly the same"] += 1
            continue
        try:
            if writer is not None:
                yield writer.write(paper)
                continue
            own = sampled.sentences[paper.id]
            yield next(find_items(paper, own, sampled.occurrences, random))
        except StopIteration:
            dropped["no sentence leads to its paper alone"] += 1
        except NoQuestion as reason:
            dropped[str(reason)] += 1
        except NoMoreQuestions as reason:
            dropped[str(reason)] += 1
            return


def _absent(sampled: _Sampled, random: Random) -> Iterator[AbsentItem]:
    """Yields questions without an answer, of both rules by turns as long as both have some."""
    sentences = (one for own in sampled.sentences.values() for one in own)
    phrases = [p for sentence in sentences for p in find_phrases(sentence) if " " in p]
    near = random.sample(phrases, min(len(sampled.names), len(phrases)))
    named = ask_for_names(sampled.names, near, sampled.occurrences, random)
    far = find_absent_subjects(sampled.occurrences, random)
    for pair in zip_longest(named, far):
        yield from filter(None, pair)


def _row(number: int, by: str, item: KnownItem | AbsentItem, made: Mapping[str, Any]) -> Row:
    row = {"id": f"made-{number:04d}", "question": item.question}
    if isinstance(item, AbsentItem):
        why = {"by": by, "how": item.why}
        return {**row, "type": "made-absent", "answerable": False, "made": {**why, **made}}
    return {
        **row,
        "type": f"made-{item.form}",
        "answerable": True,
        "gold": [item.paper],
        "evidence": [{"title": item.paper, "quote": item.quote}],
        "nuggets": [item.fact] if item.fact else [],
        "made": {"by": by, "how": "from one sentence of the paper", **made},
    }
