"""How long the four stages of deliveries took, as histograms. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from math import isnan

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, NonNegativeInt

STAGES = ("before_queue_manager", "in_queue_manager", "connection", "transmission")
"""As Postfix logs them in ``delays=a/b/c/d``."""
BOUNDS = (0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600, 14_400, 43_200, 86_400, 432_000)
"""Upper bounds in seconds: from a tenth to the five days after which mail is given back."""
_CLASSES = len(BOUNDS) + 1


class SavedDelays(BaseModel):
    """One stage as it is kept on disk."""

    model_config = ConfigDict(extra="forbid")

    classes: list[NonNegativeInt] = Field(min_length=_CLASSES, max_length=_CLASSES)
    total: NonNegativeFloat


class Delays:
    """Counts each stage of each delivery in the class of its duration."""

    def __init__(self) -> None:
        self._classes = [[0] * _CLASSES for _ in STAGES]
        self._totals = [0.0] * len(STAGES)

    def add(self, seconds: Sequence[float]) -> None:
        """One delivery: the duration of each stage, in the order of `STAGES`; NaN: not known."""
        for stage, value in enumerate(seconds):
            if isnan(value):
                continue
            self._classes[stage][bisect_left(BOUNDS, value)] += 1
            self._totals[stage] += value

    def histograms(self) -> Iterator[tuple[str, list[tuple[str, float]], float]]:
        """(stage, what a Prometheus histogram wants: (upper bound, count up to it), sum)."""
        for stage, classes, total in zip(STAGES, self._classes, self._totals, strict=True):
            up_to, buckets = 0, []
            for bound, count in zip((*map(str, map(float, BOUNDS)), "+Inf"), classes, strict=True):
                up_to += count
                buckets.append((bound, float(up_to)))
            yield stage, buckets, total

    def save(self) -> list[SavedDelays]:
        """For `restore`."""
        return [
            SavedDelays(classes=list(classes), total=total)
            for classes, total in zip(self._classes, self._totals, strict=True)
        ]

    def restore(self, saved: Sequence[SavedDelays]) -> None:
        """Go on from what `save` gave. Raise ValueError if it is of other stages."""
        if len(saved) != len(STAGES):
            raise ValueError(f"{len(saved)} étapes de livraison au lieu de {len(STAGES)}")
        self._classes = [list(one.classes) for one in saved]
        self._totals = [one.total for one in saved]
