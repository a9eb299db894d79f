"""Holes as the real process tells them, and as the command does over its store."""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any

import pytest
import requests

from deploy.cli.__main__ import main
from deploy.estate.child import wait_until

GAP = 'vigie_roster_next_hole_timestamp_seconds{kind="gap",roster="astreinte"}'


def metrics(estate: Any) -> dict[str, float]:
    text = requests.get(f"{estate.ports.url('webhook')}/metrics", timeout=10).text
    lines = (line.rsplit(" ", 1) for line in text.splitlines() if line.startswith("vigie_roster_"))
    return {name: float(value) for name, value in lines}


def looked(estate: Any) -> dict[str, float]:
    wait_until(lambda: "vigie_roster_look_timestamp_seconds" in metrics(estate), "un regard")
    return metrics(estate)


@pytest.fixture
def command(estate: Any, capsys: pytest.CaptureFixture[str]) -> Any:
    def call(*arguments: str) -> tuple[int, str, str]:
        path = estate.settings.path
        files = ("--config", str(path("rosters.yml")), "--webhook", str(path("webhook.yml")))
        span = ("--from", "2026-05-01T07:12", "--to", "2026-06-01")
        return main(["roster", "gaps", *files, *span, *arguments]), *capsys.readouterr()

    return call


@pytest.mark.parametrize("estate", ["sqlite", "postgresql"], indirect=True)
def test_a_leave_is_a_hole_of_the_process_and_of_the_command(estate: Any, command: Any) -> None:
    estate.start()
    calm = looked(estate)
    assert calm['vigie_roster_on_duty{roster="astreinte"}'] == 1
    assert calm['vigie_roster_holes{kind="gap",roster="astreinte"}'] == 0
    assert GAP not in calm
    starts, ends = estate.morning(60), estate.morning(240)
    headers = {
        "Authorization": f"Bearer {estate.settings.secret('operator.token')}",
        "Idempotency-Key": "k1",
    }
    body = {
        "person": "helene.vasseur",
        "away": "nadia.benali",
        "starts_at": starts.isoformat(),
        "ends_at": ends.isoformat(),
    }
    answer = requests.post(estate.url("rosters/leaves"), json=body, headers=headers, timeout=10)
    assert answer.status_code == 200, answer.text
    status, out, err = command("--format", "json")
    assert (status, err) == (1, "")
    found = json.loads(out)
    begins = starts.astimezone(UTC).isoformat().replace("+00:00", "Z")
    assert [(gap["roster"], gap["start"]) for gap in found["gaps"]] == [("astreinte", begins)]
    kinds = {hole["kind"] for hole in found["holes"]}
    assert kinds == {"gap", "on_leave", "no_contact"}
    _, text, _ = command("--roster", "astreinte")
    assert "personne ne répond pour « Astreinte d'exploitation »" in text
    assert "Nadia Benali est en congé du vendredi 1er mai 2026 à 8 h 12" in text
    estate.child.stop()
    estate.start()  # a search at its start; the next is ten minutes later
    assert looked(estate)[GAP] == starts.timestamp()


def test_without_a_store_the_command_says_which_one_it_wants(estate: Any, command: Any) -> None:
    status, out, err = command()
    assert (status, out) == (2, "")
    assert f"aucune base à {estate.database} ; attendu" in err
