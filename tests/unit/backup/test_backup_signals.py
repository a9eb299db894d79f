"""An encryption in place is found; two months of ordinary life of five kinds of sources are not."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest
from effort import tries
from hypothesis import given
from hypothesis import strategies as st

from exporters.backup.memory.volumes import Night
from exporters.backup.signals.judged import judged

DAY = 86400.0


@dataclass
class Source:
    """Files of one kind; `squeeze`: what compression leaves of what is new."""

    files: int
    size: float
    changes: float  # share of the files a working day changes
    squeeze: float
    chance: random.Random
    dedup: float = 1.0  # share of a changed file's bytes that are new
    nights: list[Night] = field(default_factory=list)

    def night(
        self, changed: float, *, grown: float = 0.0, squeeze: float | None = None, new: float = -1.0
    ) -> None:
        """A run after that share of the files changed, and after growing by that share."""
        if not self.nights:
            changed, grown, new = 1.0, 0.0, 1.0
        new_files = round(self.files * grown)
        new_bytes = self.size * grown
        touched = round(self.files * changed)
        rewritten = self.size * (changed * self.dedup if new < 0 else new)
        self.files, self.size = self.files + new_files, self.size + new_bytes
        added = rewritten + new_bytes
        ratio = self.squeeze if squeeze is None else squeeze
        night = Night(
            start=DAY * len(self.nights),
            seconds=60 + added / 1e6,
            size=self.size,
            added=added,
            stored=added * (ratio if ratio > 0.9 else ratio * self.chance.uniform(0.9, 1.05)),
            files=self.files,
            changed=min(self.files, touched + new_files),
        )
        self.nights.append(night)


def sources(seed: int) -> dict[str, Source]:
    chance = random.Random(seed)
    return {
        "texts of a town hall": Source(30_000, 1.6e9, 0.02, 0.32, chance),
        "mail store, compressed": Source(400_000, 8e10, 0.03, 0.99, chance, dedup=0.6),
        "photographs": Source(8_000, 4e10, 0.002, 0.995, chance),
        "nightly dump": Source(1, 5e9, 1.0, 0.97, chance, dedup=0.9),
        "system disks": Source(120_000, 2e10, 0.01, 0.5, chance),
    }


def live(source: Source, nights: int) -> list[int]:
    """Ordinary nights; those on which something was found."""
    chance, found = source.chance, []
    for night in range(nights):
        weekend = night % 7 in (5, 6) or 20 <= night < 34  # and a fortnight of holidays
        share = source.changes * (0.05 if weekend else chance.uniform(0.3, 3.0))
        if source.files == 1:
            source.night(1.0)
        elif night % 23 == 22:
            source.night(1.0, new=0.0)  # everything renamed: all files new, hardly a byte
        elif night % 19 == 18:
            source.night(share, grown=chance.uniform(0.5, 1.5))  # a service moves in
        elif night % 29 == 28:
            source.night(0.35)  # an upgrade of the software
        else:
            source.night(min(1.0, share), grown=chance.uniform(0, 0.004))
        if judged(source.nights).looks_encrypted:
            found.append(night)
    return found


@given(st.integers(0, 10**6))
@tries(25)
def test_sixty_ordinary_nights_raise_nothing(seed: int) -> None:
    for name, source in sources(seed).items():
        assert live(source, 60) == [], name


@given(st.integers(0, 10**6), st.integers(1, 60))
@tries(25)
def test_a_night_that_encrypts_all_in_place_is_found(seed: int, nights: int) -> None:
    for name, source in sources(seed).items():
        if source.files == 1:
            continue
        live(source, nights)
        source.night(1.0, squeeze=0.996, new=1.006)
        verdict = judged(source.nights)
        # The night after such a growth is judged by the size before it.
        assert verdict.looks_encrypted, name
        source.night(source.changes)
        assert not judged(source.nights).looks_encrypted, name


def test_a_fifth_of_it_is_found_where_new_data_usually_compress() -> None:
    source = sources(1)["texts of a town hall"]
    live(source, 16)
    source.night(0.2, squeeze=0.996)
    assert judged(source.nights).looks_encrypted


def test_what_was_measured_on_three_hundred_texts() -> None:
    """restic 0.18: 16.4 MB; a day; its encryption by AES; a rename of all; a third removed."""
    first = Night(
        start=0, size=16.4e6, added=16.4e6, stored=5.2e6, files=300, changed=300, seconds=1
    )
    day = replace_night(first, 1, changed=6, added=0.026 * 16.4e6, stored=0.32 * 0.026 * 16.4e6)
    encrypted = replace_night(
        day, 2, size=16.405e6, changed=300, added=1.006 * 16.4e6, stored=0.996 * 1.006 * 16.4e6
    )
    renamed = replace_night(day, 2, changed=300, added=3e4, stored=1e4)
    removed = replace_night(day, 2, files=200, size=0.63 * 16.4e6, changed=0, added=0, stored=0)
    assert judged([first, day]).looks_encrypted is False
    assert judged([first, day, encrypted]).looks_encrypted is True
    assert judged([first, day, renamed]).looks_encrypted is False
    verdict = judged([first, day, replace_night(day, 2), removed])
    assert verdict.looks_encrypted is False
    assert removed.size is not None
    assert verdict.usual_size is not None
    assert removed.size < 0.7 * verdict.usual_size


def replace_night(night: Night, day: int, **changes: float) -> Night:
    return night.model_copy(update={"start": day * DAY, **changes})


def test_only_runs_of_the_same_level_are_compared() -> None:
    full = Night(start=0, level="F", size=1e9, added=1e9, stored=5e8, files=1000, changed=1000)
    small = replace_night(full, 1, size=1e5, added=1e5, files=3, changed=3).model_copy(
        update={"level": "I"}
    )
    assert judged([full, full, full, small]).usual_size is None
    assert judged([small] * 9).usual_size is None  # a quiet day is no loss
    assert judged([full] * 9).usual_size == 1e9
    assert judged([small, small, small, full]).shares is None


@pytest.mark.parametrize("nights", [[], [Night(start=0)], [Night(start=0), Night(start=1)]])
def test_what_is_not_known_is_not_judged(nights: list[Night]) -> None:
    verdict = judged(nights)
    assert (verdict.shares, verdict.looks_encrypted, verdict.usual_size) == (None, None, None)
