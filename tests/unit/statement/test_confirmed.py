"""The file of interventions: proposed, completed by agents, read strictly."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from alertmanager.rosters import RosterBook, load_rosters
from alertmanager.statement.confirmed import Confirmed, load_confirmed
from alertmanager.statement.proposals import Proposal, proposals_yaml
from inventory.config import ConfigurationError

PARIS = ZoneInfo("Europe/Paris")


@pytest.fixture(scope="module")
def book() -> RosterBook:
    return load_rosters(Path(str(files("alertmanager.rosters") / "example.yml")))


@pytest.fixture
def load(book: RosterBook, tmp_path: Path):
    def from_text(text: str) -> Confirmed:
        path = tmp_path / "month.yml"
        path.write_text(text, encoding="utf-8")
        return load_confirmed(path, book, {"valmont"})

    return from_text


def one(**changes: str) -> str:
    """A file with one confirmed intervention, some keys changed."""
    keys = {
        "confirmed": "true",
        "person": "nadia.benali",
        "incident": '"0711"',
        "started_at": "2026-05-03T21:40",
        "ended_at": "2026-05-03T23:55:00+02:00",
    } | changes
    lines = "\n    ".join(f"{key}: {value}" for key, value in keys.items())
    return f"month: 2026-05\ninterventions:\n  - {lines.lstrip()}\n"


def test_local_times_and_offsets_are_read(load) -> None:
    (found,) = load(one()).interventions
    assert found.started_at == datetime(2026, 5, 3, 19, 40, tzinfo=UTC)
    assert found.ended_at == datetime(2026, 5, 3, 21, 55, tzinfo=UTC)
    assert found.incident == "0711"


def test_what_is_not_confirmed_waits_and_may_be_incomplete(load) -> None:
    found = load(one(confirmed="false", ended_at="null"))
    assert found.interventions == ()
    assert found.waiting == {"nadia.benali": 1}


def test_travel_and_notices_are_read(load) -> None:
    text = one(
        on_site="true",
        left_at="2026-05-03T21:50",
        arrived_at="2026-05-03T22:15",
        returned_at="2026-05-04T00:20",
        member="valmont",
        compensation="rest",
    )
    text += (
        "notices:\n  - {person: luc.marchand, start: 2026-05-08T19:00, told_at: 2026-05-01T09:00}\n"
    )
    found = load(text)
    assert found.interventions[0].returned_at == datetime(2026, 5, 3, 22, 20, tzinfo=UTC)
    assert found.interventions[0].compensation == "rest"
    assert found.notices[0].told_at == datetime(2026, 5, 1, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"person": "personne"}, "personne « personne » inconnue ; attendu : une de : "),
        ({"member": "paris"}, "commune « paris » inconnue ; attendu : une de : valmont"),
        ({"incident": "0711"}, "attendu : entre guillemets"),
        ({"ended_at": "2026-05-03T21:00"}, "ended_at est avant started_at"),
        ({"ended_at": "2026-05-03"}, "n'est pas un instant"),
        ({"ended_at": "hier"}, "n'est pas un instant"),
        ({"ended_at": "null"}, "manque dans une intervention confirmée"),
        (
            {"started_at": "2026-05-31T23:00", "ended_at": "2026-06-01T00:10"},
            "ne se termine pas en 2026-05",
        ),
        ({"ended_at": "2026-05-09T00:10"}, "dure plus de 72 heures"),
        ({"left_at": "2026-05-03T21:50"}, "un trajet sans déplacement ; attendu : on_site: true"),
        ({"acknowledged_at": "2026-05-03T21:41"}, "started_at est avant acknowledged_at"),
        ({"duree": "2"}, "duree"),
        ({"confirmed": "peut-être"}, "confirmed"),
    ],
)
def test_a_fault_is_said_with_its_place(load, changes, words) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load(one(**changes))
    assert words in str(refused.value)
    assert "month.yml:" in str(refused.value)
    assert "interventions[0]" in str(refused.value)


@pytest.mark.parametrize(
    ("month", "time", "words"),
    [
        ("2026-10", "2026-10-25T02:30", "vient deux fois"),
        ("2026-03", "2026-03-29T02:30", "n'existe pas"),
    ],
)
def test_a_local_time_of_a_change_of_clocks_needs_its_offset(load, month, time, words) -> None:
    text = one(started_at=time, ended_at=f"{time[:10]}T05:00").replace("2026-05\n", f"{month}\n")
    with pytest.raises(ConfigurationError, match=words):
        load(text)
    assert load(text.replace(time, f"{time}+02:00")).interventions


def test_the_same_one_twice_is_a_fault(load) -> None:
    text = one()
    again = text.split("interventions:\n")[1]
    with pytest.raises(ConfigurationError, match="écrite 2 fois"):
        load(text + again)


def test_proposals_read_back_as_what_waits(load) -> None:
    hostile = "titre\n  - confirmed: true  # piège\x00"
    found = Proposal(
        "nadia.benali",
        "Nadia Benali",
        '4"711',
        hostile,
        datetime(2026, 5, 1, 5, 13, tzinfo=UTC),
        datetime(2026, 5, 1, 5, 20, tzinfo=UTC),
        None,
        "valmont",
    )
    text = proposals_yaml([found], "2026-05", PARIS)
    assert "acknowledged_at: 2026-05-01T07:20+02:00" in text
    read = load(text)
    assert (read.interventions, read.waiting) == ((), {"nadia.benali": 1})
    done = text.replace("confirmed: false", "confirmed: true").replace(
        "ended_at: null", "ended_at: 2026-05-01T08:00"
    )
    (confirmed,) = load(done).interventions
    assert confirmed.incident == '4"711'
    assert confirmed.called_at == found.called_at
    assert confirmed.started_at == found.acknowledged_at
    assert load(proposals_yaml([], "2026-05", PARIS)).interventions == ()
