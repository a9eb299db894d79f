"""Which silences of the Alertmanagers end soon: what nobody was told of then pages again."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any

import requests
from pydantic import AwareDatetime, TypeAdapter, ValidationError

from inventory.process.logs import get_logger

SOON = timedelta(hours=24)
_TIMEOUT = (2.0, 5.0)  # seconds: to connect, to answer
_INSTANT = TypeAdapter(AwareDatetime)

log = get_logger("vigie.silences")


def ending_silences(urls: Collection[str], now: datetime) -> list[datetime] | None:
    """When those that end within `SOON` do so, the first first; None: nobody could be asked.

    Peers share their silences: one that several of them tell of counts once.
    """
    found: dict[str, datetime] = {}
    answered = not urls
    with requests.Session() as session:
        session.trust_env = False
        for url in urls:
            try:
                answer = session.get(f"{url}/api/v2/silences", timeout=_TIMEOUT)
                answer.raise_for_status()
                silences = answer.json()
            except (requests.RequestException, ValueError) as error:
                log.warning("silences_unknown", url=url, what=type(error).__name__)
                continue
            answered = True
            found.update(_ends(silences, now))
    return sorted(found.values()) if answered else None


def _ends(silences: Any, now: datetime) -> Iterator[tuple[str, datetime]]:
    for silence in silences if isinstance(silences, list) else ():
        try:
            if silence["status"]["state"] != "active":
                continue
            name, ends = str(silence["id"]), _INSTANT.validate_python(silence["endsAt"])
        except (KeyError, TypeError, ValidationError):
            continue  # of a later Alertmanager, perhaps: the others still count
        if now < ends <= now + SOON:
            yield name, ends
