"""One thread that sends the night test when its hour has come, at most once a night."""

from __future__ import annotations

import threading
from datetime import datetime
from zoneinfo import ZoneInfo

from alertmanager.delivery.canary import CanaryPlan, latest_due, send_due
from alertmanager.store.database import Store, StoreUnavailable
from alertmanager.webhook.settings import WebhookConfig
from inventory.process import Clock
from inventory.process.logs import get_logger

_TICK = 5.0  # seconds

log = get_logger("vigie.canary")


def plan_of(config: WebhookConfig, zone: ZoneInfo) -> CanaryPlan | None:
    """The test that the configuration asks for, at hours of `zone`."""
    canary = config.file.canary
    if canary is None:
        return None
    channels = config.sms_channels()
    channel = canary.channel or next(iter(channels))
    recipient = config.rosters.person(canary.person) if canary.person is not None else None
    return CanaryPlan(
        canary.at,
        None if canary.every == "day" else canary.weekday - 1,
        zone,
        recipient.id if recipient is not None else "",
        recipient.phone if recipient is not None else canary.phone or "",
        channel,
        channels[channel] if canary.provider is None else (canary.provider,),
        canary.slow_after,
    )


class Night:
    """Looks at the clock; the unique key of each test makes it one a night, in every process."""

    def __init__(self, plan: CanaryPlan | None, store: Store, clock: Clock) -> None:
        self._plan, self._store, self._clock = plan, store, clock
        self._done: datetime | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="night")

    def start(self) -> None:
        """Look from now on, if a test is configured."""
        if self._plan is not None:
            self._thread.start()

    def replan(self, plan: CanaryPlan | None) -> None:
        """The recipient's number is another; whether there is a test stays as it was."""
        if self._plan is not None:
            self._plan = plan

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _loop(self) -> None:
        while not self._stopping.is_set():
            try:
                self._turn()
            except StoreUnavailable as error:
                log.warning("store_unavailable", reason=str(error))
            except Exception:
                # A bug here must not end the tests of all nights to come.
                log.exception("canary_failed")
            self._stopping.wait(_TICK)

    def _turn(self) -> None:
        plan = self._plan
        if plan is None:
            return
        _, due = latest_due(plan, self._clock())
        if due == self._done:
            return
        with self._store.write() as session:
            count = send_due(session, plan, self._clock())
        self._done = due
        if count:
            log.info("canary_enqueued", count=count)
