"""What the syndicate does on a day when nothing is wrong."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

import holidays

from . import scenes
from .mails import Action, Login, Mail
from .people import WEBMAIL, Syndicate, User, contact, stranger

PARIS = ZoneInfo("Europe/Paris")
FRENCH = holidays.country_holidays("FR")
GUESSES = 3000


def at(day: date, hour: float) -> int:
    """Unix time of an hour of that day in Paris."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=PARIS)
    return int(midnight.timestamp() + hour * 3600)


def closed(day: date) -> bool:
    """Nobody is in the offices."""
    return day.weekday() >= 5 or day in FRENCH


def actions(seed: int, syndicate: Syndicate, day: date) -> Iterator[Action]:
    """All mails and log-ins of the day, in no order."""
    rng = random.Random(f"{seed} {day}")
    off = closed(day)
    for user in syndicate.users:
        yield from _everyday(rng, user, day, off=off)
    for _ in range(GUESSES):
        target = rng.choice(syndicate.users).account if rng.random() < 0.5 else "root@x.test"
        yield Login(at(day, 24 * rng.random()), target, scenes.anywhere(rng), success=False)
    yield from scenes.scenes(seed, rng, syndicate, scenes.Day(day, at(day, 0), off))


def _hour(rng: random.Random, day: date, *, off: bool) -> float:
    chance = rng.random()
    if off:
        return rng.uniform(8, 23)
    if chance < 0.04:
        return rng.uniform(19, 23)
    if day.weekday() == 0 and chance < 0.35:
        return rng.uniform(8, 10)  # Monday morning
    return min(18.9, max(7.0, rng.gauss(9.8, 1.0) if rng.random() < 0.5 else rng.gauss(14.8, 1.2)))


def _everyday(rng: random.Random, user: User, day: date, *, off: bool) -> Iterator[Mail | Login]:
    rate = user.rate * (0.04 if off else 1.4 if day.weekday() == 0 else 1.0)
    if not off and rng.random() < 0.85:
        morning = at(day, rng.uniform(7.5, 9.5))
        if rng.random() < 0.03:  # a typing error or four
            for _ in range(rng.randrange(1, 5)):
                yield Login(morning - 5, user.account, f"{user.site}.9", success=False)
        yield Login(morning, user.account, f"{user.site}.9")
    if user.mobile and rng.random() < 0.5:
        yield Login(at(day, rng.uniform(7, 23)), user.account, scenes.telephone(rng))
    out_and_about = user.mobile and rng.random() < 0.03
    most = 40 if out_and_about else 150  # nobody writes more on a telephone
    for _ in range(min(most, int(rng.expovariate(1 / rate)) if rate else 0)):
        hour = _hour(rng, day, off=off)
        client = f"{user.site}.{10 + user.number % 200}"
        if off or hour >= 19:
            client = f"{user.home}.7"
        if user.webmail and rng.random() < 0.6:
            client = WEBMAIL
        elif out_and_about or (user.mobile and rng.random() < 0.08):
            client = scenes.telephone(rng)
        chance = rng.random()
        count = (
            1 if chance < 0.75 else rng.randrange(2, 6) if chance < 0.96 else rng.randrange(6, 40)
        )
        if rng.random() < 0.0003:
            count = rng.randrange(60, 150)  # the whole of a service
        names = [
            contact(user, int(user.contacts * rng.random()))
            if rng.random() < 0.85
            else stranger(rng, user.town)
            for _ in range(count)
        ]
        yield Mail(at(day, hour), user.account, client, names)
