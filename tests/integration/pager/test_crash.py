"""kill -9 at each instruction that matters: at least one SMS, at most two."""

from __future__ import annotations

import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from deploy.estate.child import wait_until

# Runs the real program, with one function of it made to kill the process before or after its work.
DRIVER = textwrap.dedent(
    """
    import importlib, os, signal, sys

    point, when = sys.argv[1:3]
    module, _, name = point.rpartition(":")
    owner = importlib.import_module(module)
    *parents, name = name.split(".")
    for parent in parents:
        owner = getattr(owner, parent)
    real = getattr(owner, name)


    def deadly(*arguments, **keywords):
        if when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = real(*arguments, **keywords)
        os.kill(os.getpid(), signal.SIGKILL)
        return result


    setattr(owner, name, deadly)
    from alertmanager.__main__ import main

    sys.exit(main(sys.argv[3:]))
    """
)
STORE = "alertmanager.webhook.taking:_store"
WAKE = "alertmanager.delivery.courier:Courier.wake"
CLAIM = "alertmanager.delivery.outbox:claim"
HAND_OVER = "alertmanager.delivery.courier:Courier._hand_over"
OUTCOME = "alertmanager.delivery.outbox:note_accepted"
FINISH = "alertmanager.delivery.courier:Courier._finish"

# (function, before or after it, whether the alert was committed, the most SMS there may be)
POINTS = [
    (STORE, "before", False, 1),  # in the transaction, nothing written
    (STORE, "after", False, 1),  # in the transaction, all written, not committed
    (WAKE, "before", True, 1),  # committed, not answered
    (CLAIM, "before", True, 1),  # committed and answered, not claimed
    (CLAIM, "after", True, 1),  # claimed, not committed
    (HAND_OVER, "before", True, 1),  # claimed and committed, not sent
    (HAND_OVER, "after", True, 2),  # sent, nobody knows
    (OUTCOME, "after", True, 2),  # sent, outcome written, not committed
    (FINISH, "after", True, 1),  # sent and committed
]
STORES = ("sqlite", "postgresql")
SAMPLE = [("sqlite", POINTS[2]), ("sqlite", POINTS[6]), ("postgresql", POINTS[5])]


def crash_and_recover(estate: Any, point: tuple[str, str, bool, int]) -> None:
    function, when, committed, most = point
    driver = Path(estate.folder) / "driver.py"
    driver.write_text(DRIVER)
    estate.start_sms()
    estate.start(program=[sys.executable, driver, function, when])
    try:
        answered = estate.post(estate.alert()).status_code == 200
    except requests.RequestException:
        answered = False
    wait_until(lambda: not estate.child.alive(), "la mort du processus", 10)
    assert answered <= committed
    estate.start()
    if not answered:  # Alertmanager tries again what was not answered
        assert estate.post(estate.alert()).status_code == 200
    estate.wait_sms(1, 45)
    # The first SMS may be the dead process's; what the new one sends has settled once it is
    # proven. On PostgreSQL, which others may share, a dead process's lease ends by itself.
    wait_until(lambda: estate.incident()["messages"][0]["state"] == "delivered", "remise", 45)
    time.sleep(1)
    estate.stays_quiet(len(estate.handset.messages()), 2)
    messages = estate.handset.messages()
    assert 1 <= len(messages) <= most, messages
    assert {m.to for m in messages} == {estate.first}
    if len(messages) == 2:
        assert "(rappel)" in messages[1].text
    (incident,) = estate.incidents()
    assert len(incident["alerts"]) == len(incident["pages"]) == 1


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A sample of the points, or with --long every point twice on each database."""
    if "point" in metafunc.fixturenames:
        whole = [(store, point) for store in STORES for point in POINTS * 2]
        trials = whole if metafunc.config.getoption("--long") else SAMPLE
        ids = [
            f"{store}-{p[0].rpartition(':')[2]}-{p[1]}-{i}" for i, (store, p) in enumerate(trials)
        ]
        metafunc.parametrize(("estate", "point"), trials, ids=ids, indirect=["estate"])


@pytest.mark.series
def test_an_alert_that_was_answered_is_paged_through_a_kill(estate: Any, point: Any) -> None:
    crash_and_recover(estate, point)


def test_an_escalation_that_fell_due_while_the_process_was_dead_runs_at_its_start(
    estate: Any,
) -> None:
    estate.write(first_wait="3s")
    estate.start_sms()
    estate.start(clock=None)
    estate.post(estate.alert(labels={"alertname": "Any"}))
    estate.wait_sms(1)
    wait_until(lambda: estate.incident()["messages"][0]["state"] == "delivered", "remise")
    estate.kill()
    estate.stays_quiet(1, 3.5)
    estate.start(clock=None)
    estate.wait_sms(2, 5)
