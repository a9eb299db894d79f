"""Which client networks are an account's own, or the house's. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from exporters.mailqueue.accounts import client_address
from exporters.mailqueue.detector.window import RecentSet

PRIVATE = tuple(
    ipaddress.ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
)
HOUR, DAY = 3600, 86_400
LEARN_SECONDS = DAY // 2
"""A network used this long ago or longer is usual: a thief must not have time to become so."""
OWN_LIMIT = 48
RECENT_LIMIT = 64
COMMON_ACCOUNTS = 3
"""A network of so many accounts is the house's: a town hall, a school, the webmail."""
COMMON_LIMIT = 20_000
COLD_SECONDS = 1800
"""Stands for LEARN_SECONDS in the first day of a log, when nothing is older."""
COLD_TRUST, COLD_TRUST_OF_MANY, COLD_MANY = 0.4, 0.7, 50
"""What a new network weighs at most in the first day of a log, when homes are not known either;
and when so many senders of the last hour tell what is rare."""
LEAST_TRUST = 0.3
TRUSTED_SHARE, DOUBTFUL_SHARE = 0.15, 0.60
"""Share of senders on new networks: up to the first one is rare, from the second it is not."""
_PRIOR_NEW, _PRIOR = 2, 20


@lru_cache(maxsize=4096)
def client_network(raw: bytes) -> str:
    """The /24 or /48 of a client address, the /24 of a mapped IPv4; empty if it is no address."""
    address = client_address(raw)
    if address is None:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((int(address) >> 80 << 80, 48)))
    return str(ipaddress.IPv4Network((int(address) >> 8 << 8, 24)))


@lru_cache(maxsize=16384)
def is_private(network: str) -> bool:
    """Whether it is inside the house by its number: RFC 1918, RFC 4193."""
    inside = ipaddress.ip_network(network)
    return any(inside.version == one.version and inside.subnet_of(one) for one in PRIVATE)  # type: ignore[arg-type]


def spread(networks: Iterable[str]) -> float:
    """How many networks of the world: a /16 (IPv6 /32) is one, each more of it a quarter.

    A telephone behind an operator's gateways is elsewhere every minute, but never far.
    """
    names = list(networks)
    near = len({_wider(name) for name in names})
    return near + (len(names) - near) / 4


@lru_cache(maxsize=16384)
def _wider(network: str) -> str:
    parts = ipaddress.ip_network(network)
    return str(parts.supernet(new_prefix=16 if parts.version == 4 else 32))


class Networks:
    """The networks of one account: when each was first used. At most 48, the unused give way."""

    __slots__ = ("first",)

    def __init__(self, first: Mapping[str, int] | None = None) -> None:
        self.first = dict(first or {})

    def use(self, network: str, time: int) -> None:
        """The account used `network`."""
        first = self.first.pop(network, time)
        self.first[network] = first
        if len(self.first) > OWN_LIMIT:
            # One never seen twice goes first: a flood from everywhere forgets no home.
            young = [name for name, when in self.first.items() if time - when < LEARN_SECONDS]
            del self.first[young[0] if young else next(iter(self.first))]

    def forget(self, network: str) -> None:
        """What a thief used is not learnt."""
        self.first.pop(network, None)

    def knows(self, network: str, time: int) -> bool:
        """Whether the account has long used it."""
        first = self.first.get(network)
        return first is not None and time - first >= LEARN_SECONDS


class RecentNetworks:
    """The networks an account submitted from in the last hour, with its messages from each."""

    __slots__ = ("_seen",)

    def __init__(self, seen: Mapping[str, list[int]] | None = None) -> None:
        # Last use, hour number, messages in that hour, messages in the hour before.
        self._seen: dict[str, list[int]] = {name: list(row) for name, row in (seen or {}).items()}

    def add(self, network: str, time: int) -> None:
        """A message came from there."""
        hour = time // HOUR
        row = self._seen.pop(network, None) or [time, hour, 0, 0]
        if row[1] != hour:
            row[1:] = [hour, 0, row[2] if row[1] == hour - 1 else 0]
        row[0] = time
        row[2] += 1
        self._seen[network] = row
        if len(self._seen) > RECENT_LIMIT:
            del self._seen[next(iter(self._seen))]

    def names(self, now: int, seconds: int = HOUR) -> list[str]:
        """Those used in the last `seconds`, an hour at most."""
        seen = self._seen
        while seen:
            oldest = next(iter(seen))
            if seen[oldest][0] >= now - HOUR:
                break
            del seen[oldest]
        return [name for name, row in seen.items() if row[0] >= now - seconds]

    def messages(self, network: str, now: int) -> int:
        """How many from there in the last hour, about."""
        _, hour, present, before = self._seen.get(network, (0, 0, 0, 0))
        if now // HOUR != hour:
            present, before = 0, present if now // HOUR == hour + 1 else 0
        return present + round(before * (1 - now % HOUR / HOUR))

    def save(self) -> dict[str, list[int]]:
        """For the constructor: JSON."""
        return {name: list(row) for name, row in self._seen.items()}


