"""Server: the collections of one database on a Chroma server, each with a name of its own."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import httpx

from footnote.index.embeddings.endpoints import bounded_client_options, find_secrets, mask_secrets
from footnote.index.search.chroma import (
    BATCH_ROWS,
    HNSW,
    ChromaIndex,
    DamagedCollection,
    UnusableCollection,
)
from footnote.index.search.chroma.address import ServerPlace, VectorSettings

_log = logging.getLogger(__name__)

# The version of Chroma whose protocol this is; its servers of before 1 have another.
_VERSION = "1."
_CONNECT_SECONDS = 5.0
# A server that failed is not asked again for so long: a question searches several times.
REST_SECONDS = 10.0
# A reply has at most this many bytes: 5,000 ids take 60 kB, a document 2.
_MOST_BYTES = 64_000_000
_PAGE = 100


class UnusableServer(UnusableCollection):
    """A Chroma server that cannot be reached, or does not do what it is asked for."""

    def __init__(self, server: str, fault: str, todo: str) -> None:
        """Takes which server, what is wrong with it, and what to do about it."""
        super().__init__(f"the Chroma server {server} {fault}; {todo}")
        self.brief = f"the Chroma server of this library {fault}; run: footnote doctor"


class MissingCollection(UnusableServer, DamagedCollection):
    """A collection that its server does not have."""


class _RefusedRequest(httpx.HTTPError):
    """The server answered with a status that tells all there is to know."""

    def __init__(self, status: int) -> None:
        super().__init__(f"status {status}")
        self.status = status


class ChromaServer:
    """One database on a Chroma server, connected to when it is first asked."""

    def __init__(self, place: ServerPlace, settings: VectorSettings) -> None:
        """Takes where it is, and the token and the time limit; asks nothing yet."""
        self.place = place
        self._settings = settings
        self._secrets = find_secrets("", settings.token)
        self._api: Any = None
        self._rows = BATCH_ROWS
        self._failed: tuple[float, UnusableServer] | None = None

    def check(self) -> None:
        """Makes sure of the server, its version, the token, the tenant and the database.

        Raises:
            UnusableServer: Something is not as it must be.
        """
        self._connect()

    def open(self, name: str) -> "ServedIndex":
        """Returns a collection.

        Raises:
            MissingCollection: The server has none of the name.
            UnusableServer: It does not answer as it must.
        """
        model = self.call(lambda: self._connect().get_collection(name, **self._of()))
        return self._hold(model)

    def make(self, name: str) -> "ServedIndex":
        """Returns a collection, which is empty where there was none; raises as ``open`` does."""
        found = self.call(
            lambda: self._connect().create_collection(
                name, configuration={"hnsw": HNSW}, get_or_create=True, **self._of()
            )
        )
        return self._hold(found)

    def delete(self, name: str) -> None:
        """Deletes a collection; one that is not there is passed over."""
        try:
            self.call(lambda: self._connect().delete_collection(name, **self._of()))
        except MissingCollection:
            return

    def names(self, prefix: str) -> list[str]:
        """Returns the names of the collections that begin with ``prefix``."""
        found: list[str] = []
        while len(page := self.call(partial(self._list, len(found)))) == _PAGE:
            found += page
        return [name for name in (*found, *page) if name.startswith(prefix)]

    def _list(self, at: int) -> list[str]:
        models = self._connect().list_collections(_PAGE, at, **self._of())
        return [str(model.name) for model in models]

    def call(self, asked: Callable[[], Any]) -> Any:
        """Returns what Chroma's client returns, whose errors are told in one line."""
        self._rest()
        try:
            with self._telling():
                return asked()
        except MissingCollection:
            raise
        except UnusableServer as error:
            self._failed = (time.monotonic() + REST_SECONDS, error)
            raise

    def close(self) -> None:
        """Ends the connections."""
        if self._api is not None:
            self._api._session.close()
            self._api = None

    def _rest(self) -> None:
        if self._failed and time.monotonic() < self._failed[0]:
            raise self._failed[1]
        self._failed = None

    def _of(self) -> dict[str, str]:
        return {"tenant": self.place.tenant, "database": self.place.database}

    def _hold(self, model: Any) -> "ServedIndex":
        from chromadb.api.models.Collection import Collection

        held = Collection(client=self._api, model=model, embedding_function=None)
        return ServedIndex(self, held, self._rows)

    def _connect(self) -> Any:
        """Returns Chroma's client of the server, which is checked when it is first asked."""
        if self._api is None:
            api = self._make_client()
            try:
                self.call(lambda: self._check(api))
            except BaseException:
                api._session.close()
                raise
            self._api = api
        return self._api

    def _make_client(self) -> Any:
        """Returns Chroma's client, with limits of ours on time and size.

        ``chromadb.HttpClient`` waits without end, and asks the server before that can be changed.
        """
        from chromadb.api import ServerAPI
        from chromadb.config import Settings, System

        # _env_file=None: Chroma would read the working folder's.
        settings = Settings(
            _env_file=None,  # type: ignore[call-arg]
            anonymized_telemetry=False,
            chroma_api_impl="chromadb.api.fastapi.FastAPI",
            chroma_server_host=self.place.url,
            chroma_server_http_port=0,
            chroma_server_headers=None,
            chroma_client_auth_provider=None,
            chroma_client_auth_credentials=None,
        )
        api: Any = System(settings).instance(ServerAPI)  # type: ignore[type-abstract]
        theirs = api._session
        options = bounded_client_options(_MOST_BYTES)
        options["headers"] |= {**theirs.headers, **options["headers"], **self._settings.headers}
        options["event_hooks"]["response"].append(_refuse)
        timeout = httpx.Timeout(self._settings.timeout, connect=_CONNECT_SECONDS)
        api._session = httpx.Client(timeout=timeout, limits=api.http_limits, **options)
        theirs.close()
        return api

    def _check(self, api: Any) -> None:
        try:
            version = api.get_version()
        except ValueError as error:
            raise self._fault("is no Chroma server", "correct FOOTNOTE_VECTORS") from error
        if not (isinstance(version, str) and version.startswith(_VERSION)):
            raise self._fault(
                f"has version {ascii(version)[:40]}", f"this Footnote needs {_VERSION}x"
            )
        with self._lacking(f"has no tenant {self.place.tenant}", "FOOTNOTE_VECTORS_TENANT"):
            api.get_tenant(self.place.tenant)
        with self._lacking(f"has no database {self.place.database}", "FOOTNOTE_VECTORS_DATABASE"):
            api.get_database(self.place.database, self.place.tenant)
        self._rows = max(1, min(BATCH_ROWS, int(api.get_max_batch_size())))

    @contextmanager
    def _lacking(self, fault: str, variable: str) -> Iterator[None]:
        from chromadb.errors import NotFoundError

        try:
            yield
        except NotFoundError as error:
            raise self._fault(fault, f"make it there, or correct {variable}") from error

    def _fault(self, fault: str, todo: str) -> UnusableServer:
        return UnusableServer(str(self.place), fault, todo)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Tells what goes wrong with the server in one line, without its words and our token."""
        from chromadb.errors import NotFoundError

        try:
            yield
        except UnusableServer:
            raise
        except NotFoundError as error:
            raise MissingCollection(
                str(self.place), "lacks the library's collection", "run: footnote doctor"
            ) from error
        except _RefusedRequest as error:
            raise self._told(error.status) from error
        except httpx.TimeoutException as error:
            waited = _CONNECT_SECONDS
            if not isinstance(error, httpx.ConnectTimeout):
                waited = self._settings.timeout
            raise self._fault(
                f"did not answer within {waited:g} s",
                "try again later, or raise FOOTNOTE_VECTORS_TIMEOUT",
            ) from error
        except httpx.HTTPError as error:
            said = mask_secrets(error, self._secrets) or type(error).__name__
            raise self._fault(
                f"cannot be reached ({said})", "start it, or correct FOOTNOTE_VECTORS"
            ) from error
        # Chroma's errors, and those of what it makes of a reply, share no base class.
        except Exception as error:
            if isinstance(error.__context__, httpx.HTTPStatusError):
                raise self._told(error.__context__.response.status_code) from error
            said = mask_secrets(error, self._secrets)
            _log.warning("Chroma server %s: %s: %s", self.place, type(error).__name__, said)
            raise self._fault(f"failed ({type(error).__name__})", "look at its log") from error

    def _told(self, status: int) -> UnusableServer:
        if status in (401, 403):
            what = "refused the token" if self._settings.token else "asks for a token"
            return self._fault(f"{what} (status {status})", "correct FOOTNOTE_VECTORS_TOKEN")
        if status in (404, 405, 410):
            return self._fault(
                f"is no Chroma server of version {_VERSION}x (status {status})",
                "correct FOOTNOTE_VECTORS, or update the server",
            )
        return self._fault(f"is failing (status {status})", "try again later")


def _refuse(response: httpx.Response) -> None:
    """Ends a reply whose status alone says what is wrong; Chroma tells its own faults in JSON."""
    told = response.headers.get("content-type", "").startswith("application/json")
    if response.is_success or (told and response.status_code not in (401, 403, 410)):
        return
    raise _RefusedRequest(response.status_code)


class _Translated:
    """Chroma's collection, whose errors are told in one line."""

    def __init__(self, server: ChromaServer, collection: Any) -> None:
        self._server = server
        self._collection = collection

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._collection, name)
        return lambda *given, **named: self._server.call(lambda: method(*given, **named))


class ServedIndex(ChromaIndex):
    """One collection on a server; whoever opened the server closes it."""

    def __init__(self, server: ChromaServer, collection: Any, rows: int) -> None:
        """Use ``ChromaServer.open`` or ``make``."""
        self._hold(_Translated(server, collection), rows)

    def close(self) -> None:
        """Leaves the server open."""
