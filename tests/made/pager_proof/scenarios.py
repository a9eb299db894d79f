"""What the pager is doing when it is killed, and what must be true in the end all the same."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import func, select

from alertmanager.store import journal
from alertmanager.store.tables import Alert, Incident, Message, MessagePage, Page
from pager_proof.lab import FIRST_WAIT, LEASES_END, PATIENCE, Lab, alert

FIRST = "+33639981003"  # on duty that morning
_STORM = 12
_OUTBOX, _PAGING = "alertmanager.delivery.outbox", "alertmanager.incidents.paging"
_COURIER = "alertmanager.delivery.courier:Courier"


@dataclass(frozen=True)
class Scenario:
    """`prepare` in peace, then `act`, during which it is killed; `points` are on that way."""

    name: str
    act: Callable[[Lab], object]
    points: tuple[str, ...]
    prepare: Callable[[Lab], object] = lambda _: None
    alerts: int = 1
    pages: int = 1
    kinds: tuple[str, ...] = ("page",)
    state: str = "paging"
    every_page: bool = True
    nudges: bool = False

    def missing(self, lab: Lab) -> list[str]:
        """What is not yet as it must be in the end; empty when all is."""
        taken = {one.token for one in lab.gateway.taken()}
        found = []
        with lab.store.read() as session:
            under_way = select(Message.state).where(
                Message.state.in_(("pending", "leased", "accepted"))
            )
            found += [f"a message is {state}" for state in session.scalars(under_way)]
            alerts = session.scalar(select(func.count()).select_from(Alert))
            if alerts != self.alerts:
                found.append(f"{alerts} of {self.alerts} alerts stored")
            pages = set(session.scalars(select(Page.id)))
            if len(pages) < self.pages:
                found.append(f"{len(pages)} of {self.pages} pages decided")
            sent = set(
                session.scalars(
                    select(MessagePage.page_id)
                    .join(Message, Message.id == MessagePage.message_id)
                    .where(Message.token.in_(taken))
                )
            )
            if self.every_page and pages - sent:
                found.append(f"{len(pages - sent)} pages of {len(pages)} were not sent")
            kinds = set(session.scalars(select(Message.kind).where(Message.token.in_(taken))))
            found += [f"no {kind} was sent" for kind in self.kinds if kind not in kinds]
            states = set(session.scalars(select(Incident.state)))
            if states != {self.state}:
                found.append(f"incidents are {states}, not {self.state}")
        return found

    def wait(self, lab: Lab, seconds: float = PATIENCE) -> list[str]:
        """Until nothing is missing, or the pager is dead, or it takes too long; what is missing."""
        end = time.monotonic() + seconds
        while missing := self.missing(lab):
            if time.monotonic() > end or lab.pager is None or lab.pager.dead(0.03):
                return missing
            if self.nudges and not {"a message is leased", "a message is accepted"} & {*missing}:
                lab.control.jump += 5  # the storm's next digest comes sooner
        return []


def _paged(lab: Lab) -> None:
    """An incident whose first page was delivered."""
    lab.post(alert())
    left = INGEST.wait(lab)
    assert not left, f"{left}\n{lab.tail()}"


def _unproven(lab: Lab) -> None:
    """A page that the gateway took and never reported on."""
    lab.gateway.reports = False
    lab.post(alert())
    end = time.monotonic() + PATIENCE
    while not _accepted(lab):
        assert time.monotonic() < end, lab.tail()
        time.sleep(0.02)
    lab.gateway.reports = True


def _accepted(lab: Lab) -> bool:
    with lab.store.read() as session:
        return bool(session.scalar(select(Message.id).where(Message.state == "accepted")))


def _later(seconds: float) -> Callable[[Lab], None]:
    def pass_time(lab: Lab) -> None:
        lab.control.jump += seconds

    return pass_time


def _first(mood: str) -> Callable[[Lab], None]:
    def warn(lab: Lab) -> None:
        lab.gateway.first = [mood]  # type: ignore[list-item]

    return warn


def _post(lab: Lab) -> None:
    lab.post(alert())


INGEST = Scenario(
    "alert to proof",
    _post,
    (
        "alertmanager.incidents.intake:receive_all",
        f"{_PAGING}:run_timer",
        f"{_PAGING}:start_paging",
        "alertmanager.delivery.dispatch:send_page",
        f"{_OUTBOX}:enqueue",
        "alertmanager.store.journal:seal",
        f"{_COURIER}.wake",
        f"{_OUTBOX}:claim",
        f"{_COURIER}._hand_over",
        "alertmanager.notifiers.kannel:Kannel.send",
        f"{_OUTBOX}:note_accepted",
        f"{_COURIER}._finish",
        f"{_OUTBOX}:note_report",
    ),
)
SCENARIOS = (
    INGEST,
    Scenario(
        "escalation",
        _later(FIRST_WAIT + 1),
        (f"{_PAGING}:run_timer", f"{_OUTBOX}:claim", f"{_OUTBOX}:note_accepted"),
        prepare=_paged,
        pages=2,
    ),
    Scenario(
        "no proof in time",
        _later(100),
        (f"{_OUTBOX}:give_up_proof", f"{_PAGING}:message_ended", f"{_OUTBOX}:claim"),
        prepare=_unproven,
        pages=2,
    ),
    Scenario(
        "gateway refuses",
        _post,
        (f"{_OUTBOX}:note_refused", f"{_PAGING}:message_ended"),
        prepare=_first("refuses"),
        every_page=False,
    ),
    Scenario("gateway fails", _post, (f"{_OUTBOX}:note_retry",), prepare=_first("fails")),
    Scenario(
        "reply",
        lambda lab: lab.reply(FIRST, "ok"),
        (
            "alertmanager.incidents.inbox:take_reply",
            "alertmanager.incidents.closing:acknowledge",
            f"{_OUTBOX}:claim",
        ),
        prepare=_paged,
        kinds=("page", "confirmation"),
        state="acknowledged",
    ),
    Scenario(
        "end",
        lambda lab: lab.post(alert(status="resolved")),
        ("alertmanager.incidents.closing:resolve", f"{_OUTBOX}:claim"),
        prepare=_paged,
        kinds=("page", "resolution"),
        state="resolved",
    ),
    Scenario(
        "storm",
        lambda lab: lab.post(*(alert(number) for number in range(1, _STORM + 1))),
        (f"{_PAGING}:start_paging", f"{_OUTBOX}:claim", f"{_OUTBOX}:note_accepted"),
        alerts=_STORM,
        pages=_STORM,
        nudges=True,
    ),
)


@dataclass(frozen=True)
class Point:
    """Where a trial kills. `name`: a function, statement, commit, gateway, or instant."""

    name: str
    when: str = ""
    nth: int = 1
    delay: float = 0.0  # seconds after the act, for `instant`

    @property
    def row(self) -> str:
        """The row of the table it is counted in."""
        if self.name in ("statement", "commit"):
            return f"{self.when} a {self.name}"
        said = {"gateway": "taken by the gateway, not answered", "instant": "at random"}
        return said.get(self.name) or f"{self.when} {self.name.rpartition(':')[2]}"


@dataclass(frozen=True)
class Verdict:
    """What one trial showed. `lost`: what was missing in the end."""

    reached: bool
    lost: list[str]
    repeats: int


def count(lab: Lab, scenario: Scenario) -> tuple[int, int, float]:
    """(statements, commits, seconds) of one undisturbed run, which must itself succeed."""
    lab.begin()
    try:
        lab.start(counting=True)
        scenario.prepare(lab)
        lab.control.armed = True
        began = time.monotonic()
        scenario.act(lab)
        missing = scenario.wait(lab)
        took = time.monotonic() - began
        assert not missing, f"{scenario.name}, undisturbed: {missing}\n{lab.tail()}"
        assert lab.gateway.repeats() == 0, f"{scenario.name}, undisturbed, sends twice"
        return (*lab.control.counts(), took)
    finally:
        lab.end()


def crash(lab: Lab, scenario: Scenario, point: Point) -> Verdict:
    """One trial: killed at `point`, started again; what was not answered is asked again."""
    lab.begin()
    try:
        planned = point.name not in ("gateway", "instant")
        lab.start(*((point.name, point.when, point.nth) if planned else ()))
        scenario.prepare(lab)
        if point.name == "gateway":
            lab.gateway.on_taken = _assassin(lab, point.nth)
        lab.control.armed = True
        scenario.act(lab)
        if point.name == "instant":
            time.sleep(point.delay)
        else:
            scenario.wait(lab)
        assert lab.pager is not None
        # All may be told a moment before the pager comes to its point.
        reached = point.name == "instant" or lab.pager.dead(0.5)
        lab.kill()
        lab.gateway.on_taken = None
        lab.control.armed = False
        lab.control.jump += LEASES_END
        lab.start()
        lab.ask_again()
        lost = scenario.wait(lab)
        with lab.store.read() as session:
            _, broken = journal.verify(session)
        if broken is not None:
            lost.append(f"the journal is broken at line {broken}")
        if lost:
            lost.append(lab.tail()[-1500:])
        return Verdict(reached, lost, lab.gateway.repeats())
    finally:
        lab.end()


def _assassin(lab: Lab, nth: int) -> Callable[[object], None]:
    seen = 0

    def strike(_: object) -> None:
        nonlocal seen
        seen += 1
        if seen == nth and lab.pager is not None:
            lab.pager.kill()

    return strike
