"""How a process that cannot start says so."""

from __future__ import annotations

import sys
from typing import NoReturn, TextIO

from inventory.config.errors import ConfigurationError

EXIT_CANNOT_RUN = 1
EXIT_BAD_CONFIGURATION = 2


def refuse_to_start(error: ConfigurationError, out: TextIO | None = None) -> NoReturn:
    """Print every fault, one a line, and exit with status 2. Call it before listening."""
    stream = out or sys.stderr
    count = len(error.faults)
    plural = "s" if count > 1 else ""
    print(f"Configuration refusée : {count} faute{plural}.", file=stream)
    for fault in error.faults:
        print(f"  {fault}", file=stream)
    raise SystemExit(EXIT_BAD_CONFIGURATION)
