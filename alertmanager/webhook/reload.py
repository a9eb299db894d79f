"""SIGHUP: rosters.yml is read again, and what it changes is said before it holds.

A file that is faulty, or that no longer has what the escalation names, changes nothing. What is
applied is in the journal first: who is on duty when, instead of whom, and from when on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from prometheus_client import Gauge

from alertmanager.rosters import RosterBook
from alertmanager.rosters.diff_report import ChangeView, Named, RosterDiff, roster_diff
from alertmanager.store.database import StoreUnavailable
from alertmanager.store.journal import write_line
from alertmanager.webhook.night import plan_of
from alertmanager.webhook.pager import Pager
from inventory.config import ConfigurationError, Fault
from inventory.process.logs import get_logger

_MOST_LOGGED = 20
_MOST_KEPT = 500
"""Changed turns in one line of the journal: eight rosters that change hands weekly."""

log = get_logger("vigie.rosters")


class Reload:
    """Reads the rosters again. Its metric says whether what is on disk is what is in use."""

    def __init__(self, pager: Pager) -> None:
        self._pager = pager
        self._faulty = Gauge(
            "vigie_roster_file_faulty",
            "Whether rosters.yml was refused when it was last read: those of before are in use.",
            registry=pager.telemetry.registry,
        )

    def now(self) -> None:
        """Read, compare, write down, apply; or say why not. Raise nothing."""
        try:
            self._reload()
        except ConfigurationError as error:
            _say_refused(error.faults)
        except StoreUnavailable as error:
            _say_not_applied(error)
        except Exception:
            # A bug here must not end the process that pages.
            log.exception("rosters_not_applied")
        else:
            self._faulty.set(0)
            return
        self._faulty.set(1)

    def _reload(self) -> None:
        pager, live = self._pager, self._pager.live
        file = pager.config.rosters_again()
        live.refresh()
        now = pager.clock()
        diff = roster_diff(live.book, live.under_changes(file), now)
        if not diff.empty:
            with pager.store.write() as session:
                write_line(session, now, "roster.file_replaced", **_kept(diff))
        self._apply(file)
        _tell(diff)

    def _apply(self, file: RosterBook) -> None:
        pager = self._pager
        pager.live.replace_file(file)
        plan = plan_of(replace(pager.config, rosters=file), pager.desk.zone)
        pager.night.replan(plan)


def _say_refused(faults: Sequence[Fault]) -> None:
    log.error("rosters_refused", faults=len(faults))
    for fault in faults:
        log.error("rosters_fault", fault=_without_number(fault))


def _say_not_applied(error: StoreUnavailable) -> None:
    log.error("rosters_not_applied", reason=str(error))


def _kept(diff: RosterDiff) -> dict[str, Any]:
    return {
        "until": diff.ends_at.isoformat(),
        "turns": [_turn(change) for change in diff.changes[:_MOST_KEPT]],
        "left_out": max(0, len(diff.changes) - _MOST_KEPT),
        "late": {person.id: person.late for person in diff.people if person.late},
        "contacts": [f"{contact.what} {contact.id}" for contact in diff.contacts],
        "office_from": diff.office_changes_at and diff.office_changes_at.isoformat(),
    }


def _turn(change: ChangeView) -> dict[str, object]:
    return {
        "roster": change.roster.id,
        "starts": change.starts_at.isoformat(),
        "ends": change.ends_at.isoformat(),
        "before": _ids(change.before),
        "after": _ids(change.after),
    }


def _tell(diff: RosterDiff) -> None:
    log.info(
        "rosters_replaced",
        changed_turns=len(diff.changes),
        first=diff.changes and min(c.starts_at for c in diff.changes).isoformat(),
        late_turns=sum(person.late for person in diff.people),
        contacts=len(diff.contacts),
        until=diff.ends_at.isoformat(),
    )
    for change in sorted(diff.changes, key=lambda one: one.starts_at)[:_MOST_LOGGED]:
        log.info("roster_turn_changed", **_turn(change))
    for contact in diff.contacts[:_MOST_LOGGED]:
        log.info("roster_contact_changed", what=contact.what, id=contact.id)


def _ids(people: Iterable[Named]) -> list[str]:
    return [person.id for person in people]


def _without_number(fault: Fault) -> str:
    """The fault; a number that is written wrong is somebody's number all the same."""
    if fault.path.endswith("phone"):
        fault = replace(fault, problem=re.sub("« .*? »", "« … »", fault.problem))
    return str(fault)
