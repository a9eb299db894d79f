"""Processes whose libraries come with an extra of the distribution: said clearly when absent."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from typing import TextIO

EXIT_MISSING_EXTRA = 1


def run_with_extra(
    module: str, extra: str, arguments: Sequence[str] | None, out: TextIO | None = None
) -> int:
    """Import `module` and return what its ``main(arguments)`` returns.

    Every console script is installed on every host, whatever its extras. Where
    a library is missing, name the extra that brings it and return 1.
    """
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        print(
            f"bibliothèque absente ({error.name}) ; attendu : pip install 'vigie[{extra}]'",
            file=out or sys.stderr,
        )
        return EXIT_MISSING_EXTRA
    status: int = found.main(arguments)
    return status
