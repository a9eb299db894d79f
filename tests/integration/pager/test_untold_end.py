"""An alert that ends while another inhibits it: Alertmanager says nothing, the incident ends."""

from __future__ import annotations

import sys
import textwrap
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import yaml

from deploy.estate.child import start_child, wait_until
from deploy.estate.monitoring import alertmanager_configuration, answers

# The real program, its patience shortened.
DRIVER = textwrap.dedent(
    """
    import sys

    from alertmanager.incidents import gone
    from alertmanager.webhook import process, survey

    gone.GONE_AFTER, survey._EVERY = 2.0, 0.5
    sys.exit(process.main(sys.argv[1:]))
    """
)


@pytest.fixture
def alertmanager(estate: Any) -> Iterator[str]:
    folder = estate.folder / "am"
    folder.mkdir()
    configuration = alertmanager_configuration(
        estate.ports, estate.settings.path("alertmanager.token")
    )
    configuration["route"]["group_interval"] = "1s"
    (folder / "alertmanager.yml").write_text(yaml.safe_dump(configuration))
    url = estate.ports.url("alertmanager")
    command = ["prometheus-alertmanager", f"--config.file={folder}/alertmanager.yml"]
    command += [f"--storage.path={folder}/data", "--cluster.listen-address="]
    command += [f"--web.listen-address={url.removeprefix('http://')}"]
    child = start_child("alertmanager", command, folder / "alertmanager.log")
    child.wait_ready(answers(f"{url}/-/ready"))
    yield url
    child.stop()


def tell(url: str, name: str, *, over: bool = False, severity: str = "critical") -> None:
    labels = {"alertname": name, "severity": severity, "service": "messagerie", "instance": "m1"}
    body: dict[str, Any] = {"labels": labels, "annotations": {"summary": name}}
    if over:
        body["endsAt"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 1))
    requests.post(f"{url}/api/v2/alerts", json=[body], timeout=5).raise_for_status()


def test_an_alert_that_ends_while_inhibited_does_not_page_for_ever(
    estate: Any, alertmanager: str
) -> None:
    driver = estate.folder / "driver.py"
    driver.write_text(DRIVER)
    estate.start(program=[sys.executable, driver])

    def states() -> dict[str, str]:
        return {incident["title"]: incident["state"] for incident in estate.incidents()}

    tell(alertmanager, "Watchdog", severity="none")
    tell(alertmanager, "MailQueueJammed")
    wait_until(lambda: "MailQueueJammed" in states(), "la file", 10)
    tell(alertmanager, "MailAccountCompromised")
    wait_until(lambda: "MailAccountCompromised" in states(), "le compte", 10)
    time.sleep(3)
    assert set(states().values()) == {"paging"}  # inhibited is not over
    tell(alertmanager, "MailQueueJammed", over=True)
    wait_until(lambda: states()["MailQueueJammed"] == "resolved", "la fin", 15)
    assert states()["MailAccountCompromised"] == "paging"
