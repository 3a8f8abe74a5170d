"""The Chroma collection: what it finds is a matter of what it holds, not of who opens it."""

import subprocess
import sys
from pathlib import Path

import numpy as np

from footnote.index.search.chroma import ChromaIndex
from tests.command import ROOT

# Fewer than Chroma would write a graph for on its own; the last ones come by themselves.
FIRST, LATER, WIDTH = 880, 15, 384
FIND = f"""
import sys
import numpy as np
from pathlib import Path
from footnote.index.search.chroma import ChromaIndex

index = ChromaIndex(Path(sys.argv[1]))
for vector in np.random.default_rng(8).standard_normal((60, {WIDTH})).astype(np.float32):
    print(sorted(number for number, _ in index.nearest(vector, 400)))
"""


def test_each_process_that_opens_an_index_finds_the_same(tmp_path: Path) -> None:
    random = np.random.default_rng(7)
    # Nearly alike within each of some topics, where a graph loses sight of a few.
    topics = random.standard_normal((20, WIDTH))[random.integers(20, size=FIRST + LATER)]
    vectors = (topics + 0.3 * random.standard_normal(topics.shape)).astype(np.float32)
    index = ChromaIndex(tmp_path)
    index.upsert(list(range(FIRST)), vectors[:FIRST])
    index.upsert(list(range(FIRST, FIRST + LATER)), vectors[FIRST:])
    index.close()
    command = [sys.executable, "-c", FIND, str(tmp_path)]
    found = {subprocess.check_output(command, cwd=ROOT) for _ in range(2)}
    assert len(found) == 1
