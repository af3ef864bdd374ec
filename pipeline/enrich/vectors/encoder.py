"""Token vectors → one vector: e5's encoder. The only file that imports onnx and onnxruntime.

The graph is made in memory from the weights each time, in a second: it depends on nothing else, and a file of
it may be stale.

Matrices are multiplied as whole numbers of 8 bits. What comes in is scaled by its largest number, and a few
columns of e5 hold numbers ten to a hundred times as large as the others, for the tokens at the beginning and
the end of each text. Those columns are multiplied as they are, which leaves the others their 8 bits (Dettmers
et al. 2022, LLM.int8()). Without that the vectors are at a cosine of .997 with those of full precision, with
it at .9998.
"""

from __future__ import annotations

import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.enrich.vectors.weights import E5Weights, Matrix

_OPSET: Final = 18
_IR_VERSION: Final = 9
# Operators that onnxruntime has beside the standard: several steps of a layer in one.
_FUSED: Final = "com.microsoft"
_ERRORS_ONLY: Final = 3
_LARGEST_WEIGHT: Final = 127
# Columns with numbers of another size, a property of the weights, which are pinned. Found in 48 texts of ten
# languages: of a layer's input and of what attention gives (the same in all layers), and of what is between
# the two matrices of each layer.
_LARGE: Final = (15, 22, 35, 60, 87, 89, 146, 223, 268, 297, 321, 345, 347, 351, 352, 383)
_LARGE_INNER: Final = ((318,), (1462,), (354,), (408,), (778,), (658,), (1152,), (413,), (563,), (), (), ())
_CPUINFO: Final = Path("/proc/cpuinfo")


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
            _Graph(weights, signed=adds_in_full()).serialized(), options, providers=["CPUExecutionProvider"]
        )

    def mean(self, tokens: Matrix) -> Matrix:
        """The mean of the last layer's vectors.

        Args:
            tokens: Of one text: [n, 384], word and position and type added up.
        """
        (found,) = self._session.run(["mean"], {"tokens": tokens[None]})
        mean: Matrix = found[0]
        return mean


class _Graph:
    """An ONNX model: tokens [1, n, width] → mean [1, width].

    Args:
        weights: Of the network.
        signed: Whether weights have signs; both give the same to the bit.
    """

    def __init__(self, weights: E5Weights, *, signed: bool) -> None:
        self._weights = weights
        self._signed = signed
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        x = self._normed("tokens", "emb.ln")
        for n in range(weights.layers):
            x = self._layer(n, x)
        self._step("ReduceMean", x, self._constant("axes", np.array([1])), outputs=["mean"], keepdims=0)

    def serialized(self) -> bytes:
        """As onnxruntime reads it."""
        from onnx import TensorProto, helper

        width = self._weights.width
        graph = helper.make_graph(
            self._nodes,
            "multilingual-e5-small",
            [helper.make_tensor_value_info("tokens", TensorProto.FLOAT, [1, "n", width])],
            [helper.make_tensor_value_info("mean", TensorProto.FLOAT, [1, width])],
            self._constants,
        )
        operators = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_FUSED, 1)]
        model = helper.make_model(graph, opset_imports=operators, ir_version=_IR_VERSION)
        serialized: bytes = model.SerializeToString()
        return serialized

    def _layer(self, n: int, x: str) -> str:
        parts = [f"l{n}.{part}" for part in "qkv"]
        whole = self._product(x, parts, _LARGE)
        self._step("Split", whole, outputs=parts, axis=-1, num_outputs=len(parts))
        seen = self._step("MultiHeadAttention", *parts, domain=_FUSED, num_heads=self._weights.heads)
        x = self._normed(self._step("Add", self._product(seen, [f"l{n}.ao"]), x), f"l{n}.aln")
        inner = self._step("Gelu", self._product(x, [f"l{n}.fi"], _LARGE), domain=_FUSED)
        changed = self._product(inner, [f"l{n}.fo"], _LARGE_INNER[n])
        return self._normed(self._step("Add", changed, x), f"l{n}.oln")

    def _product(self, x: str, names: Sequence[str], large: Sequence[int] = ()) -> str:
        """Linear layers side by side: x · matrix + bias.

        Args:
            x: What comes in.
            names: Of the layers.
            large: Columns of x that are multiplied as they are.
        """
        name = "+".join(names)
        matrix = np.concatenate([self._weights.matrix(f"{one}.w") for one in names]).T
        bias = np.concatenate([self._weights.vector(f"{one}.b") for one in names])
        columns = list(large)
        if not columns:
            return self._whole_numbers(x, name, matrix, bias)
        kept = self._constant(f"{name}.large", matrix[columns])
        beside = self._step("Gather", x, self._constant(f"{name}.columns", np.array(columns)), axis=-1)
        others = np.ones(len(matrix), dtype=np.float32)
        others[columns] = 0
        rest = self._step("Mul", x, self._constant(f"{name}.others", others))
        product = self._whole_numbers(rest, name, matrix * others[:, None], bias)
        return self._step("Add", product, self._step("MatMul", beside, kept))

    def _whole_numbers(self, x: str, name: str, matrix: Matrix, bias: Matrix) -> str:
        """Product plus bias by whole numbers: each column of the matrix has a scale, and all of x has one."""
        scales = np.abs(matrix).max(axis=0) / np.float32(_LARGEST_WEIGHT)
        numbers, zero = np.rint(matrix / scales).astype(np.int8), np.zeros(len(scales), dtype=np.int8)
        given = [
            self._constant(f"{name}.w", numbers if self._signed else _without_signs(numbers)),
            self._constant(f"{name}.scales", scales),
            self._constant(f"{name}.zero", zero if self._signed else _without_signs(zero)),
            self._constant(f"{name}.b", bias),
        ]
        return self._step("DynamicQuantizeMatMul", x, *given, domain=_FUSED)

    def _normed(self, x: str, name: str) -> str:
        given = [self._constant(f"{name}.{one}", self._weights.vector(f"{name}.{one}")) for one in "wb"]
        return self._step("LayerNormalization", x, *given, axis=-1, epsilon=self._weights.epsilon)

    def _constant(self, name: str, values: Any) -> str:
        from onnx import numpy_helper

        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def _step(
        self, kind: str, *inputs: str, domain: str = "", outputs: Sequence[str] = (), **settings: Any
    ) -> str:
        from onnx import helper

        outputs = outputs or [f"{kind}{len(self._nodes)}"]
        self._nodes.append(helper.make_node(kind, list(inputs), list(outputs), domain=domain, **settings))
        return outputs[0]


def adds_in_full() -> bool:
    """Whether this processor adds products of 8 bits with a sign up in 32 bits.

    Those of Intel's kind without VNNI do it in 16, and two of the largest products do not fit. There weights
    go without signs, which onnxruntime multiplies in another way, slower
    (https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html).
    """
    if platform.machine() not in {"x86_64", "AMD64"}:
        return True
    try:
        return "_vnni" in _CPUINFO.read_text(encoding="utf-8")
    except OSError:
        return False


def _without_signs(numbers: NDArray[np.int8]) -> NDArray[np.uint8]:
    return (numbers.astype(np.int16) + 128).astype(np.uint8)
