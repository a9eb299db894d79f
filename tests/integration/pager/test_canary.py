"""The night test on real Kannel, through the real process: sent, delivered, measured, once."""

from __future__ import annotations

import subprocess
from datetime import datetime

import requests

from deploy.estate.child import wait_until

NIGHT = datetime.fromisoformat("2026-05-01T02:59:58+02:00")
TEXT = "VIGIE essai de nuit, rien à faire."


def exposition(estate) -> str:
    return requests.get(f"{estate.ports.url('webhook')}/metrics", timeout=10).text


def test_it_leaves_at_its_hour_arrives_and_is_measured_once_a_night(estate):
    estate.write(canary={"at": "03:00", "every": "day", "person": "helene.vasseur"})
    estate.start_sms()
    estate.start(clock=NIGHT)
    (received,) = estate.wait_sms(1)
    assert (received.to.lstrip("+"), received.text) == ("33639981007", TEXT)
    name = 'vigie_webhook_canary_delivery_seconds{provider="kannel"}'
    wait_until(lambda: name in exposition(estate), "la preuve de remise", 15)
    checked = subprocess.run(
        ["promtool", "check", "metrics"], input=exposition(estate), text=True,
        capture_output=True, check=False,
    )  # fmt: skip
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")
    estate.kill()
    estate.start(clock=NIGHT)
    estate.stays_quiet(1, 7)  # its hour comes again, two seconds after the start
    assert estate.incidents() == []
