"""The API as its description promises it, and as clients that are heavy to install read it."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from footnote.index.library import Library
from footnote.ui.storage.conversations import Conversations
from tests.conftest import HashedWords, invented
from tests.pages import LOOPS, desk_of, served

schemathesis = pytest.importorskip("schemathesis", reason="run: make live")

pytestmark = LOOPS


@pytest.fixture(scope="module")
def served_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A library that may be changed."""
    folder = tmp_path_factory.mktemp("described")
    with (
        Library.open(folder / "library", embedder=HashedWords(), create=True) as library,
        Conversations.open(folder / "kept.sqlite3") as kept,
    ):
        library.add([invented(n) for n in range(4)])
        desk = desk_of(library, conversations=kept, feedback=folder / "votes", services=NOWHERE)
        with served(desk, api=True) as address:
            yield f"{address}v1"


# Where papers are looked up by identifier: nothing listens there.
NOWHERE = dict.fromkeys(("doi", "arxiv", "pmid"), "http://127.0.0.1:9")


@pytest.fixture
def described(served_api: str) -> Any:
    config = schemathesis.Config()
    config.seed = 1
    return schemathesis.openapi.from_url(f"{served_api}/openapi.json", config=config)


schema = schemathesis.pytest.from_fixture("described")


@schema.parametrize()
@settings(max_examples=4, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_api_does_what_its_description_says(case: Any) -> None:
    case.call_and_validate()
