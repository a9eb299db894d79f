"""Secrets: in files of their own, never in the YAML, a log, a URL or an error."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from inventory.config.fields import ConfigPath
from inventory.config.reason import reason


def read_secret(path: Path) -> SecretStr:
    """The first line of the file, without the line end.

    Raise ValueError (French, without the secret) if the file is missing,
    unreadable, empty, or readable by everyone.
    """
    try:
        mode = path.stat().st_mode
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = reason(error) if isinstance(error, OSError) else "pas de l'UTF-8"
        raise ValueError(f"secret illisible dans {path} ({why})") from None
    if mode & 0o007:
        raise ValueError(f"secret lisible par tous : {path} ; attendu : chmod 0600 {path}")
    if not lines or not lines[0].strip():
        raise ValueError(f"secret vide dans {path} ; attendu : le secret sur la première ligne")
    return SecretStr(lines[0].strip())


def _readable(path: Path) -> Path:
    read_secret(path)
    return path


SecretFile = Annotated[ConfigPath, AfterValidator(_readable), Field(examples=["/etc/vigie/secret"])]
"""Path of a file that holds one secret; checked when the configuration is read."""
