"""`vigie roster calendar`: the file one gives to a calendar."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from icalendar import Calendar

from alertmanager.duty.planning import enter_change
from alertmanager.rosters import RosterBook
from alertmanager.store.database import Store, sqlite_url
from alertmanager.store.migrate import migrate
from deploy.cli.__main__ import main

MAY = ("--from", "2026-05-01", "--to", "2026-06-01")


@pytest.fixture
def vigie(example: Path, tmp_path: Path):
    """Its exit status, and the events of the file it writes."""

    def call(*arguments: str) -> list[str]:
        out = tmp_path / "tours.ics"
        asked = ["roster", "calendar", "--config", str(example), "--out", str(out), *arguments]
        assert main(asked) == 0
        events = Calendar.from_ical(out.read_bytes()).walk("VEVENT")
        return [f"{event['DTSTART'].to_ical().decode()} {event['SUMMARY']}" for event in events]

    return call


def test_a_roster_and_a_person_of_it(vigie) -> None:
    events = vigie("--roster", "renfort", *MAY)
    assert events[0] == "20260430T190000 Renfort : Yann Le Goff"
    assert vigie("--person", "yann.legoff", *MAY)[0] == "20260430T190000 Renfort"


def test_swaps_and_overrides_of_the_pager_count(vigie, book: RosterBook, tmp_path: Path) -> None:
    path = tmp_path / "webhook.sqlite3"
    store = Store(sqlite_url(path))
    migrate(store)
    span = datetime(2026, 5, 12, 16, tzinfo=UTC), datetime(2026, 5, 13, 4, tzinfo=UTC)
    now = datetime(2026, 5, 1, tzinfo=UTC)
    with store.write() as session:
        enter_change(session, book, "renfort", span, ["nadia.benali"], who="Luc", now=now)
    store.close()
    events = vigie("--roster", "renfort", *MAY, "--database", str(path))
    assert "20260512T180000 Renfort : Nadia Benali" in events


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "attendu : --roster ID ou --person ID"),
        (("--roster", "renfort", "--person", "nadia.benali"), "attendu : --roster ID ou"),
        (("--roster", "nuit"), "aucun tour d'astreinte « nuit »"),
        (("--person", "paul"), "aucune personne « paul » ; attendu : "),
        (("--person", "nadia.benali", "--out", "/nulle/part.ics"), "impossible à écrire"),
    ],
)
def test_what_was_asked_wrongly(example: Path, capsys, arguments, words: str) -> None:
    assert main(["roster", "calendar", "--config", str(example), *arguments]) == 2
    assert words in capsys.readouterr().err
