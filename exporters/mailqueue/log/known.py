"""What was made of words that come again and again: each is taken apart once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

V = TypeVar("V")
LIMIT = 10_000
"""Words kept; beyond it all are forgotten."""


class Known(dict[bytes, V], Generic[V]):
    """A dictionary that makes its missing values. What `make` raises is raised and not kept."""

    def __init__(self, make: Callable[[bytes], V]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, words: bytes) -> V:
        if len(self) >= LIMIT:
            self.clear()
        self[words] = made = self._make(words)
        return made
