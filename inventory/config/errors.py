"""What is wrong in a configuration file, said so that it can be mended at once.

ConfigurationError    one or more faults; the process exits with status 2
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

Path = tuple[str | int, ...]
"""Where in the document: keys and list positions, outermost first."""


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
        return f"{text} ; attendu : {self.expected}" if self.expected else text


class ConfigurationError(Exception):
    """A configuration that cannot be used. Carries every fault found, not only the first."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(faults))
        super().__init__("\n".join(str(fault) for fault in self.faults))
