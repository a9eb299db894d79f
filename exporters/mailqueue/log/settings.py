"""The block `collectors.maillog`: which log, which windows, from when on an account is shown."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    Field,
    model_validator,
)

from exporters.mailqueue.country_database import CountryDatabase
from exporters.mailqueue.label_settings import LabelSettings
from exporters.mailqueue.log.events import MailEvent, Unparsed
from exporters.mailqueue.log.exim import EximLog
from exporters.mailqueue.log.exim_memory import Memory
from exporters.mailqueue.log.follower import LogFollower
from exporters.mailqueue.log.journal import Journal
from exporters.mailqueue.log.journalctl import Journalctl
from exporters.mailqueue.log.postfix import mail_events
from exporters.mailqueue.log.several import SeveralLogs
from exporters.mailqueue.log.source import LogSource
from exporters.mailqueue.log.stamp import StampReader
from inventory.config import ConfigPath, TimeZone
from inventory.config.errors import EXPECTED
from inventory.config.fields import parse_duration

Parser = Callable[[bytes, StampReader], Iterator[MailEvent | Unparsed]]
"""What the whole lines of a block say."""


def _window(text: str) -> str:
    if not timedelta(minutes=1) <= parse_duration(text) <= timedelta(days=1):
        raise ValueError(f"« {text} » hors limites ; attendu : de 1m à 24h")
    return text


def _database(path: Path) -> Path:
    CountryDatabase(path).close()
    return path


class LogSettings(LabelSettings):
    """The settings of the collector `maillog`."""

    path: ConfigPath = Field(
        Path("/var/log/mail.log"), description="le journal du serveur de courrier,"
    )
    also: tuple[ConfigPath, ...] = Field(
        (), max_length=8, description="d'autres journaux, comme celui de Dovecot,"
    )
    source: Literal["file", "journal"] = "file"
    journal_directory: ConfigPath | None = Field(
        None, description="le dossier du journal de systemd,", examples=["/var/log/journal"]
    )
    mta: Literal["postfix", "exim"] = "postfix"
    windows: tuple[Annotated[str, AfterValidator(_window)], ...] = Field(
        ("2m", "1h"), min_length=1, max_length=4
    )
    floor_recipients: int = Field(30, ge=1)
    floor_addresses: int = Field(3, ge=2)
    floor_score: float = Field(20, ge=1, le=100)
    top_accounts: int = Field(20, ge=1, le=100)
    timezone: TimeZone | None = Field(
        None,
        description="le fuseau des dates sans décalage (celui de la machine par défaut),",
    )
    office_timezone: TimeZone = Field(
        "Europe/Paris", description="le fuseau des bureaux : leurs heures et leurs jours fériés,"
    )
    bulk_senders_file: ConfigPath | None = Field(
        None, description="les envois en nombre admis,", examples=["/etc/vigie/bulk-senders.yml"]
    )
    country_database: Annotated[ConfigPath, AfterValidator(_database)] | None = Field(
        None,
        description="une base de pays hors ligne (.mmdb),",
        examples=["/var/lib/vigie/country.mmdb"],
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.source == "journal" and self.also:
            raise ValueError(
                f"also avec source: journal{EXPECTED}source: file, ou le journal de systemd seul"
            )
        if len({os.path.realpath(path) for path in (self.path, *self.also)}) <= len(self.also):
            raise ValueError(
                f"also nomme deux fois le même journal{EXPECTED}une fois chacun, path compris"
            )
        return self

    @property
    def origin(self) -> str:
        """What the lines are read from: a position in one is none in another."""
        if self.source == "journal":
            return f"journal:{self.journal_directory or ''}"
        return "file:" + "\0".join(str(path) for path in (self.path, *self.also))

    @property
    def seconds(self) -> dict[str, int]:
        """The windows as written, and in seconds."""
        return {text: int(parse_duration(text).total_seconds()) for text in self.windows}

    @property
    def stamp_zone(self) -> ZoneInfo | None:
        """The zone of stamps without an offset; None: the machine's."""
        return ZoneInfo(self.timezone) if self.timezone else None

    @property
    def office_zone(self) -> ZoneInfo:
        """The zone of the offices."""
        return ZoneInfo(self.office_timezone)


def open_source(
    settings: LogSettings, position: Mapping[str, Any] | None, history: int
) -> LogSource:
    """The log, from where an earlier process stopped (`position`) or its last `history` bytes on.

    Raise ValueError when `position` makes no sense. A log that cannot be read is no error yet.
    """
    if settings.source == "journal":
        return Journal(Journalctl(settings.journal_directory), position, history)
    if not settings.also:
        return LogFollower(settings.path, position, history)
    share = history // (1 + len(settings.also))
    return SeveralLogs(
        {
            str(path): LogFollower(path, (position or {}).get(str(path)), share)
            for path in (settings.path, *settings.also)
        }
    )


def parser_of(settings: LogSettings, memory: Memory | None = None) -> Parser:
    """What reads the lines of this mail server's log; of Exim's it remembers, in `memory`."""
    return EximLog(memory).events if settings.mta == "exim" else mail_events
