"""The detector put to these weeks: who is paged for, when, after how many recipients."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from exporters.mailqueue.detector import Analysis, BulkSender, BulkSenders, Detection, Detector
from exporters.mailqueue.log.events import Activated, MailEvent, Submitted

from .attacks import FLOODS, VARIANTS, Variant, attack
from .days import FRENCH, PARIS, actions, at
from .mails import Action, SlowRelay, events
from .people import Syndicate, User, people
from .scenes import NEWSLETTER_CEILING, newsletter

SEED = 1
_LOOK_EVERY = 64


@dataclass(frozen=True)
class Theft:
    """One account stolen at one time."""

    name: str
    variant: Variant
    start: int
    victim: User
    botnet: int | None = None


@dataclass
class Outcome:
    """How the detector did: `delay` in seconds of the log, None when it was missed."""

    theft: Theft
    delay: int | None = None
    recipients: int = 0
    """Sent before the page."""
    score: float = 0.0
    """The highest."""
    reasons: dict[str, float] | None = None
    looked_at: int = 0


class Trial:
    """A syndicate, and a detector that has read its mail for some days."""

    def __init__(self, users: int = 6000, seed: int = SEED) -> None:
        self.seed = seed
        self.syndicate: Syndicate = people(seed, users)
        self.highest: tuple[float, str, dict[str, float]] = (0.0, "", {})
        """The score that came nearest to a page, of all days read."""
        senders = self.syndicate.newsletters
        self.analysis = Analysis(
            Detector(
                PARIS,
                FRENCH.__contains__,
                BulkSenders(
                    BulkSender(
                        account=sender.account,
                        ceiling=NEWSLETTER_CEILING,
                        expires=date(2030, 1, 1),
                        reason="lettre municipale",
                    )
                    for sender in senders
                ),
            )
        )

    def read(self, first: date, days: int) -> list[Detection]:
        """Days when nothing is wrong; the pages, all false."""
        found: list[Detection] = []
        analysis = self.analysis
        for number in range(days):
            day = first + timedelta(days=number)
            todo = actions(self.seed, self.syndicate, day)
            for count, event in enumerate(events(day.toordinal(), todo)):
                found += analysis.feed(event)
                if count % _LOOK_EVERY == 0:
                    self._look(event.time)
        return found

    def _look(self, now: int) -> None:
        for row in self.analysis.detector.standing(now)[:1]:
            if row.score > self.highest[0]:
                self.highest = row.score, row.account, row.reasons

    def thefts(self, day: date, each: int = 3) -> list[Theft]:
        """Every variant: an account that sends little, one that sends much, one at night."""
        rng = random.Random(self.seed)
        users = sorted(self.syndicate.plain, key=lambda user: user.rate)
        low, rest, high = users[:120], users[120:-120], users[-120:]
        made: list[Theft] = []
        for number, (name, variant) in enumerate(VARIANTS.items()):
            kinds: list[tuple[str, list[User], float]] = [
                ("low volume", low, 10.2), ("high volume", high, 14.5), ("at night", rest, 2.3),
            ]  # fmt: skip
            for kind, group, hour in kinds[:each]:
                victim = group.pop(rng.randrange(len(group)))
                start = at(day, hour + 0.05 * number)
                made.append(Theft(f"{name}, {kind}", variant, start, victim))
        one_network, many = VARIANTS["burst, one network"], VARIANTS["burst, many networks"]
        during, lettre = rest.pop(), self.syndicate.newsletters
        made.append(Theft("burst during a newsletter", one_network, at(day, 11), during))
        made.append(Theft("burst by a listed newsletter", many, at(day, 16), lettre[1]))
        one = VARIANTS["burst, one network, valid addresses"]
        made.append(Theft("burst by a listed newsletter, one network", one, at(day, 17), lettre[2]))
        for number, (name, flood) in enumerate(FLOODS.items()):
            start = at(day, 13 + 0.1 * number)
            made.append(Theft(f"burst, own network, {name}", flood, start, high.pop()))
        for number in range(3):
            name = f"burst, one botnet, victim {number + 1} of 3"
            made.append(Theft(name, many, at(day, 15.6), rest.pop(), botnet=1))
        return made

    def attacked(
        self,
        day: date,
        thefts: list[Theft],
        slow: SlowRelay | None = None,
        also: Iterable[Action] = (),
    ) -> tuple[list[Outcome], list[Detection]]:
        """That day with these thefts, and the pages that are none of them."""
        todo = list(actions(self.seed, self.syndicate, day))
        todo += newsletter(random.Random(self.seed), self.syndicate.newsletters[0], at(day, 10.8))
        todo += also
        for number, theft in enumerate(thefts):
            own = f"{theft.victim.site}.9"
            todo += attack(
                number, theft.variant, theft.start, theft.victim.account, own, theft.botnet
            )
        return _follow(copy.deepcopy(self.analysis), events(self.seed, todo, slow), thefts)


def _follow(
    analysis: Analysis, log: Iterable[MailEvent], thefts: list[Theft]
) -> tuple[list[Outcome], list[Detection]]:
    outcomes = {theft.victim.account: Outcome(theft) for theft in thefts}
    owner: dict[bytes, str] = {}
    others: list[Detection] = []
    for event in log:
        stolen = _victim(event, owner, outcomes)
        if stolen and isinstance(event, Activated) and stolen.delay is None:
            stolen.recipients += event.recipients
        for page in analysis.feed(event):
            found = outcomes.get(page.account)
            if found is None or page.time < found.theft.start:
                others.append(page)
            elif found.delay is None:
                found.delay, found.reasons = page.time - found.theft.start, page.reasons
        if stolen and event.time != stolen.looked_at:
            stolen.looked_at = event.time
            view = analysis.detector.view(stolen.theft.victim.account, event.time)
            stolen.score = max(stolen.score, view.score if view else 0.0)
    return list(outcomes.values()), others


def _victim(
    event: MailEvent, owner: dict[bytes, str], outcomes: dict[str, Outcome]
) -> Outcome | None:
    """The theft whose message this is about, once it has begun."""
    if isinstance(event, Submitted):
        owner[event.queue_id] = event.account.decode()
    elif not isinstance(event, Activated):
        return None
    account = owner.get(event.queue_id, "")
    if isinstance(event, Activated):
        owner.pop(event.queue_id, None)
    found = outcomes.get(account)
    return found if found and event.time >= found.theft.start else None
