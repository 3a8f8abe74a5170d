"""A cross-encoder from a folder orders the best hits."""

from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper
from tokenizers import Tokenizer, models, pre_tokenizers

from footnote.index.library import Library
from footnote.rag import RerankError
from footnote.rag.query.question import Question
from footnote.rag.retrieval.hybrid import HybridRetriever
from footnote.rag.retrieval.reranking.cross_encoder import CrossEncoder
from tests.command import inside


def write_model(folder: Path, *words: str, types: bool = True, keep: int = 0) -> Path:
    """Writes a model whose logit is the sum of the second text's word numbers, 0 for others."""
    tokenizer = Tokenizer(models.WordLevel({"?": 0} | {w: n for n, w in enumerate(words, 1)}, "?"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    names = ["input_ids", "token_type_ids" if types else "attention_mask"]
    axis = helper.make_tensor("axis", TensorProto.INT64, [1], [1])
    nodes = [
        helper.make_node("Mul", names, ["own"]),
        helper.make_node("Cast", ["own"], ["real"], to=TensorProto.FLOAT),
        helper.make_node("ReduceSum", ["real", "axis"], ["summed"], keepdims=1),
        helper.make_node("Identity", ["real" if keep else "summed"], ["logits"]),
    ]
    taken = [helper.make_tensor_value_info(n, TensorProto.INT64, [1, None]) for n in names]
    given = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, None])]
    graph = helper.make_graph(nodes, "summing", taken, given, [axis])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(made, folder / "model.onnx")
    return folder


def test_each_text_has_its_logit_whether_or_not_the_model_takes_types(tmp_path: Path) -> None:
    write_model(tmp_path, "tide", "gull")
    # gull is 2, tide 1; with types the question's own words count nothing.
    assert CrossEncoder(tmp_path).score("tide", ["gull tide", "x", "tide"]) == [3.0, 0.0, 1.0]
    write_model(tmp_path, "tide", "gull", types=False)
    assert CrossEncoder(tmp_path).score("tide", ["gull tide", "x", "tide"]) == [4.0, 1.0, 2.0]


def test_the_environment_names_the_folder(tmp_path: Path, demo_library: Library) -> None:
    asked = Question("policy gradient methods")
    wanted = HybridRetriever(demo_library).find(asked).hits[9].paper
    write_model(tmp_path, wanted.title.split()[-1])
    search = ["search", asked.asked, "--library", demo_library.path, "--json"]
    ran = inside(*search, FOOTNOTE_RERANK_ONNX=str(tmp_path))
    assert ran.data[0]["title"] == wanted.title
    assert ran.data[0]["scale"] == "reranked"


def test_a_folder_without_a_model_is_said_at_once(tmp_path: Path) -> None:
    ran = inside("ask", "Why?", "--library", tmp_path, FOOTNOTE_RERANK_ONNX=str(tmp_path))
    assert ran.status == 2
    assert "has no usable model.onnx and tokenizer.json" in ran.err


def test_two_rerankers_at_once_are_refused(tmp_path: Path) -> None:
    both = {"FOOTNOTE_RERANK_ONNX": str(tmp_path), "FOOTNOTE_RERANK_URL": "http://host"}
    ran = inside("ask", "Why?", "--library", tmp_path, **both)
    assert ran.status == 2
    assert "are both set; unset one" in ran.err


def test_a_model_with_more_than_one_logit_is_refused(tmp_path: Path) -> None:
    write_model(tmp_path, "tide", keep=1)
    with pytest.raises(RerankError, match=r"failed \(ValueError\)$"):
        CrossEncoder(tmp_path).score("tide", ["gull tide"])
