"""The whole estate: real servers, Vigie's processes, wired and started in order."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any, Protocol

from deploy.estate import canaries
from deploy.estate.backups import Backups
from deploy.estate.child import EstateError, wait_until
from deploy.estate.folder import claim, forget
from deploy.estate.hypervisor import TestHypervisor
from deploy.estate.mail import MailServer
from deploy.estate.mailboxes import NEWSLETTERS, SLOW_DOMAINS, mailboxes
from deploy.estate.monitoring import Alertmanager, Prometheus
from deploy.estate.ports import LOOPBACK, Ports
from deploy.estate.processes import VigieProcess
from deploy.estate.readings import Readings
from deploy.estate.settings_files import SettingsFiles
from deploy.estate.sms import Handset, SmsGateway
from inventory import load_inventory
from inventory.process import system_clock

ACTIVE_LIMIT = 400
"""Postfix's own default is 20,000; a small limit lets the queue jam within the drill."""
SLOW_SECONDS = 20

PAST = (
    "mail",
    "sms",
    "sentinel-sms",
    "state",
    "webhook",
    "sentinel",
    "prometheus",
    "alertmanager",
    "hypervisor",
    "logs",
)
"""What an earlier run left and a new one starts without."""

MEASURED = "page d'état (tous les services mesurés)"

Progress = Callable[[str], None]


class Part(Protocol):
    """Anything the estate starts and stops."""

    def start(self) -> None: ...
    def stop(self) -> None: ...


