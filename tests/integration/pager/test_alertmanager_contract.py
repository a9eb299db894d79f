"""Debian's Alertmanager and the real webhook: nothing lost, nothing doubled, nothing for ever."""

from __future__ import annotations

import sqlite3
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from alertmanager_members import Member

from deploy.estate.child import wait_until

# The real program, its patience shortened.
DRIVER = textwrap.dedent(
    """
    import sys
    from datetime import timedelta

    from alertmanager.incidents import gone
    from alertmanager.webhook import process, survey, taking

    gone.GONE_AFTER, survey._EVERY = 3.0, 0.5
    taking._FRESH = timedelta(0)
    sys.exit(process.main(sys.argv[1:]))
    """
)
WATCHDOG = {"alertname": "Watchdog", "severity": "none"}


@pytest.fixture
def driven(estate: Any) -> Any:
    """The webhook is not started yet; it asks the Alertmanagers it is given."""
    driver = estate.folder / "driver.py"
    driver.write_text(DRIVER)

    def start(*members: Member) -> None:
        integration = {
            "id": "default",
            "token_file": "alertmanager.token",
            "alertmanager_url": [member.url for member in members],
        }
        estate.write(integrations=[integration], spool={"directory": str(estate.folder / "spool")})
        estate.start(clock=None, program=[sys.executable, driver])

    estate.start_driven = start
    return estate


@pytest.fixture
def member(estate: Any) -> Iterator[Callable[..., Member]]:
    started: list[Member] = []

    def start(**options: Any) -> Member:
        token = estate.settings.path("alertmanager.token")
        folder = estate.folder / f"am{len(started)}"
        started.append(Member(folder, estate.url("alertmanager/default"), token, **options))
        return started[-1]

    yield start
    for one in started:
        one.stop()


def lines(estate: Any, event: str) -> int:
    """Lines of the journal, of no incident too."""
    with sqlite3.connect(estate.database) as connection:
        found = connection.execute("SELECT count(*) FROM journal WHERE event = ?", (event,))
        return int(found.fetchone()[0])


def alerts(estate: Any, status: str = "firing") -> set[str]:
    """Instances of the alerts of the store, Watchdog left out."""
    with sqlite3.connect(estate.database) as connection:
        rows = connection.execute(
            "SELECT json_extract(labels, '$.instance') FROM alerts WHERE status = ?"
            " AND json_extract(labels, '$.alertname') != 'Watchdog'",
            (status,),
        )
        return {row[0] for row in rows}


def state(estate: Any, title: str) -> str:
    found = [one["state"] for one in estate.incidents() if one["title"] == title]
    return found[0] if len(found) == 1 else f"{len(found)} incidents"


