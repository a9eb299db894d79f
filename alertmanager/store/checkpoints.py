"""SQLite's write-ahead log, copied into the database beside the writers.

SQLite itself does so inside the commit that makes the log a thousand pages long: whoever that
is waits for two flushes of the disk more, a tenth of a second or a whole one.
"""

from __future__ import annotations

import threading
from pathlib import Path

from alertmanager.store.database import Store, StoreUnavailable
from inventory.process.logs import get_logger

_TICK = 1.0  # seconds
_WORTH = 2 * 1024 * 1024  # bytes of log

log = get_logger("vigie.store")


class Checkpoints:
    """One thread, of the process that writes most."""

    def __init__(self, store: Store) -> None:
        self._store = store
        path = store.url.database if store.is_sqlite else None
        self._log = Path(f"{path}-wal") if path else None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="checkpoints")

    def start(self) -> None:
        """Copy from now on, if the database is a file of ours."""
        if self._log is not None:
            self._thread.start()

    def stop(self) -> None:
        """Copy no more; the last connection that closes copies the rest."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _loop(self) -> None:
        while not self._stopping.wait(_TICK):
            try:
                if self._size() >= _WORTH:
                    self._store.checkpoint()
            except StoreUnavailable as error:
                log.warning("checkpoint_failed", reason=str(error))
            except Exception:
                # Whatever it was: without us the log grows until a commit has to copy all of it.
                log.exception("checkpoint_failed")

    def _size(self) -> int:
        try:
            return self._log.stat().st_size if self._log is not None else 0
        except OSError:  # nothing was written yet
            return 0
