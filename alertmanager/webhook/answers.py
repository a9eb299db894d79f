"""What comes back of what we sent, called back or fetched: reports, and people's messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alertmanager.delivery.outbox import note_report
from alertmanager.incidents.inbox import take_reply
from alertmanager.incidents.paging import message_ended
from alertmanager.notifiers.contract import Incoming, Report
from inventory.process.logs import get_logger

if TYPE_CHECKING:
    from alertmanager.webhook.pager import Pager

log = get_logger("vigie.webhook")


def take(pager: Pager, notifier: str, what: Incoming | Report) -> None:
    """Store it and act on it, in one transaction. Raise StoreUnavailable."""
    if isinstance(what, Report):
        _take_report(pager, notifier, what)
    else:
        _take_reply(pager, notifier, what)


def _take_report(pager: Pager, notifier: str, report: Report) -> None:
    now = pager.clock()
    with pager.store.write() as session:
        failed = note_report(session, now, report, pager.notifiers[notifier].delivery_deadline)
        if failed is not None:
            message_ended(session, pager.desk, failed, now)
    log.info("report_received", channel=notifier, outcome=report.outcome)


def _take_reply(pager: Pager, notifier: str, incoming: Incoming) -> None:
    channel = pager.channel_of(notifier)
    with pager.store.write() as session:
        outcome = take_reply(session, pager.desk, channel, incoming, pager.clock())
    pager.telemetry.replies.labels(outcome).inc()
    log.info("reply_received", channel=notifier, outcome=outcome)
