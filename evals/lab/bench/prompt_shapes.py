"""Does what a model is shown decide its answer? One model's replies to prompts of other shapes.

    python -m footnote.evals.lab.bench.prompt_shapes SET --library DIR --replies PATH [--only FILE]

``excerpts``: the ten best sentences of the three best papers and "one to five short sentences",
which is what Footnote sent before it planned. ``keyed``: whole abstracts, each under a key, an
answer of a length with keys in parentheses. Neither plans the search. A key is read as the sentence
of its paper that is nearest to what cites it, so that both are measured as Footnote's own answers
are. With ``--record`` the prompts without a reply are written beside them.

Source of the keyed shape, in our words: PaperQA2, Skarlinski et al. 2024 (arXiv:2409.13740).
"""

import argparse
import math
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from llama_index.core.base.llms.types import ChatMessage, MessageRole

from footnote.evals.dataset.cases import Case, choose_cases
from footnote.evals.runs.engine import run_engine
from footnote.index.chunking import sentence_spans
from footnote.index.embeddings.configured import configured_embedder
from footnote.index.embeddings.protocols import Embedder
from footnote.index.library import Library
from footnote.rag.answer import REFUSAL, Delta, Mode
from footnote.rag.engine import CitedQueryEngine
from footnote.rag.generation.chat.recorded import MissingReply, RecordedChat
from footnote.rag.generation.citations import CitationBinder
from footnote.rag.generation.citations.refusals import refuses
from footnote.rag.generation.forms.form import Composed, Reading
from footnote.rag.generation.reader import read_abstracts
from footnote.rag.generation.repair import assemble_answer, verify_sentences
from footnote.rag.retrieval.evidence import Sentence
from footnote.rag.verification.verifier import LearnedVerifier

SENTENCES, OF_PAPERS, PAPERS, WORDS = 10, 3, 12, 150
SHOWN = ("evidence", "nuggets", "cited_gold", "abstain_right", "absence_told", "abstain_wrong")
_KEYED = re.compile(r"\(((?:key\d{1,2}(?:, |,|; )?){1,8})\)")

_EXCERPTS = f"""You answer questions from numbered sentences of paper abstracts. Use nothing else.
Write one to five short sentences, in the language of the question. End each with the numbers of
the sentences it rests on, like [2] or [1][4]. If they do not answer, write exactly: {REFUSAL}"""
_ABSTRACTS = f"""You answer questions directly and concisely for an expert, from the given texts.
Cite the key of a text behind each claim, like (key2) or (key1, key4), and cite no other keys.
If the texts are not enough, write exactly: {REFUSAL}"""

Prompt = tuple[str, str]


def write_excerpts(question: str, evidence: Sequence[Sentence]) -> Prompt:
    """Returns the system's and the user's message with numbered sentences."""
    lines = [f"[{n}] ({s.paper.title}) {s.text}" for n, s in enumerate(evidence, 1)]
    return _EXCERPTS, f"Question: {question}\n\nSentences:\n" + "\n".join(lines)


def write_keyed(question: str, evidence: Sequence[Sentence]) -> Prompt:
    """Returns the system's and the user's message with whole abstracts under keys."""
    papers = {s.paper.id: s.paper for s in evidence}
    texts = [f"key{n}: {p.title}\n{p.abstract}" for n, p in enumerate(papers.values(), 1)]
    asked = f"Question: {question}\n\nWrite about {WORDS} words.\n\nAnswer:"
    return _ABSTRACTS, "Texts:\n\n" + "\n\n".join(texts) + f"\n\n{asked}"


