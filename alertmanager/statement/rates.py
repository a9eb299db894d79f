"""The tables of rates, read and checked, and which of them holds on a day.

StatementError         a statement that cannot be made
└── NoRates            no table prices that stream on that day
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from functools import partial
from importlib.resources import as_file, files
from pathlib import Path

from pydantic import RootModel

from alertmanager.statement.model import Category, Stream
from alertmanager.statement.tables import SINGLE, DutyTable, InterventionTable, LimitTable, Table
from inventory.config import Document, Fault, Gathering, load_config
from inventory.config.errors import ConfigurationError

STREAM_WORDS: dict[Stream, str] = {
    "technical": "filière technique",
    "non_technical": "hors filière technique",
}
CATEGORY_WORDS: dict[Category, str] = {
    "exploitation": "exploitation",
    "securite": "sécurité",
    "decision": "décision",
}
AnyTable = DutyTable | InterventionTable | LimitTable


class StatementError(Exception):
    """A statement that cannot be made. The message is French."""


class NoRates(StatementError):
    """No table prices that on that day."""


class _TableFile(RootModel[Table]):
    """A file holds one table."""


def _check(file: _TableFile, document: Document) -> Iterator[Fault]:
    table = file.root
    if table.checked_until < table.valid_from:
        yield document.fault(
            ("checked_until",),
            f"vérifié jusqu'au {table.checked_until}, avant l'entrée en vigueur"
            f" ({table.valid_from})",
            "la date à laquelle le texte a été relu",
        )
    if isinstance(table, DutyTable):
        for package in SINGLE:
            if package not in table.packages:
                yield document.fault(
                    ("packages",), f"« {package} » n'a pas de montant", f'{package}: {{pay: "..."}}'
                )
    if isinstance(table, InterventionTable):
        wanted = ("weekday", "night", "saturday", "sunday", "holiday")
        for key, given in (("hourly_pay", table.hourly_pay), ("rest_percent", table.rest_percent)):
            missing = [kind for kind in wanted if given is not None and kind not in given]
            if missing:
                yield document.fault(
                    (key,), f"il manque {', '.join(missing)}", "une valeur par sorte d'heure"
                )


class RateBook:
    """Every table known; the latest that is in force on a day wins."""

    def __init__(self, tables: Iterable[AnyTable]) -> None:
        self._tables = sorted(tables, key=lambda table: table.valid_from, reverse=True)

    def duty(self, stream: Stream, category: Category, day: date) -> DutyTable:
        """The table of duty in force on `day`. Raise NoRates."""
        for table in self._tables:
            if (
                isinstance(table, DutyTable)
                and (table.stream, table.category) == (stream, category)
                and table.valid_from <= day
            ):
                return table
        raise NoRates(
            f"aucun barème d'astreinte de {CATEGORY_WORDS[category]}, {STREAM_WORDS[stream]},"
            f" en vigueur le {day:%d/%m/%Y}"
        )

    def has_duty(self, stream: Stream, category: Category) -> bool:
        """Whether any table prices that, on any day."""
        return any(
            isinstance(table, DutyTable) and (table.stream, table.category) == (stream, category)
            for table in self._tables
        )

    def interventions(self, stream: Stream, ihts: bool, day: date) -> InterventionTable:
        """The table of interventions in force on `day`. Raise NoRates."""
        for table in self._tables:
            if (
                isinstance(table, InterventionTable)
                and (table.stream, table.ihts) == (stream, ihts)
                and table.valid_from <= day
            ):
                return table
        eligible = "éligible aux IHTS" if ihts else "non éligible aux IHTS"
        raise NoRates(
            f"aucun barème d'intervention, {STREAM_WORDS[stream]}, agent {eligible},"
            f" en vigueur le {day:%d/%m/%Y}"
        )

    def limits(self, day: date) -> LimitTable:
        """The limits of working time in force on `day`. Raise NoRates."""
        for table in self._tables:
            if isinstance(table, LimitTable) and table.valid_from <= day:
                return table
        raise NoRates(f"aucune table des repos et durées en vigueur le {day:%d/%m/%Y}")


def read_table(path: Path) -> AnyTable:
    """The table of a file. Raise ConfigurationError with every fault."""
    return load_config(path, _TableFile, _check).root


def load_rates(added: Iterable[Path] = ()) -> RateBook:
    """The tables shipped with the program and those `added`. Raise ConfigurationError."""
    gathering = Gathering()
    with as_file(files("alertmanager.statement") / "data") as folder:
        paths = [*sorted(folder.glob("*.yml")), *added]
        tables = [gathering.attempt(partial(read_table, path)) for path in paths]
    if gathering.faults:
        raise ConfigurationError(gathering.faults)
    return RateBook(table for table in tables if table is not None)
