"""The key that signs the canaries, kept so that those of the last run are still known as ours."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

_NAME = "canary.key"
_BYTES = 32


def signing_key(folder: Path | None) -> bytes:
    """The key kept in `folder`, made the first time. Raise OSError when it cannot be kept.

    Without a folder it is a new one at each start: canaries of the run before are then left
    where they are, since nothing proves that they are ours.
    """
    if folder is None:
        return secrets.token_bytes(_BYTES)
    path = folder / _NAME
    try:
        kept = path.read_bytes()
    except FileNotFoundError:
        kept = b""
    if len(kept) == _BYTES:
        return kept
    fresh = folder / f"{_NAME}.new"
    fresh.unlink(missing_ok=True)
    key = secrets.token_bytes(_BYTES)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    return key
