"""The collector `maillog`: who submits how much, from how many places, by Postfix's log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import Annotated
from zoneinfo import ZoneInfo

import structlog
from prometheus_client.core import Metric
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from exporters.mailqueue.log_file import LogFollower
from exporters.mailqueue.log_line import events
from exporters.mailqueue.log_metrics import (
    Floor,
    account_families,
    counter_families,
    log_families,
)
from exporters.mailqueue.log_stamp import StampReader
from exporters.mailqueue.log_state import LogState, StateFile
from exporters.mailqueue.tally import Tally
from exporters.toolkit.collector import CollectorPlugin, Context, Deadline
from inventory.config import reason
from inventory.config.fields import ConfigPath, TimeZone, parse_duration

HISTORY_BYTES = 64 << 20
"""How much of an existing log fills the windows at the very first start."""
SAVE_SECONDS = 15.0
# Part of the deadline left for rendering, in seconds.
_MARGIN = 0.5
_log = structlog.get_logger("vigie.maillog")


def _window(text: str) -> str:
    if not 60 <= parse_duration(text).total_seconds() <= 86400:
        raise ValueError(f"« {text} » hors limites ; attendu : de 1m à 24h")
    return text


class LogSettings(BaseModel):
    """Which log, which windows, and from when on an account is shown."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: ConfigPath = Field(Path("/var/log/mail.log"), description="le journal de Postfix,")
    windows: tuple[Annotated[str, AfterValidator(_window)], ...] = Field(("2m", "1h"), min_length=1)
    floor_recipients: int = Field(30, ge=1)
    floor_addresses: int = Field(3, ge=2)
    top_accounts: int = Field(20, ge=1, le=100)
    timezone: TimeZone | None = Field(
        None, description="le fuseau des dates sans décalage (celui de la machine par défaut),"
    )


class LogCollector:
    """Reads what was written since the last scrape, at the scrape.

    A position and the tally of all lines before it are saved together, so that
    a restart, even by ``kill -9``, neither loses a line nor counts one twice.
    """

    def __init__(
        self,
        settings: LogSettings,
        context: Context,
        now: Callable[[], float] = monotonic,
        history: int = HISTORY_BYTES,
    ) -> None:
        self._windows = {
            text: int(parse_duration(text).total_seconds()) for text in settings.windows
        }
        self._floor = Floor(
            settings.floor_recipients, settings.floor_addresses, settings.top_accounts
        )
        self._path = settings.path
        self._clock = context.clock
        self._members = [*(owner.id for owner in context.inventory.owners), ""]
        self._tally = Tally(self._windows.values(), context.inventory.owner_of_address)
        zone = ZoneInfo(settings.timezone) if settings.timezone else None
        self._stamps = StampReader(context.clock, zone)
        self._state = StateFile(context.state_directory) if context.state_directory else None
        saved = self._state.load(self._path) if self._state else None
        if saved:
            self._tally.restore(saved.tally)
        self._log = LogFollower(self._path, saved.position if saved else None, history)
        self._now = now
        self._saved_at = now()

    def collect(self, deadline: Deadline) -> Iterator[Metric]:
        """Everything the log says up to now. Raise CollectorError when it cannot be read.

        When there is more than the deadline allows, the rest waits for the next scrape.
        """
        self._read(deadline)
        now = self._clock()
        last = self._stamps.last
        waits = last is not None and self._log.behind() > 0
        lag = max(0.0, now.timestamp() - last) if waits and last is not None else 0.0
        yield from account_families(self._tally, self._windows, self._floor, int(now.timestamp()))
        yield from counter_families(self._tally, self._members)
        yield from log_families(lag, last)
        if self._now() - self._saved_at >= SAVE_SECONDS:
            self._save()

    def close(self) -> None:
        """Save where we are and close the log."""
        self._save()
        self._log.close()

    def _read(self, deadline: Deadline) -> None:
        for block, past in self._log.blocks():
            now = int(self._clock().timestamp())
            lines = block.count(b"\n") + (not block.endswith(b"\n"))
            self._tally.add(lines, events(block, self._stamps), now, past=past)
            if deadline.remaining() < _MARGIN:
                return

    def _save(self) -> None:
        self._saved_at = self._now()
        if self._state is None:
            return
        state = LogState(
            path=str(self._path), position=self._log.position(), tally=self._tally.save()
        )
        try:
            self._state.save(state)
        except OSError as error:
            _log.warning("état du journal non enregistré", reason=reason(error))


def _build(settings: LogSettings, context: Context) -> LogCollector:
    return LogCollector(settings, context)


PLUGIN = CollectorPlugin(
    name="maillog",
    summary="Journal de Postfix : messages, destinataires et adresses par compte authentifié",
    settings=LogSettings,
    build=_build,
)
