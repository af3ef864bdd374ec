"""`config/scorer.yaml` → the scorer: read strictly, every key known, nothing executed."""

from __future__ import annotations

import base64
import binascii
from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ConfigError
from pipeline.records import content_id
from pipeline.stories.scoring.scorer import Granularity, Mix, MixWeights, Positive
from pipeline.yaml_documents import Document, SettingsSection, validated


class _Granularity(SettingsSection):
    strict: Positive
    normal: Positive
    broad: Positive


class _Vectors(SettingsSection):
    model: str
    center: str


class _Chosen(SettingsSection):
    date: str
    by: str
    data: dict[str, str]
    scores: dict[str, float]


class _File(SettingsSection):
    name: str
    chosen: _Chosen
    weights: MixWeights
    granularity: _Granularity
    vectors: _Vectors


@dataclass(frozen=True, slots=True)
class ScorerConfig:
    """What `config/scorer.yaml` says.

    Attributes:
        scorer: The scorer at the chosen granularity.
        center: The mean of the model's vectors, shape [d], for `StoryIndex`.
        model: The name of the embedder that the numbers were chosen with.
    """

    scorer: Mix
    center: NDArray[np.float64]
    model: str


def load_scorer(document: Document, granularity: Granularity) -> ScorerConfig:
    """Reads the scorer.

    Args:
        document: `config/scorer.yaml`, parsed.
        granularity: How large stories are to be; scales the thresholds.

    Raises:
        ConfigError: A key is unknown, missing or out of range; names file, line and key.
    """
    file = validated(_File, document)
    factor = {
        "strict": file.granularity.strict,
        "normal": file.granularity.normal,
        "broad": file.granularity.broad,
    }[granularity]
    weights = file.weights
    weights = replace(
        weights,
        threshold=weights.threshold * factor,
        threshold_without_vectors=weights.threshold_without_vectors * factor,
    )
    digest = content_id(file.name, *(f"{key}={value!r}" for key, value in sorted(asdict(weights).items())))
    return ScorerConfig(
        Mix(weights, f"{file.name}:{digest[:8]}"), _center(file, document), file.vectors.model
    )


def _center(file: _File, document: Document) -> NDArray[np.float64]:
    """The center: int8 in base64, in units of 1/512."""
    try:
        data = base64.b64decode(file.vectors.center, validate=True)
    except (binascii.Error, ValueError):
        raise _bad_center(document) from None
    if not data:
        raise _bad_center(document)
    return np.frombuffer(data, dtype=np.int8).astype(np.float64) / 512.0


def _bad_center(document: Document) -> ConfigError:
    return document.error("must be signed bytes in base64", "vectors.center")
