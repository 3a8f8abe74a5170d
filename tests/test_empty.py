"""Nothing given is nothing done: every public function that takes a list takes an empty one."""

import asyncio
import importlib
import inspect
import json
import pkgutil
import re
import types
import typing
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from conftest import HashedWords, invented
from llama_index.core.embeddings import MockEmbedding
from llama_index.core.llms import MockLLM
from llama_index.core.schema import QueryBundle
from rich.console import Console

from footnote import evals, index, rag, ui
from footnote.evals.compare import Comparison
from footnote.evals.dataset.cases import Case
from footnote.evals.dataset.making.occurrences import Occurrences
from footnote.evals.judge.budget import Budget, SpendingLimit
from footnote.evals.judge.endpoint import Endpoint, Failed
from footnote.evals.judge.judge import Judge
from footnote.evals.judge.run import Judging
from footnote.evals.metrics.summary import summarise
from footnote.evals.runs.runner import RunConfig
from footnote.index import FootnoteError
from footnote.index.clusters.layout import LibraryMap
from footnote.index.embeddings.adapters import AdaptedEmbedder, EmbedModel
from footnote.index.embeddings.base import EndpointEmbedder, MiniLM
from footnote.index.embeddings.protocols import TokenEmbedding
from footnote.index.library import CATALOG, Library
from footnote.index.library.shards.library import ShardedLibrary
from footnote.index.models import Passage
from footnote.index.readers.citation_marks import Marks
from footnote.index.readers.gathering import Gathered, read_sources
from footnote.index.search.chroma import ChromaIndex
from footnote.index.search.filters import EVERYTHING
from footnote.index.search.fulltext import FullTextIndex
from footnote.index.search.vector_store import LibraryVectorStore
from footnote.index.settings import SettingSources
from footnote.index.storage.catalog import Catalog, EmbeddedPaper
from footnote.index.storage.history.import_log import Import
from footnote.index.storage.history.origins import Origin
from footnote.index.storage.ingest.pipeline import Added, add_records, embed_rest
from footnote.index.storage.ingest.ray_cluster import EmbeddingActor
from footnote.index.storage.ingest.ray_workers import RayEmbedder
from footnote.rag.engine import CitedQueryEngine
from footnote.rag.generation.chat.endpoints.profile import EndpointProfile
from footnote.rag.generation.chat.judging import ModelJudge
from footnote.rag.generation.chat.llm_adapter import LLMChat
from footnote.rag.generation.chat.recorded import RecordedChat
from footnote.rag.generation.extractive import ExtractiveComposer
from footnote.rag.generation.forms.cells import COLUMNS, QuotedTable
from footnote.rag.generation.forms.concepts import read_shown
from footnote.rag.generation.forms.form import Draft, Reading
from footnote.rag.generation.forms.relations import Relation
from footnote.rag.generation.llm import LLMComposer
from footnote.rag.generation.settings import LLMSettings
from footnote.rag.generation.thorough.bounds.calls import BoundedCalls, BoundedChat, CallReply
from footnote.rag.generation.thorough.bounds.spending import Spending
from footnote.rag.generation.thorough.parts import PartWriter
from footnote.rag.generation.thorough.settings import ThoroughSettings
from footnote.rag.generation.thorough.writing import Material, ReviewJobs
from footnote.rag.query.question import Question
from footnote.rag.retrieval.answer_ranker.ranker import AnswerRanker
from footnote.rag.retrieval.answer_ranker.scores import SentenceScores
from footnote.rag.retrieval.evidence import EvidenceFinder, Sentence
from footnote.rag.retrieval.hybrid import Fusion, RetrievalResult
from footnote.rag.retrieval.late_interaction import Matcher, QueryTokens
from footnote.rag.retrieval.reranking.cross_encoder import CrossEncoder
from footnote.rag.retrieval.reranking.rerank import EndpointReranker
from footnote.rag.retrieval.wide import Breadth
from footnote.rag.verification.alignment import align_pair, read_texts
from footnote.rag.verification.rules.units import Amount
from footnote.rag.verification.sentence_check import SentenceChecker
from footnote.rag.verification.verifier import LearnedVerifier, RememberingVerifier, VerifierModel
from footnote.ui.api.agents.shapes import SearchResults
from footnote.ui.api.answering import Answering
from footnote.ui.api.compatible.responses import KeptResponses
from footnote.ui.api.imports.importer import Importer
from footnote.ui.api.imports.jobs import ImportJobs
from footnote.ui.digests.email import MailConfig
from footnote.ui.storage.accounts.accounts import ACCOUNTS, Accounts
from footnote.ui.storage.collections import SharedPapers
from footnote.ui.storage.shelf import Shelf
from footnote.ui.storage.topics import Topics
from footnote.ui.web.requests import QuestionRequest
from footnote.ui.web.security.access.access import Access
from footnote.ui.web.server.idle import Activity
from tests.command import inside
from tests.endpoint import embeds, refuses, serve
from tests.pages import desk_of
from tests.scripted import ScriptedAsk, answered
from tests.test_access import CHEAP
from tests.test_crossencoder import write_model

