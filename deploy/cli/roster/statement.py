"""`vigie roster statement`: the duty statement of a month, in the format asked for."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from alertmanager.duty.rows import changes, leaves
from alertmanager.duty.worked import told
from alertmanager.rosters import RosterBook
from alertmanager.rosters.changes import Leave
from alertmanager.rosters.file_settings import RosterFile
from alertmanager.statement import (
    DayCalendar,
    Intervention,
    Period,
    Statement,
    StatementError,
    StatementFile,
    Told,
    load_statement_rules,
    make_statement,
)
from alertmanager.statement.confirmed import load_confirmed
from alertmanager.statement.model import Remark
from alertmanager.statement.one_agent import only
from alertmanager.statement.outputs.csv_ import statement_csv
from alertmanager.statement.outputs.json_ import statement_json
from alertmanager.statement.outputs.text import statement_text
from deploy.cli.roster import database
from deploy.cli.roster.asked import AskedWrongly, add_book, book_of
from deploy.cli.roster.written import add_out, write
from inventory import load_inventory
from inventory.config import load_config
from inventory.process import Clock

_FORMATS = ("text", "json", "csv", "xlsx", "pdf")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_book(parser)
    parser.add_argument(
        "--statement", metavar="FICHIER", type=Path, required=True, help="statement.yml"
    )
    parser.add_argument("--month", metavar="AAAA-MM", required=True, help="le mois")
    parser.add_argument("--person", metavar="ID", help="cet agent seulement")
    parser.add_argument(
        "--interventions",
        metavar="FICHIER",
        type=Path,
        action="append",
        default=[],
        help="interventions confirmées du mois ; répéter pour les mois précédents",
    )
    parser.add_argument(
        "--database", metavar="BASE", help=f"échanges, congés et avis : {database.HELP}"
    )
    parser.add_argument("--format", choices=_FORMATS, default="text", help="text par défaut")
    add_out(parser)


def run(arguments: argparse.Namespace, _clock: Clock) -> int:
    """Write the statement."""
    binary = arguments.format in ("xlsx", "pdf")
    if binary and arguments.out is None and sys.stdout.isatty():
        raise AskedWrongly(f"--format {arguments.format} : attendu : --out FICHIER")
    make = _output(arguments.format)
    statement = _Sources(arguments).statement()
    if arguments.person:
        try:
            statement = only(statement, arguments.person)
        except LookupError:
            there = ", ".join(agent.person for agent in statement.agents) or "personne"
            raise AskedWrongly(
                f"rien pour « {arguments.person} » en {statement.label} ; attendu : un de {there}"
            ) from None
    write(make(statement), arguments.out)
    return 0


def _output(form: str) -> Callable[[Statement], bytes]:
    """What makes that format. Raise AskedWrongly where its library is missing."""
    try:
        if form == "xlsx":
            from alertmanager.statement.outputs.xlsx import statement_xlsx  # noqa: PLC0415

            return statement_xlsx
        if form == "pdf":
            from alertmanager.statement.outputs.pdf import statement_pdf  # noqa: PLC0415

            return statement_pdf
    except ModuleNotFoundError as error:
        raise AskedWrongly(
            f"--format {form} : bibliothèque absente ({error.name}) ;"
            " attendu : pip install 'vigie[statement]'"
        ) from None
    return {"json": statement_json, "csv": statement_csv, "text": statement_text}[form]


class _Sources:
    """Everything that a statement is made from, read from the files and the database named."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        try:
            self.period = Period.month(arguments.month)
        except ValueError as error:
            raise AskedWrongly(f"--month : {error}") from None
        inventory = load_inventory(arguments.inventory) if arguments.inventory else None
        self.book: RosterBook = book_of(arguments)
        self.holidays = load_config(arguments.config, RosterFile).holidays
        rules = load_statement_rules(arguments.statement, self.book, inventory)
        self.rules: StatementFile = rules[0]
        self.rates = rules[1]
        self.notices: list[Told] = []
        self.leaves: tuple[Leave, ...] = ()
        self.interventions: list[Intervention] = []
        self.remarks: list[Remark] = []
        if arguments.database:
            self._read_database(arguments.database)
        else:
            self._say(
                "base de l'astreinte non lue (--database) : échanges, congés et avis envoyés n'y"
                " sont pas comptés"
            )
        for path in arguments.interventions:
            self._read_confirmed(path)
        if not arguments.interventions:
            self._say("aucun fichier d'interventions (--interventions) : aucune n'est comptée")

    def statement(self) -> Statement:
        """Raise AskedWrongly where no table prices the month."""
        span = self.period.needed(self.book.zone)
        try:
            made = make_statement(
                {name: self.book.shifts(name, *span) for name in self.book.roster_ids},
                self.interventions,
                self.notices,
                rules=self.rules,
                rates=self.rates,
                calendar=DayCalendar(self.book.zone, self.holidays),
                period=self.period,
                leaves=self.leaves,
            )
        except StatementError as error:
            raise AskedWrongly(str(error)) from None
        return replace(made, remarks=(*self.remarks, *made.remarks))

    def _read_database(self, named: str) -> None:
        since, until = self.period.needed(self.book.zone)
        with database.reading(named) as session:
            self.leaves = leaves(session, since)
            self.book = self.book.with_changes(changes(session, since), self.leaves)
            self.notices += told(session, since, until)

    def _read_confirmed(self, path: Path) -> None:
        members = {member.id for member in self.rules.members}
        found = load_confirmed(path, self.book, members)
        if Period.month(found.month).first > self.period.first:
            raise AskedWrongly(
                f"{path} : le mois {found.month} vient après l'état demandé ;"
                f" attendu : {self.period.first:%Y-%m} ou un mois d'avant"
            )
        self.interventions += found.interventions
        self.notices += found.notices
        for person, number in found.waiting.items():
            self._say(
                f"{found.month} : {number} intervention(s) proposée(s) et non confirmée(s),"
                " non comptée(s)",
                person,
            )

    def _say(self, text: str, person: str | None = None) -> None:
        self.remarks.append(Remark(text, person))
