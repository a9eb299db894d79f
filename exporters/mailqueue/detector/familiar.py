"""Whether a client's network is familiar: the account's own, or the house's. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from exporters.mailqueue.detector.account import Account
from exporters.mailqueue.detector.networks import (
    DAY,
    LEARN_SECONDS,
    CommonNetworks,
    Novelty,
    is_private,
)


class Familiar:
    """What is learnt of networks over all accounts."""

    def __init__(self) -> None:
        self._common = CommonNetworks()
        self._novelty = Novelty()
        self._started: int | None = None

    def begin(self, now: int) -> None:
        """The log begins, unless it did."""
        if self._started is None:
            self._started = now

    def is_new(self, account: Account, network: str, now: int) -> bool:
        """Whether nobody expects the account there."""
        return network != "" and not self.knows(account, network, now)

    def knows(self, account: Account, network: str, now: int) -> bool:
        """Whether it is the account's own or the house's."""
        started = self._started or now
        return (
            account.networks.knows(network, now)
            or is_private(network)
            or self._common.knows(network, now, started)
        )

    def sent(self, name: str, now: int, *, fresh: bool) -> None:
        """`name` submitted a message; `fresh`: from a new network."""
        self._novelty.note(name, now, fresh=fresh)

    def use(self, name: str, account: Account, network: str, now: int) -> None:
        """The account logged in or submitted there: learnt, unless it may be a thief."""
        if network and not account.disturbed and not account.page.paged:
            account.networks.use(network, now)
            self._common.use(network, name, now)

    def unlearn(self, name: str, account: Account, now: int) -> None:
        """A thief used what the account has used for the first time of late."""
        for network, first in list(account.networks.first.items()):
            if now - first < LEARN_SECONDS:
                account.networks.forget(network)
                self._common.forget(network, name)

    def is_cold(self, now: int) -> bool:
        """The first day of a log: nothing is known of anyone."""
        return now - (self._started or now) < DAY

    def trust(self, now: int) -> float:
        """What a new network weighs now, 0..1."""
        return self._novelty.trust(now, self._started or now)

    def changes(self) -> Iterator[tuple[str, list[Any] | None]]:
        """Networks that changed since the last call, None when gone: JSON."""
        for network, row in self._common.changes():
            yield network, list(row) if row else None

    def change_all(self) -> None:
        """Every network counts as changed: what was saved is lost."""
        self._common.change_all()

    def save(self) -> list[Any]:
        """What is not of one network: JSON."""
        return [self._started, self._novelty.save()]

    def restore(self, saved: list[Any]) -> None:
        """What `save` gave."""
        self._started, novelty = saved
        self._novelty = Novelty(novelty)

    def put(self, network: str, row: list[Any]) -> None:
        """A network that `changes` gave."""
        self._common.restore(network, *row)
