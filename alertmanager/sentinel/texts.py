"""What the sentinel's people read: French, in the SMS alphabet, two SMS at most."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from alertmanager.delivery.gsm7 import PART_SEPTETS, cut, septets, transliterate
from alertmanager.delivery.sms_text import clock
from alertmanager.sentinel.findings import (
    CANARY_LATE,
    CANARY_LOST,
    CHAIN,
    HEARTBEAT,
    PAGER,
    STUCK,
)

_ROOM = 2 * PART_SEPTETS - 1
_LONGEST_DETAIL = 60
_WRONG = {
    CHAIN: (
        "plus aucun signal d'Alertmanager, la chaîne d'alerte est coupée",
        "Vérifier Prometheus et Alertmanager.",
    ),
    PAGER: (
        "vigie-webhook ne peut prévenir personne{detail}",
        "Les alertes ne partent plus. Le relancer, lire son journal.",
    ),
    HEARTBEAT: (
        "vigie-webhook ne reçoit plus le signal d'Alertmanager",
        "Vérifier l'envoi d'Alertmanager vers vigie-webhook (adresse, jeton).",
    ),
    STUCK: (
        "des messages de vigie-webhook ne partent pas",
        "L'astreinte n'est pas prévenue. Vérifier sa passerelle SMS.",
    ),
    CANARY_LOST: (
        "l'essai de nuit n'est pas arrivé{detail}",
        "L'astreinte est peut-être injoignable. Vérifier la passerelle SMS.",
    ),
    CANARY_LATE: (
        "l'essai de nuit est arrivé trop tard{detail}",
        "Vérifier la passerelle SMS et l'opérateur.",
    ),
}
_RIGHT = {
    CHAIN: "le signal d'Alertmanager est revenu",
    PAGER: "vigie-webhook prévient de nouveau",
    HEARTBEAT: "vigie-webhook reçoit de nouveau le signal d'Alertmanager",
    STUCK: "plus aucun message de vigie-webhook n'attend",
    CANARY_LOST: "un essai de nuit est arrivé",
    CANARY_LATE: "un essai de nuit est arrivé à l'heure",
}


def page_text(
    trouble: str, detail: str, since: datetime, now: datetime, zone: ZoneInfo, *, again: bool
) -> str:
    """The page: what, since when, what to do, how to answer. `again`: it was said before."""
    what, action = _WRONG[trouble]
    words = cut(transliterate(detail), _LONGEST_DETAIL)
    said = what.format(detail=f" ({words})" if words else "")
    reminder = "(rappel) " if again else ""
    start = f"VIGIE SENTINELLE {reminder}CRITIQUE depuis {clock(since, now, zone)} : "
    return _fitted(f"{start}{said}. {action} Répondez OK")


def over_text(trouble: str, since: datetime, now: datetime, zone: ZoneInfo) -> str:
    """The end of it."""
    return _fitted(
        f"VIGIE SENTINELLE RÉTABLI à {clock(now, now, zone)} : {_RIGHT[trouble]}."
        f" Durée : {_span(now - since)}. Merci."
    )


def confirmation_text(now: datetime, zone: ZoneInfo) -> str:
    """For whoever answered."""
    return _fitted(
        f"VIGIE SENTINELLE : pris en charge par vous à {clock(now, now, zone)}."
        " Un SMS vous dira la fin."
    )


def taken_text(name: str, now: datetime, zone: ZoneInfo) -> str:
    """For the others: somebody has it."""
    return _fitted(
        f"VIGIE SENTINELLE : {cut(transliterate(name), 36)} a pris en charge"
        f" à {clock(now, now, zone)}. Rien à faire de votre côté."
    )


def _span(lasted: timedelta) -> str:
    minutes = int(lasted.total_seconds() // 60)
    if minutes < 1:
        return "moins d'une minute"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02}"


def _fitted(text: str) -> str:
    line = transliterate(text)
    return line if septets(line) <= _ROOM else cut(line, _ROOM)
