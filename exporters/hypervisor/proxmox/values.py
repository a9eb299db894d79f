"""Values as the API gives them: numbers that may be strings, sizes, property strings. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

LONGEST = 512
LARGEST = 2**64
_SIZE = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,18})?)([KMGT]?)")
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}


def whole(row: Mapping[str, Any], key: str) -> int | None:
    """A count or a size; None where there is none (Perl writes numbers as strings, too)."""
    value = row.get(key)
    try:
        found = int(value if isinstance(value, int) else float(value))  # type: ignore[arg-type]  # what is no number raises
    except (TypeError, ValueError, OverflowError):
        return None
    return found if 0 <= found < LARGEST else None


def number(row: Mapping[str, Any], key: str) -> float | None:
    """A ratio or a load; None where there is none, for what is not finite, and below 0."""
    value = row.get(key)
    try:
        found = float(value) if isinstance(value, (int, float, str)) else -1.0
    except (ValueError, OverflowError):
        return None
    return found if 0 <= found < float("inf") else None


def text(row: Mapping[str, Any], key: str) -> str:
    """A short text, "" where there is none."""
    value = row.get(key)
    return str(value)[:LONGEST] if isinstance(value, (str, int)) else ""


def flag(row: Mapping[str, Any], key: str) -> bool:
    """A boolean, as 1, "1" or true; absent is false, as in the API."""
    return row.get(key) in (1, "1", True)


def size(written: str) -> int | None:
    """``32G`` -> bytes (powers of 1024), None for what is no size."""
    found = _SIZE.fullmatch(written)
    return int(float(found[1]) * 1024 ** _POWERS[found[2]]) if found else None


def properties(written: str) -> tuple[str, dict[str, str]]:
    """``local-lvm:vm-100-disk-0,size=32G`` -> its first value without a key, and the keys."""
    first = ""
    found: dict[str, str] = {}
    for part in written[: 8 * LONGEST].split(","):
        key, equals, value = part.partition("=")
        if equals:
            found.setdefault(key.strip(), value.strip()[:LONGEST])
        elif not first:
            first = part.strip()[:LONGEST]
    return first, found
