"""Teams, duty phones, mail addresses, and the kind of an hour."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from importlib.resources import files
from pathlib import Path

import pytest

from alertmanager.rosters import RosterBook, load_rosters
from inventory.config import ConfigurationError


@pytest.fixture
def edited(tmp_path: Path) -> Callable[[str, str], RosterBook]:
    """The example rosters with one text put for another."""

    def load(old: str, new: str) -> RosterBook:
        text = (files("alertmanager") / "rosters" / "example.yml").read_text(encoding="utf-8")
        assert old in text
        path = tmp_path / "rosters.yml"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return load_rosters(path)

    return load


@pytest.mark.parametrize(
    ("instant", "kind"),
    [
        ("2026-05-01T07:12:00+02:00", "holiday"),
        ("2026-05-15T10:00:00+02:00", "holiday"),  # the bridge day
        ("2026-04-30T10:00:00+02:00", "office"),
        ("2026-04-30T19:00:00+02:00", "evening"),
        ("2026-04-30T03:00:00+02:00", "evening"),
        ("2026-05-02T10:00:00+02:00", "weekend"),
        ("2026-11-01T10:00:00+01:00", "holiday"),  # a Sunday as well
    ],
)
def test_the_kind_of_an_hour(edited: Callable[..., RosterBook], instant: str, kind: str) -> None:
    assert edited("teams:", "teams:").day_kind(datetime.fromisoformat(instant)) == kind


def test_a_person_is_reached_by_what_the_file_gives(edited: Callable[..., RosterBook]) -> None:
    book = edited(", email: malik.haddad@deux-rives.test", "")
    assert book.person("malik.haddad").addresses == {"phone": "+33639981002"}
    assert book.person("claire.fontaine").addresses == {
        "phone": "+33639981001",
        "email": "claire.fontaine@deux-rives.test",
    }


def test_a_duty_phone_is_named_after_who_carries_it(edited: Callable[..., RosterBook]) -> None:
    book = edited("teams:", "teams:")
    instant = datetime.fromisoformat("2026-05-01T07:12:00+02:00")
    phone = book.duty_phone("astreinte", instant)
    assert phone is not None
    assert phone.addresses == {"phone": "+33639981010"}
    (carrier,) = book.on_duty("astreinte", instant).people
    assert phone.name == f"téléphone d'astreinte ({carrier.name})"
    assert book.duty_phone("renfort", instant) is None


def test_a_team_is_everyone_in_it(edited: Callable[..., RosterBook]) -> None:
    book = edited("teams:", "teams:")
    assert [person.id for person in book.team("direction")] == ["helene.vasseur", "claire.fontaine"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("- id: astreinte", f"- id: {'a' * 54}", "54 caractères ; attendu : 53 au plus"),
        ("people: [helene.vasseur, claire.fontaine]", "people: [nul]", "personne « nul » inconnue"),
        ("claire.fontaine@deux-rives.test", "Malik.Haddad@deux-rives.test", "adresse"),
        ("claire.fontaine@deux-rives.test", "claire", "adresse de messagerie"),
        ("+33 6 39 98 10 10", "+33 6 39 98 10 01", "numéro"),
    ],
)
def test_faults(edited: Callable[..., RosterBook], old: str, new: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        edited(old, new)
    assert said in str(raised.value)