def test_a_body_refused_while_the_store_is_locked_is_kept_taken_once_and_paged_once(
    driven: Any, member: Any
) -> None:
    am = member()
    driven.start_driven(am)
    am.tell(WATCHDOG)
    wait_until(lambda: state(driven, "Watchdog") == "open", "Watchdog", 15)
    lock = sqlite3.connect(driven.database, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    am.tell({"alertname": "Reste", "instance": "a"}, {"alertname": "Passe", "instance": "b"})
    spool = driven.folder / "spool"
    wait_until(lambda: len(list(spool.glob("*.body"))) >= 2, "deux corps gardés", 20)
    assert {path.stat().st_mode & 0o777 for path in spool.glob("*.body")} == {0o600}
    am.tell({"alertname": "Passe", "instance": "b"}, over=True)
    lock.execute("ROLLBACK")
    lock.close()
    wait_until(lambda: state(driven, "Reste") == "paging", "celle qui reste", 15)
    wait_until(lambda: not list(spool.glob("*")), "la réserve vide", 10)
    # Alertmanager tells no end of what it could never tell: it says so when it is asked.
    wait_until(lambda: state(driven, "Passe") in ("0 incidents", "resolved"), "l'autre", 15)
    (incident,) = [one for one in driven.incidents() if one["title"] == "Reste"]
    assert len(incident["pages"]) == len(incident["alerts"]) == 1
    page = requests.get(f"{driven.ports.url('webhook')}/metrics", timeout=10).text
    assert "vigie_webhook_spool_bodies 0.0" in page
    assert 'vigie_webhook_spooled_total{outcome="replayed"}' in page


def test_what_ended_while_the_webhook_was_down_is_over_and_what_lasts_is_paged(
    driven: Any, member: Any
) -> None:
    am = member()
    am.tell({"alertname": "Passe", "instance": "a"}, {"alertname": "Reste", "instance": "b"})
    time.sleep(1)
    am.tell({"alertname": "Passe", "instance": "a"}, over=True)
    driven.start_driven(am)
    wait_until(lambda: state(driven, "Reste") == "paging", "celle qui reste", 20)
    # A try that began while it fired may still arrive; its end follows.
    time.sleep(2)
    assert state(driven, "Passe") in ("0 incidents", "resolved")


def test_what_max_alerts_cuts_off_is_asked_for_and_ends_when_it_is_gone(
    driven: Any, member: Any
) -> None:
    am = member(max_alerts=10)
    driven.start_driven(am)
    am.tell(WATCHDOG, *({"alertname": "Tempête", "instance": f"i{n}"} for n in range(60)))
    everyone = {f"i{n}" for n in range(60)}
    wait_until(lambda: alerts(driven) == everyone, "toutes", 15)
    assert state(driven, "Tempête") == "paging"
    # Whichever it names, those that end are over here too.
    ended = [{"alertname": "Tempête", "instance": f"i{n}"} for n in range(50)]
    am.tell(*ended, over=True)
    wait_until(lambda: alerts(driven) == {f"i{n}" for n in range(50, 60)}, "la fin", 20)
    assert state(driven, "Tempête") == "paging"


def test_another_route_makes_no_other_incident(driven: Any, member: Any) -> None:
    am = member()
    driven.start_driven(am)
    am.tell({"alertname": "Panne", "instance": "a"})
    wait_until(lambda: state(driven, "Panne") == "paging", "l'incident", 15)
    before = receipts(driven)
    am.reload(group_by=["alertname", "instance"])
    wait_until(lambda: receipts(driven) > before, "un autre groupe", 15)
    (incident,) = driven.incidents()
    assert len(incident["alerts"]) == len(incident["pages"]) == 1
    am.tell({"alertname": "Panne", "instance": "a"}, over=True)
    wait_until(lambda: state(driven, "Panne") == "resolved", "la fin", 15)


def receipts(estate: Any) -> int:
    with sqlite3.connect(estate.database) as connection:
        return int(connection.execute("SELECT count(*) FROM receipts").fetchone()[0])


def test_a_firing_that_comes_after_its_end_is_believed_if_alertmanager_has_it(
    driven: Any, member: Any
) -> None:
    am = member()
    driven.start_driven(am)
    am.tell(WATCHDOG, {"alertname": "Panne", "instance": "a"})
    wait_until(lambda: state(driven, "Panne") == "paging", "l'incident", 15)
    (incident,) = [one for one in driven.incidents() if one["title"] == "Panne"]
    (real,) = incident["alerts"]
    late = driven.alert("tard", labels={"alertname": "Tard"})
    known = {
        **driven.alert(real["fingerprint"]),
        "labels": real["labels"],
        "startsAt": real["starts_at"],
    }
    for status in ("firing", "resolved"):
        assert driven.post({**late, "status": status}).status_code == 200
    assert driven.post({**known, "status": "resolved"}).status_code == 200
    assert (state(driven, "Panne"), state(driven, "Tard")) == ("resolved", "resolved")
    assert driven.post(late).status_code == driven.post(known).status_code == 200
    wait_until(lambda: lines(driven, "alert.late") == 1, "la réponse", 15)
    wait_until(lambda: state(driven, "Panne") == "paging", "celle qui dure", 15)
    assert state(driven, "Tard") == "resolved"
    assert lines(driven, "alert.doubted") == 2


def test_one_that_alertmanager_fires_to_us_and_never_posted_is_found(
    driven: Any, member: Any
) -> None:
    slow = {"matchers": ['alertname="Muette"'], "group_wait": "1h"}
    other = {"matchers": ['alertname="Ailleurs"'], "receiver": "personne"}
    am = member(routes=[slow, other])
    driven.start_driven(am)
    am.tell(WATCHDOG, *({"alertname": name, "instance": name} for name in ("Muette", "Ailleurs")))
    wait_until(lambda: state(driven, "Muette") == "paging", "la muette", 20)
    assert lines(driven, "alert.found") == 1
    assert alerts(driven) == {"Muette"}
