"""Whom an account writes to: how many, which domains, and who was never written to. Pure."""

from __future__ import annotations

from typing import Any

from exporters.mailqueue.detector.distinct import (
    Bits,
    Distinct,
    bit_of,
    from_text,
    holds,
    text,
)

HALF_DAY = 43_200
HOUR = 3600
MONTH_DAYS = 30
RECIPIENT_BITS, DOMAIN_BITS, USUAL_BITS = 1024, 512, 2048
NAMES = 64
"""Domains kept by name, for the engineer, of who sends much."""


class Correspondents:
    """The recipients of one account. Under 1.5 KB; addresses themselves are not kept."""

    __slots__ = ("_domains", "_names", "_older", "_recipients", "_strangers", "_turned", "_usual")

    def __init__(self) -> None:
        self._recipients = Distinct(RECIPIENT_BITS)
        self._domains = Distinct(DOMAIN_BITS)
        self._strangers = Distinct(USUAL_BITS)
        self._usual: Bits | None = None
        self._older: Bits | None = None
        self._turned = 0
        self._names: dict[bytes, int] | None = None

    def wrote(self, recipient: bytes, domain: bytes, time: int, *, loud: bool) -> bool:
        """A recipient of that domain; `loud`: the account sends much just now.

        Whether it never wrote there before, not even in this hour.
        """
        half_day = time // HALF_DAY
        bit = bit_of(recipient)
        self._recipients.add(bit, half_day)
        self._domains.add(bit_of(domain), half_day)
        if loud:
            self._name(domain)
        if holds(self._usual, bit) or holds(self._older, bit):
            return False
        return self._strangers.add(bit, time // HOUR)

    def _name(self, domain: bytes) -> None:
        if self._names is None:
            self._names = {}
        names = self._names
        if domain in names:
            names[domain] += 1
        elif len(names) < NAMES:
            names[domain] = 1

    def turn_hour(self, time: int, *, learn: bool) -> None:
        """An hour began; whom it wrote to in the last one is usual from now on if `learn`."""
        ended = self._strangers.turn(time // HOUR)
        day = time // (24 * HOUR)
        if day - self._turned >= MONTH_DAYS:
            self._turned, self._older, self._usual = day, self._usual, None
        if not learn or ended is None:
            return
        old = int.from_bytes(self._usual or b"", "little")
        merged = old | int.from_bytes(ended, "little")
        self._usual = bytearray(merged.to_bytes(USUAL_BITS // 8, "little"))

    def rest(self) -> None:
        """Nothing was sent for a day: forget the names."""
        self._names = None

    def recipients(self, time: int) -> int:
        """How many different ones in the last 12 to 24 hours, about."""
        return self._recipients.count(time // HALF_DAY)

    def domains(self, time: int) -> int:
        """How many different ones in the last 12 to 24 hours, about."""
        return self._domains.count(time // HALF_DAY)

    def strangers(self, time: int) -> int:
        """Recipients of this hour and the last that were never written to before, about."""
        return self._strangers.count(time // HOUR)

    def names(self) -> dict[str, int]:
        """Domains of the day with the number of deliveries tried, the most used first."""
        ranked = sorted((self._names or {}).items(), key=lambda entry: (-entry[1], entry[0]))
        return {name.decode("ascii", "replace"): count for name, count in ranked}

    def save(self) -> list[Any]:
        """For `restore`: JSON."""
        return [
            self._recipients.save(), self._domains.save(), self._strangers.save(),
            text(self._usual), text(self._older), self._turned,
            {name.decode("latin-1"): count for name, count in (self._names or {}).items()},
        ]  # fmt: skip

    def restore(self, saved: list[Any]) -> None:
        """What `save` gave."""
        recipients, domains, strangers, usual, older, self._turned, names = saved
        self._recipients.restore(recipients)
        self._domains.restore(domains)
        self._strangers.restore(strangers)
        self._usual, self._older = from_text(usual), from_text(older)
        self._names = {name.encode("latin-1"): count for name, count in names.items()} or None
