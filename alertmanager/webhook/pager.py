"""The parts of the running process, put together once."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from alertmanager.delivery.channels import Channel
from alertmanager.delivery.courier import Courier
from alertmanager.delivery.digest import LINK_ROOM, describe, render
from alertmanager.delivery.leases import Lease
from alertmanager.duty.live import LiveBook
from alertmanager.incidents.desk import Desk
from alertmanager.incidents.due import run_due_timer
from alertmanager.incidents.paging import message_ended
from alertmanager.incidents.wording import current_text
from alertmanager.notifiers.contract import Notifier, NotifierContext
from alertmanager.rosters import RosterBook
from alertmanager.store.checkpoints import Checkpoints
from alertmanager.store.database import Store
from alertmanager.store.migrate import migrate
from alertmanager.store.tables import Incident, Message, Timer
from alertmanager.webhook import answers
from alertmanager.webhook.counted import counted
from alertmanager.webhook.duty_watch import DutyWatch
from alertmanager.webhook.fetching import Fetching
from alertmanager.webhook.file import IntegrationSettings
from alertmanager.webhook.group_commit import GroupCommit
from alertmanager.webhook.holes_watch import HolesWatch
from alertmanager.webhook.links import link_maker
from alertmanager.webhook.night import Night, plan_of
from alertmanager.webhook.replay import Replay
from alertmanager.webhook.settings import WebhookConfig
from alertmanager.webhook.spool import Spool, SpoolError
from alertmanager.webhook.survey import Survey
from alertmanager.webhook.taking import Taker
from alertmanager.webhook.telemetry import Telemetry
from alertmanager.webhook.tokens import Tokens
from inventory.process import Clock


@dataclass
class Pager:
    """What the HTTP routes work with."""

    config: WebhookConfig
    store: Store
    clock: Clock
    desk: Desk
    live: LiveBook
    notifiers: Mapping[str, Notifier]
    courier: Courier
    integrations: Mapping[str, IntegrationSettings]
    tokens: Tokens
    telemetry: Telemetry
    night: Night
    duty_watch: DutyWatch
    survey: Survey
    spool: Spool | None
    public_url: str
    link_key: bytes | None
    """Key of the links that answer messages; None: there are none."""

    def __post_init__(self) -> None:
        looks, failures = self.telemetry.mailbox_looks, self.telemetry.mailbox_failures
        self.fetching = Fetching(
            self.notifiers,
            partial(answers.take, self),
            looked=lambda name: looks.labels(name).set(self.clock().timestamp()),
            failed=lambda name: failures.labels(name).inc(),
        )

        beats = [name for name, known in self.integrations.items() if known.kind == "heartbeat"]
        taker = Taker(
            self.store,
            self.clock,
            self.desk,
            self.integrations,
            self.telemetry,
            asked=self.survey.asked,
            ask=self.survey.call,
        )
        spool, registry = self.spool, self.telemetry.registry
        replay = Replay(spool, registry, beats) if spool is not None else None
        self.intake = GroupCommit(taker.take, replay)
        self.checkpoints = Checkpoints(self.store)
        self.holes = HolesWatch(self.live, self.store, self.clock)
        registry.register(self.holes)

    @property
    def rosters(self) -> RosterBook:
        """The rosters as they stand."""
        return self.live.book

    def channel_of(self, notifier: str) -> str:
        """The channel that goes through a notifier; its own name when none does."""
        through = (c.id for c in self.desk.channels if notifier in c.providers)
        return next(through, notifier)

    def start(self) -> None:
        """Start sending, and asking Alertmanager. Raise StoreError."""
        self.live.start()
        self.checkpoints.start()
        self.courier.start()
        self.intake.start()
        self.survey.start()
        self.fetching.start()
        self.night.start()
        self.duty_watch.start()
        self.holes.start()

    def close(self) -> None:
        """Finish what is being sent, then release everything."""
        self.holes.stop()
        self.duty_watch.stop()
        self.night.stop()
        self.fetching.stop()
        self.intake.stop()
        self.survey.stop()
        self.courier.stop()
        self.checkpoints.stop()
        self.live.stop()
        for notifier in self.notifiers.values():
            notifier.close()
        if self.spool is not None:
            self.spool.close()
        self.store.close()


def _channels(config: WebhookConfig, notifiers: Mapping[str, Notifier]) -> tuple[Channel, ...]:
    found = []
    for identifier, names in config.through():
        first = config.notifiers[names[0]]
        deadlines = [notifiers[name].delivery_deadline for name in names]
        known = [deadline for deadline in deadlines if deadline is not None]
        found.append(
            Channel(
                identifier,
                names,
                first.reaches,
                max(known) if known else None,
                first.plugin.capped,
                config.file.storm.limits(),
            )
        )
    return tuple(found)


def _spool(config: WebhookConfig) -> Spool | None:
    settings = config.file.spool
    if settings is None:
        return None
    try:
        return Spool(settings.directory, settings.max)
    except SpoolError as error:
        raise ValueError(f"réserve inutilisable : {error}") from None


def build_pager(config: WebhookConfig, clock: Clock, public_url: str) -> Pager:
    """The pager over a migrated store; its courier is not started yet.

    Raise StoreError if the database cannot be used, ValueError if a token cannot be read.
    """
    tokens = Tokens.read(config.file.integrations, config.file.readers)
    link_key = config.file.link_key()
    store = Store(config.file.store.database_url())
    migrate(store)
    live = LiveBook(config.rosters, store, clock)
    notifiers = {
        name: configured.plugin.build(configured.settings, NotifierContext(public_url, name, clock))
        for name, configured in config.notifiers.items()
    }
    desk = Desk(
        rosters=live,
        inventory=config.inventory,
        policy=config.file.escalation.policy(),
        policies=tuple(policy.policy() for policy in config.file.policies),
        acknowledge_for=config.file.acknowledge_for,
        channels=_channels(config, notifiers),
        grouping=config.file.grouping,
        reopen_within=config.file.reopen_within,
    )

    def ended(session: Session, message: Message, now: datetime) -> None:
        message_ended(session, desk, message, now)

    def due(session: Session, timer: Timer, now: datetime) -> None:
        run_due_timer(session, desk, timer, now)

    link_for = None if link_key is None else link_maker(store, link_key, public_url, clock)
    room = LINK_ROOM if link_for is not None and public_url.startswith("https:") else 0

    def claimed(session: Session, message: Message, now: datetime) -> None:
        def text_of(session: Session, incident: Incident, now: datetime) -> str:
            return current_text(session, desk, incident, now)

        render(session, desk, message, now, text_of, room=room)

    def described(lease: Lease) -> tuple[str, str]:
        with store.read() as session:
            return describe(session, desk, session.get_one(Message, lease.id), clock())

    canary = plan_of(config, desk.zone)
    telemetry = Telemetry(store, clock, canary)
    courier = Courier(
        store,
        clock,
        counted(notifiers, telemetry.sends),
        [*desk.channels, *(canary.channels(desk.channels) if canary is not None else ())],
        owner=f"{socket.gethostname()[:30]}:{os.getpid()}:{secrets.token_hex(4)}",
        on_ended=ended,
        on_timer=due,
        on_claim=claimed,
        describe=described,
        link_for=link_for,
    )
    store.on_due(courier.wake)
    urls = {i.id: i.alertmanager_url for i in config.file.integrations if i.alertmanager_url}
    spool = _spool(config)
    return Pager(
        config=config,
        store=store,
        clock=clock,
        desk=desk,
        live=live,
        notifiers=notifiers,
        courier=courier,
        integrations={i.id: i for i in config.file.integrations},
        tokens=tokens,
        telemetry=telemetry,
        night=Night(canary, store, clock),
        duty_watch=DutyWatch(
            live, desk, store, clock, [one for url in urls.values() for one in url]
        ),
        survey=Survey(store, clock, desk, urls),
        spool=spool,
        public_url=public_url,
        link_key=link_key,
    )