LISTS = {list, tuple, set, frozenset, Sequence, Iterable, Collection, Iterator}
# The commands take lists from the command line, which is tested as such; these are no part of
# the product but measure and train it.
NOT_CALLED = (
    "footnote.ui.cli.serve",
    "footnote.evals.lab.bench",
    "footnote.evals.lab.training",
    "footnote.ui.cli.evals",
    "footnote.ui.cli.library",
    "footnote.ui.cli.cite",
    "footnote.ui.cli.correct",
    "footnote.ui.cli.main",
    "footnote.ui.cli.export",
    "footnote.ui.cli.positions",
    "footnote.ui.cli.split",
)


def takes_a_list(annotation: object) -> bool:
    kind = typing.get_origin(annotation) or annotation
    if kind in (typing.Union, types.UnionType):
        return any(map(takes_a_list, typing.get_args(annotation)))
    return kind in LISTS


def of_module(module: types.ModuleType) -> Iterator[tuple[str, Any]]:
    """Yields each public function, and each method that a class itself defines, by its name."""
    for name, found in vars(module).items():
        if name.startswith("_") or getattr(found, "__module__", "") != module.__name__:
            continue
        if inspect.isfunction(found):
            yield name, found
        elif inspect.isclass(found) and not getattr(found, "_is_protocol", False):
            for key in vars(found):
                method = inspect.unwrap(getattr(found, key))
                if not key.startswith("_") and inspect.isroutine(method):
                    yield f"{name}.{key}", method


def lists_of(function: Any) -> list[str]:
    """Returns the names of the arguments that are lists."""
    try:
        hints = typing.get_type_hints(function)
    except NameError:  # named for the type checker alone
        hints = {
            name: list if str(hint).startswith(("Sequence[", "list[")) else hint
            for name, hint in function.__annotations__.items()
        }
    return [name for name, hint in hints.items() if name != "return" and takes_a_list(hint)]


def found() -> dict[str, tuple[Any, list[str]]]:
    """Returns every function of the four packages that takes a list, with those arguments."""
    functions = {}
    for package in (index, rag, evals, ui):
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if info.name.startswith(NOT_CALLED):
                continue
            module = importlib.import_module(info.name)
            for name, function in of_module(module):
                if lists := lists_of(function):
                    functions[f"{info.name}.{name}"] = (function, lists)
    return functions


