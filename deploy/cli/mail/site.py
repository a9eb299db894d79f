"""Where this host keeps its mail log, its Postfix and its Dovecot: by the exporter's own file."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from deploy.containment.errors import ContainmentError
from deploy.containment.recent_log import RecentLog
from deploy.containment.scene import Scene
from deploy.containment.watch import Blocks
from exporters.mailqueue.log.settings import LogSettings, open_source
from exporters.mailqueue.log.stamp import StampReader
from exporters.mailqueue.queue_collector import QueueSettings
from exporters.toolkit.collector import CollectorError
from exporters.toolkit.config import load_exporter_config
from inventory import Inventory

CONFIG = Path("/etc/vigie/exporter.yml")
POSTFIX = Path("/etc/postfix")
SPOOL = Path("/var/spool/postfix")
DAY = 86_400
_HISTORY = 256 << 20
"""How much of a journal is read: a day of a large site."""


@dataclass(frozen=True)
class Site:
    """The blocks `maillog` and `mailqueue`; as by default where the file has none.

    `inventory` and `state` are None without a configuration file.
    """

    maillog: LogSettings
    mailqueue: QueueSettings
    inventory: Inventory | None
    state: Path | None

    def scene(self, account: str, dovecot: Path | None, clock: Callable[[], datetime]) -> Scene:
        """Everything about one account. Raise ContainmentError."""
        stamps = StampReader(clock, self.maillog.stamp_zone)
        return Scene(
            account,
            log=self.recent_log(stamps, clock),
            log_name=self.log_name,
            stamps=stamps,
            postfix_config=self.mailqueue.config_directory or POSTFIX,
            dovecot_config=dovecot,
        )

    @property
    def log_name(self) -> str:
        """For messages."""
        return str(self.maillog.path if self.maillog.source == "file" else "journal de systemd")

    def recent_log(self, stamps: StampReader, clock: Callable[[], datetime]) -> Blocks:
        """The last day of the log where Postfix writes, then what is added to it."""
        if self.maillog.source == "journal":
            return SystemdJournal(self.maillog)
        return RecentLog(self.maillog.path, clock().timestamp() - DAY, stamps.read)


class SystemdJournal:
    """The mail in systemd's journal, as `Blocks`."""

    def __init__(self, settings: LogSettings) -> None:
        self._source = open_source(settings, None, _HISTORY)

    def blocks(self) -> Iterator[bytes]:
        """Whole lines. Raise ContainmentError."""
        try:
            for block, _ in self._source.blocks():
                yield block
        except CollectorError as error:
            raise ContainmentError(str(error)) from None

    def close(self) -> None:
        """Let go of it."""
        self._source.close()


def add_site_options(parser: argparse.ArgumentParser) -> None:
    """The options that say where."""
    parser.add_argument(
        "--config",
        metavar="FICHIER",
        type=Path,
        help=f"la configuration de l'exportateur ({CONFIG} par défaut)",
    )
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="text par défaut"
    )
    parser.add_argument(
        "--json", dest="format", action="store_const", const="json", help="comme --format json"
    )


def load_site(config: Path | None) -> Site:
    """Read the file; without one at the usual place, Debian's usual folders.

    Raise ConfigurationError.
    """
    if config is None and not CONFIG.exists():
        return Site(LogSettings(), QueueSettings(), None, None)
    loaded = load_exporter_config(config or CONFIG)
    maillog, mailqueue = LogSettings(), QueueSettings()
    for enabled in loaded.collectors:
        if isinstance(enabled.settings, LogSettings):
            maillog = enabled.settings
        elif isinstance(enabled.settings, QueueSettings):
            mailqueue = enabled.settings
    return Site(maillog, mailqueue, loaded.inventory, loaded.state_directory)
