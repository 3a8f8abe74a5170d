"""The bundled embedding model as an ONNX graph, and as one that scores pairs of texts.

Besides the model's vector for each text, the first graph outputs a short vector for each token: the
last layer projected on the directions in which tokens of abstracts differ most
(``projection.npy``). The second reads both texts of a pair together.

Source: BERT, Devlin et al. 2019 (arXiv:1810.04805), section 3; mean pooling from
Sentence-BERT, Reimers and Gurevych 2019 (arXiv:1908.10084); a short vector a token from
ColBERT, Khattab and Zaharia 2020 (arXiv:2004.12832); pairs read together, Nogueira and Cho 2019
(arXiv:1901.04085).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto, TensorProto

MODEL_NAME = "all-MiniLM-L6-v2"
DIMENSIONS = 384
TOKEN_DIMENSIONS = 64
LAYERS, HEADS, WIDTH = 6, 12, 384
LAYER_NORM_EPSILON = 1e-12

# A pair's score weighs the product of its two mean vectors, each of unit length, and the first
# token. All weights of the product are 1 before training, so that it begins as a cosine.
MATCH, FIRST = "pair.match", "pair.first"
# From the first token, too, how far the second text says yes and no to the first.
SIDES = "pair.sides"
SHARPNESS = 10.0

# Made by: python -m footnote.evals.lab.training.projection PATH
PROJECTION = Path(__file__).parent / "projection.npy"


def token_projection() -> NDArray[np.float32]:
    """Returns the ``(384, 64)`` float32 projection of a token, columns of unit length.

    Principal components, Hotelling 1933, of the tokens of 1,500 abstracts.
    """
    kept: NDArray[np.float32] = np.load(PROJECTION).astype(np.float32)
    return kept


def build_graph(weights: Path, *, projection: NDArray[np.float32] | None = None) -> "ModelProto":
    """Returns the fp32 encoder as an ONNX model.

    Inputs are ``input_ids`` and ``attention_mask``, both ``(n, t)`` int64; the outputs are
    ``embedding``, ``(n, 384)`` float32, mean-pooled rows of unit length, and ``tokens``,
    ``(n, t, 64)`` float32, of unit length too.

    Args:
        weights: Weights of the model.
        projection: Token projection, ``(384, 64)``; the bundled one when not given.
    """
    from safetensors.numpy import load_file

    graph = _GraphBuilder(load_file(weights))
    x, mask = graph.encode()
    graph.pool(x, mask, out="embedding")
    graph.shorten_tokens(x, token_projection() if projection is None else projection)
    return graph.build(embedding=["n", WIDTH], tokens=["n", "t", TOKEN_DIMENSIONS])


def build_pair_graph(tensors: Mapping[str, NDArray[np.float32]]) -> "ModelProto":
    """Returns a model that scores pairs of texts, as fp32 ONNX.

    Inputs are those of ``build_graph`` and ``token_type_ids``, which is 1 for the second text of
    a pair; the outputs are ``score``, ``(n,)`` float32, and ``sides``, ``(n, 2)`` float32.

    Args:
        tensors: By the names of the bundled model, and ``MATCH`` and ``FIRST``, ``(384,)`` each,
            and ``SIDES``, ``(2, 384)``.
    """
    graph = _GraphBuilder(tensors, inputs=("input_ids", "attention_mask", "token_type_ids"))
    graph.score(*graph.encode())
    return graph.build(score=["n"], sides=["n", 2])


class _GraphBuilder:
    """Adds nodes and constants in order; each method returns the name of what it adds."""

    def __init__(
        self,
        tensors: Mapping[str, NDArray[np.float32]],
        inputs: Sequence[str] = ("input_ids", "attention_mask"),
    ) -> None:
        self.tensors, self.inputs = tensors, inputs
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []
        self.half, self.one, self.root2 = (
            self.constant(name, np.array(value, np.float32))
            for name, value in (("half", 0.5), ("one", 1.0), ("root2", 2**0.5))
        )

    def constant(self, name: str, value: NDArray[Any]) -> str:
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def weight(self, name: str) -> str:
        return self.constant(name, self.tensors[name])

    def op(self, kind: str, *inputs: str, out: str = "", name: str = "", **attributes: Any) -> str:
        from onnx import helper

        out = out or f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [out], name or out, **attributes))
        return out

    def linear(self, x: str, name: str) -> str:
        kernel = self.constant(f"{name}.kernel", self.tensors[f"{name}.weight"].T)
        return self.op("Add", self.op("MatMul", x, kernel), self.weight(f"{name}.bias"))

    def norm(self, x: str, name: str) -> str:
        scale, bias = self.weight(f"{name}.weight"), self.weight(f"{name}.bias")
        return self.op("LayerNormalization", x, scale, bias, axis=-1, epsilon=LAYER_NORM_EPSILON)

    def split(self, x: str, name: str) -> list[str]:
        from onnx import helper

        parts = [f"{name}.{part}" for part in "qkv"]
        self.nodes.append(helper.make_node("Split", [x], parts, axis=-1, num_outputs=3))
        return parts

    def encode(self) -> tuple[str, str]:
        """Adds all layers; returns the last, ``(n, t, 384)``, and the mask as numbers."""
        mask, key_mask = self.add_masks()
        x = self.embed_tokens()
        for layer in range(LAYERS):
            x = self.feed_forward(self.attend(x, key_mask, layer), layer)
        return x, mask

    def add_masks(self) -> tuple[str, str]:
        """Adds the padding mask as floats, and in the form for the fused attention."""
        from onnx import TensorProto

        mask = self.op("Cast", "attention_mask", to=TensorProto.FLOAT)
        # The fused operator takes int32, 1 for a token that counts.
        return mask, self.op("Cast", "attention_mask", to=TensorProto.INT32)

    def embed_tokens(self) -> str:
        x = self.op("Gather", self.weight("embeddings.word_embeddings.weight"), "input_ids")
        length = self.op("Shape", "input_ids", start=1, end=2)
        table = self.weight("embeddings.position_embeddings.weight")
        positions = self.op("Slice", table, self.constant("zero", np.array([0], np.int64)), length)
        types = self.tensors["embeddings.token_type_embeddings.weight"]
        if "token_type_ids" in self.inputs:
            segment = self.op("Gather", self.constant("types", types), "token_type_ids")
        else:
            segment = self.constant("segment", types[0])
        placed = self.op("Add", self.op("Add", x, positions), segment)
        return self.norm(placed, "embeddings.LayerNorm")

    def attend(self, x: str, key_mask: str, layer: int) -> str:
        at = f"encoder.layer.{layer}."
        parts = [f"{at}attention.self.{part}" for part in ("query", "key", "value")]
        kernel = np.concatenate([self.tensors[f"{name}.weight"] for name in parts]).T
        bias = np.concatenate([self.tensors[f"{name}.bias"] for name in parts])
        joint = self.op("MatMul", x, self.constant(f"{at}qkv.kernel", kernel))
        inputs = [*self.split(joint, f"{at}qkv"), self.constant(f"{at}qkv.bias", bias), key_mask]
        attended = self.op("MultiHeadAttention", *inputs, domain="com.microsoft", num_heads=HEADS)
        attended = self.linear(attended, f"{at}attention.output.dense")
        return self.norm(self.op("Add", attended, x), f"{at}attention.output.LayerNorm")

    def feed_forward(self, x: str, layer: int) -> str:
        at = f"encoder.layer.{layer}."
        inner = self.linear(x, f"{at}intermediate.dense")
        # GELU by the error function: x/2 * (1 + erf(x / sqrt 2)).
        bent = self.op("Add", self.op("Erf", self.op("Div", inner, self.root2)), self.one)
        inner = self.op("Mul", self.op("Mul", inner, bent), self.half)
        outer = self.linear(inner, f"{at}output.dense")
        return self.norm(self.op("Add", outer, x), f"{at}output.LayerNorm")

    def pool(self, x: str, mask: str, out: str = "") -> str:
        """Adds the mean of the tokens that count, of unit length."""
        counts = self.op("Unsqueeze", mask, self.constant(f"{mask}.axis2", np.array([2], np.int64)))
        axis1 = self.constant(f"{mask}.axis1", np.array([1], np.int64))
        total = self.op("ReduceSum", self.op("Mul", x, counts), axis1, keepdims=0)
        return self.op("LpNormalization", total, out=out, axis=-1, p=2)

    def shorten_tokens(self, x: str, projection: NDArray[np.float32]) -> None:
        unit = self.op("LpNormalization", x, axis=-1, p=2)
        short = self.op("MatMul", unit, self.constant("projection", projection), name="projected")
        self.op("LpNormalization", short, out="tokens", axis=-1, p=2)

    def score(self, x: str, mask: str) -> None:
        from onnx import TensorProto

        second = self.op("Cast", "token_type_ids", to=TensorProto.FLOAT)
        first = self.op("Sub", mask, second)
        match = self.op("Mul", self.pool(x, first), self.pool(x, second))
        weight = self.constant(MATCH, SHARPNESS * self.tensors[MATCH])
        lead = self.op("Gather", x, self.constant("lead", np.array([0], np.int64)), axis=1)
        axis1 = self.constant("axis1", np.array([1], np.int64))
        lead = self.op("Squeeze", lead, axis1)
        kernel = self.constant(SIDES, self.tensors[SIDES].T)
        self.op("MatMul", lead, kernel, out="sides", name="sides")
        lead = self.op("Mul", lead, self.weight(FIRST))
        terms = self.op("Add", self.op("Mul", match, weight), lead)
        self.op("ReduceSum", terms, axis1, out="score", keepdims=0)

    def build(self, **shapes: list[str | int | None]) -> "ModelProto":
        """Returns the model, whose outputs are those named."""
        from onnx import TensorProto, helper

        names: list[str | int | None] = ["n", "t"]
        value = helper.make_tensor_value_info
        inputs = [value(name, TensorProto.INT64, names) for name in self.inputs]
        outputs = [value(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()]
        graph = helper.make_graph(self.nodes, MODEL_NAME, inputs, outputs, self.constants)
        opsets = [helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)]
        model = helper.make_model(graph, opset_imports=opsets)
        model.ir_version = 8
        return model
