"""A pager without processes: a real store, the example rosters, a clock that obeys, no network."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from alertmanager.delivery import outbox
from alertmanager.delivery.channels import Channel
from alertmanager.delivery.digest import render
from alertmanager.delivery.storm import Limits
from alertmanager.incidents.desk import Desk
from alertmanager.incidents.due import run_due_timer
from alertmanager.incidents.inbox import take_reply
from alertmanager.incidents.intake import receive
from alertmanager.incidents.paging import message_ended
from alertmanager.incidents.policy import Policy, Step
from alertmanager.incidents.received import ReceivedAlert
from alertmanager.incidents.wording import current_text
from alertmanager.notifiers.contract import Incoming, Report
from alertmanager.rosters import RosterBook, load_rosters
from alertmanager.store.database import Store, sqlite_url
from alertmanager.store.migrate import migrate
from alertmanager.store.tables import Incident, JournalLine, Message, Timer
from deploy.estate.postgres import PostgresServer
from inventory import Inventory

HOLIDAY_MORNING = datetime.fromisoformat("2026-05-01T07:12:00+02:00")
NADIA, YANN, HELENE = "+33639981003", "+33639981005", "+33639981007"
"""Who is on duty that morning: first, second, last resort."""
UNBOUNDED = Limits(per_5m=10_000, per_15m=None, per_hour=None, windows=(timedelta(0),))
"""Every page at once: what a storm does has tests of its own."""


@dataclass
class World:
    store: Store
    desk: Desk
    now: datetime = HOLIDAY_MORNING
    owner: str = "test"
    replies: int = 0
    first, second, last = NADIA, YANN, HELENE

    def pass_time(self, **span: float) -> None:
        """Let time pass, running what falls due on the way, in order."""
        end = self.now + timedelta(**span)
        while True:
            with self.store.read() as session:
                due = session.scalars(
                    select(Timer.due_at)
                    .where(Timer.done_at.is_(None), Timer.due_at <= end)
                    .order_by(Timer.due_at)
                ).first()
                proof = session.scalars(
                    select(Message.deadline_at)
                    .where(Message.state == "accepted", Message.deadline_at <= end)
                    .order_by(Message.deadline_at)
                ).first()
            upcoming = [instant for instant in (due, proof) if instant is not None]
            if not upcoming:
                break
            self.now = max(self.now, min(upcoming))
            self.run_due()
        self.now = end

    def run_due(self) -> None:
        with self.store.write() as session:
            timers = session.scalars(
                select(Timer).where(Timer.done_at.is_(None), Timer.due_at <= self.now)
            ).all()
            for timer in timers:
                run_due_timer(session, self.desk, timer, self.now)
            for identifier in outbox.overdue(session, self.now):
                message = outbox.give_up_proof(session, self.now, identifier)
                if message is not None:
                    message_ended(session, self.desk, message, self.now)

    def alert(
        self, fingerprint: str = "a1", *, firing: bool = True, **labels: str
    ) -> ReceivedAlert:
        return ReceivedAlert(
            fingerprint=fingerprint,
            firing=firing,
            labels={
                "alertname": "MailAccountCompromised",
                "severity": "critical",
                "service": "messagerie",
                "member": "valmont",
                "impact": "degraded",
                "scope": "service",
                **labels,
            },
            annotations={"summary": "compte piraté", "action": "Bloquer le compte"},
            starts_at=self.now - timedelta(minutes=1),
        )

    def post(self, *alerts: ReceivedAlert, integration: str = "default") -> int:
        with self.store.write() as session:
            changed = receive(session, self.desk, integration, alerts, self.now)
        self.run_due()
        return changed

    def written(self, session: Session, message: Message, now: datetime) -> None:
        """As the courier does: a digest is written when it leaves."""

        def text_of(session: Session, incident: Incident, now: datetime) -> str:
            return current_text(session, self.desk, incident, now)

        render(session, self.desk, message, now, text_of)

    def send_all(self, report: str | None = "delivered") -> list[tuple[str, str]]:
        """Hand over what is pending, as the courier does; (address, text) of each."""
        sent = []
        while True:
            with self.store.write() as session:
                lease = outbox.claim(session, self.now, self.owner, on_claim=self.written)
                if lease is None:
                    return sent
                sent.append((lease.address, lease.text))
                outbox.note_accepted(
                    session,
                    self.now,
                    lease,
                    self.owner,
                    deadline=timedelta(seconds=90),
                    provider_id=None,
                    detail="",
                )
            if report is not None:
                self.report(lease.token, report)

    def refuse_next(self) -> None:
        with self.store.write() as session:
            lease = outbox.claim(session, self.now, self.owner, on_claim=self.written)
            assert lease is not None
            failed = outbox.note_refused(session, self.now, lease, self.owner, "numéro refusé")
            assert failed is not None
            message_ended(session, self.desk, failed, self.now)

    def report(self, token: str, outcome: Any) -> None:
        with self.store.write() as session:
            failed = outbox.note_report(
                session, self.now, Report(token, outcome), timedelta(seconds=90)
            )
            if failed is not None:
                message_ended(session, self.desk, failed, self.now)

    def reply(self, sender: str, text: str, provider_id: str | None = None) -> str:
        self.replies += 1
        incoming = Incoming(sender, text, provider_id or f"mo{self.replies}")
        with self.store.write() as session:
            return take_reply(session, self.desk, "sms", incoming, self.now)

    def incidents(self) -> list[Incident]:
        with self.store.read() as session:
            return list(session.scalars(select(Incident).order_by(Incident.opened_at)))

    def incident(self) -> Incident:
        (only,) = self.incidents()
        return only

    def messages(self) -> list[Message]:
        with self.store.read() as session:
            return list(session.scalars(select(Message).order_by(Message.id)))

    def journal(self, *events: str) -> list[JournalLine]:
        with self.store.read() as session:
            lines = session.scalars(select(JournalLine).order_by(JournalLine.id))
            return [line for line in lines if not events or line.event in events]

    def with_desk(self, **changes: Any) -> None:
        self.desk = replace(self.desk, **changes)


@dataclass
class Nobody:
    """A roster book whose rosters are all empty."""

    roster_ids: Sequence[str] = ("astreinte", "renfort")
    persons: Sequence[Any] = field(default_factory=tuple)
    team_ids: Sequence[str] = ()

    def on_duty(self, roster: str, instant: datetime) -> Any:
        @dataclass
        class Answer:
            people: tuple[Any, ...] = ()
            why: str = f"personne dans {roster}"

        return Answer()

    def day_kind(self, instant: datetime) -> str:
        return "office"

    def duty_phone(self, roster: str, instant: datetime) -> Any:
        return None

    def support_hours_open(self, instant: datetime) -> bool:
        return True

    def next_support_opening(self, instant: datetime) -> datetime | None:
        return instant


@pytest.fixture
def nobody() -> Nobody:
    return Nobody()


@pytest.fixture(scope="session")
def migrated_postgres(throwaway_postgres: PostgresServer) -> PostgresServer:
    """A cluster whose database `migrated` is copied for each test."""
    model = Store(throwaway_postgres.create_database("migrated"))
    migrate(model)
    model.close()
    return throwaway_postgres


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that is copied for each test."""
    path = tmp_path_factory.mktemp("migrated") / "pager.sqlite3"
    model = Store(sqlite_url(path))
    migrate(model)
    model.close()  # the last connection folds the write-ahead log in
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A migrated, empty store of each kind; a test about one kind parametrizes it with its name."""
    if request.param == "sqlite":
        path = tmp_path / "pager.sqlite3"
        shutil.copy(request.getfixturevalue("migrated_sqlite"), path)
        store = Store(sqlite_url(path))
        yield store
        store.close()
        return
    server = request.getfixturevalue("migrated_postgres")
    name = f"t{uuid.uuid4().hex}"
    store = Store(server.create_database(name, "migrated"))
    yield store
    store.close()
    server.drop_database(name)


@pytest.fixture(scope="session")
def example_rosters(example_inventory: Inventory) -> RosterBook:
    """The rosters shipped with Vigie."""
    with as_file(files("alertmanager") / "rosters" / "example.yml") as path:
        return load_rosters(path, example_inventory)


@pytest.fixture
def world(store: Store, example_inventory: Inventory, example_rosters: RosterBook) -> World:
    policy = Policy(
        (Step("astreinte", timedelta(minutes=5)), Step("renfort", timedelta(minutes=5))),
        ("helene.vasseur",),
        timedelta(minutes=15),
    )
    desk = Desk(
        rosters=example_rosters,
        inventory=example_inventory,
        policy=policy,
        channels=(Channel("sms", ("sms",), bounds=UNBOUNDED),),
        grouping=("member", "service", "alertname"),
        reopen_within=timedelta(minutes=10),
    )
    return World(store, desk)
