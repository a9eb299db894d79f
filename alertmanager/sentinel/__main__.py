"""The console script `vigie-sentinel`; the process itself is in `alertmanager.sentinel.process`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from inventory.process import run_with_extra


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the process, or say which extra is missing."""
    return run_with_extra("alertmanager.sentinel.process", "webhook", arguments)


if __name__ == "__main__":
    sys.exit(main())
