"""The ways to reach a person, in the order they are tried. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from alertmanager.delivery.storm import DEFAULT_LIMITS, UNCAPPED, Limits


@dataclass(frozen=True)
class Channel:
    """One way to reach people, through one or more notifiers of which the first that works is used.

    `reaches` is the kind of address it needs (``phone``, ``email``, ``url``). Without proof before
    `delivery_deadline` after acceptance the next channel is tried; None: it gives no
    proof, and acceptance is all there is. `capped`: people suffer from every message of it,
    so what a storm sends is bounded by `bounds`.
    """

    id: str
    providers: tuple[str, ...]
    reaches: str = "phone"
    delivery_deadline: timedelta | None = timedelta(seconds=90)
    capped: bool = True
    bounds: Limits = DEFAULT_LIMITS

    @property
    def limits(self) -> Limits:
        """What a storm may send to one person by it."""
        return self.bounds if self.capped else UNCAPPED


def named(channels: Iterable[Channel], identifier: str) -> Channel | None:
    """The channel with that id, or None when it is not configured any more."""
    return next((channel for channel in channels if channel.id == identifier), None)


def usable(channels: Sequence[Channel], addresses: Mapping[str, str]) -> list[Channel]:
    """Those by which somebody with these addresses can be reached, in order."""
    return [channel for channel in channels if addresses.get(channel.reaches)]


def following(
    channels: Sequence[Channel], identifier: str, addresses: Mapping[str, str]
) -> Channel | None:
    """The usable channel after that one; None after the last.

    After one that is not configured any more, the first.
    """
    ids = [channel.id for channel in channels]
    place = ids.index(identifier) + 1 if identifier in ids else 0
    rest = usable(channels[place:], addresses)
    return rest[0] if rest else None
