"""What the people on duty read: French, in the SMS alphabet, never more than two SMS.

Payload text is only ever a value here, never a template: a label cannot format anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from alertmanager.delivery.gsm7 import (
    PART_SEPTETS,
    cut,
    is_gsm7,
    segments,
    septets,
    transliterate,
)

_REMINDER = "(rappel) "
LIMIT = 2 * PART_SEPTETS - len(_REMINDER) - 1
"""Septets of a text: two parts, less the room to say that it may be a repeat, less the one
that is lost when an escaped character would straddle the parts."""
_NAME_LIMIT = 36
_LONGEST = 1000
"""Characters read of any value: it may be of any size, and no more could ever be shown."""
_ACTION_START = 60
_SUMMARY_START = 40
_SUMMARY_ROOM = 120
"""Septets kept in a summary for all that is not the list of what is over."""
_FEW = 4
"""Incidents that a digest or a summary names one by one."""

SEVERITIES = {"critical": "CRITIQUE", "warning": "AVERTISSEMENT"}


@dataclass(frozen=True)
class Subject:
    """What an incident is about: its code, the display names of the service and of the place."""

    code: str
    service: str
    place: str

    @property
    def named(self) -> str:
        """Service and place, short enough for a head line."""
        names = [_name(name) for name in (self.service, self.place)]
        return ", ".join(name for name in names if name) or "sans nom"


def clock(instant: datetime, now: datetime, zone: ZoneInfo) -> str:
    """The time of day in the site's zone, with the date when it is not today's."""
    local = instant.astimezone(zone)
    today = now.astimezone(zone).date()
    return f"{local:%H:%M}" if local.date() == today else f"{local:%d/%m %H:%M}"


def page_text(
    subject: Subject,
    severity: str,
    since: str,
    summary: str,
    action: str,
    *,
    others: int = 0,
    note: str = "",
) -> str:
    """The page: code, how bad, what, where, since when, what to do, how to answer.

    `note` says in a word why it comes again, for example ``rouvert``. What is too long is
    dropped from the summary first, then from the end of the action; the code, the
    action's beginning and the way to answer always stay.
    """
    noted = f"({note}) " if note else ""
    how_bad = SEVERITIES.get(severity, "ALERTE")
    head = f"VIGIE {subject.code} {noted}{how_bad} {subject.named}, {since} : "
    more = f" (+{others} autre{'s' if others > 1 else ''})" if others else ""
    tail = f" Répondez OK {subject.code}"
    summary, action = _sentence(summary) or "?", _sentence(action)
    room = LIMIT - septets(head) - septets(more) - septets(tail) - 2
    action = cut(action, max(_ACTION_START, room - max(_SUMMARY_START, septets(summary))))
    summary = cut(summary, room - septets(action))
    body = f"{summary}{more}." if not summary.endswith("...") else f"{summary}{more}"
    text = f"{head}{body}{' ' + action if action else ''}{_stop(action)}{tail}"
    return _fitted(text)


def as_reminder(text: str) -> str:
    """The same page, marked as one that may have arrived before."""
    word, _, rest = text.partition(" ")
    code, _, rest = rest.partition(" ")
    return _fitted(f"{word} {code} {_REMINDER}{rest}")


def with_link(text: str, link: str) -> str:
    """The text and where all of it is shown; without a link that is not https, or does not fit."""
    longer = f"{text}. Tout voir : {link}"
    fits = link.startswith("https:") and is_gsm7(link) and segments(longer) <= 2
    return longer if fits else text


def resolved_text(subject: Subject, at: str, lasted: timedelta) -> str:
    """The end of an incident, for those who were paged."""
    return _fitted(
        f"VIGIE {subject.code} TERMINÉ {subject.named}, {at}. Durée : {_span(lasted)}. Merci."
    )


def acknowledged_text(subject: Subject, at: str) -> str:
    """For whoever acknowledged: it is theirs now."""
    return _fitted(
        f"VIGIE {subject.code} : pris en charge par vous à {at} ({subject.named})."
        " Un SMS vous dira la fin."
    )


def taken_text(subject: Subject, name: str, at: str) -> str:
    """For the others who were paged: somebody has it."""
    return _fitted(
        f"VIGIE {subject.code} : {_name(name)} a pris en charge à {at} ({subject.named})."
        " Rien à faire de votre côté."
    )


def already_taken_text(subject: Subject, name: str, at: str) -> str:
    """For someone who acknowledges what another already has."""
    return _fitted(f"VIGIE {subject.code} : déjà pris en charge par {_name(name)} à {at}. Merci.")


def already_over_text(subject: Subject, at: str) -> str:
    """For someone who acknowledges after the end."""
    return _fitted(f"VIGIE {subject.code} : terminé depuis {at} ({subject.named}). Merci.")


@dataclass(frozen=True)
class Counts:
    """How many incidents a digest tells of, in how many towns and services."""

    incidents: int
    towns: int
    services: int


@dataclass(frozen=True)
class Headline:
    """One incident of a digest: its severity, and what is wrong in a few words."""

    subject: Subject
    severity: str
    summary: str


def digest_text(code: str, counts: Counts, headlines: Sequence[Headline], *, room: int = 0) -> str:
    """Many incidents in one message: how many, the worst one, how to take them all.

    `headlines`: the worst first; the others are named while they are few and there is room.
    `room`: septets to leave free for a link.
    """
    worst = headlines[0]
    how_bad = SEVERITIES.get(worst.severity, "ALERTE")
    head = f"VIGIE {code} : {counts.incidents} incidents{_spread(counts)}."
    head += f" Pire : {worst.subject.code} {how_bad} {worst.subject.named} : "
    tail = f" Répondez OK {code} pour tout prendre"
    left = LIMIT - room - septets(head) - septets(tail) - 1
    others = ", ".join(f"{one.subject.code} {one.subject.named}" for one in headlines[1:])
    others = f" Aussi : {others}" if others and counts.incidents <= _FEW else ""
    others = cut(others, max(0, left - _ACTION_START))
    summary = cut(_sentence(worst.summary), left - septets(others) - 1)
    text = f"{head}{summary}{_stop(summary)}{others}{_stop(others)}{tail}"
    return _fitted(text)


def digest_stand_in(code: str) -> str:
    """What a digest says should nothing better be known when it leaves."""
    return f"VIGIE {code} : plusieurs incidents. Répondez OK {code} pour tout prendre"


def summary_text(over: Sequence[Subject], taken: Mapping[str, int], reopened: int) -> str:
    """What became of many incidents: over, taken by whom, or reopened since."""
    said = []
    if over:
        names = ", ".join(f"{one.code} {one.named}" for one in over[:_FEW])
        more = ", ..." if len(over) > _FEW else ""
        listed = cut(names, LIMIT - _SUMMARY_ROOM) + more
        said.append(f"{_incidents(len(over))} {_plural('terminé', len(over))} : {listed}")
    said += [
        f"{_incidents(count)} en charge : {_name(name)}" for name, count in list(taken.items())[:3]
    ]
    if reopened:
        said.append(f"{_incidents(reopened)} {_plural('rouvert', reopened)}")
    text = ". ".join(part.rstrip(".") if part.endswith("....") else part for part in said)
    return _fitted(f"VIGIE : {text}{_stop(text)} Merci.")


def summary_stand_in() -> str:
    """What a summary says should nothing better be known when it leaves."""
    return "VIGIE : des incidents dont vous étiez prévenu sont terminés ou pris en charge. Merci."


def all_taken_text(code: str, count: int, at: str, others: int) -> str:
    """For whoever took all of a digest; `others` were taken or over before."""
    before = f" {others} n'en avai{'ent' if others > 1 else 't'} plus besoin." if others else ""
    return _fitted(
        f"VIGIE {code} : {_incidents(count)} pris en charge par vous à {at}.{before}"
        " Un SMS vous dira la fin."
    )


def others_took_text(name: str, count: int, at: str) -> str:
    """For the others who were paged: somebody has all of these."""
    return _fitted(
        f"VIGIE : {_name(name)} a pris en charge {_incidents(count)} à {at}."
        " Rien à faire de votre côté."
    )


def put_off_text(subject: Subject, until: str, others: int) -> str:
    """For whoever put incidents off."""
    more = f" et {others} autre{'s' if others > 1 else ''}" if others else ""
    return _fitted(
        f"VIGIE {subject.code} : en veille jusqu'à {until} ({subject.named}{more})."
        f" OK {subject.code} pour prendre en charge."
    )


def nothing_left_text(code: str) -> str:
    """For whoever takes a digest of which nothing waits any more."""
    return _fitted(
        f"VIGIE {code} : plus rien à prendre, tout est terminé ou pris en charge. Merci."
    )


def _spread(counts: Counts) -> str:
    towns = f", {counts.towns} communes" if counts.towns > 1 else ""
    services = f", {counts.services} services" if counts.services > 1 else ""
    return towns + services


def _incidents(count: int) -> str:
    return f"{count} {_plural('incident', count)}"


def _plural(word: str, count: int) -> str:
    return f"{word}s" if count > 1 else word


def help_text(problem: str, waiting: list[Subject]) -> str:
    """For a known person whose answer was not understood: what is waiting, how to answer."""
    problem = cut(transliterate(problem), _ACTION_START)
    if not waiting:
        return _fitted(f"VIGIE : {problem} Rien n'attend de réponse de votre part.")
    listed = ", ".join(f"{subject.code} {subject.named}" for subject in waiting)
    end = (
        f" Répondez OK {waiting[0].code}"
        if len(waiting) == 1
        else " Répondez OK et le code, ou OK TOUT."
    )
    start = f"VIGIE : {problem} En attente : "
    listed = cut(listed, LIMIT - septets(start) - septets(end) - 1)
    return _fitted(f"{start}{listed}{_stop(listed)}{end}")


def _name(name: str) -> str:
    return cut(transliterate(name[:_LONGEST]), _NAME_LIMIT)


def _sentence(text: str) -> str:
    return transliterate(text[:_LONGEST]).rstrip(" .")


def _stop(action: str) -> str:
    return "." if action and not action.endswith("...") else ""


def _span(lasted: timedelta) -> str:
    minutes = max(0, round(lasted.total_seconds() / 60))
    if minutes < 60:
        return f"{minutes} min" if minutes else "moins d'une minute"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes:02d}"
    return f"{hours // 24} jours"


def _fitted(text: str) -> str:
    """A last guard, which never fails: whatever the names, the alphabet and two SMS at most."""
    text = transliterate(text)
    return text if segments(text) <= 2 else cut(text, 2 * PART_SEPTETS - 1)
