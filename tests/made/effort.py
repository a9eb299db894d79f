"""How many examples a property is tried on: a sample, or twenty times as many with ``--long``."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

TIMES = 20
whole = False
"""Set before any test is imported."""


def tries(number: int) -> settings:
    """Decorates a property: `number` random examples, however long each takes."""
    if not whole:
        return settings(max_examples=number, deadline=None)
    slow = [HealthCheck.too_slow]
    return settings(max_examples=number * TIMES, deadline=None, suppress_health_check=slow)
