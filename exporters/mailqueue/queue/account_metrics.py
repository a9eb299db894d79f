"""Whose mail waits, as metric families with a bounded number of series. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from prometheus_client.core import Metric

from exporters.mailqueue.queue.metrics import gauge, single
from exporters.mailqueue.queue.snapshot import OTHER, UNAUTHENTICATED, Held, Share, Snapshot

_ACCOUNT = ("account", "member")

Labels = Callable[[str], tuple[str, str]]
"""The labels `account` and `member` of an account."""


def leaders(counts: Mapping[str, int], floor: int, top: int) -> list[str]:
    """Accounts with `floor` messages or more, those with the most first, `top` at most."""
    named = [name for name, count in counts.items() if count >= floor and name != UNAUTHENTICATED]
    return sorted(named, key=lambda name: (-counts[name], name))[:top]


def account_families(
    snapshot: Snapshot, labels_of: Labels, floor: int, top: int
) -> Iterator[Metric]:
    """Queued and held mail by account. Without series when the reader does not tell accounts."""
    total = snapshot.messages
    ratio = None
    if snapshot.attributed is not None:
        ratio = snapshot.attributed / total if total else 1.0
    yield single(
        "attribution_ratio",
        "Messages whose account was looked up in their file / messages queued.",
        ratio,
    )
    yield from _queued(snapshot.shares, labels_of, floor, top)
    yield from _held(snapshot.held, labels_of, top)


def _queued(
    shares: Mapping[str, Share], labels_of: Labels, floor: int, top: int
) -> Iterator[Metric]:
    messages = gauge(
        "account_queued_messages",
        "Messages in all queues by the account that submitted them, by the queue files.",
        *_ACCOUNT,
    )
    part = gauge(
        "account_queued_ratio",
        "Messages of this account / messages whose account was looked up.",
        *_ACCOUNT,
    )
    recipients = gauge("account_queued_recipients", "Recipients of these messages.", *_ACCOUNT)
    clients = gauge(
        "account_queued_client_addresses",
        "Distinct client addresses (IPv6: /64) these messages were submitted from.",
        *_ACCOUNT,
    )
    shown = leaders({name: share.messages for name, share in shares.items()}, floor, top)
    total = sum(share.messages for share in shares.values())
    rest = [
        share for name, share in shares.items() if name not in shown and name != UNAUTHENTICATED
    ]
    rows = {name: shares[name] for name in shown}
    if UNAUTHENTICATED in shares:
        rows[UNAUTHENTICATED] = shares[UNAUTHENTICATED]
    if rest:
        rows[OTHER] = Share(
            sum(share.messages for share in rest), sum(share.recipients for share in rest), 0
        )
    for name, share in rows.items():
        labels = _labels(name, labels_of)
        messages.add_metric(labels, share.messages)
        part.add_metric(labels, share.messages / total)
        recipients.add_metric(labels, share.recipients)
        if name in shown:
            clients.add_metric(labels, share.client_addresses)
    yield from (messages, part, recipients, clients)


def _held(held: Mapping[str, Held], labels_of: Labels, top: int) -> Iterator[Metric]:
    messages = gauge("account_held_messages", "Messages of this account in hold.", *_ACCOUNT)
    since = gauge(
        "account_held_since_timestamp_seconds",
        "When the first of these messages was put on hold, by its file or a scan.",
        *_ACCOUNT,
    )
    shown = leaders({name: one.messages for name, one in held.items()}, 1, top)
    rest = [one for name, one in held.items() if name not in shown and name != UNAUTHENTICATED]
    rows = {name: held[name] for name in shown}
    if UNAUTHENTICATED in held:
        rows[UNAUTHENTICATED] = held[UNAUTHENTICATED]
    if rest:
        rows[OTHER] = Held(sum(one.messages for one in rest), min(one.since for one in rest))
    for name, one in rows.items():
        labels = _labels(name, labels_of)
        messages.add_metric(labels, one.messages)
        since.add_metric(labels, one.since)
    yield from (messages, since)


def _labels(name: str, labels_of: Labels) -> tuple[str, str]:
    return (name, "") if name in (OTHER, UNAUTHENTICATED) else labels_of(name)
