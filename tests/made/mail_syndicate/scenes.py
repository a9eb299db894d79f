"""What is unusual and yet nobody's theft: mailings, pay, journeys, machines that send."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from .mails import Action, Login, Mail
from .people import APPLICATIONS, WEBMAIL, Syndicate, User, contact, domain, stranger, subscriber

NEWSLETTER_CEILING = 8000
PAYROLL_DAYS = (28, 29, 30)
MAILINGS_A_DAY = 3
TRAVELLERS = 6


@dataclass(frozen=True)
class Day:
    """A day; `midnight` in Unix seconds."""

    day: date
    midnight: int
    closed: bool

    def at(self, hour: float) -> int:
        """Unix time."""
        return int(self.midnight + hour * 3600)


def anywhere(rng: random.Random) -> str:
    """An address of the world."""
    return f"{rng.randrange(100, 220)}.{rng.randrange(256)}.{rng.randrange(256)}.9"


def telephone(rng: random.Random) -> str:
    """Behind an operator's gateways, another one each time."""
    return f"37.{rng.randrange(160, 164)}.{rng.randrange(128)}.4"


def scenes(seed: int, rng: random.Random, syndicate: Syndicate, day: Day) -> Iterator[Action]:
    """All of them on this day, in no order."""
    yield from _travellers(seed, rng, syndicate, day)
    yield from _machines(rng, syndicate, day)
    yield from _old_password(seed, syndicate, day)
    yield from _moved_home(seed, rng, syndicate, day)
    if day.closed:
        if rng.random() < 0.3:  # a head teacher's Sunday evening
            school = rng.choice(syndicate.schools)
            yield Login(day.at(9), school.account, f"{school.home}.7")
            yield from parents(rng, school, day.at(rng.uniform(17, 21)), f"{school.home}.7")
        return
    for school in rng.sample(syndicate.schools, MAILINGS_A_DAY):
        client = f"{school.home}.7" if rng.random() < 0.08 else f"{school.site}.9"
        yield from parents(rng, school, day.at(rng.uniform(8.5, 17)), client)
    if day.day.weekday() == 3:
        for sender in syndicate.newsletters:
            yield from newsletter(rng, sender, day.at(rng.uniform(9, 11)))
    if day.day.weekday() == 1:
        sender = syndicate.associations[day.day.toordinal() // 7 % 2]
        yield from newsletter(rng, sender, day.at(14), count=1500, pace=1.0)
    if _is_pay_day(day.day):
        yield from _payroll(rng, syndicate, day)
    if day.day.day % 10 == 5:
        yield from _sign_up(rng, syndicate, day)


def _is_pay_day(day: date) -> bool:
    """The last working day of 28, 29, 30 that is none of the week-end."""
    first = next((n for n in PAYROLL_DAYS if day.replace(day=n).weekday() < 5), 28)
    return day.day == first


def parents(rng: random.Random, school: User, start: int, client: str) -> Iterator[Mail]:
    """A mailing to 200..1500 parents: by copies of fifty, or one by one by a word processor."""
    count = rng.randrange(200, 800) if rng.random() < 0.8 else rng.randrange(800, 1500)
    names = [
        subscriber(f"s{school.number}p", n if rng.random() < 0.95 else rng.randrange(10**6))
        for n in range(count)
    ]
    size = rng.choice([1, 20, 50, 100])
    stale = rng.uniform(0.01, 0.06)
    time = float(start)
    for first in range(0, count, size):
        yield Mail(int(time), school.account, client, names[first : first + size], stale)
        time += rng.choice([0.5, 1.0]) if size == 1 else rng.randrange(10, 90)


def newsletter(
    rng: random.Random, sender: User, start: int, count: int = 4000, pace: float = 2.0
) -> Iterator[Mail]:
    """So many subscribers, `pace` a second."""
    for number in range(count):
        name = subscriber(f"n{sender.number}x", number)
        yield Mail(start + int(number / pace), sender.account, f"{sender.site}.9", [name], 0.02)


def _payroll(rng: random.Random, syndicate: Syndicate, day: Day) -> Iterator[Mail]:
    """3,000 payslips in a few minutes, one to each agent."""
    sender, start = syndicate.payroll, day.at(rng.uniform(8.5, 10))
    pace = rng.choice([8, 12, 20])
    for number in range(3000):
        address = f"agent{number}@{domain(number % 8)}"
        if number % 3 == 0:
            address = subscriber("home", number)
        yield Mail(start + number // pace, sender.account, f"{sender.site}.5", [address], 0.01)


def _sign_up(rng: random.Random, syndicate: Syndicate, day: Day) -> Iterator[Action]:
    """The canteen opens its list: an application confirms each, all morning."""
    application = syndicate.applications[0]
    for _ in range(rng.randrange(500, 1200)):
        time = day.at(rng.triangular(8, 13, 9))
        name = subscriber("parent", rng.randrange(10**6))
        yield Mail(time, application.account, f"{application.site}.5", [name], 0.04)
    for user in rng.sample(syndicate.plain, 60):
        yield Login(day.at(rng.uniform(8, 10)), user.account, f"{user.home}.7")


def _machines(rng: random.Random, syndicate: Syndicate, day: Day) -> Iterator[Mail]:
    """Applications, copiers, a list server, mailboxes that many people share."""
    for application in syndicate.applications:
        yield from _notices(rng, application, day)
    for number in range(3 if day.closed else 300):
        client = f"10.{number % 8}.{rng.randrange(6)}.200"  # each site has its copier
        user = rng.choice(syndicate.users)
        time = day.at(rng.uniform(7.5, 18.5))
        yield Mail(time, syndicate.scanner.account, client, [user.account])
    for _ in range(2 if day.closed else 15):
        time, size = day.at(rng.uniform(8, 19)), rng.choice([20, 40, 80, 300])
        names = [contact(syndicate.lists, n) for n in range(size)]
        for first in range(0, size, 10):
            client = f"{APPLICATIONS}.8"
            yield Mail(
                time + first // 60, syndicate.lists.account, client, names[first : first + 10]
            )
    for mailbox in syndicate.shared:
        team = [syndicate.plain[(mailbox.number * 5 + n) % len(syndicate.plain)] for n in range(5)]
        for _ in range(3 if day.closed else 40):
            who = rng.choice(team)
            client = rng.choice([f"{who.site}.9", f"{who.site}.9", f"{who.home}.7", WEBMAIL])
            if rng.random() < 0.1:
                client = telephone(rng)
            name = contact(mailbox, rng.randrange(mailbox.contacts))
            yield Mail(day.at(rng.uniform(8, 19)), mailbox.account, client, [name])


def _notices(rng: random.Random, application: User, day: Day) -> Iterator[Mail]:
    night = application.number % 2 == 0
    for _ in range(rng.randrange(30, 90)):
        time = day.at(rng.uniform(2, 4) if night else rng.uniform(8, 18))
        name = subscriber(f"a{application.number}x", rng.randrange(5000))
        yield Mail(time, application.account, f"{application.site}.5", [name], 0.03)


def _travellers(seed: int, rng: random.Random, syndicate: Syndicate, day: Day) -> Iterator[Action]:
    """Officials abroad for four days: a hotel's network, wrong passwords, a few mails at night."""
    number = (day.day - date(2020, 1, 1)) // timedelta(days=4)
    away = random.Random(f"{seed} {number} travel")
    for user in away.sample(syndicate.plain, TRAVELLERS):
        hotel = f"{away.randrange(180, 200)}.{away.randrange(256)}.{away.randrange(256)}.3"
        first = rng.uniform(0, 20)
        for _ in range(rng.randrange(5)):
            yield Login(day.at(first) - 30, user.account, hotel, success=False)
        yield Login(day.at(first), user.account, hotel)
        abroad = f"{away.randrange(180, 200)}.{away.randrange(256)}"
        for _ in range(rng.randrange(3, 15)):
            client = hotel if rng.random() < 0.6 else f"{abroad}.{rng.randrange(20)}.3"
            count = rng.randrange(1, 9) if rng.random() < 0.95 else rng.randrange(9, 40)
            names = [contact(user, rng.randrange(user.contacts)) for _ in range(count)]
            yield Mail(day.at(first + rng.uniform(0, 4)), user.account, client, names)


def _old_password(seed: int, syndicate: Syndicate, day: Day) -> Iterator[Login]:
    """Telephones that retry for ever with a password that was changed."""
    rng = random.Random(f"{seed} old password")
    for user in rng.sample(syndicate.plain, 10):
        for minute in range(0, 24 * 60, 15):
            yield Login(day.at(minute / 60), user.account, f"{user.home}.7", success=False)


def _moved_home(seed: int, rng: random.Random, syndicate: Syndicate, day: Day) -> Iterator[Action]:
    """A few work from a new line today, all day, the busiest too."""
    if day.closed:
        return
    for user in rng.sample(syndicate.plain, 4):
        line = f"88.{rng.randrange(256)}.{rng.randrange(256)}.2"
        yield Login(day.at(8), user.account, line)
        for _ in range(rng.randrange(10, 60)):
            count = 1 if rng.random() < 0.8 else rng.randrange(2, 12)
            names = [
                contact(user, rng.randrange(user.contacts))
                if rng.random() < 0.8
                else stranger(rng, user.town)
                for _ in range(count)
            ]
            yield Mail(day.at(rng.uniform(8, 18)), user.account, line, names)
