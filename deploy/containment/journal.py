"""What was done to an account, by whom and when: JSON lines, on disk before and after each step."""

from __future__ import annotations

import fcntl
import json
import math
import os
import pwd
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from deploy.containment.errors import ContainmentError
from deploy.containment.names import reference
from inventory.config import reason

FOLDER = Path("/var/lib/vigie/containment")
TABLES_PATIENCE = 60.0

Step = Literal["refuse", "log_ins", "sessions", "hold", "over", "allow", "release", "purge", "back"]
"""``over``: nothing was left to do. ``back``: the account may send again."""
Event = Literal["begin", "done", "failed"]


@dataclass(frozen=True, slots=True)
class Record:
    """One line. `time` in Unix seconds; `ids`: messages the step is about; `said`: what failed."""

    time: float
    by: str
    account: str
    step: Step
    event: Event
    commands: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    said: str = ""


class History:
    """What the records of one account amount to. Pure.

    `held`: messages put on hold by us and neither released nor deleted by us since. `begun`: those
    of a step that did not come to its end: it may have been done. `since`: the account was under
    containment from then on, None when it is not; `over`: since then nothing was left to do.
    `refused`: when Postfix took the refusal up, infinite before.
    """

    def __init__(self, records: Iterable[Record]) -> None:
        self.held: set[str] = set()
        self.begun: set[str] = set()
        self.since: float | None = None
        self.over: float | None = None
        self.refused = math.inf
        self._done: set[str] = set()
        self._last: tuple[str, ...] = ()
        self.empty = True
        for record in records:
            self.empty = False
            self._take(record)

    @property
    def ours(self) -> set[str]:
        """What is ours if it is on hold."""
        return self.held | self.begun

    def done(self, step: Step) -> bool:
        """Whether it was done to its end since the account was last free."""
        return step in self._done

    def _take(self, record: Record) -> None:
        if record.step == "hold" and record.event == "done":
            self.held.update(record.ids)
            self.begun.difference_update(self._last)
        elif record.step == "hold":
            self._last = record.ids
            self.begun.update(record.ids)
        elif record.step in ("release", "purge") and record.event == "done":
            self.held.difference_update(record.ids)
            self.begun.difference_update(record.ids)
        if record.step == "back" and record.event == "done":
            self.since = self.over = None
            self.refused = math.inf
            for known in (self._done, self.held, self.begun):
                known.clear()
        elif record.step == "refuse" and self.since is None:
            self.since = record.time
        if record.event == "done":
            self._done.add(record.step)
            if record.step == "over":
                self.over = record.time
            elif record.step == "refuse":
                self.refused = record.time


class Journal:
    """The journal of one account, a file of its own that only its owner may read."""

    def __init__(self, folder: Path, account: str, clock: Callable[[], datetime]) -> None:
        self._folder, self._account, self._clock = folder, account, clock
        self.path = folder / f"{reference(account)}.jsonl"

    def history(self) -> History:
        """What was done so far. Raise ContainmentError when it cannot be read."""
        return History(self.records())

    def records(self) -> Iterator[Record]:
        """Every record, oldest first; a line cut short by a crash is left out."""
        try:
            text = self.path.read_bytes()
        except FileNotFoundError:
            return
        except OSError as error:
            raise ContainmentError(f"{self.path} : {reason(error)} ; attendu : root") from None
        for number, line in enumerate(text.splitlines(keepends=True), 1):
            if line.endswith(b"\n") and line.strip():
                yield self._parsed(number, line)

    def write(
        self,
        step: Step,
        event: Event,
        commands: Iterable[str] = (),
        ids: Iterable[str] = (),
        said: str = "",
    ) -> None:
        """Add a record; on disk when this returns. Raise ContainmentError."""
        now = self._clock().timestamp()
        record = Record(now, _who(), self._account, step, event, tuple(commands), tuple(ids), said)
        stamp = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"at": stamp, **asdict(record)}, ensure_ascii=True) + "\n"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            try:
                _drop_torn_end(file)
                _write_whole(file, line.encode())
            finally:
                os.close(file)
        except OSError as error:
            raise ContainmentError(
                f"journal {self.path} : l'étape « {step} » n'a pu y être notée"
                f" ({reason(error)}) ; attendu : de la place et le droit d'écrire dans"
                f" {self._folder}, ou --journal DOSSIER"
            ) from None

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else contains or releases the account meanwhile. Raise ContainmentError."""
        busy = f"quelqu'un d'autre s'occupe de {self._account} en ce moment ; voir {self.path}"
        with self._locked(self.path.name.replace(".jsonl", ".lock"), 0, busy):
            yield

    @contextmanager
    def tables(self, patience: float = TABLES_PATIENCE) -> Iterator[None]:
        """Nobody else changes the tables, which all accounts share. Waits; raise ContainmentError.

        `patience` in seconds: another account's turn lasts a few.
        """
        busy = (
            f"quelqu'un d'autre tient les tables depuis {patience:.0f} s ; attendu : que son"
            f" « vigie mail contain » finisse, puis relancer (verrou dans {self._folder})"
        )
        with self._locked("tables.lock", patience, busy):
            yield

    @contextmanager
    def _locked(self, name: str, patience: float, busy: str) -> Iterator[None]:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self._folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ContainmentError(f"{self._folder} : {reason(error)} ; attendu : root") from None
        try:
            end = time.monotonic() + patience
            while not _taken(lock):
                if time.monotonic() >= end:
                    raise ContainmentError(busy)
                time.sleep(0.05)
            yield
        finally:
            os.close(lock)

    def _parsed(self, number: int, line: bytes) -> Record:
        try:
            data = json.loads(line)
            del data["at"]
            data["commands"], data["ids"] = tuple(data["commands"]), tuple(data["ids"])
            return Record(**data)
        except (ValueError, KeyError, TypeError):
            raise ContainmentError(
                f"{self.path}:{number} : ligne incompréhensible ; la corriger ou l'ôter"
            ) from None


def _drop_torn_end(file: int) -> None:
    """Take away what a crash left of a line: made whole by the next one it would mean nothing."""
    size = os.fstat(file).st_size
    if size and os.pread(file, 1, size - 1) != b"\n":
        os.ftruncate(file, os.pread(file, size, 0).rfind(b"\n") + 1)


def _write_whole(file: int, line: bytes) -> None:
    """All of the line, on disk, or nothing of it. Raise OSError.

    A full disk takes the beginning and says so only at the next write.
    """
    before = os.fstat(file).st_size
    try:
        written = 0
        while written < len(line):
            written += os.write(file, line[written:])
        os.fsync(file)
    except OSError:
        os.ftruncate(file, before)
        raise


def _taken(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _who() -> str:
    """The person at the keyboard, as far as the system knows."""
    try:
        login = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        login = str(os.getuid())
    behind = os.environ.get("SUDO_USER", "")
    return f"{login} (sudo : {behind})" if behind else login
