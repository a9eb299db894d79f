"""The newest run of a job beside its own baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median, quantiles

from exporters.backup.memory.volumes import Night
from exporters.backup.signals.shares import Shares, shares

FEWEST_FILES = 20
"""Below, as with a nightly dump, one file is too large a share to mean anything."""
_MOST, _BEYOND, _LOOSE = 0.5, 0.3, 0.9
_SOME, _TIMES, _LOOSER, _NIGHTS = 0.1, 3.0, 0.25, 5
_SIZES, _FEWEST_SIZES = 14, 3
_WHOLE = ("", "F", "full")
"""Levels whose size is that of the source; an incremental's is that of a day's chance."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What the newest run looks like; None: it cannot be told.

    `usual_size` is the median of up to 14 runs before it of the same level, if that is a full one,
    `usual_seconds` the nine-tenths quantile of how long they took.
    """

    shares: Shares | None = None
    looks_encrypted: bool | None = None
    usual_size: float | None = None
    usual_seconds: float | None = None


def judged(nights: Sequence[Night]) -> Judged:
    """The last of a job's good runs, which come the oldest first, beside those before it."""
    if not nights:
        return Judged()
    last = nights[-1]
    alike = [night for night in nights[:-1] if night.level == last.level]
    sizes = [night.size for night in alike if night.size is not None][-_SIZES:]
    spans = [night.seconds for night in alike if night.seconds is not None]
    now = shares(alike[-1], last) if alike else None
    return Judged(
        now,
        looks_encrypted(now, alike) if now is not None else None,
        median(sizes) if len(sizes) >= _FEWEST_SIZES and last.level in _WHOLE else None,
        _high(spans) if spans else None,
    )


def looks_encrypted(now: Shares, before: Sequence[Night]) -> bool | None:
    """Whether so much was replaced by what does not compress as an encryption in place does.

    Most of the files and bytes at once, well beyond this job's own nights; or some of them, many
    times its usual share, where its new data usually compress. None: too few files to tell.
    """
    if before[-1].files is None or before[-1].files < FEWEST_FILES:
        return None
    usual = [found for pair in pairwise(before) if (found := shares(*pair)) is not None]
    replaced = _high([one.replaced for one in usual])
    rewritten = _high([one.rewritten for one in usual])
    squeezed = [one.squeezed for one in usual if one.squeezed is not None]
    if now.squeezed is not None and now.squeezed < _LOOSE:
        return False
    most = (
        min(now.replaced, now.rewritten) >= _MOST
        and now.replaced >= replaced + _BEYOND
        and now.rewritten >= rewritten + _BEYOND
    )
    some = (
        len(squeezed) >= _NIGHTS
        and min(now.replaced, now.rewritten) >= _SOME
        and now.replaced >= _TIMES * replaced
        and now.rewritten >= _TIMES * rewritten
        and now.squeezed is not None
        and now.squeezed >= median(squeezed) + _LOOSER
    )
    return most or some


def _high(values: Sequence[float]) -> float:
    """The nine-tenths quantile; of one value itself, of none 0."""
    if len(values) < 2:
        return max(values, default=0.0)
    return quantiles(values, n=10, method="inclusive")[-1]
