"""What the log collector counts since ever: each counter, its labels and all their values. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import product
from typing import NamedTuple

from prometheus_client.core import CounterMetricFamily

from exporters.mailqueue.log.reasons import REASONS

STATUSES = ("sent", "deferred", "bounced", "expired")
FAILURES = STATUSES[1:]
KINDS = ("non_delivery", "delay", "other")
SERVICES = ("smtp", "imap", "pop3", "managesieve", "submission")
CODES = tuple(f"{kind}.{subject}" for kind in (4, 5) for subject in range(8))
"""Classes and subjects of RFC 3463 that say why not; an unheard-of subject counts as x.0."""
MEMBER = "member"
"""The label whose values are the owners of the inventory, and "" for everything else."""

_VALUES: Mapping[str, Sequence[str]] = {
    "status": STATUSES,
    "failure": FAILURES,
    "kind": KINDS,
    "service": SERVICES,
    "code": CODES,
    "reason": REASONS,
}
_NAMES = {"failure": "status"}


class Kind(NamedTuple):
    """One counter: its name after ``mailqueue_``, what it means, its sets of label values."""

    name: str
    help: str
    labels: tuple[str, ...] = ()


MESSAGES = Kind(
    "submitted_messages",
    "Messages that authenticated accounts of this member submitted, by the mail log.",
    (MEMBER,),
)
RECIPIENTS = Kind(
    "submitted_recipients",
    "Recipients of those messages, each message counted once, by the mail log.",
    (MEMBER,),
)
RECEIVED = Kind(
    "received_messages",
    "Messages taken from clients that did not authenticate, by the mail log.",
)
REMOVED = Kind("removed_messages", "Messages that left the queue, by the mail log.")
EXPIRED = Kind(
    "expired_messages",
    "Messages given back after their longest time in the queue, by the mail log.",
)
NOTICES = Kind(
    "notifications",
    "Notices to senders about their message (not delivered, delayed, other), by the mail log.",
    ("kind",),
)
ATTEMPTS = Kind(
    "delivery_attempts",
    "Deliveries tried, for each recipient, by outcome and the member whose domain receives;"
    " empty elsewhere; by the mail log.",
    ("status", MEMBER),
)
FAILED = Kind(
    "delivery_failures",
    "Deliveries tried without success, by the class of what the other side said, by the mail log.",
    ("failure", "reason"),
)
FAILURE_CODES = Kind(
    "delivery_failure_codes",
    "Deliveries tried without success, by class and subject of the enhanced status code"
    " (RFC 3463), by the mail log.",
    ("code",),
)
REJECTS = Kind(
    "rejected_recipients",
    "Recipients refused to clients, by the class of why, by the mail log.",
    ("reason",),
)
LOG_INS = Kind(
    "authentication_failures",
    "Log-ins refused, by service and the member whose domain the name is of; empty when of none;"
    " by the mail log.",
    ("service", MEMBER),
)
LINES = Kind("log_lines", "Mail log lines read.")
UNPARSED = Kind(
    "log_unparsed_lines",
    "Mail log lines without a time stamp, or of a kind we count but not of its form.",
)
KINDS_COUNTED = (
    MESSAGES,
    RECIPIENTS,
    RECEIVED,
    REMOVED,
    EXPIRED,
    NOTICES,
    ATTEMPTS,
    FAILED,
    FAILURE_CODES,
    REJECTS,
    LOG_INS,
    LINES,
    UNPARSED,
)

Counts = dict[Kind, Counter[tuple[str, ...]]]


def no_counts() -> Counts:
    """Every counter at 0."""
    return {kind: Counter() for kind in KINDS_COUNTED}


@lru_cache(maxsize=1024)
def code_of(status: str, enhanced: bytes) -> str:
    """One of `CODES` for the enhanced status code of a failure: ``4.7`` of ``4.7.26``."""
    digit, _, rest = enhanced.partition(b".")
    subject = rest.partition(b".")[0].decode("ascii", "replace")
    code = f"{digit.decode('ascii', 'replace')}.{subject}"
    if code in CODES:
        return code
    return "4.0" if status == "deferred" else "5.0"


def counter_families(counts: Counts, members: Iterable[str]) -> Iterator[CounterMetricFamily]:
    """Every counter with every value its labels can have, with 0 if need be, and no other."""
    values = {**_VALUES, MEMBER: tuple(members)}
    for kind in KINDS_COUNTED:
        names = [_NAMES.get(label, label) for label in kind.labels]
        family = CounterMetricFamily(f"mailqueue_{kind.name}", kind.help, labels=names)
        for labels in product(*(values[label] for label in kind.labels)):
            family.add_metric(labels, counts[kind][labels])
        yield family
