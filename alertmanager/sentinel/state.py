"""What the sentinel must not forget: one small file, replaced as a whole and synced each time.

A last resort pages all the same when its disk is full: the state is then kept in memory, and
`saved` says so.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Literal

from pydantic import BaseModel, Field, ValidationError

from inventory.process.logs import get_logger

MessageState = Literal[
    "pending", "sending", "accepted", "delivered", "failed", "unconfirmed", "cancelled"
]

log = get_logger("vigie.sentinel")


class Trouble(BaseModel):
    """Something that is wrong, from the first page to the end of it."""

    since: datetime
    detail: str = ""
    paged_at: datetime
    rounds: int = 1
    answered_by: str | None = None
    calm_since: datetime | None = None


class Message(BaseModel):
    """One text to one person; `tried` are the notifiers that did not bring it."""

    token: str
    kind: Literal["page", "resolution", "confirmation", "taken"]
    trouble: str
    person: str
    text: str
    created_at: datetime
    next_at: datetime
    state: MessageState = "pending"
    notifier: str = ""
    tried: list[str] = Field(default_factory=list)
    attempts: int = 0
    maybe_sent: bool = False
    deadline_at: datetime | None = None
    ended_at: datetime | None = None
    error: str = ""


class State(BaseModel):
    """All of it."""

    last_beat: datetime | None = None
    beating_since: datetime | None = None
    troubles: dict[str, Trouble] = Field(default_factory=dict)
    messages: list[Message] = Field(default_factory=list)
    heard: list[str] = Field(default_factory=list)
    """Providers' ids of the answers taken lately: a repeated callback changes nothing."""


class StateError(Exception):
    """The file cannot be used. The message is French."""


class Keeper:
    """Holds the state for every thread, and its file for this process alone."""

    def __init__(self, path: Path) -> None:
        """Raise StateError if another process has the file, or it cannot be read."""
        self._path = path
        self._lock = threading.RLock()
        self._owned = _own(path)
        self._state, self._written = _read(path)
        self.saved = True

    @contextmanager
    def change(self) -> Iterator[State]:
        """The state, to read or to change; what changed is on the disk afterwards."""
        with self._lock:
            try:
                yield self._state
            finally:
                self._save()

    def close(self) -> None:
        """Leave the file to others."""
        self._owned.close()

    def _save(self) -> None:
        text = self._state.model_dump_json(indent=1)
        if text == self._written:
            return
        fresh = self._path.with_suffix(".new")
        try:
            with fresh.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._path)
            _sync_folder(self._path.parent)
        except OSError as error:
            if self.saved:
                log.warning("state_not_saved", path=str(self._path), reason=error.strerror)
            self.saved = False
        else:
            self.saved, self._written = True, text


def _own(path: Path) -> IO[bytes]:
    try:
        lock = path.with_suffix(".lock").open("ab")
    except OSError as error:
        raise StateError(f"état inutilisable ({path} : {error.strerror})") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise StateError(f"un autre vigie-sentinel se sert de {path}") from None
    return lock


def _read(path: Path) -> tuple[State, str]:
    """The state and its text. One that nobody can read is put aside: we must watch all the same."""
    try:
        text = path.read_text(encoding="utf-8")
        return State.model_validate_json(text), text
    except FileNotFoundError:
        return State(), ""
    except (ValidationError, UnicodeDecodeError):
        aside = path.with_suffix(".unreadable")
        path.replace(aside)
        log.warning("state_unreadable", kept=str(aside))
        return State(), ""
    except OSError as error:
        raise StateError(f"état illisible ({path} : {error.strerror})") from None


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
