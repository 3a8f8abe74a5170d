"""Runs: a set of cases asked, measured and written to a folder that a kill cannot spoil.

A run that was killed goes on with the cases that have no row yet; the report is made from all
rows in the order of the set, so it is the same either way.
"""

import hashlib
import json
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from footnote.evals.dataset.cases import Case
from footnote.evals.dataset.json_files import read_json
from footnote.evals.metrics.answers import Supports, Values, answer_values, crashed_values, gold_ids
from footnote.evals.metrics.statistics import SEED
from footnote.evals.metrics.summary import summarise
from footnote.evals.runs.run_folder import CONFIG, REPORT, ROWS, RunMismatch, read_rows, write_json
from footnote.index import FootnoteError
from footnote.index.embeddings.protocols import Embedder
from footnote.index.library import LibraryReader
from footnote.rag.answer import Answer
from footnote.rag.generation.forms import WITHOUT_SEARCH
from footnote.rag.serialization import answer_json

if TYPE_CHECKING:
    # It imports openai, which takes 0.7 s that a run without a judge need not wait for.
    from footnote.evals.judge.run import Judging

Ask = Callable[[Case], Answer]


@dataclass(frozen=True, slots=True)
class RunConfig:
    """What was asked of what; a run goes on only with the config that began it.

    Attributes:
        cases: Fingerprint of the questions.
        library: Fingerprint of the papers and the embedder.
        code: Version, with a fingerprint of the source that answers.
        setting: What a sweep changed, as JSON.
        seed: Of the bootstrap; answering itself has nothing random.
        judge: Model and prompts that judged; None where no model did.
        made: By what the questions were made, where no person wrote them.
        reranker: What ordered the best hits; None where our own order stands.
    """

    set: str
    cases: str
    library: str
    code: str
    composer: str
    model: str | None
    k: int = 20
    setting: str | None = None
    seed: int = SEED
    judge: str | None = None
    reranker: str | None = None
    made: str | None = None


def fingerprint(texts: Iterable[str]) -> str:
    """Returns a short hash of texts in their order."""
    digest = hashlib.sha256()
    for text in texts:
        digest.update(text.encode() + b"\0")
    return digest.hexdigest()[:16]


def library_fingerprint(library: LibraryReader) -> str:
    """Returns a short hash of every paper, and of the embedder, of a library."""
    papers = (f"{p.id}\n{p.title}\n{p.abstract}" for p in library.papers())
    return fingerprint([library.embedder.name, *papers])


def code_version() -> str:
    """Returns the installed version with a short hash of the source that answers."""
    root = Path(__file__).parents[2]
    sources = sorted(p for package in ("index", "rag") for p in (root / package).rglob("*.py"))
    try:
        installed = version("footnote-papers")
    except PackageNotFoundError:
        installed = "source"
    return f"{installed}+{fingerprint(p.read_text('utf-8') for p in sources)[:10]}"


def run_cases(
    cases: Sequence[Case],
    ask: Ask,
    folder: Path,
    config: RunConfig,
    *,
    find: Callable[[str], str | None],
    embedder: Embedder,
    supports: Supports,
    expected_mode: str,
    judging: "Judging | None" = None,
    workers: int = 1,
    on_case: Callable[[int], None] = lambda count: None,
) -> dict[str, Any]:
    """Asks every case that has no row yet, and returns the report over all rows.

    Args:
        cases: In the order of the set.
        ask: Answers one case; whatever it raises becomes that case's failure row.
        folder: Where to; made if it is not there.
        config: Must be the one that began the folder.
        find: Name of a paper (title or id) to its id in the library.
        embedder: For measures.
        supports: For measures of citations.
        expected_mode: An answer that needs a search and has another mode is a failed fallback.
        judging: Judges each answer, too.
        workers: Cases asked at once; more than one only helps with a remote model.
        on_case: Called with 1 for each case done.

    Raises:
        RunMismatch: The folder holds a run of something else.
        JudgeError: The judge may spend no more; the rows so far are kept.
    """
    _begin(folder, config)
    done = read_rows(folder)
    on_case(len(done))

    def work(case: Case) -> dict[str, Any]:
        gold = gold_ids(case, find)
        row = _row(case, ask, gold, embedder, supports, expected_mode)
        return judging.judged(case, row) if judging else row

    for row in _keep(work, [c for c in cases if c.id not in done], folder / ROWS, workers):
        done[row["id"]] = row
        on_case(1)
    found = [done[case.id] for case in cases]
    judge = {"judge": judging.report(found)} if judging else {}
    report = {"config": asdict(config), **summarise(found), **judge}
    write_json(folder / REPORT, report)
    return report


def _keep(
    work: Callable[[Case], dict[str, Any]], cases: Sequence[Case], rows: Path, workers: int
) -> Iterator[dict[str, Any]]:
    """Yields the row of each case, in their order, when the file has it."""
    with rows.open("a", encoding="utf-8") as file, ThreadPoolExecutor(workers) as pool:
        for row in pool.map(work, cases):
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            file.flush()
            yield row


def _row(
    case: Case,
    ask: Ask,
    gold: Mapping[str, str],
    embedder: Embedder,
    supports: Supports,
    expected_mode: str,
) -> dict[str, Any]:
    """Returns the row of one case; the one place where anything may be caught."""
    start = time.perf_counter()
    answer: Answer | None = None
    error: str | None = None
    values: Values
    try:
        answer = ask(case)
        if answer.mode != expected_mode and answer.kind not in WITHOUT_SEARCH:
            raise FootnoteError(answer.reason or f"answered in mode {answer.mode}")
        values = answer_values(case, answer, gold=gold, embedder=embedder, supports=supports)
    except Exception as caught:
        last = traceback.extract_tb(caught.__traceback__)[-1]
        error = f"{type(caught).__name__}: {caught} ({Path(last.filename).name}:{last.lineno})"
        values = crashed_values(case)
    return {
        "id": case.id,
        "tag": case.tag,
        "question": case.question,
        "history": [asdict(turn) for turn in case.history],
        "gold": dict(gold),
        "answerable": case.answerable,
        "error": error,
        "values": values,
        "missed": None if error or answer is None else missed(case, answer, gold),
        "answer": answer_json(answer) if answer else None,
        "seconds": round(time.perf_counter() - start, 4),
    }


def missed(case: Case, answer: Answer, gold: Mapping[str, str]) -> str | None:
    """Returns why an answer fell short: abstained, answered, retrieval, evidence; None if not."""
    if not case.answerable:
        return None if answer.abstained else "answered"
    if answer.abstained:
        return "abstained"
    wanted = set(gold.values())
    if wanted and not wanted & {hit.paper.id for hit in answer.hits[:10]}:
        return "retrieval"
    cited = {c.paper_id for s in answer.statements for c in s.citations}
    return "evidence" if wanted and not wanted & cited else None


def _begin(folder: Path, config: RunConfig) -> None:
    path = folder / CONFIG
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            write_json(path, asdict(config))
            return
    except OSError as error:
        raise RunMismatch(
            f"{folder} cannot store a run ({error.strerror}); give another --out folder"
        ) from error
    found = read_json(path)
    other = [name for name, value in asdict(config).items() if found.get(name) != value]
    if other:
        raise RunMismatch(
            f"{folder} has a run with another {', '.join(other)}; give another --out folder"
        )
