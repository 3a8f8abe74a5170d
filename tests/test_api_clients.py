"""The API as its description promises it, and as clients that are heavy to install read it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from footnote.index.library import Library
from footnote.ui.storage.conversations import Conversations
from tests.conftest import HashedWords, invented
from tests.pages import LOOPS, desk_of, served

pytest.importorskip("schemathesis", reason="run: make live")

pytestmark = LOOPS

# Where papers are looked up by identifier: nothing listens there.
NOWHERE = dict.fromkeys(("doi", "arxiv", "pmid"), "http://127.0.0.1:9")
# What a description cannot say: that a text cites, that a word is an identifier, whose turn it is.
CONFIG = """
[[operations]]
include-name = [
    "POST /ask", "POST /check", "POST /search", "POST /feedback", "POST /imports/identifiers",
    "POST /chat/completions", "POST /responses", "PATCH /conversations/{id}",
]
checks.positive_data_acceptance.enabled = false
"""


@pytest.fixture
def changing(tmp_path: Path) -> Iterator[str]:
    """The API of a library that may be changed."""
    with (
        Library.open(tmp_path / "library", embedder=HashedWords(), create=True) as library,
        Conversations.open(tmp_path / "kept.sqlite3") as kept,
    ):
        library.add([invented(n) for n in range(4)])
        votes = tmp_path / "votes"
        desk = desk_of(library, conversations=kept, feedback=votes, services=NOWHERE)
        with served(desk, api=True) as address:
            yield f"{address}v1"


def test_the_api_does_what_its_description_says(changing: str, tmp_path: Path) -> None:
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG, "utf-8")
    ran = subprocess.run(
        [
            Path(sys.executable).with_name("schemathesis"), "--config-file", config, "run",
            f"{changing}/openapi.json", "--max-examples", "3", "--seed", "1",
            "--generation-deterministic", "--no-color", "--warnings", "off",
            # As our own page: else a POST without a body's type is taken for another site's.
            "-H", f"Origin: {changing.removesuffix('/v1')}",
        ],
        cwd=tmp_path, capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-8_000:] + ran.stderr
    assert "Tested: " in ran.stdout
