"""Rerank: order the best hits with a user's own cross-encoder.

A cross-encoder reads the question and a text together, which is too slow for a whole library but
fast enough for the best few hits. If it fails, our own order stays.
"""

import json
import logging
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Protocol

import httpx
from pydantic import AliasChoices, BaseModel, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from footnote.index.embeddings.endpoints import (
    bounded_client_options,
    describe_connection_error,
    find_secrets,
    mask_secrets,
)
from footnote.index.models import Hit
from footnote.index.settings import SettingInfo, place_of, read_fields
from footnote.rag import RerankError

_log = logging.getLogger(__name__)

# Hits to rerank; the others follow them.
RERANKED = 20
# Maximum bytes of a response; enough even if a server sends the texts back.
MOST_BYTES = 4_000_000
_NEXT = {
    401: "check FOOTNOTE_RERANK_KEY",
    403: "check FOOTNOTE_RERANK_KEY",
    429: "wait, or check your quota",
    500: "try again later",
    502: "try again later",
    503: "try again later",
}


class Reranker(Protocol):
    """Scores how well texts answer a query; thread-safe."""

    @property
    def name(self) -> str:
        """The reranker's name and address, without secrets."""

    def score(self, query: str, texts: Sequence[str]) -> list[float]:
        """Returns a score for each text, in their order; higher answers better.

        Raises:
            RerankError: It gave no scores; the one-line message says why.
        """


def rerank(reranker: Reranker, query: str, hits: Sequence[Hit]) -> tuple[list[Hit], str | None]:
    """Returns the hits in a reranker's order, and the reason if it failed.

    Scores are scaled from 0 (lowest) to 1 (highest), on the scale ``reranked``; hits that were not
    reranked have 0.
    """
    best, rest = hits[:RERANKED], hits[RERANKED:]
    if len(best) < 2:
        return list(hits), None
    try:
        scores = reranker.score(query, [shown(hit) for hit in best])
        if len(scores) != len(best) or not all(map(math.isfinite, scores)):
            raise RerankError(f"{reranker.name} did not return a finite score for each text")
    except RerankError as error:
        _log.warning("%s", error)
        return list(hits), f"{error}; papers are in our own order"
    lowest, highest = min(scores), max(scores)
    width = highest - lowest
    spread = [(score - lowest) / width if width else 1.0 for score in scores]
    ranked = [
        replace(hit, score=score, scale="reranked")
        for hit, score in sorted(zip(best, spread, strict=True), key=lambda pair: -pair[1])
    ]
    behind = [replace(hit, score=0.0, scale="reranked") for hit in rest]
    return [replace(hit, rank=n) for n, hit in enumerate([*ranked, *behind], 1)], None


def shown(hit: Hit) -> str:
    """Returns the text of a hit to score: its title and best passage, which may be the same."""
    passage = hit.paper.abstract[hit.passage.start : hit.passage.end]
    return f"{hit.paper.title}\n{passage}"


class _Score(BaseModel):
    index: int = Field(ge=0)
    score: float = Field(
        validation_alias=AliasChoices("relevance_score", "score"),
        allow_inf_nan=False,
        ge=-1e9,
        le=1e9,
    )


class _Results(BaseModel):
    results: list[_Score]


_REPLY: TypeAdapter[_Results | list[_Score]] = TypeAdapter(_Results | list[_Score])


class _Late(Exception):
    """The deadline passed while waiting for the scores."""


