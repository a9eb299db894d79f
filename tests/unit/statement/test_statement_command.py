"""`vigie roster statement` and `vigie roster interventions` as their readers use them."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import pytest

from alertmanager.store.database import Store, sqlite_url
from alertmanager.store.duty_tables import RosterChange
from alertmanager.store.journal import write_line
from alertmanager.store.migrate import migrate
from alertmanager.store.tables import Incident
from deploy.cli.__main__ import main

ROSTERS = Path(str(files("alertmanager.rosters") / "example.yml"))
RULES = Path(str(files("alertmanager.statement") / "example.yml"))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def vigie(capfdbinary):
    def call(action: str, *arguments: object) -> tuple[int, str, str]:
        status = main(["roster", action, *map(str, arguments)])
        out, err = capfdbinary.readouterr()
        return status, out.decode(errors="replace"), err.decode()

    return call


@pytest.fixture
def statement(vigie):
    def call(*arguments: object) -> tuple[int, str, str]:
        named = ("--config", ROSTERS, "--statement", RULES, "--month", "2026-05")
        return vigie("statement", *named, *arguments)

    return call


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A pager's database with one incident that Nadia took, and one override."""
    path = tmp_path / "webhook.sqlite3"
    store = Store(sqlite_url(path))
    migrate(store)
    at = utc("2026-05-03T19:38")
    with store.write() as session:
        session.add(
            Incident(
                id="i1",
                code="0711",
                group_key="k",
                title="Messagerie : file bloquée",
                service="messagerie",
                member="valmont",
                scope="service",
                impact="degraded",
                severity="critical",
                state="resolved",
                policy={},
                started_at=at,
                opened_at=at,
            )
        )
        session.flush()
        who = {"person": "nadia.benali", "name": "Nadia Benali"}
        write_line(session, utc("2026-05-03T19:40"), "incident.acknowledged", "i1", **who)
        write_line(session, utc("2026-05-03T21:55"), "incident.resolved", "i1", seconds=1)
        other = {"person": "operateur", "name": "Opérateur"}
        write_line(session, utc("2026-05-04T08:00"), "incident.acknowledged", "i1", **other)
        session.add(
            RosterChange(
                id="c1",
                roster="astreinte",
                starts_at=utc("2026-05-08T17:00"),
                ends_at=utc("2026-05-15T17:00"),
                people=["ines.robert"],
                kind="override",
                reason="remplacement",
                created_at=at,
                created_by="chef",
            )
        )
    store.close()
    return path


def test_from_the_journal_to_the_statement(statement, vigie, database, tmp_path) -> None:
    month = tmp_path / "2026-05.yml"
    asked = ("--database", database, "--month", "2026-05", "--out", month, "--config", ROSTERS)
    status, out, err = vigie("interventions", *asked)
    assert (status, out) == (0, "")
    assert "Opérateur a pris l'incident 0711 sans être dans rosters.yml" in err
    proposed = month.read_text(encoding="utf-8")
    assert "started_at: 2026-05-03T21:40+02:00" in proposed

    _, text, _ = statement("--interventions", month, "--database", database)
    assert "1 intervention(s) proposée(s) et non confirmée(s), non comptée(s)" in text
    assert "Intervention 0711" not in text

    month.write_text(proposed.replace("confirmed: false", "confirmed: true"), encoding="utf-8")
    form = ("--format", "json")
    status, out, _ = statement("--interventions", month, "--database", database, *form)
    assert status == 0
    agents = {agent["person"]: agent for agent in json.loads(out)["agents"]}
    (line,) = agents["nadia.benali"]["interventions"]
    # A Sunday: 135 minutes at 22 euros.
    assert (line["minutes"], line["amount"]) == (135, "49.50")
    assert line["intervention"]["member"] == "valmont"
    assert "0711" in line["intervention"]["incident"]
    holders = {
        name
        for name, agent in agents.items()
        for one in agent["duties"]
        if (one["roster"], one["start"]) == ("astreinte", "2026-05-08T17:00:00Z")
    }
    assert holders == {"ines.robert"}


def test_a_statement_of_the_file_alone_says_what_it_leaves_out(statement) -> None:
    status, out, _ = statement()
    assert status == 0
    assert out.index("base de l'astreinte non lue") < out.index("Nadia Benali (")
    assert "aucun fichier d'interventions (--interventions)" in out


def test_one_agent_sees_no_other(statement) -> None:
    _, whole, _ = statement("--format", "json")
    _, out, _ = statement("--format", "json", "--person", "nadia.benali")
    data = json.loads(out)
    assert [agent["person"] for agent in data["agents"]] == ["nadia.benali"]
    assert data["costs"] == []
    assert "Marchand" in whole
    assert "Marchand" not in out
    assert data["amount"] == data["agents"][0]["amount"]


@pytest.mark.parametrize(("form", "magic"), [("xlsx", b"PK"), ("pdf", b"%PDF"), ("csv", b"\xef")])
def test_a_file_is_its_owners_alone_and_replaced_whole(statement, tmp_path, form, magic) -> None:
    out = tmp_path / f"etat.{form}"
    out.write_text("ancien")
    assert statement("--format", form, "--out", out)[:2] == (0, "")
    assert out.read_bytes().startswith(magic)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--person", "personne"), "rien pour « personne » en mai 2026 ; attendu : un de "),
        (("--month", "mai"), "« mai » n'est pas un mois ; attendu : AAAA-MM"),
        (("--database", "absente.sqlite3"), "aucune base à absente.sqlite3 ; attendu : celle de"),
        (
            ("--database", "postgresql+psycopg://vigie:secret@localhost/vigie"),
            "un mot de passe se lirait dans la liste des processus",
        ),
        (("--database", "rien://"), "adresse illisible"),
        (("--out", "/absent/etat.txt"), "impossible à écrire (introuvable)"),
    ],
)
def test_what_makes_no_sense_is_exit_status_two(statement, arguments, words) -> None:
    status, out, err = statement(*arguments)
    assert (status, out) == (2, "")
    assert words in err
    assert "secret" not in err


def test_a_later_month_is_refused(statement, tmp_path) -> None:
    path = tmp_path / "juin.yml"
    path.write_text("month: 2026-06\n", encoding="utf-8")
    status, _, err = statement("--interventions", path)
    assert status == 2
    assert (
        "le mois 2026-06 vient après l'état demandé ; attendu : 2026-05 ou un mois d'avant" in err
    )