class CommonNetworks:
    """Networks that several accounts use. Remembers what changed, so that only that is saved."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[int, tuple[str, ...]]] = {}
        self._changed: set[str] = set()

    def use(self, network: str, account: str, time: int) -> None:
        """`account` used `network`."""
        first, accounts = self._seen.get(network, (time, ()))
        if account in accounts or len(accounts) >= COMMON_ACCOUNTS:
            return
        self._seen[network] = first, (*accounts, account)
        self._changed.add(network)
        if len(self._seen) > COMMON_LIMIT:
            self._forget()

    def forget(self, network: str, account: str) -> None:
        """What a thief used does not become the house's."""
        first, accounts = self._seen.get(network, (0, ()))
        if account in accounts:
            self._seen[network] = first, tuple(name for name in accounts if name != account)
            self._changed.add(network)

    def knows(self, network: str, time: int, started: int) -> bool:
        """Whether it is the house's at `time`; the log began at `started`."""
        first, accounts = self._seen.get(network, (time, ()))
        least = COLD_SECONDS if time - started < DAY else LEARN_SECONDS
        return len(accounts) >= COMMON_ACCOUNTS and time - first >= least

    def changes(self) -> Iterator[tuple[str, tuple[int, tuple[str, ...]] | None]]:
        """Each network that is new, other or gone (None) since the last call."""
        changed, self._changed = self._changed, set()
        for network in changed:
            yield network, self._seen.get(network)

    def change_all(self) -> None:
        """Every network counts as changed: what was saved is lost."""
        self._changed.update(self._seen)

    def restore(self, network: str, first: int, accounts: Sequence[str]) -> None:
        """Put a saved network back."""
        self._seen[network] = first, tuple(accounts)

    def _forget(self) -> None:
        """The oldest that never became the house's, a tenth of all."""
        private = sorted(
            (first, name)
            for name, (first, accounts) in self._seen.items()
            if len(accounts) < COMMON_ACCOUNTS
        )
        for _, name in private[: COMMON_LIMIT // 10]:
            del self._seen[name]
            self._changed.add(name)


class Novelty:
    """How rare it is, among the senders of the last hour, to send from a new network.

    On the first working day of a log everybody does: that says nothing of anyone.
    """

    def __init__(self, saved: list[dict[str, int]] | None = None) -> None:
        senders, strangers = saved or ({}, {})
        self._senders = RecentSet(HOUR, 2048, senders)
        self._strangers = RecentSet(HOUR, 2048, strangers)

    def note(self, account: str, time: int, *, fresh: bool) -> None:
        """`account` sent something. Each counts once, however much it sends."""
        self._senders.add(account, time)
        if fresh:
            self._strangers.add(account, time)

    def trust(self, time: int, started: int) -> float:
        """What a new network weighs now, 0.3..1; the log began at `started`."""
        senders, strangers = self._senders.count(time), self._strangers.count(time)
        share = (strangers + _PRIOR_NEW) / (senders + _PRIOR)
        doubt = (share - TRUSTED_SHARE) / (DOUBTFUL_SHARE - TRUSTED_SHARE)
        trust = 1 - (1 - LEAST_TRUST) * min(1.0, max(0.0, doubt))
        if time - started >= DAY:
            return trust
        return min(COLD_TRUST_OF_MANY if senders >= COLD_MANY else COLD_TRUST, trust)

    def save(self) -> list[dict[str, int]]:
        """For the constructor: JSON."""
        return [self._senders.save(), self._strangers.save()]
