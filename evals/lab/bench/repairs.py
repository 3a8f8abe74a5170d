"""Does repair mend lies, and only lies? Scripted answers and corrections over known sentences.

    python -m footnote.evals.lab.bench.repairs SENTENCES --library DIR

SENTENCES are those of ``footnote.evals.lab.bench.verdicts``. Five at a time are a model's answer,
with a remark on what is missing. What is contradicted comes back corrected by an honest sentence of
the same quote (or the quote), as it was, withdrawn, or as a remark. The rules judge alone, then
with a model that is always right. Hidden is a lie that was marked and no longer is, with nothing
honest in its place.
"""

import argparse
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llama_index.core.base.llms.types import ChatMessage

from footnote.index.embeddings.configured import configured_embedder
from footnote.index.library import Library
from footnote.rag.answer import Delta, Statement
from footnote.rag.generation.chat.judging import ModelJudge, known_claims
from footnote.rag.generation.chat.recorded import RecordedChat
from footnote.rag.generation.citations import CitationBinder
from footnote.rag.generation.forms.form import Composed, Reading
from footnote.rag.generation.llm import LLMComposer, LLMSettings
from footnote.rag.generation.prompts import JUDGE, REPAIR
from footnote.rag.query.question import Question
from footnote.rag.retrieval.evidence import Sentence
from footnote.rag.verification.verifier import LearnedVerifier, RememberingVerifier, Verifier

EACH = 5
REMARK = "The abstracts do not say how long the training took."
REPLIES = ("honest", "again", "DROP", "remark")
# What small models write where they were asked for a correction.
_REMARKS = ("Not stated.", "Yes.", "In summary,")
_FAULTY = re.compile(r"^S(\d+): (.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class KnownSentence:
    """A sentence, whether it is honest, what it rests on, and what may be said instead."""

    text: str
    honest: bool
    evidence: Sentence
    instead: str


class ScriptedModel(RecordedChat):
    """Writes one answer, corrects it in one way, and judges what it knows."""

    def __init__(self, rows: Sequence[KnownSentence], correction: str, folder: Path) -> None:
        super().__init__(folder)
        self._rows, self._correction = rows, correction
        self._known = {claim.sentence: honest for claim, honest in known_claims().items()}
        self._known |= {row.text: row.honest for row in rows}
        self._known |= {row.instead: True for row in rows}

    def reply(self, messages: Sequence[ChatMessage]) -> str:
        """Returns what the prompt asks for."""
        asked, given = (str(message.content) for message in messages)
        if asked.startswith(JUDGE[:40]):
            return self._judge(given)
        if asked.startswith(REPAIR[:40]):
            faulty = given.partition("Faulty sentences:\n")[2]
            return "\n".join(f"S{n}: {self._correct(said)}" for n, said in _FAULTY.findall(faulty))
        said = [f"{row.text} [{n}]." for n, row in enumerate(self._rows, 1)]
        return "\n".join([*said, REMARK])

    def _judge(self, given: str) -> str:
        rows = []
        for number, said in _FAULTY.findall(given):
            honest = self._known.get(said, self._known.get(said.rstrip(".")))
            verdict = {True: "supported", False: "contradicted", None: "unsettled"}[honest]
            rows.append({"id": f"S{number}", "verdict": verdict, "why": "the quote says otherwise"})
        return json.dumps({"verdicts": rows})

    def _correct(self, said: str) -> str:
        number = int(re.findall(r"\[(\d+)\]", said)[0])
        row = self._rows[number - 1]
        if self._correction == "honest":
            return f"{row.instead} [{number}]"
        again = f"{row.text}. [{number}]"
        return {"again": again, "DROP": "DROP"}.get(self._correction, _REMARKS[number % 3])


def read_rows(path: Path, library: Library) -> list[KnownSentence]:
    """Returns the sentences whose one quote the library has."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    honest: dict[str, str] = {}
    for row in rows:
        if row["label"] == "honest":
            honest.setdefault(row["citations"][0]["quote"], row["sentence"])
    found = []
    for row in rows:
        cited = row["citations"][0]
        paper = library.paper(cited["title"])
        at = paper.abstract.find(cited["quote"]) if paper and len(row["citations"]) == 1 else -1
        if paper is None or at < 0:
            continue
        evidence = Sentence(paper, at, at + len(cited["quote"]), 1.0)
        instead = honest.get(cited["quote"], cited["quote"])
        text = row["sentence"].rstrip(".")
        bounds = CitationBinder([evidence]).bind(f"{text} [1].")
        if [one.text.rstrip(".") for one in bounds] == [text]:
            found.append(KnownSentence(text, row["label"] == "honest", evidence, instead))
    return found


def run(
    rows: Sequence[KnownSentence],
    correction: str,
    *,
    judged: bool,
    library: Library,
    verifier: Verifier,
) -> Mapping[str, int]:
    """Returns what became of one answer."""
    model = ScriptedModel(rows, correction, library.path)
    told: dict[bool, Composed] = {}
    for repair in (False, True):
        settings = LLMSettings("scripted", repair=repair, window=100_000)
        embedder = library.embedder
        composer = LLMComposer(settings, embedder=embedder, verifier=verifier, chat=model)
        if judged:
            composer.judge = ModelJudge(model)
        reading = Reading(Question("What is known?"), [row.evidence for row in rows], "fact")
        *_, last = (one for one in composer.compose(reading) if not isinstance(one, Delta))
        assert isinstance(last, Composed)
        told[repair] = last
    return _compare(rows, told[False].statements, told[True])


def _compare(
    rows: Sequence[KnownSentence], before: Sequence[Statement], after: Composed
) -> dict[str, int]:
    plain = {row.text: row for row in rows}
    marked = [one for one in before if one.verdict == "contradicted"]
    left = {one.text.rstrip("."): one.verdict for one in after.statements}
    lies = [plain[one.text.rstrip(".")] for one in marked]
    lies = [row for row in lies if not row.honest]
    hidden = [
        row for row in lies
        if left.get(row.text, "") != "contradicted"
        and row.instead.rstrip(".") not in left
    ]  # fmt: skip
    fair = [row for row in rows if row.honest and row.text not in left]
    return {
        "contradicted before": len(marked),
        "after": sum(one.verdict == "contradicted" for one in after.statements),
        "lies hidden": len(hidden),
        "honest sentences changed": len(fair),
        "remarks kept": int(REMARK.rstrip(".") in left),
        "refusals": int(not after.statements),
    }


def main() -> None:
    """Prints the counts by correction and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sentences", type=Path)
    parser.add_argument("--library", type=Path, required=True)
    options = parser.parse_args()
    with Library.open(options.library, embedder=configured_embedder()) as library:
        rows = read_rows(options.sentences, library)
        verifier = RememberingVerifier(LearnedVerifier(library.embedder))
        answers = [rows[at : at + EACH] for at in range(0, len(rows), EACH)]
        print(f"{len(rows)} sentences, {len(answers)} answers")
        for judged in (False, True):
            for correction in REPLIES:
                total: dict[str, Any] = {}
                for one in answers:
                    found = run(one, correction, judged=judged, library=library, verifier=verifier)
                    total = {name: total.get(name, 0) + count for name, count in found.items()}
                told = ", ".join(f"{name} {count}" for name, count in total.items())
                print(f"{'rules and model' if judged else 'rules':15s} {correction:6s}: {told}")


if __name__ == "__main__":
    main()
