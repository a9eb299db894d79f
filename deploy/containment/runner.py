"""Runs commands, and says what one that failed said."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence

from deploy.containment.command import Command
from deploy.containment.errors import ContainmentError
from inventory.config import reason

TIMEOUT = 120.0
"""Seconds. ``postsuper`` takes 30 s for 100,000 messages on a busy disk."""


def run(command: Command) -> str:
    """Its output. Raise ContainmentError when it fails, with what it said."""
    shown = command.shell()
    try:
        done = subprocess.run(
            command.argv,
            input="".join(f"{line}\n" for line in command.lines).encode(),
            capture_output=True,
            check=False,
            timeout=TIMEOUT,
        )
    except subprocess.TimeoutExpired:
        raise ContainmentError(f"pas fini après {TIMEOUT:.0f} s : {shown}") from None
    except OSError as error:
        raise ContainmentError(f"{command.argv[0]} : {reason(error)}, pour : {shown}") from None
    output = done.stdout.decode(errors="replace")
    if done.returncode not in command.accepted:
        said = (done.stderr.decode(errors="replace") or output).strip()
        raise ContainmentError(f"code {done.returncode} : {shown}\n  {said}")
    if command.output and command.output != os.devnull:
        try:
            # Its bytes as they are: whatever else is in a table of theirs stays so.
            with open(command.output, "wb") as file:  # noqa: PTH123 - as `>` does
                file.write(done.stdout)
        except OSError as error:
            raise ContainmentError(f"{command.output} : {reason(error)}") from None
    return output


def ask(argv: Sequence[str]) -> str:
    """The output of a command that changes nothing. Raise ContainmentError."""
    return run(Command(tuple(argv)))
