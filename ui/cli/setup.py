"""The command that installs the embedding model."""

import sys
import time

from footnote.ui.cli.options import JsonOption, print_json


def setup(as_json: JsonOption = False) -> None:
    """Install the embedding model, once on each machine."""
    from footnote.index.embeddings.minilm_graph import MODEL_NAME
    from footnote.index.embeddings.minilm_setup import set_up
    from footnote.rag.retrieval.answer_ranker.ranker import bundled_ranker

    start = time.perf_counter()
    files, changed = set_up(say=lambda step: print(step, file=sys.stderr))
    # Exported from the same weights, so that no first question waits for them.
    for sides in (False, True):
        bundled_ranker(sides=sides).load()
    seconds = round(time.perf_counter() - start, 1)
    folder = str(files.onnx.parent)
    if as_json:
        found = {"model": MODEL_NAME, "changed": changed, "folder": folder, "seconds": seconds}
        print_json(found)
    elif changed:
        print(f"The embedding model is set up in {folder} ({seconds} s).")
    else:
        print(f"The embedding model is already set up in {folder}.")
