"""The allow-list of newsletters, read again whenever its file changes."""

from __future__ import annotations

from pathlib import Path

from exporters.mailqueue.detector.bulk_senders import BulkSenders, BulkSendersFile
from inventory.config import ConfigurationError, load_config
from inventory.process.logs import get_logger

_log = get_logger("vigie.maillog")


def load_bulk_senders(path: Path) -> BulkSendersFile:
    """What the file says. Raise ConfigurationError with every fault and its line."""
    return load_config(path, BulkSendersFile)


class LiveBulkSenders(BulkSenders):
    """Who may send how much, by the file as it was when it last made sense.

    Raise ConfigurationError when it does not at the start.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = self._look()
        self.valid = True
        """Whether what is in use is the file as it is now."""
        super().__init__(load_bulk_senders(path).bulk_senders)

    def refresh(self) -> None:
        """Read the file again if it changed; one with faults is logged, once, and not used."""
        seen = self._look()
        if seen == self._seen:
            return
        self._seen = seen
        try:
            entries = load_bulk_senders(self._path).bulk_senders
        except ConfigurationError as error:
            self.valid = False
            _log.warning("liste d'envois en nombre refusée, la précédente sert", reason=str(error))
        else:
            super().__init__(entries)
            self.valid = True
            _log.info("liste d'envois en nombre relue", entries=len(entries))

    def _look(self) -> tuple[int, ...]:
        try:
            status = self._path.stat()
        except OSError:
            return ()
        return status.st_mtime_ns, status.st_size, status.st_ino
