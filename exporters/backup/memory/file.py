"""Memories on disk: one file a repository, replaced as a whole."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import ValidationError

from exporters.backup.memory import Memory
from inventory.config import reason
from inventory.process.logs import get_logger

_log = get_logger("vigie.backup")


class MemoryFile:
    """The memory of one repository; `folder` None: it lasts as long as the process."""

    def __init__(self, folder: Path | None, name: str) -> None:
        self._path = folder / "memory" / f"{name}.json" if folder is not None else None
        self._name = name

    def load(self) -> Memory:
        """What was saved; a new one when there is nothing, or nothing that can be read.

        A file that cannot be read is set aside, never overwritten.
        """
        if self._path is None:
            return Memory()
        try:
            return Memory.model_validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return Memory()
        except (OSError, ValidationError) as error:
            said = reason(error) if isinstance(error, OSError) else "contenu illisible"
            _log.error("mémoire du dépôt perdue", repository=self._name, error=said)
            if isinstance(error, ValidationError):
                os.replace(self._path, self._path.with_suffix(".broken"))  # noqa: PTH105
            return Memory()

    def save(self, memory: Memory) -> None:
        """Replace what was saved. A full disk is logged: the next reading tries again."""
        if self._path is None:
            return
        draft = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with draft.open("w", encoding="utf-8") as file:
                file.write(memory.model_dump_json())
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._path)
        except OSError as error:
            _log.error("mémoire du dépôt non écrite", repository=self._name, error=reason(error))
