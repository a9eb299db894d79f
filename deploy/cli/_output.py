"""Standard output that nobody reads any more, as behind ``| head -1``."""

from __future__ import annotations

import os
import sys


def drop_output() -> None:
    """Write to nowhere from now on: what is buffered would fail again when Python ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
