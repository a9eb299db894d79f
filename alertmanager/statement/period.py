"""The period of a statement: a month as a rule, a year to check that months add up."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from alertmanager.rosters.explain import MONTHS
from alertmanager.rosters.walltime import instant_of

# A package of a week is found from the fortnight around it.
_MARGIN = timedelta(days=15)


@dataclass(frozen=True)
class Period:
    """The local dates ``first <= day < after``; `label` is French (``mai 2026``)."""

    first: date
    after: date
    label: str

    @classmethod
    def month(cls, text: str) -> Period:
        """``2026-05``. Raise ValueError (French)."""
        found = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", text)
        if found is None or not 1900 < int(found[1]) < 9999:
            raise ValueError(f"« {text} » n'est pas un mois ; attendu : AAAA-MM, ex. 2026-05")
        year, month = int(found[1]), int(found[2])
        after = date(year + month // 12, month % 12 + 1, 1)
        return cls(date(year, month, 1), after, f"{MONTHS[month - 1]} {year}")

    @classmethod
    def year(cls, year: int) -> Period:
        """A calendar year."""
        return cls(date(year, 1, 1), date(year + 1, 1, 1), f"année {year}")

    @property
    def months(self) -> tuple[Period, ...]:
        """The months of the period, which begins and ends with one."""
        found, day = [], self.first
        while day < self.after:
            month = Period.month(f"{day:%Y-%m}")
            found.append(month)
            day = month.after
        return tuple(found)

    @property
    def year_before(self) -> date:
        """The first day of the twelve months that end with the period."""
        return date(self.after.year - 1, self.after.month, 1)

    def span(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """The instants of its local midnights (UTC)."""
        return midnight(self.first, zone), midnight(self.after, zone)

    def needed(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Over which instants the shifts must be known, for equity and for whole packages."""
        first = min(self.first, self.year_before)
        return midnight(first - _MARGIN, zone), midnight(self.after + _MARGIN, zone)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant (UTC) at which `day` begins by the clocks of `zone`."""
    return instant_of(day, time(0), zone)
