"""The drill of every mail attack, one after the other on one estate: is each named, and in time?"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import IO, Any, Protocol

from deploy.drill.attack import Attack
from deploy.drill.background import Background
from deploy.drill.disorders import Backscatter, Congestion
from deploy.drill.engineer import Engineer
from deploy.drill.finding import Finding
from deploy.drill.history import history, trickle
from deploy.drill.homes import homes
from deploy.drill.night import zone_where_it_is
from deploy.drill.theft import Theft, botnet
from deploy.drill.watch import COMPROMISED, JAMMED
from deploy.estate.estate import Estate
from deploy.estate.readings import Readings
from inventory.process import system_clock

DRIP_AGE = timedelta(minutes=100)
LEAD = 20.0
ALERT_WITHIN, SMS_WITHIN, DISORDER_WITHIN, QUIET_WITHIN = 90.0, 90.0, 720.0, 400.0
# A second theft within a minute of the first is told with the next message, a minute after it.
BACKSCATTER = "MailBackscatter"

_VICTIMS = tuple(f"victimes{number}.test" for number in range(40))
_NEWSLETTER = "lettre@haucourt.test"


def _burst(name: str, account: str, addresses: Sequence[str]) -> Theft:
    return Theft(name, account, tuple(addresses), 10, 4.0 / len(addresses), _VICTIMS)


MANY = _burst("rafale, nombreux réseaux", "m.lefevre@ville-valmont.test", botnet(12))
ONE = _burst("rafale, un seul réseau", "j.moreau@brecourt.test", botnet(1, first=140))
MEANWHILE = _burst("rafale pendant une lettre", "s.petit@haucourt.test", botnet(1, first=150))
NIGHT = _burst("rafale, la nuit", "compta@montfleury.test", botnet(1, first=160))
DRIP = Theft(
    "goutte à goutte", "mairie@villers-le-grand.test", botnet(1, first=170), 3, 1 / 75, _VICTIMS
)
JAM, SCATTER = "engorgement par un relais lent", "rétrodiffusion"


STEPS = ("goutte", "reseaux", "un-reseau", "lettre", "nuit", "relais", "retrodiffusion")
"""Names of the steps, in their order."""


class Trouble(Protocol):
    """What can be begun and ended."""

    def start(self) -> None: ...
    def stop(self) -> None: ...


def honest_past(accounts: Sequence[str], log: IO[str]) -> None:
    """The mail log before a drill: days of honest mail."""
    log.writelines(history(homes(accounts), system_clock().astimezone()))


def dripping_past(accounts: Sequence[str], log: IO[str]) -> None:
    """The same, and the drip of the last hours."""
    honest_past(accounts, log)
    now = system_clock().astimezone()
    log.writelines(trickle(DRIP, now - DRIP_AGE, now))


class MailDrill:
    """Runs steps on a started estate whose mail log began with a past."""

    def __init__(self, estate: Estate, progress: Callable[[str], None]) -> None:
        self._estate, self._progress = estate, progress
        self._readings = Readings(estate.ports, estate.settings.secret("operator.token"))
        stolen = {theft.account for theft in (MANY, ONE, MEANWHILE, NIGHT, DRIP)}
        honest = {a: p for a, p in estate.accounts.items() if a not in stolen}
        self._honest = honest
        self._background = Background(estate.ports, honest, homes(estate.accounts))
        self._engineer = Engineer(estate)
        self._named: set[str] = set()
        self._steps: dict[str, Callable[[], Finding]] = {
            "goutte": lambda: self._theft(DRIP, DRIP_AGE.total_seconds()),
            "reseaux": lambda: self._theft(MANY),
            "un-reseau": lambda: self._theft(ONE),
            "lettre": self._meanwhile,
            "nuit": self._night,
            "relais": lambda: self._disorder(JAM, JAMMED, self._congestion()),
            "retrodiffusion": lambda: self._disorder(
                SCATTER, BACKSCATTER, Backscatter(estate.ports)
            ),
        }

    def run(self, names: Sequence[str]) -> tuple[list[Finding], list[str]]:
        """Take the steps of these `names` (see STEPS) in order.

        Return (what each step found, titles of the incidents paged for that nothing explains).
        """
        self._progress("courrier ordinaire des communes")
        self._background.start()
        time.sleep(LEAD)
        findings = [self._steps[name]() for name in names]
        self._background.stop()
        for finding in findings:
            finding.judge()
        return findings, self._strangers({finding.expected for finding in findings})

    def _meanwhile(self) -> Finding:
        self._background.newsletter(_NEWSLETTER, self._honest[_NEWSLETTER])
        return self._theft(MEANWHILE)

    def _night(self) -> Finding:
        self._estate.night_falls(zone_where_it_is(3, system_clock()))
        return self._theft(NIGHT)

    def _congestion(self) -> Congestion:
        return Congestion(self._estate.ports, self._honest, homes(self._estate.accounts))

    def _theft(self, theft: Theft, age: float = 0.0) -> Finding:
        """`age`: for so many seconds it has been going on, in the log made before."""
        self._progress(f"{theft.name} : {theft.account}")
        finding = Finding(theft.name, theft.account)
        attack = Attack(self._estate.ports, theft, self._estate.accounts[theft.account])
        began = time.time() - age
        attack.start()
        try:
            self._follow(finding, COMPROMISED, began, ALERT_WITHIN)
            since = self._verdict(theft.account)
            self._engineer.contain(theft.account)
            finding.remains = self._engineer.contained(theft.account)
        finally:
            attack.stop()
        self._engineer.purge(theft.account)
        if since is not None:
            finding.score_seconds = max(0.0, since - began)
            before = (
                int(min(since - began, age) * theft.message_rate) * theft.recipients_per_message
            )
            finding.recipients = before + attack.volume.recipients_by(since + 1)
        if age:
            finding.limit_seconds = 7200.0
        return finding

    def _disorder(self, name: str, alertname: str, trouble: Trouble) -> Finding:
        self._wait_quiet()
        self._progress(name)
        finding = Finding(name, "", limit_seconds=DISORDER_WITHIN)
        began = time.time()
        trouble.start()
        try:
            self._follow(finding, alertname, began, DISORDER_WITHIN)
        finally:
            trouble.stop()
        return finding

    def _follow(self, finding: Finding, alertname: str, began: float, within: float) -> None:
        """Until the alert fires, and then until a telephone showed its SMS."""
        end = time.monotonic() + within
        while finding.alert_seconds is None and time.monotonic() < end:
            time.sleep(0.5)
            named = [
                alert["labels"].get("account", "")
                for alert in self._readings.alerts()
                if alert["labels"].get("alertname") == alertname and alert["state"] == "firing"
            ]
            fresh = [account for account in named if account not in self._named]
            if fresh:
                finding.alert_seconds, finding.named = time.time() - began, fresh[0]
                self._named.add(fresh[0])
        end = time.monotonic() + SMS_WITHIN
        while finding.alert_seconds and finding.sms_seconds is None and time.monotonic() < end:
            time.sleep(0.5)
            if any(
                alertname in self._alertnames(incident)
                and finding.expected in self._accounts(incident)
                and self._paged(incident)
                for incident in self._readings.incidents()
            ):
                finding.sms_seconds = time.time() - began

    def _paged(self, incident: dict[str, Any]) -> bool:
        """Whether a telephone showed its page, or the digest that carried it."""
        return any(
            told["kind"] in ("page", "digest") and told["delivered_at"]
            for told in self._readings.told(incident["id"])
        )

    def _wait_quiet(self) -> None:
        """Until no stolen account is alerted about: its alert rightly keeps others back."""
        end = time.monotonic() + QUIET_WITHIN
        while time.monotonic() < end and any(
            alert["labels"].get("alertname") == COMPROMISED for alert in self._readings.alerts()
        ):
            time.sleep(1)

    def _verdict(self, account: str) -> float | None:
        """When the exporter found this account out (Unix time)."""
        family = "mailqueue_account_compromised_since_timestamp_seconds"
        for labels, value in self._readings.samples(family, "maillog"):
            if labels.get("account") == account:
                return value
        return None

    def _strangers(self, expected: set[str]) -> list[str]:
        known = {COMPROMISED, JAMMED, BACKSCATTER}
        return [
            str(incident.get("title", ""))
            for incident in self._readings.incidents()
            if incident.get("pages")
            and not (
                self._alertnames(incident) <= known and self._accounts(incident) <= expected | {""}
            )
        ]

    @staticmethod
    def _alertnames(incident: Mapping[str, Any]) -> set[str]:
        return {alert["labels"].get("alertname", "") for alert in incident.get("alerts", [])}

    @staticmethod
    def _accounts(incident: Mapping[str, Any]) -> set[str]:
        return {alert["labels"].get("account", "") for alert in incident.get("alerts", [])}
