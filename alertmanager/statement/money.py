"""Euros, minutes and their French writing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

ZERO = Decimal("0.00")
_CENT = Decimal("0.01")
MINUTE = timedelta(minutes=1)


def cents(amount: Decimal) -> Decimal:
    """To the cent; half a cent goes up."""
    return amount.quantize(_CENT, ROUND_HALF_UP)


def total(amounts: Iterable[Decimal]) -> Decimal:
    """The sum, 0.00 of nothing."""
    return sum(amounts, ZERO)


def written(amount: Decimal, places: int = 2) -> str:
    """``1 159,20``, with more places where the amount has more."""
    exponent = amount.normalize().as_tuple().exponent
    places = max(places, -exponent if isinstance(exponent, int) else 0)
    return f"{amount:,.{places}f}".replace(",", " ").replace(".", ",")


def plain(number: Decimal) -> str:
    """``1,5``, ``3``: a number without needless zeros."""
    return f"{number.normalize():f}".replace(".", ",")


def duration(minutes: int) -> str:
    """``9 h 05``, ``45 min``."""
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest:02d}" if hours else f"{rest} min"


def to_minute(instant: datetime) -> datetime:
    """The minute begun: bounds cut alike make durations that add up."""
    return instant.replace(second=0, microsecond=0)


def minutes_between(start: datetime, end: datetime) -> int:
    """Whole minutes elapsed between two instants cut to the minute."""
    return (end - start) // MINUTE