class _Refused(Exception):
    """The endpoint answered with an HTTP error."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(status)
        self.status = status
        self.body = body


class EndpointReranker:
    """A reranker behind the HTTP interface of Jina, Cohere, vLLM and llama.cpp, or of TEI's.

    Source: https://docs.cohere.com/reference/rerank;
    https://huggingface.github.io/text-embeddings-inference, route ``/rerank``.
    """

    def __init__(
        self, url: str, *, model: str = "", api_key: str = "", timeout: float = 10.0
    ) -> None:
        """Stores the configuration without connecting.

        Args:
            url: URL of the interface; ``/rerank`` is added if missing.
            model: Model name, if the endpoint has several.
            api_key: Key; it never appears in a log or an error.
            timeout: Maximum seconds for all scores of a question.

        Raises:
            RerankError: The URL is not valid, or the key cannot be sent.
        """
        self._url = _address(url)
        if not (api_key.isascii() and api_key.isprintable()):
            raise RerankError(
                "FOOTNOTE_RERANK_KEY has characters that are not allowed in a header; copy it again"
            )
        self._model = model
        self._timeout = timeout
        # The endpoint's name for the texts; changed if it turns out to use another.
        self._texts = "documents"
        self._client = httpx.Client(
            timeout=timeout, **bounded_client_options(MOST_BYTES, streams=True)
        )
        if api_key:
            self._client.headers["Authorization"] = f"Bearer {api_key}"
        self._secrets = find_secrets(str(self._url), api_key)

    @property
    def name(self) -> str:
        """The model and its address."""
        where = self._url.copy_with(userinfo=b"", query=None, fragment=None)
        return f"reranker {self._model} at {where}" if self._model else f"reranker at {where}"

    def score(self, query: str, texts: Sequence[str]) -> list[float]:
        """Returns a score for each text, in their order.

        Raises:
            RerankError: The endpoint failed, was too slow, or did not score every text.
        """
        if not texts:
            return []
        deadline = time.monotonic() + self._timeout
        try:
            try:
                body = self._post(query, texts, deadline)
            except _Refused as refusal:
                # TEI uses another name for the documents, and its error says so.
                if refusal.status not in (400, 422) or b"`texts`" not in refusal.body:
                    raise
                self._texts = "texts"
                body = self._post(query, texts, deadline)
            reply = _REPLY.validate_json(body)
        except (_Refused, _Late, httpx.HTTPError, ValidationError) as error:
            said = error.body.decode("utf-8", "replace") if isinstance(error, _Refused) else error
            if told := mask_secrets(said, self._secrets):
                _log.warning("%s: %s: %s", self.name, type(error).__name__, told)
            raise RerankError(f"{self.name} {self._reason(error)}") from error
        rows = reply.results if isinstance(reply, _Results) else reply
        if sorted(row.index for row in rows) != list(range(len(texts))):
            raise RerankError(f"{self.name} sent {len(rows)} scores for {len(texts)} texts")
        return [row.score for row in sorted(rows, key=lambda row: row.index)]

    def _post(self, query: str, texts: Sequence[str], deadline: float) -> bytes:
        asked: dict[str, Any] = {"query": query, self._texts: list(texts)}
        asked |= {"truncate": True} if self._texts == "texts" else {"top_n": len(texts)}
        asked |= {"model": self._model} if self._model else {}
        headers = {"Content-Type": "application/json"}
        received = b""
        with self._client.stream(
            "POST", self._url, content=json.dumps(asked), headers=headers
        ) as response:
            for block in response.iter_bytes():
                received += block
                if time.monotonic() >= deadline:
                    raise _Late
                if len(received) > MOST_BYTES:
                    break
        if response.status_code != 200:
            raise _Refused(response.status_code, received)
        return received

    def _reason(self, error: Exception) -> str:
        """Returns why there are no scores, in our own words: the endpoint's may contain the key."""
        if isinstance(error, _Late | httpx.TimeoutException):
            return f"gave no scores within {self._timeout:g} s"
        if isinstance(error, _Refused):
            advice = _NEXT.get(error.status, "check FOOTNOTE_RERANK_URL and FOOTNOTE_RERANK_MODEL")
            return f"refused with status {error.status}; {advice}"
        if isinstance(error, httpx.HTTPError):
            return f"{describe_connection_error(error)}; check FOOTNOTE_RERANK_URL"
        return "sent what is no list of scores; check FOOTNOTE_RERANK_URL"


@dataclass(frozen=True, slots=True)
class RerankSettings:
    """The user's own cross-encoder, behind an address or in a folder."""

    SECTION: ClassVar[str] = "rerank"

    url: Annotated[
        str,
        SettingInfo("FOOTNOTE_RERANK_URL", "URL of a reranking endpoint.", default="none"),
    ] = ""
    model: Annotated[
        str, SettingInfo("FOOTNOTE_RERANK_MODEL", "Model at that endpoint.", default="none")
    ] = ""
    api_key: Annotated[
        str,
        SettingInfo("FOOTNOTE_RERANK_KEY", "Key of that endpoint.", default="none", secret=True),
    ] = Field(default="", repr=False)
    onnx: Annotated[
        str,
        SettingInfo("FOOTNOTE_RERANK_ONNX", "Folder of a cross-encoder as ONNX.", default="none"),
    ] = ""


def reranker_from(environ: Mapping[str, str]) -> Reranker | None:
    """Returns the configured reranker, or None when none is.

    Raises:
        RerankError: A setting is invalid, or needs another one.
    """
    given = RerankSettings(**read_fields(RerankSettings, environ))
    if given.onnx and given.url:
        raise RerankError("FOOTNOTE_RERANK_URL and FOOTNOTE_RERANK_ONNX are both set; unset one")
    if given.onnx:
        from footnote.rag.retrieval.reranking.cross_encoder import CrossEncoder

        return CrossEncoder(Path(given.onnx).expanduser())
    if given.url:
        return EndpointReranker(given.url, model=given.model, api_key=given.api_key)
    if given.model or given.api_key:
        name = place_of(environ, f"FOOTNOTE_RERANK_{'MODEL' if given.model else 'KEY'}")
        raise RerankError(f"{name} is set without a URL; set FOOTNOTE_RERANK_URL too")
    return None


def _address(text: str) -> httpx.URL:
    """Returns the URL for requests."""
    try:
        url = httpx.URL(text)
        # A label that is too long or empty would otherwise fail only at lookup.
        url.host.encode("idna")
    except (httpx.InvalidURL, UnicodeError):
        url = httpx.URL()
    if url.scheme not in ("http", "https") or not url.host:
        raise RerankError(
            "FOOTNOTE_RERANK_URL is not a URL; give one like http://HOST:PORT/v1/rerank"
        )
    path = url.path.rstrip("/")
    known = path.endswith(("/rerank", "/reranking"))
    return url.copy_with(path=path if known else f"{path}/rerank")
