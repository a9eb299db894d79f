"""How the actions of `vigie roster` say an instant, a span and people."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from alertmanager.rosters import Person, RosterBook
from alertmanager.rosters.explain import french_instant


def print_json(data: Any) -> None:
    """On standard output, for people and scripts."""
    json.dump(data, sys.stdout, ensure_ascii=False, indent=2)
    print()


def iso(instant: datetime) -> str:
    """``2026-05-01T05:12:00Z``."""
    return instant.isoformat().replace("+00:00", "Z")


def between(start: datetime, end: datetime, book: RosterBook) -> str:
    """``du vendredi 1er mai 2026 à 19 h 00 au samedi 2 mai 2026 à 0 h 00``."""
    low = french_instant(start, book.zone, year=True)
    return f"du {low} au {french_instant(end, book.zone, year=True)}"


def people_data(people: Iterable[Person]) -> list[dict[str, str]]:
    """People as data, with the number that reaches them."""
    return [{"id": person.id, "name": person.name, "phone": person.phone} for person in people]
