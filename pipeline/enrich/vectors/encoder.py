"""Token vectors → one vector: e5's encoder. The only file that imports onnx and onnxruntime.

The graph is made in memory from the weights each time, in a second: it depends on nothing else, and a file of
it would be 85 MB that may be stale.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from pipeline.enrich.vectors.weights import E5Weights, Matrix

_OPSET: Final = 18
_IR_VERSION: Final = 9
# Operators that onnxruntime has beside the standard: several steps of a layer in one.
_FUSED: Final = "com.microsoft"
_ERRORS_ONLY: Final = 3


class Encoder:
    """The network of multilingual e5-small (Wang et al. 2024), a BERT of 12 layers.

    Args:
        weights: Its weights.
        threads: Threads that one text is computed with.
    """

    def __init__(self, weights: E5Weights, threads: int) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = _ERRORS_ONLY
        self._session: Any = onnxruntime.InferenceSession(
            _graph(weights), options, providers=["CPUExecutionProvider"]
        )

    def mean(self, tokens: Matrix) -> Matrix:
        """The mean of the last layer's vectors.

        Args:
            tokens: Of one text: [n, 384], word and position and type added up.
        """
        (found,) = self._session.run(["mean"], {"tokens": tokens[None]})
        mean: Matrix = found[0]
        return mean


def _graph(weights: E5Weights) -> bytes:
    """An ONNX model: tokens [1, n, width] → mean [1, width]."""
    from onnx import TensorProto, helper, numpy_helper

    nodes: list[Any] = []
    constants: list[Any] = []

    def constant(name: str, values: Any) -> str:
        constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def tensor(name: str) -> str:
        return constant(name, weights.vector(name))

    def matrix(*names: str) -> str:
        return constant("+".join(names), np.concatenate([weights.matrix(name) for name in names]).T)

    def step(kind: str, *inputs: str, domain: str = "", output: str = "", **settings: Any) -> str:
        output = output or f"{kind}{len(nodes)}"
        nodes.append(helper.make_node(kind, list(inputs), [output], domain=domain, **settings))
        return output

    def normed(layer: str, change: str, base: str, bias: str) -> str:
        """LayerNorm(change + bias + base)."""
        parts = (change, base, tensor(f"{layer}.w"), tensor(f"{layer}.b"), tensor(bias))
        return step("SkipLayerNormalization", *parts, domain=_FUSED, epsilon=weights.epsilon)

    scale, shift = tensor("emb.ln.w"), tensor("emb.ln.b")
    x = step("LayerNormalization", "tokens", scale, shift, axis=-1, epsilon=weights.epsilon)
    for n in range(weights.layers):
        heads = [f"l{n}.{part}" for part in "qkv"]
        bias = constant(f"l{n}.qkv.b", np.concatenate([weights.vector(f"{name}.b") for name in heads]))
        whole = matrix(*(f"{name}.w" for name in heads))
        seen = step("Attention", x, whole, bias, domain=_FUSED, num_heads=weights.heads)
        x = normed(f"l{n}.aln", step("MatMul", seen, matrix(f"l{n}.ao.w")), x, f"l{n}.ao.b")
        inner = step("MatMul", x, matrix(f"l{n}.fi.w"))
        inner = step("BiasGelu", inner, tensor(f"l{n}.fi.b"), domain=_FUSED)
        x = normed(f"l{n}.oln", step("MatMul", inner, matrix(f"l{n}.fo.w")), x, f"l{n}.fo.b")
    step("ReduceMean", x, constant("axes", np.array([1])), output="mean", keepdims=0)
    graph = helper.make_graph(
        nodes,
        "multilingual-e5-small",
        [helper.make_tensor_value_info("tokens", TensorProto.FLOAT, [1, "n", weights.width])],
        [helper.make_tensor_value_info("mean", TensorProto.FLOAT, [1, weights.width])],
        constants,
    )
    operators = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_FUSED, 1)]
    model = helper.make_model(graph, opset_imports=operators, ir_version=_IR_VERSION)
    serialized: bytes = model.SerializeToString()
    return serialized
