"""A command of the system: run without a shell, shown so that a shell does the very same. Pure."""

from __future__ import annotations

import shlex
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """`lines` go to its standard input, its output into the file `output` if there is one.

    `accepted`: exit statuses that are no failure. `shown` replaces the written form where the
    lines are too many to read.
    """

    argv: tuple[str, ...]
    lines: tuple[str, ...] = ()
    output: str = ""
    accepted: frozenset[int] = frozenset((0,))
    shown: str = ""

    def shell(self) -> str:
        """One line for bash."""
        if self.shown:
            return self.shown
        text = shlex.join(self.argv)
        if self.lines:
            text = f"printf '%s\\n' {shlex.join(self.lines)} | {text}"
        if self.output:
            text = f"{text} > {shlex.quote(self.output)}"
        return text + self._pardon()

    def _pardon(self) -> str:
        """What keeps ``set -e`` from ending at a status that is no failure."""
        others = sorted(self.accepted - {0})
        if not others:
            return ""
        return f" || [ $? = {others[0]} ]" if len(others) == 1 else " || true"


def append(path: str, lines: tuple[str, ...]) -> Command:
    """Add lines at the end of a file."""
    return Command(("tee", "-a", path), lines, output="/dev/null")


def without(path: str, lines: tuple[str, ...]) -> tuple[Command, ...]:
    """Take whole lines out of a file, which keeps its owner and rights."""
    pick = tuple(word for line in lines for word in ("-e", line))
    aside = f"{path}.new"
    return (
        Command(("cp", "-p", path, aside)),
        # 1: no other line is left.
        Command(("grep", "-avxF", *pick, path), output=aside, accepted=frozenset((0, 1))),
        Command(("mv", aside, path)),
    )
