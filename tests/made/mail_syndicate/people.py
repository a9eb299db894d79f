"""Who writes, from where, to whom: eight towns, their sites, homes, telephones."""

from __future__ import annotations

import random
from dataclasses import dataclass

TOWNS = ("valmont", "brecourt", "noirmont", "saint-ay", "lanvaux", "orgeval", "tresnel", "vauclair")
PROVIDERS = (
    "gmail.com", "orange.fr", "free.fr", "wanadoo.fr", "sfr.fr", "hotmail.fr", "laposte.net",
    "yahoo.fr", "outlook.fr", "bbox.fr",
)  # fmt: skip
OTHERS = tuple(f"entreprise{number}.example" for number in range(2000))
ABROAD = tuple(f"victim{number}.example" for number in range(3000))
WEBMAIL = "10.250.0.1"
"""Everybody's webmail submits from the gateway."""
APPLICATIONS = "10.251.0"


@dataclass
class User:
    """One account: its working day's mail, and the networks it uses."""

    number: int
    account: str
    town: int
    rate: float
    site: str
    home: str
    mobile: bool
    webmail: bool
    contacts: int


@dataclass
class Syndicate:
    """Everybody, and who has a special part."""

    users: list[User]
    schools: list[User]
    payroll: User
    newsletters: list[User]
    associations: list[User]
    """Newsletters of their own that nobody listed."""
    applications: list[User]
    scanner: User
    lists: User
    shared: list[User]
    plain: list[User]
    """With no special part."""


def domain(town: int) -> str:
    """A member's."""
    return f"ville-{TOWNS[town]}.test"


def people(seed: int, count: int = 6000) -> Syndicate:
    """The same syndicate for the same seed."""
    rng = random.Random(seed)
    users: list[User] = []
    for number in range(count):
        town = number % 8
        # Half of a town sits in its hall, the rest on small sites of some thirty people.
        place = 0 if rng.random() < 0.5 else 1 + rng.randrange(max(1, count // 8 // 60))
        users.append(
            User(
                number=number,
                account=f"agent{number}@{domain(town)}",
                town=town,
                rate=min(90.0, rng.lognormvariate(1.4, 1.0)),
                site=f"10.{town}.{place}",
                home=f"90.{rng.randrange(256)}.{rng.randrange(256)}",
                mobile=rng.random() < 0.5,
                webmail=rng.random() < 0.2,
                contacts=rng.randrange(8, 120),
            )
        )
    special = users[8:100]
    for user in special:
        user.webmail = False
    schools, applications = special[:64], special[74:80]
    for number, user in enumerate(schools):
        user.site = f"82.64.{number // 4}"  # a school's own line, four accounts on it
    for user in (*applications, special[64]):
        user.site, user.mobile, user.rate = APPLICATIONS, False, 1.0
    return Syndicate(
        users=users,
        schools=schools,
        payroll=special[64],
        newsletters=special[65:68],
        associations=special[68:70],
        applications=applications,
        scanner=special[80],
        lists=special[81],
        shared=special[82:92],
        plain=users[100:],
    )


def contact(user: User, number: int) -> str:
    """The address of one of the people `user` writes to."""
    return _address(user.town, user.number * 7919 + number * 104_729 + 17)


def stranger(rng: random.Random, town: int) -> str:
    """Somebody nobody wrote to yet, nearly always."""
    return _address(town, rng.randrange(10**9))


def _address(town: int, number: int) -> str:
    share, rest = number % 100, number // 100
    if share < 45:
        name = domain(town)
    elif share < 55:
        name = domain(rest % 8)
    elif share < 80:
        name = PROVIDERS[rest % 10]
    else:
        name = OTHERS[int(len(OTHERS) * (rest % 997 / 997) ** 3)]
    return f"p{rest % 99_991}@{name}"


def subscriber(list_name: str, number: int) -> str:
    """The address of one parent or reader of a list."""
    mixed = number * 2_654_435_761 % 2**32
    name = PROVIDERS[mixed % 10] if mixed % 100 < 90 else OTHERS[mixed % 60]
    return f"{list_name}{number}@{name}"
