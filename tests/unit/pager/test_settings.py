"""webhook.yml: every fault at once, with its line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml

from alertmanager.webhook.night import plan_of
from alertmanager.webhook.settings import load_webhook_config
from inventory.config import ConfigurationError

GOOD = """\
inventory: inventory.yml
rosters: rosters.yml
store: {path: webhook.sqlite3}
integrations:
  - {id: default, token_file: a.token}
  - {id: watchdog, token_file: a.token, kind: heartbeat}
readers: {status_token_file: s.token, operator_token_file: o.token}
escalation:
  steps:
    - {roster: astreinte}
    - {roster: renfort, wait: 10m}
  last_resort: [helene.vasseur]
notifiers:
  kannel:
    url: http://127.0.0.1:13013/cgi-bin/sendsms
    username: vigie
    password_file: a.token
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    for name in ("a.token", "s.token", "o.token"):
        (tmp_path / name).touch(mode=0o600)
        (tmp_path / name).write_text("x" * 20)
    inventory = (files("inventory") / "example.yml").read_text()
    (tmp_path / "inventory.yml").write_text(inventory)
    rosters = (files("alertmanager") / "rosters" / "example.yml").read_text()
    (tmp_path / "rosters.yml").write_text(rosters)
    (tmp_path / "webhook.yml").write_text(GOOD)
    return tmp_path


def faults(folder: Path, text: str) -> list[str]:
    (folder / "webhook.yml").write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load_webhook_config(folder / "webhook.yml")
    return [str(fault).removeprefix(f"{folder}/") for fault in caught.value.faults]


def test_a_good_file_is_read_with_all_it_names(folder: Path) -> None:
    config = load_webhook_config(folder / "webhook.yml")
    assert config.inventory.member("valmont") is not None
    assert list(config.notifiers) == ["kannel"]
    assert [s.wait.total_seconds() for s in config.file.escalation.steps] == [300, 600]
    assert config.file.store.database_url().database == str(folder / "webhook.sqlite3")


def test_all_faults_of_all_files_are_said_at_once(folder: Path) -> None:
    inventory = (folder / "inventory.yml").read_text().replace("name: Noirmont", "nom: Noirmont")
    (folder / "inventory.yml").write_text(inventory)
    text = (
        GOOD.replace("kind: heartbeat", "kind: battement")
        .replace("wait: 10m", "wait: bientôt")
        .replace("username: vigie", "user: vigie")
        .replace("helene.vasseur", "maire")
        .replace("roster: renfort", "roster: semaine")
        .replace("store: {path", "stor: {path")
    )
    found = faults(folder, text)
    text = "\n".join(found)
    assert any(f.startswith("inventory.yml:") and "nom" in f for f in found)
    assert "webhook.yml:3: stor: clé inconnue" in text
    assert "store: clé obligatoire absente" in text
    assert "webhook.yml:6: integrations[1].kind" in text
    assert "webhook.yml:11: escalation.steps[1].wait: « bientôt » n'est pas une durée" in text
    assert "webhook.yml:16: notifiers.kannel.user: clé inconnue" in text
    assert "notifiers.kannel.username: clé obligatoire absente" in text
    assert "escalation.last_resort[0]: personne « maire » inconnue" in text
    assert "escalation.steps[1].roster: tour d'astreinte « semaine » inconnu" in text


def test_unknown_rosters_people_and_notifiers_are_faults_that_name_the_known_ones(
    folder: Path,
) -> None:
    text = (
        GOOD.replace("roster: renfort", "roster: semaine")
        .replace("helene.vasseur", "helen.vasseur")
        .replace("id: watchdog", "id: default")
        + "  pigeon: {}\n"
    )
    found = faults(folder, text)
    assert len(found) == 4
    assert found[0] == (
        "webhook.yml:6: integrations[1].id: intégration « default » en double, déjà ligne 5 ;"
        " attendu : une seule fois"
    )
    assert "escalation.steps[1].roster: tour d'astreinte « semaine » inconnu" in found[1]
    assert "astreinte, renfort, dernier-recours" in found[1]
    assert "personne « helen.vasseur » inconnue" in found[2]
    assert "moyen « pigeon » inconnu ; attendu : l'un des moyens installés : " in found[3]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("store: {path: webhook.sqlite3}", "store: {}", "path (fichier SQLite)"),
        (
            "store: {path: webhook.sqlite3}",
            "store: {url: 'postgresql+psycopg://v:secret@h/v'}",
            "l'url porte un mot de passe",
        ),
        ("http://127.0.0.1:13013/cgi", "http://u:secret@h/cgi", "secret dans password_file"),
        ("password_file: a.token", "password_file: absent", "secret illisible"),
        ("password_file: a.token", "password: secret", "clé inconnue"),
        (
            "username: vigie",
            "username: vigie\n    callback_allow: [partout]",
            "ni un réseau",
        ),
        ("{roster: astreinte}", "{roster: astreinte, wait: 0s}", "durée nulle"),
        ("rosters: rosters.yml", "rosters: absent.yml", "fichier illisible"),
        (
            "rosters: rosters.yml",
            "rosters: rosters.yml\nweb: {listen_address: partout}",
            "n'est pas une adresse d'écoute",
        ),
    ],
)
def test_each_fault_says_what_would_be_right_and_never_a_secret(
    folder: Path, before: str, after: str, said: str
) -> None:
    assert before in GOOD
    found = faults(folder, GOOD.replace(before, after))
    assert any(said in fault for fault in found)
    assert not any(":secret@" in fault for fault in found)


def test_the_example_of_the_reference_page_is_valid(folder: Path) -> None:
    page = Path(__file__).parents[3] / "docs" / "reference" / "webhook.md"
    example = page.read_text().split("```yaml\n")[1].split("```")[0]
    data = yaml.safe_load(example)
    for name in ("default.token", "status.token", "operator.token", "kannel.password"):
        (folder / name).touch(mode=0o600)
        (folder / name).write_text("x" * 20)
    (folder / "webhook.yml").write_text(example)
    assert set(data) >= {"integrations", "escalation", "notifiers"}
    load_webhook_config(folder / "webhook.yml")


CANARY = "canary: {at: '03:00', every: day, person: helene.vasseur}\n"


def test_a_night_test_goes_through_the_first_channel_of_sms(folder: Path) -> None:
    (folder / "webhook.yml").write_text(GOOD + CANARY)
    plan = plan_of(load_webhook_config(folder / "webhook.yml"), ZoneInfo("Europe/Paris"))
    assert plan is not None
    assert (plan.at, plan.weekday, plan.providers) == (time(3), None, ("kannel",))
    assert plan.address == "+33639981007"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("channel: mail", "canary.channel: canal de SMS « mail » inconnu"),
        ("provider: autre", "canary.provider: moyen « autre » inconnu"),
        ("phone: '+33 6 39 98 10 07'", "attendu : person ou phone, l'un des deux"),
        ("weekday: 8", "canary.weekday"),
    ],
)
def test_a_night_test_that_nobody_could_receive_is_refused(folder, written, expected) -> None:
    (said,) = faults(folder, GOOD + CANARY.replace("}", f", {written}}}"))
    assert expected in said


def test_a_night_test_names_a_person_and_an_hour(folder: Path) -> None:
    text = CANARY.replace("helene.vasseur", "personne").replace("'03:00'", "3")
    assert [fault.split(": ")[1] for fault in faults(folder, GOOD + text)] == [
        "canary.at",
        "canary.person",
    ]
