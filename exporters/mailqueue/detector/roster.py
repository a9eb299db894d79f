"""The accounts the detector remembers, and which of them changed since they were saved. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from exporters.mailqueue.detector.account import Account
from exporters.mailqueue.detector.baseline import Population
from exporters.mailqueue.detector.flow import HOUR
from exporters.mailqueue.detector.hours import HourClass

LIMIT = 20_000


class Roster:
    """At most 20,000 accounts; those that have sent nothing for longest give way."""

    def __init__(self, kind: Callable[[int], HourClass]) -> None:
        self._kind = kind
        self._accounts: dict[str, Account] = {}
        self._changed: set[str] = set()
        self._domains: Counter[bytes] = Counter()
        self._swept = 0
        self.population = Population()

    def __contains__(self, name: str) -> bool:
        return name in self._accounts

    def get(self, name: str) -> Account | None:
        """The account, to look at."""
        return self._accounts.get(name)

    def touch(self, name: str, now: int) -> Account:
        """The account, begun if it is new, to change."""
        account = self._accounts.get(name)
        if account is None:
            if len(self._accounts) >= LIMIT:
                self._forget()
            account = self._begin(name, now)
        self._changed.add(name)
        if account.hour != now // HOUR:
            self._turn(account, now)
        return account

    def writes_for(self, domain: bytes) -> bool:
        """Whether it is a domain of the house: an account is in it."""
        return domain in self._domains

    def sweep(self, now: int) -> None:
        """Once an hour: learn the hours that ended, give back the memory of who is idle."""
        if now // HOUR == self._swept:
            return
        self._swept = now // HOUR
        for name, account in self._accounts.items():
            if account.flow is not None or account.outcomes is not None:
                self._turn(account, now)
                account.rest(now)
                self._changed.add(name)

    def changes(self) -> Iterator[tuple[str, list[Any] | None]]:
        """Each account that is new, other or gone (None) since the last call, as JSON."""
        changed, self._changed = self._changed, set()
        for name in changed:
            account = self._accounts.get(name)
            yield name, account.save() if account else None

    def change_all(self) -> None:
        """Every account counts as changed: what was saved is lost."""
        self._changed.update(self._accounts)

    def save(self) -> list[Any]:
        """What is not of one account: JSON."""
        return [self._swept, self.population.counts]

    def restore(self, saved: list[Any]) -> None:
        """What `save` gave."""
        self._swept, counts = saved
        self.population = Population(list(counts))

    def put(self, name: str, row: list[Any]) -> Account:
        """An account that `changes` gave."""
        account = self._begin(name, 0)
        account.restore(row)
        return account

    def _begin(self, name: str, now: int) -> Account:
        if name not in self._accounts:
            self._domains[_domain(name)] += 1
        account = self._accounts[name] = Account(now)
        return account

    def _turn(self, account: Account, now: int) -> None:
        if account.hour == now // HOUR:
            return
        recipients = account.turn_hour(now, self._kind)
        if recipients:
            self.population.learn(recipients)

    def _forget(self) -> None:
        by_use = sorted((account.last, name) for name, account in self._accounts.items())
        for _, name in by_use[: LIMIT // 20]:
            del self._accounts[name]
            self._changed.add(name)
            domain = _domain(name)
            self._domains[domain] -= 1
            if not self._domains[domain]:
                del self._domains[domain]


def _domain(name: str) -> bytes:
    """Empty for a name without one."""
    return name.partition("@")[2].lower().encode()