FUNCTIONS = found()
EMPTY = np.empty((0, 8), np.float32)


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What the functions are given beside lists, by the name of the argument or of the class."""
    folder = tmp_path_factory.mktemp("empty")
    (folder / "run").mkdir()
    with (
        serve(embeds()) as embedding,
        serve(refuses(500)) as refusing,
        Library.open(folder / "library", embedder=HashedWords(), create=True) as library,
        Topics.open(folder / "topics.sqlite3") as topics,
        Shelf.open(folder) as shelf,
        Gathered() as gathered,
        ExitStack() as opened,
    ):
        library.add([invented(1)])
        sharded = opened.enter_context(
            ShardedLibrary.open([folder / "library"], embedder=HashedWords())
        )
        config = LLMSettings("scripted", base_url=refusing.url, api_key="none", timeout=2)
        embedder, engine = library.embedder, CitedQueryEngine(library)
        judge = Judge(config, cache=folder / "kept", limit=SpendingLimit(tokens=9999), attempts=1)
        catalog = Catalog(folder / CATALOG)
        access = Access(opened.enter_context(Accounts(folder / ACCOUNTS, settings=CHEAP)))
        llm = LLMComposer(config, embedder=embedder, sleep=lambda seconds: None)
        verifier, material = LearnedVerifier(embedder), Material(READING, {}, ())
        calls = BoundedCalls(llm._chat, Spending(ThoroughSettings(), llm._chat.known))
        yield {
            "BoundedCalls": calls, "calls": calls, "BoundedChat": BoundedChat(calls),
            "Review": llm.review(), "Material": material,
            "RememberingVerifier": RememberingVerifier(verifier), "markers": {},
            "PartWriter": PartWriter(calls, verifier, "harbour", repairs=True, budget=999),
            "ReviewJobs": ReviewJobs(config, calls, verifier, material, budget=8000),
            "catalog": catalog, "embedder": embedder, "library": library, "engine": engine,
            "verifier": LearnedVerifier(embedder), "console": Console(quiet=True),
            "path": folder / "x", "folder": folder / "run", "out": folder / "out",
            "Shelf": shelf, "Collections": shelf.collections, "Annotations": shelf.annotations,
            "column": COLUMNS[0], "found": gathered, "Gathered": gathered, "ranker": AnswerRanker(),
            "table": QuotedTable((), ()),
            "id": shelf.collections.create("harbour", "One"),
            "shared": SharedPapers("harbour", datetime.now(UTC), ()),
            "topics": topics, "Topics": topics, "desk": desk_of(library),
            "config": config, "paper": invented(1), "passage": Passage("arxiv:1", 0, 10),
            "cases": [], "report": summarise([]), "ask": ScriptedAsk(),
            "Library": library, "LibraryReader": library, "naming": library,
            "Searcher": library.searcher,
            "Catalog": catalog,
            "ShardNumbers": sharded._catalog._numbers,  # type: ignore[attr-defined]
            "ShardedPapers": sharded._catalog.papers, "ShardedVectors": sharded._catalog.vectors,
            "ShardedPassages": sharded._catalog.passages,
            "ShardedFullText": sharded.searcher.words.current(),
            "Database": catalog._db, "db": catalog._db, "PaperTable": catalog.papers,
            "TitleIndex": catalog.titles, "PartLog": catalog.parts,
            "PassageTable": catalog.passages, "VectorTable": catalog.vectors,
            "ImportLog": catalog.imports, "RemovalLog": catalog.removals,
            "OriginLog": catalog.origins, "origin": Origin(1, "harbour"), "log": catalog.origins,
            "KeptResponses": KeptResponses(),
            "Answering": Answering(desk_of(library)), "Importer": Importer(desk_of(library)),
            "ImportJobs": opened.enter_context(ImportJobs.open(folder / "jobs.sqlite3")),
            "Backlog": catalog.backlog, "Activity": Activity(), "access": access, "Access": access,
            "MiniLM": MiniLM(), "AppContext": desk_of(library),
            "RayEmbedder": RayEmbedder(MiniLM(), "ray"), "EmbeddingActor": EmbeddingActor(),
            "EndpointEmbedder": EndpointEmbedder("scripted", base_url=embedding.url),
            "ChromaIndex": ChromaIndex(folder / "vectors"),
            "Fold": library.searcher.fold,
            "FullTextIndex": FullTextIndex(folder / "words"),
            "LibraryVectorStore": LibraryVectorStore(library),
            "AdaptedEmbedder": AdaptedEmbedder(MockEmbedding(8)),
            "EmbedModel": EmbedModel(embedder),
            "Fusion": Fusion(), "Matcher": Matcher(library), "CitedQueryEngine": engine,
            "HybridRetriever": engine.retriever,
            "AnsweringQueryEngine": engine, "query_bundle": QueryBundle("harbour"),
            "EvidenceFinder": EvidenceFinder(library), "LLMComposer": llm,
            "ExtractiveComposer": ExtractiveComposer(),
            "ChatClient": llm._chat, "LLMChat": LLMChat(MockLLM()),
            "LearnedVerifier": LearnedVerifier(embedder), "Judge": judge,
            "Judging": Judging(judge),
            "Endpoint": Endpoint(config, Budget(SpendingLimit(tokens=9999))),
            "EndpointReranker": EndpointReranker(refusing.url),
            "CrossEncoder": CrossEncoder(write_model(folder, "tide")),
            "AnswerRanker": AnswerRanker(), "best": {}, "matches": {}, "RetrievalResult": FOUND,
            "SentenceScores": SentenceScores(AnswerRanker(), "harbour"),
            "Draft": Draft([]), "reading": READING,
            "Breadth": Breadth(0.3, 0.7, 0.5, 9),
            "Shown": read_shown(FOUND, []),
            "Relation": Relation("any", read_shown(FOUND, [])),
            "ModelJudge": ModelJudge(llm._chat), "judge": ModelJudge(llm._chat),
            "RecordedChat": RecordedChat(folder / "recorded"),
            "SentenceChecker": SentenceChecker(library),
            "Marks": Marks({}), "random": Random(1), "answer": answered(),
            "Occurrences": Occurrences([], ()), "occurrences": Occurrences([], ()),
            "VerifierModel": VerifierModel((), np.empty(0, np.float32), 0.0, 0.5),
        }  # fmt: skip
        catalog.close()


READING = Reading(Question("harbour"))
FOUND = RetrievalResult(
    Question("harbour"), [], 0.0, QueryTokens(EMPTY, np.empty(0, np.float32), np.empty(0, bool)), {}
)
SAID, QUOTED = read_texts(["harbour", "tide"], HashedWords())
NO_MAP = LibraryMap((), (), (), EMPTY[:, :2], np.empty(0, np.int64), ())
# What single functions need that no other of the name does.
SPECIAL: dict[str, dict[str, Any]] = {
    "footnote.ui.export.written.write_papers": {"form": "csl-json"},
    "footnote.ui.api.agents.shapes.reply": {"told": SearchResults(results=[])},
    "footnote.ui.api.answering.Answering.answer": {"asked": QuestionRequest("a" * 16)},
    "footnote.ui.api.answering.Answering.begin": {"asked": QuestionRequest("a" * 16)},
    "footnote.ui.api.answering.Answering.events": {"asked": QuestionRequest("a" * 16)},
    "footnote.ui.maintenance.doctor.repair": {"make_embedder": HashedWords},
    "footnote.ui.maintenance.sync.sync": {"gather": nullcontext},
    "footnote.ui.maintenance.sync.record": {"names": {}},
    "footnote.ui.cli.options.open_replaying": {"record": None, "replay": None},
    "footnote.ui.cli.sync.sync": {"library": Path("none")},
    "footnote.index.storage.catalog.Catalog.stage": {"embedder": "another", "vectors": EMPTY},
    "footnote.index.clusters.layout.draw_map": {"vectors": EMPTY},
    "footnote.index.clusters.labels.label_clusters": {
        "clusters": np.empty(0, np.int64), "count": 0,
    },
    "footnote.index.storage.vectors.VectorTable.stage": {"embedder": "another", "vectors": EMPTY},
    "footnote.index.storage.passages.PassageTable.numbers_between": {
        "since": None, "until": None,
    },
    "footnote.index.storage.passages.PassageTable.write": {"paper": 1, "vectors": EMPTY},
    "footnote.index.storage.papers.PaperTable.numbers_between": {"since": 2000, "until": None},
    "footnote.index.storage.papers.PaperTable.write_sentences": {"number": 99},
    "footnote.index.storage.papers.select_between": {
        "select": "SELECT number FROM papers", "since": None, "until": None,
    },
    "footnote.index.storage.history.import_log.ImportLog.restore_aliases": {"number": 99},
    "footnote.index.storage.ingest.pipeline.prepare_entry": {"number": None, "stored": None},
    "footnote.index.storage.history.removals.RemovalLog.keep": {"gone": 0},
    "footnote.index.storage.database.Database.rows": {"sql": "SELECT 1"},
    "footnote.index.storage.database.Database.execute": {"sql": "SELECT 1"},
    "footnote.index.storage.database.Database.execute_many": {
        "sql": "DELETE FROM staged WHERE passage = ?",
    },
    "footnote.index.library.shards.papers.ShardedPapers.numbers_between": {
        "since": 2000, "until": None,
    },
    "footnote.index.library.shards.catalog.ShardedPassages.numbers_between": {
        "since": None, "until": None,
    },
    "footnote.index.library.shards.words.score": {"clauses": {}},
    "footnote.index.search.fulltext.FullTextIndex.search_weighted": {"clauses": {}},
    "footnote.index.search.searcher.Searcher.hits": {"scale": "bm25"},
    "footnote.index.search.searcher.Searcher.rank_among": {"vector": np.zeros(256, np.float32)},
    "footnote.index.embeddings.tokens.vectors.passage_tokens": {
        "reading": TokenEmbedding("none", np.ones(8, np.float32), EMPTY, ()),
    },
    "footnote.rag.verification.alignment.align_pair": {
        "statement": read_texts(["Tides rise."], HashedWords())[0]
    },
    "footnote.rag.generation.thorough.bounds.calls.BoundedCalls.ask_telling": {"schema": {}},
    "footnote.rag.generation.thorough.parts.PartWriter.finish": {"reply": CallReply("Tides.")},
    "footnote.rag.retrieval.hybrid.fuse_results": {
        "own": FOUND,
    },
    "footnote.rag.generation.forms.concepts.read_shown": {"found": FOUND},
    "footnote.rag.engine.group.ask_of_group": {"filters": EVERYTHING},
    "footnote.rag.generation.forms.fact.choose_beside": {
        "first": Sentence(invented(1), 0, 1, 0.5),
    },
    "footnote.rag.generation.repair.assemble_answer": {"policy": "mark"},
    "footnote.rag.query.filter_parser.parse_filters": {
        "question": Question("How high rose the tide?")
    },
    "footnote.ui.rendering.charts.stance.agreement_html": {"card": str},
    "footnote.ui.rendering.charts.stance.agreement_cards_html": {"card": str},
    "footnote.ui.checks.review.review_text": {"find": str},
    "footnote.ui.cli.eval_output.show_comparison": {"found": Comparison(0, (), (), ())},
    "footnote.ui.digests.email.make_mail": {
        "config": MailConfig("127.0.0.1", "me@example.org", ("you@example.org",))
    },
    "footnote.ui.rendering.charts.dots.choose_rows": {"drawn": NO_MAP},
    "footnote.ui.rendering.charts.dots.dots_text": {"drawn": NO_MAP},
    "footnote.ui.rendering.charts.dots.papers_within": {"drawn": NO_MAP},
    "footnote.ui.rendering.charts.map.map_html": {"drawn": NO_MAP},
    "footnote.ui.rendering.charts.map.map_svg": {"drawn": NO_MAP},
    "footnote.evals.runs.engine.run_engine": {"folder": Path("engine")},
    "footnote.ui.digests.atom.write_feed": {"path": Path("feed.atom")},
    "footnote.ui.rendering.panels.scope_html": {"filters": EVERYTHING},
    "footnote.evals.report.markdown.as_markdown": {
        "report": {**summarise([]), "config": {"set": "s", "code": "c", "composer": "x"}}
    },
    "footnote.index.search.chroma.ChromaIndex.upsert": {"vectors": EMPTY},
    "footnote.rag.retrieval.late_interaction.match_papers": {
        "question": QueryTokens(EMPTY, np.empty(0, np.float32), np.empty(0, bool))
    },
    "footnote.rag.retrieval.late_interaction.Matcher.matches": {
        "question": QueryTokens(EMPTY, np.empty(0, np.float32), np.empty(0, bool))
    },
    "footnote.rag.retrieval.hybrid.HybridRetriever.find_all": {"question": Question("harbour")},
    "footnote.rag.retrieval.evidence.EvidenceFinder.find": {"matches": {}},
    "footnote.rag.retrieval.evidence.EvidenceFinder.rank": {"matches": {}},
    "footnote.rag.generation.extractive.compose": {"composer": ExtractiveComposer()},
    "footnote.rag.generation.forms.suggestions.offer_next": {
        "answer": answered("harbour"), "ask": answered,
    },
    "footnote.index.search.vector_store.paper_node": {"more": {}},
    "footnote.rag.verification.verifier.VerifierModel.rule": {
        "compared": align_pair(SAID, [QUOTED])
    },
    "footnote.rag.verification.rules.turns.find_turns": {"pair": align_pair(SAID, [QUOTED])},
    "footnote.rag.verification.rules.arithmetic.compare_bounds": {"mine": Amount(7.0)},
    "footnote.rag.verification.rules.arithmetic.follows": {"amount": Amount(7.0)},
    "footnote.rag.generation.chat.client.ChatClient.call": {"deadline": 1e12},
    "footnote.rag.generation.chat.endpoints.chosen.read_chosen": {"path": Path("nowhere.json")},
    "footnote.rag.generation.chat.endpoints.chosen.add_chosen": {
        "sources": SettingSources({"FOOTNOTE_CONFIG": "nowhere/footnote.toml"})
    },
    "footnote.rag.generation.chat.recorded.RecordedChat.call": {"deadline": 1e12},
    "footnote.rag.generation.chat.endpoints.dialect.write_request": {
        "profile": EndpointProfile(frozenset({"system"})), "options": {},
    },
    "footnote.ui.cli.models.models_json": {"config": LLMSettings(), "trial": None},
    "footnote.rag.retrieval.reranking.rerank.rerank": {"reranker": None},
    "footnote.evals.judge.endpoint.Endpoint.judge": {"criterion": "support"},
    "footnote.evals.metrics.answers.answer_values": {"case": Case("1", "Why?"), "gold": {}},
    "footnote.evals.runs.runner.run_cases": {
        "config": RunConfig("s", "c", "l", "v", "extractive", None, 20),
        "find": str, "supports": bool, "expected_mode": "extractive",
    },
    "footnote.index.storage.catalog.Catalog.split": {
        "staying": EmbeddedPaper(invented(1), 99), "leaving": EmbeddedPaper(invented(2)),
        "of": Import(99, "2026-11-28"),
    },
    "footnote.rag.retrieval.answer_ranker.presence.read_signals": {"found": FOUND},
    "footnote.index.storage.history.import_log.ImportLog.note_new": {
        "of": Import(99, "2026-11-28"),
    },
    "footnote.index.storage.history.parts.PartLog.keep": {
        "number": 99, "of": Import(99, "2026-11-28"),
    },
    "footnote.index.storage.history.parts.PartLog.part": {
        "number": 99, "of": Import(99, "2026-11-28"),
    },
    "footnote.ui.cli.batch.answer_all": {"filters": EVERYTHING, "on_answer": print, "k": 3},
    "footnote.ui.web.context.AppContext.stream": {"asked": QuestionRequest("a" * 16)},
    "footnote.ui.export.bibliography.bibliography": {"form": "bibtex"},
    "footnote.ui.export.styles.styled": {"style": "apa"},
    "footnote.evals.runs.sweep.best": {"measure": "R@1"},
    "footnote.index.readers.splitting.split_records": {"start": re.compile("TY")},
    "footnote.index.readers.record.read_each": {"start": re.compile("TY"), "parse": json.loads},
    "footnote.index.readers.record.read_records": {"parse": json.loads},
    "footnote.index.readers.tagged.split_ended": {
        "begin": re.compile("TY"), "end": re.compile("ER"), "end_tag": "ER", "breaks_off": bool,
    },
    "footnote.ui.rendering.import_report.report_html": {"added": Added()},
}  # fmt: skip
# How the words of a pair stand to one another, told by places: there is none to be told of.
# What asks the model all the same, or has nothing to ask it with: the endpoint here refuses.
REFUSE = {
    "footnote.ui.api.compatible.chat.read_turns",
    "footnote.ui.api.imports.importer.Importer.add_files",
    "footnote.ui.api.imports.importer.Importer.add_identifiers",
    "footnote.index.library.shards.library.ShardedLibrary.open",
    "footnote.ui.cli.sync.sync",
    "footnote.index.library.Library.split",
    "footnote.index.storage.ingest.duplicates.splitting.store_split",
    "footnote.rag.generation.chat.recorded.RecordedChat.reply",
    "footnote.evals.judge.endpoint.Endpoint.judge",
    "footnote.evals.judge.endpoint.Endpoint.call", "footnote.evals.judge.judge.Judge.supports",
    "footnote.rag.generation.llm.LLMComposer.compose",
    "footnote.rag.generation.thorough.bounds.calls.BoundedCalls.ask",
    "footnote.rag.generation.thorough.bounds.calls.BoundedCalls.ask_telling",
}  # fmt: skip
WITH_PLACES = {
    "footnote.rag.verification.alignment.cosine_matrix",
    "footnote.rag.verification.alignment.around",
}
PLAIN = {object: "harbour", str: "harbour", int: 3, float: 0.5, bool: False}


def arguments(name: str, function: Any, lists: list[str], given: dict[str, Any]) -> dict[str, Any]:
    """Returns what a function is called with: empty lists, and whatever else it must have."""
    called: dict[str, Any] = {}
    for key, parameter in inspect.signature(function).parameters.items():
        if key in ("self", "cls") or parameter.kind == inspect.Parameter.VAR_POSITIONAL:
            continue
        special = SPECIAL.get(name, {})
        if key in lists:
            called[key] = []
        elif key in special:
            own = special[key]
            called[key] = given["folder"] / own if isinstance(own, Path) else own
        elif parameter.default is inspect.Parameter.empty and parameter.kind < 4:
            hint = parameter.annotation
            assert key in given or hint in PLAIN, f"tell test_empty.py what {key} of {name} is"
            called[key] = given[key] if key in given else PLAIN[hint]
    return called


@pytest.mark.parametrize("name", sorted(FUNCTIONS.keys() - WITH_PLACES))
def test_nothing_given_is_nothing_done_or_one_line(name: str, given: dict[str, Any]) -> None:
    function, lists = FUNCTIONS[name]
    owner = name.split(".")[-2]
    takes_self = "self" in inspect.signature(function).parameters
    assert not takes_self or owner in given, f"tell test_empty.py how to make a {owner}"
    call: Callable[..., Any] = function.__get__(given[owner]) if takes_self else function
    # Where there must be something, a line of ours says so.
    with pytest.raises((FootnoteError, Failed)) if name in REFUSE else nullcontext():
        made = call(**arguments(name, function, lists, given))
        if isinstance(made, Iterator):
            list(made)
        elif inspect.iscoroutine(made):
            asyncio.run(made)


def test_an_index_over_an_endpoint_that_was_killed_after_its_last_batch_is_finished(
    tmp_path: Path,
) -> None:
    rows = [{"title": invented(n).title, "abstract": invented(n).abstract} for n in range(3)]
    (tmp_path / "papers.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    papers = read_sources([tmp_path / "papers.jsonl"]).papers
    with serve(embeds()) as endpoint:
        embedder = EndpointEmbedder("scripted", base_url=endpoint.url)
        with Library.open(tmp_path / "shelf", embedder=embedder, create=True) as library:
            # All is committed and nothing is published, as after a kill at this moment.
            add_records(library._catalog, enumerate(papers))
            embed_rest(library._catalog, embedder)
        ran = inside(
            "index", tmp_path / "papers.jsonl", "--library", tmp_path / "shelf", "--json",
            FOOTNOTE_EMBEDDING_MODEL="scripted", OPENAI_BASE_URL=endpoint.url,
        )  # fmt: skip
        assert (ran.status, ran.err) == (0, "")
        assert (ran.data["papers"], ran.data["unchanged"]) == (3, 3)
        with Library.open(tmp_path / "shelf", embedder=embedder) as library:
            assert library.searcher.agrees()
    assert all(request["input"] for request in endpoint.requests)
