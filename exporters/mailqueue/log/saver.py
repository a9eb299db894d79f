"""Writes the state in a thread of its own: a slow disk holds no scrape up."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

from exporters.mailqueue.log.state import Row, StateError, StateFile, StateUnusable
from inventory.config import reason
from inventory.process.logs import get_logger

_log = get_logger("vigie.maillog")


class Saver:
    """One write at a time. `whole`: the next one must hold every row, for the file lacks some.

    `former`: the state of the former version, removed once all of it is in the file.
    """

    def __init__(self, file: StateFile, *, whole: bool, former: Path) -> None:
        self._file = file
        self._former: Path | None = former
        self._thread = ThreadPoolExecutor(1, "maillog-state")
        self._running: Future[None] | None = None
        self._failed = False
        self.whole = whole

    def busy(self) -> bool:
        """Whether the last write is still going on. Learns how it ended."""
        if self._running is None:
            return False
        if not self._running.done():
            return True
        self._end(self._running)
        self._running = None
        return False

    def write(self, core: Mapping[str, str], rows: Mapping[str, Sequence[Row]]) -> None:
        """Begin to write what was changed at one instant; everything if `whole`. Not while busy."""
        whole, self.whole = self.whole, False
        self._running = self._thread.submit(self._file.write, core, rows, whole=whole)

    def wait(self) -> None:
        """Wait for the last write."""
        if self._running is not None:
            wait([self._running])

    def close(self) -> None:
        """Wait for the last write; then close the file."""
        self._thread.shutdown()
        self.busy()
        self._file.close()
        self._file.release()

    def _end(self, ended: Future[None]) -> None:
        error = ended.exception()
        if error is None:
            if self._failed:
                _log.info("état du journal de nouveau enregistré", file=str(self._file.path))
            self._failed = False
            if self._former is not None:
                with contextlib.suppress(OSError):
                    self._former.unlink(missing_ok=True)
                self._former = None
            return
        self.whole = True
        if not isinstance(error, StateError):
            raise error
        if not self._failed:  # said once, not every 15 s
            _log.warning("état du journal non enregistré", reason=str(error))
        self._failed = True
        if isinstance(error, StateUnusable):
            put_aside(self._file, error)


def put_aside(file: StateFile, error: StateError) -> None:
    """Say that what is in the file is of no use, and rename it."""
    try:
        kept = file.set_aside()
    except OSError as failure:
        _log.warning("état du journal ni lisible ni remplaçable", reason=reason(failure))
    else:
        _log.warning("état du journal mis de côté", reason=str(error), file=str(kept))