class Estate:
    """All of it, in `folder`, on `ports`. Use as a context manager or call stop().

    `mail_past` writes the mail log of the days before, given the accounts; without it the log
    starts empty. `office_timezone` is where it is office hours or night for the exporter.
    `calm_start`: all services must be well before it counts as started; else it is enough that
    all are measured.
    """

    def __init__(
        self,
        folder: Path,
        ports: Ports,
        *,
        clock_start: datetime | None = None,
        first_wait: str = "5m",
        mail_past: Callable[[Sequence[str], IO[str]], None] | None = None,
        office_timezone: str = "Europe/Paris",
        calm_start: bool = True,
    ) -> None:
        if os.geteuid() != 0:
            raise EstateError("Postfix et Dovecot demandent root ; attendu : sudo vigie demo")
        self.folder = claim(folder)
        self.ports = ports
        self._lock = self._take_lock()
        self._refuse_taken_ports()
        # Backups and secrets are kept; the past of the other parts would mislead.
        forget(self.folder, PAST)
        self.settings = SettingsFiles(self.folder / "etc", ports)
        self.settings.write_shared()
        self.inventory = load_inventory(self.settings.path("inventory.yml"))
        self.accounts = {
            address: secrets.token_urlsafe(12) for address in mailboxes(self.inventory)
        }
        # Nobody's: the people of the drills neither send with it nor lose it.
        self._canary_password = secrets.token_urlsafe(12)
        self.mail = MailServer(
            self.folder / "mail",
            ports,
            {**self.accounts, canaries.SENDER: self._canary_password},
            active_limit=ACTIVE_LIMIT,
            slow_domains=SLOW_DOMAINS,
            slow_seconds=SLOW_SECONDS,
            canaries=[address for _, address in canaries.addresses(self.inventory)],
        )
        self.hypervisor = TestHypervisor(self.folder / "hypervisor", self.inventory)
        self.backups = Backups(self.folder / "backups", self.inventory)
        self.gateway = SmsGateway(
            self.folder / "sms", ports, f"{ports.url('webhook')}/api/v1/kannel/reply"
        )
        self.handset = Handset(self.folder / "sms", ports)
        # As on another machine with another SIM: nothing of it is shared with the webhook's.
        self.sentinel_gateway = SmsGateway(
            self.folder / "sentinel-sms",
            ports.sentinel_gateway,
            f"{ports.url('sentinel')}/api/v1/kannel/reply",
        )
        self.sentinel_handset = Handset(self.folder / "sentinel-sms", ports.sentinel_gateway)
        logs = self.folder / "logs"
        self.exporter = VigieProcess("exporter", self.settings.folder, logs, ports)
        self.webhook = VigieProcess("webhook", self.settings.folder, logs, ports, clock_start)
        self.sentinel = VigieProcess("sentinel", self.settings.folder, logs, ports, clock_start)
        self.status = VigieProcess("status", self.settings.folder, logs, ports, clock_start)
        self.prometheus = Prometheus(self.folder / "prometheus", ports)
        self.alertmanager = Alertmanager(
            self.folder / "alertmanager", ports, self.settings.path("alertmanager.token")
        )
        self._first_wait, self._calm_start = first_wait, calm_start
        self._mail_past, self._office_timezone = mail_past, office_timezone
        self._started: list[Part] = []

    def start(self, progress: Progress) -> None:
        """Start every part in order, saying so. What started is stopped again on failure."""
        (self.folder / "backups").mkdir(exist_ok=True)
        self._write_mail_past()
        steps: list[tuple[str, Part]] = [
            ("Postfix, Dovecot et trois relais", self.mail),
            ("Hyperviseur libvirt (pilote d'essai)", self.hypervisor),
            ("Sauvegardes restic et borg", self.backups),
            ("Passerelle SMS Kannel", self.gateway),
            ("Téléphones (fakesmsc)", self.handset),
            ("vigie-exporter", self.exporter),
            ("vigie-webhook", self.webhook),
            ("Passerelle SMS de la sentinelle", self.sentinel_gateway),
            ("Téléphones de la sentinelle", self.sentinel_handset),
            ("vigie-sentinel", self.sentinel),
            ("Prometheus", self.prometheus),
            ("Alertmanager", self.alertmanager),
            ("vigie-status", self.status),
        ]
        try:
            for number, (words, part) in enumerate(steps, 1):
                progress(f"[{number:2}/{len(steps)}] {words}")
                if part is self.exporter:
                    self._write_settings()
                self._started.append(part)
                part.start()
            progress("première mesure de chaque service")
            readings = Readings(self.ports, self.settings.secret("operator.token"))
            wait_until(lambda: self._measured(readings), MEASURED, 90)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop all that was started, last first; go on when one of them fails to stop."""
        failures: list[str] = []
        while self._started:
            try:
                self._started.pop().stop()
            except (OSError, EstateError) as error:
                failures.append(str(error))
        self._lock.close()
        if failures:
            raise EstateError("arrêt incomplet : " + " ; ".join(failures))

    def _measured(self, readings: Readings) -> bool:
        states = set(readings.component_states().values())
        return states == {"working"} or not (self._calm_start or not states or "unknown" in states)

    def night_falls(self, office_timezone: str) -> None:
        """The offices are in another zone from now on; the exporter starts again with it."""
        self._office_timezone = office_timezone
        self.exporter.stop()
        self._write_settings()
        self.exporter.start()

    def _write_mail_past(self) -> None:
        if self._mail_past is not None:
            self.mail.log.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            with self.mail.log.open("w", encoding="ascii") as log:
                self._mail_past(list(self.accounts), log)

    def _write_settings(self) -> None:
        newsletters = (a for a in self.accounts if a.startswith(f"{NEWSLETTERS}@"))
        today = system_clock().date()
        self.settings.write_bulk_senders(newsletters, today + timedelta(days=365))
        self.settings.write_secret(canaries.PASSWORD, self._canary_password)
        repositories = self.backups.repositories()
        collectors: dict[str, Any] = {
            "host": {},
            "hypervisor": {"hypervisors": [{"name": "hv1", "uri": self.hypervisor.uri}]},
            "mailqueue": {
                "queue_directory": str(self.mail.queue_directory),
                "config_directory": str(self.mail.config_directory),
            },
            "maillog": {
                "path": str(self.mail.log),
                "office_timezone": self._office_timezone,
                "bulk_senders_file": "bulk-senders.yml",
            },
            "mailcanary": canaries.canary_settings(self.inventory, self.ports),
            **{tool: {"repositories": found} for tool, found in repositories.items()},
        }
        self.settings.write_exporter(collectors, self.folder / "state")
        self.settings.write_webhook(
            self.folder / "webhook" / "webhook.sqlite3",
            self._kannel(self.gateway, "webhook"),
            self._first_wait,
        )
        self.settings.write_sentinel(
            self.folder / "sentinel" / "state.json",
            self._kannel(self.sentinel_gateway, "sentinel"),
            [{"name": "Hélène Vasseur", "phone": "+33 6 39 98 10 07"}],
        )
        self.settings.write_status()

    def _kannel(self, gateway: SmsGateway, process: str) -> dict[str, Any]:
        """The block of the notifier through `gateway`, which calls `process` back."""
        return {
            "url": gateway.send_url,
            "username": gateway.username,
            "password_file": str(gateway.password_file),
            "callback_url": self.ports.url(process),
            "callback_allow": [LOOPBACK],
        }

    def _take_lock(self) -> IO[bytes]:
        lock = (self.folder / "lock").open("wb")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise EstateError(
                f"une démonstration tourne déjà dans {self.folder} ; l'arrêter (Ctrl-C), ou choisir"
                " --folder et --port-base"
            ) from None
        # Children inherit nothing of it: the lock ends with this process.
        os.set_inheritable(lock.fileno(), False)
        return lock

    def _refuse_taken_ports(self) -> None:
        taken = self.ports.taken()
        if taken:
            names = ", ".join(f"{port} ({name})" for name, port in sorted(taken.items()))
            self._lock.close()
            raise EstateError(
                f"port déjà pris sur {LOOPBACK} : {names} ; libérer le port, ou choisir"
                f" --port-base, par exemple --port-base {self.ports.base + 1000}"
            )
