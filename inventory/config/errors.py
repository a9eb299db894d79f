"""What is wrong in a configuration file, said so that it can be mended at once.

ConfigurationError    one or more faults; the process exits with status 2
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

T = TypeVar("T")

Path = tuple[str | int, ...]
"""Where in the document: keys and list positions, outermost first."""
EXPECTED = " ; attendu : "
"""Between what is wrong and what would be right, in every sentence that has both."""


def show_path(path: Path) -> str:
    """The path as an operator would write it: ``members[2].mail_domains[0]``."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if text else str(step)
    return text or "(document)"


@dataclass(frozen=True, order=True)
class Fault:
    """One thing that is wrong: where it stands, what it is, what would be right (French)."""

    file: str
    line: int
    path: str
    problem: str
    expected: str = ""

    def __str__(self) -> str:
        text = f"{self.file}:{self.line}: {self.path}: {self.problem}"
        return f"{text}{EXPECTED}{self.expected}" if self.expected else text

    def under(self, prefix: Path) -> Fault:
        """A fault of the block at `prefix`, with its path from the top of the file."""
        start = show_path(prefix)
        if self.path == show_path(()):
            return replace(self, path=start)
        return replace(self, path=f"{start}{'' if self.path[0] == '[' else '.'}{self.path}")


class ConfigurationError(Exception):
    """A configuration that cannot be used. Carries every fault found, not only the first."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(faults))
        super().__init__("\n".join(str(fault) for fault in self.faults))


class Gathering:
    """Faults gathered on the way, so that one does not hide the others."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def attempt(self, load: Callable[[], T]) -> T | None:
        """What `load` gives, or None with its faults kept."""
        try:
            return load()
        except ConfigurationError as error:
            self.faults += error.faults
            return None
