"""The drill of 1 May, from honest background mail to the all clear."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable

from alertmanager.delivery.gsm7 import segments
from alertmanager.rosters import load_rosters
from dashboards.grafana.emptiness import empty_panels
from dashboards.grafana.queries import EVERYTHING
from dashboards.grafana.shipped import NAMES, shipped
from deploy.drill.attack import Attack
from deploy.drill.background import Background
from deploy.drill.engineer import Engineer
from deploy.drill.homes import homes
from deploy.drill.report import HonestMail, Observation
from deploy.drill.scenario import Scenario
from deploy.drill.watch import DISTURBED, Watch
from deploy.estate.estate import Estate
from deploy.estate.readings import Readings

DELAYED_AFTER = 60.0
ALL_CLEAR_WITHIN = 300.0

Progress = Callable[[str], None]


class Drill:
    """Runs one scenario on a started estate. Returns what was seen; judges nothing."""

    def __init__(self, estate: Estate, scenario: Scenario, progress: Progress) -> None:
        self.estate, self.scenario, self.progress = estate, scenario, progress
        self.readings = Readings(estate.ports, estate.settings.secret("operator.token"))
        self.watch = Watch(estate, self.readings, scenario)
        honest = {a: p for a, p in estate.accounts.items() if a != scenario.account}
        self.background = Background(estate.ports, honest, homes(estate.accounts))
        self.attack = Attack(estate.ports, scenario.theft, estate.accounts[scenario.account])
        self.seen = Observation(scenario.name, scenario.account, scenario.on_duty)
        book = load_rosters(estate.settings.path("rosters.yml"), estate.inventory)
        person = book.person(scenario.on_duty)
        self._phone = person.phone if person else ""

    def run(self) -> Observation:
        """The whole drill. Whatever is not seen in time is missing from the observation."""
        self.progress("courrier ordinaire des huit communes")
        self.background.start()
        time.sleep(self.scenario.lead_time)
        self.progress(f"attaque : {self.scenario.account} depuis des adresses inconnues")
        self.watch.start()
        self.attack.start()
        try:
            self._answer()
            self._contain()
        finally:
            self.attack.stop()
        self._all_clear()
        self.watch.stop()
        self.background.stop()
        self._collect()
        return self.seen

    def _answer(self) -> None:
        """The engineer gets the SMS, reads it, answers OK from the phone."""
        if not self.watch.wait("sms_delivered", 90):
            return
        message = next(m for m in self.estate.handset.messages() if self.scenario.account in m.text)
        self.seen.sms = message.text
        self.seen.sms_segments = segments(message.text)
        self.seen.sms_phone_is_right = _digits(message.to) == _digits(self._phone)
        self.progress(f"SMS reçu par {message.to} : {message.text}")
        time.sleep(self.scenario.reading_time)
        self.estate.handset.reply(message.to, "OK")
        if self.watch.wait("acknowledged", 30):
            self.progress("pris en charge par réponse SMS")

    def _contain(self) -> None:
        """The towns see it; the queue jams; the engineer locks the account and purges its mail."""
        if self.watch.wait("status_page", 60):
            self.progress("page d'état : messagerie perturbée")
        self.seen.member_pages_alike = self._member_pages_are_right()
        if self.watch.wait("queue_jammed", 180):
            self.progress("file engorgée ; l'alerte qui en découle est tue, la cause est connue")
        self._measure_scrape()
        self.seen.empty_panels = self._empty_panels()
        engineer = Engineer(self.estate)
        engineer.contain(self.scenario.account)
        remains = engineer.contained(self.scenario.account)
        self.attack.stop()
        engineer.purge(self.scenario.account)
        if remains:
            self.progress(f"compte encore actif : {remains}")
        else:
            self.watch.note("contained")
            self.progress("compte refusé, sessions fermées, messages retenus puis supprimés")

    def _empty_panels(self) -> list[str]:
        """What shows nothing on any board, with the stolen account chosen where one is."""
        url = self.estate.ports.url("prometheus")
        chosen = {**EVERYTHING, "account": self.scenario.account}
        return [fault for name in NAMES for fault in empty_panels(url, shipped(name), chosen)]

    def _measure_scrape(self) -> None:
        """The slowest of three whole scrapes in the thick of it, and what promtool says of one."""
        scrapes = [self.readings.scrape() for _ in range(3)]
        self.seen.scrape_seconds = round(max(seconds for seconds, _ in scrapes), 3)
        lint = subprocess.run(
            ["promtool", "check", "metrics"],
            input=scrapes[-1][1],
            capture_output=True,
            text=True,
            check=False,
        )
        self.seen.metrics_lint = (lint.stdout + lint.stderr).strip()

    def _all_clear(self) -> None:
        end = time.monotonic() + ALL_CLEAR_WITHIN
        while time.monotonic() < end:
            resolved = self.watch.find_incident().get("resolved_at")
            normal = self.readings.component_states().get("Messagerie") == "working"
            told = [m for m in self.estate.handset.messages() if _is_all_clear(m.text)]
            if resolved and normal and told:
                self.watch.note("all_clear")
                self.seen.all_clear_sms = told[-1].text
                self.progress("retour à la normale, annoncé aux personnes appelées")
                return
            time.sleep(0.5)

    def _member_pages_are_right(self) -> bool:
        """Each town sees its mail disturbed, and no other town's name."""
        names = {member.name for member in self.estate.inventory.members}
        for member in self.estate.inventory.members:
            path = self.estate.settings.member_path(member.id)
            page = self.readings.page(f"{path}/")
            states = self.readings.component_states(path)
            if states.get("Messagerie") not in DISTURBED or member.name not in page:
                return False
            if any(name in page for name in names - {member.name}):
                return False
        return True

    def _collect(self) -> None:
        seen, watch = self.seen, self.watch
        watch.refine()
        first = self.attack.volume.first_at
        if first is not None:
            seen.seconds = {step: round(at - first, 1) for step, at in watch.seen.items()}
        volume = self.attack.volume
        seen.attack = {
            "messages": volume.messages,
            "recipients": volume.recipients,
            "addresses": len(self.scenario.theft.addresses),
            "refused_logins": volume.refused_logins,
            "refused_messages": volume.refused_messages,
        }
        incident = watch.find_incident()
        accounts = {a["labels"].get("account") for a in incident.get("alerts", [])}
        seen.account = accounts.pop() if len(accounts) == 1 else None
        seen.paged = sorted({page["person"] for page in incident.get("pages", [])})
        whys = [e["detail"] for e in incident.get("journal", []) if e["event"] == "roster.resolved"]
        seen.why_paged = whys[0]["why"] if whys else ""
        seen.false_pages = sum(
            len(other.get("pages", []))
            for other in self.readings.incidents()
            if other["id"] != incident.get("id")
        )
        seen.lost_canaries = self._lost_canaries()
        seen.honest_mail = self._honest_mail()

    def _lost_canaries(self) -> list[str]:
        arrived, lost = (
            {
                labels["member"]
                for labels, value in self.readings.samples(f"mailqueue_canary_{name}", "mailcanary")
                if value > 0
            }
            for name in ("received_total", "lost_total")
        )
        members = {member.id for member in self.estate.inventory.members}
        return sorted(lost | members - arrived)

    def _honest_mail(self) -> HonestMail:
        sent = self.background.honest.sent
        self._wait_delivered(set(sent))
        delivered = self.estate.mail.delivered()
        late = sum(1 for name in sent if delivered.get(name, 0) - sent[name] > DELAYED_AFTER)
        return HonestMail(len(sent), sum(1 for name in sent if name in delivered), late)

    def _wait_delivered(self, names: set[str]) -> None:
        end = time.monotonic() + 60
        while time.monotonic() < end and not names <= self.estate.mail.delivered().keys():
            time.sleep(1)


def _digits(number: str) -> str:
    return "".join(c for c in number if c.isdigit())


def _is_all_clear(text: str) -> bool:
    return text.startswith("VIGIE") and "TERMIN" in text.upper()