class ShapeComposer:
    """Writes answers from recorded replies to prompts of one shape."""

    mode: Mode = "llm"
    model = "recorded"

    def __init__(self, shape: str, chat: RecordedChat, embedder: Embedder) -> None:
        """Takes the name of the shape, the replies, and what finds the sentence behind a key."""
        self._shape, self._chat, self._embedder = shape, chat, embedder
        self._verifier = LearnedVerifier(embedder)

    def compose(self, reading: Reading) -> Iterator[Delta | Composed]:
        """Yields the answer.

        Raises:
            MissingReply: Nothing was recorded.
        """
        evidence, write = self._evidence(reading)
        system, user = write(reading.question.standalone, evidence)
        messages = [
            ChatMessage(role=MessageRole.SYSTEM, content=system),
            ChatMessage(role=MessageRole.USER, content=user),
        ]
        call = self._chat.call(messages, deadline=math.inf)
        text = "".join(call)
        if refuses(text) and len(text) < 2 * len(REFUSAL):
            yield Composed(REFUSAL, (), (), call.usage)
            return
        if self._shape == "keyed":
            text = self._number_keys(text, evidence)
        bounds = CitationBinder(evidence).bind(text)
        drafts = verify_sentences(bounds, evidence, verifier=self._verifier)
        whole = assemble_answer(drafts, evidence, policy="mark")
        yield Delta(whole.text)
        yield Composed(whole.text, whole.statements, whole.papers, call.usage)

    def _evidence(
        self, reading: Reading
    ) -> tuple[list[Sentence], Callable[[str, Sequence[Sentence]], Prompt]]:
        if self._shape == "keyed":
            return read_abstracts(reading, most=PAPERS), write_keyed
        papers = list(dict.fromkeys(s.paper.id for s in reading.evidence))[:OF_PAPERS]
        return [s for s in reading.evidence if s.paper.id in papers][:SENTENCES], write_excerpts

    def _number_keys(self, text: str, evidence: Sequence[Sentence]) -> str:
        """Returns a text with the number of the nearest sentence in place of each key."""
        papers = list(dict.fromkeys(s.paper.id for s in evidence))
        vectors = self._embedder.embed([s.text for s in evidence])

        def nearest(key: str, said: str) -> str:
            number = int(key[3:]) - 1
            if not 0 <= number < len(papers):
                return "[9999]"
            own = [n for n, s in enumerate(evidence) if s.paper.id == papers[number]]
            likeness = vectors[own] @ self._embedder.embed([said])[0]
            return f"[{own[int(likeness.argmax())] + 1}]"

        found, at = [], 0
        for match in _KEYED.finditer(text):
            before = text[: match.start()]
            start, end = sentence_spans(before)[-1] if before.strip() else (0, 0)
            keys = re.findall(r"key\d{1,2}", match[1])
            found += [text[at : match.start()], *(nearest(k, before[start:end]) for k in keys)]
            at = match.end()
        return "".join([*found, text[at:]])


def main() -> None:
    """Prints the measures of both shapes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("set", type=Path)
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--replies", type=Path, required=True)
    parser.add_argument("--only", type=Path)
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    cases = choose_cases(options.set, options.only)
    chat = RecordedChat(options.replies, record=options.record)
    with Library.open(options.library, embedder=configured_embedder()) as library:
        for shape in ("excerpts", "keyed"):
            engine = CitedQueryEngine(library, ShapeComposer(shape, chat, library.embedder))
            if options.record:
                left = sum(not _is_replied(engine, case) for case in cases)
                print(f"{shape}: {left} of {len(cases)} questions have no reply")
                continue
            with tempfile.TemporaryDirectory() as folder:
                report = run_engine(engine, options.set.name, cases, Path(folder) / shape)
            _show(shape, report)


def _is_replied(engine: CitedQueryEngine, case: Case) -> bool:
    try:
        engine.ask(case.question, case.history)
    except MissingReply:
        return False
    return True


def _show(shape: str, report: Mapping[str, Any]) -> None:
    found = report["measures"]["ALL"]
    told = (
        f"{name} {one['mean']:.3f} [{one['low']:.3f}, {one['high']:.3f}] n={one['n']}"
        for name in SHOWN
        if (one := found.get(name))
    )
    print(f"{shape:9s} {'  '.join(told)}  failures {report['failures']}")


if __name__ == "__main__":
    main()
