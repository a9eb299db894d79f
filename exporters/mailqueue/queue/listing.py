"""A list of messages, as showq and postqueue give it, made into a snapshot."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass

from exporters.mailqueue.queue.snapshot import QUEUES, QueueState, ReadFailed, Snapshot

LISTED = tuple(queue for queue in QUEUES if queue != "corrupt")
"""The queues that Postfix lists; it never lists ``corrupt``."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One message of such a list: Unix seconds of its arrival, bytes of its content."""

    queue: str
    arrival: float
    bytes: int


def listed_message(fields: dict[str, str]) -> Listed:
    """The message of one entry, by the names showq uses. Raise ReadFailed."""
    try:
        queue = fields["queue_name"]
        arrival, size = int(fields["time"]), int(fields["size"])
    except (KeyError, ValueError):
        raise ReadFailed(
            "liste de la file : message sans nom de file, date ou taille lisible ;"
            " attendu : celle de Postfix 3.1 ou plus récent"
        ) from None
    if queue not in LISTED:
        raise ReadFailed(f"liste de la file : file {queue[:40]!r} ; attendu : {', '.join(LISTED)}")
    return Listed(queue, float(arrival), size)


def gathered(method: str, messages: Iterable[Listed]) -> Snapshot:
    """The snapshot of these messages. A list tells no accounts: none are in it."""
    arrivals = {queue: array("d") for queue in LISTED}
    sizes = dict.fromkeys(LISTED, 0)
    for message in messages:
        arrivals[message.queue].append(message.arrival)
        sizes[message.queue] += message.bytes
    return Snapshot(
        method,
        {
            queue: QueueState(len(times), sizes[queue], array("d", sorted(times)))
            for queue, times in arrivals.items()
        },
    )
