"""The folder of a repository on this machine: what is in it tells whether anything changed."""

from __future__ import annotations

import os
from pathlib import Path

from exporters.backup.errors import Unreadable
from inventory.config import reason


def no_repository(repository: Path) -> Unreadable:
    """There is a place, and no repository in it."""
    return Unreadable("missing", f"aucun dépôt dans {repository}")


def names_in(folder: Path, repository: Path) -> frozenset[str]:
    """The names in a `folder` of the `repository`. Raise Unreadable."""
    try:
        with os.scandir(folder) as entries:
            return frozenset(entry.name for entry in entries)
    except (FileNotFoundError, NotADirectoryError):
        raise no_repository(repository) from None
    except OSError as error:
        raise Unreadable("unreachable", f"{repository} : {reason(error)}") from None
