"""A real SMS gateway (Kannel) and the handset network it talks to (Kannel's own `fakesmsc`).

As operators do, the link is two binds: one sends messages to handsets, the
other brings their replies. `fakesmsc` injects only what its arguments say, so
each reply is one short-lived `fakesmsc` on the second bind, and the handset
that listens on the first is never interrupted.
"""

from __future__ import annotations

import re
import secrets
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote_to_bytes, urlencode
from urllib.request import urlopen

from deploy.estate.child import Child, EstateError, start_child, wait_until
from deploy.estate.ports import LOOPBACK, Ports, is_free

BEARERBOX = "/usr/sbin/bearerbox"
SMSBOX = "/usr/sbin/smsbox"
FAKESMSC = "/usr/lib/kannel/test/fakesmsc"
SERVICE_NUMBER = "36000"
USERNAME = "vigie"

_CONFIGURATION = """\
group = core
admin-port = {kannel_admin}
admin-interface = 127.0.0.1
admin-password = "{password}"
smsbox-port = {kannel_smsbox}
smsbox-interface = 127.0.0.1
box-deny-ip = "*.*.*.*"
box-allow-ip = "127.0.0.1"
store-type = spool
store-location = "{folder}/spool"
dlr-storage = internal
log-file = "{folder}/bearerbox.log"
log-level = 1

group = smsc
smsc = fake
smsc-id = COMBINES
port = {fake_smsc}
our-host = 127.0.0.1
connect-allow-ip = 127.0.0.1

group = smsc
smsc = fake
smsc-id = REPONSES
port = {fake_smsc_replies}
our-host = 127.0.0.1
connect-allow-ip = 127.0.0.1
allowed-smsc-id = "AUCUN"

group = smsbox
bearerbox-host = 127.0.0.1
bearerbox-port = {kannel_smsbox}
sendsms-port = {sendsms}
sendsms-interface = 127.0.0.1
global-sender = "{sender}"
http-request-retry = 30
http-queue-delay = 2
log-file = "{folder}/smsbox.log"
log-level = 1

group = sendsms-user
username = "{username}"
password = "{password}"
user-deny-ip = "*.*.*.*"
user-allow-ip = "127.0.0.1"
concatenation = true
max-messages = 6

group = sms-service
keyword = default
catch-all = yes
max-messages = 0
get-url = "{reply_url}?from=%p&to=%P&text=%a&id=%I"
"""


class SmsGateway:
    """Kannel's bearerbox and smsbox in `folder`, on loopback.

    Messages are taken at `send_url` with `username` and the password in
    `password_file`; what handsets send is fetched at `reply_url` (and tried
    again for a minute when nothing answers there). The spool in `folder`
    survives a stop, so what was accepted is sent after the next start.
    """

    username = USERNAME

    def __init__(self, folder: Path, ports: Ports, reply_url: str) -> None:
        self.folder = folder
        self.ports = ports
        self.password_file = folder / "sendsms.password"
        self._children: list[Child] = []
        (folder / "spool").mkdir(parents=True, exist_ok=True)
        if not self.password_file.exists():
            self.password_file.touch(mode=0o600)
            self.password_file.write_text(secrets.token_urlsafe(18) + "\n", encoding="ascii")
        self._configuration = folder / "kannel.conf"
        self._configuration.touch(mode=0o600)
        names = ("kannel_admin", "kannel_smsbox", "fake_smsc", "fake_smsc_replies", "sendsms")
        self._configuration.write_text(
            _CONFIGURATION.format(
                **{name: ports[name] for name in names},
                folder=folder,
                username=USERNAME,
                password=self._password(),
                sender=SERVICE_NUMBER,
                reply_url=reply_url,
            ),
            encoding="utf-8",
        )

    @property
    def send_url(self) -> str:
        """Where messages are posted."""
        return f"{self.ports.url('sendsms')}/cgi-bin/sendsms"

    def start(self) -> None:
        """Start both boxes and wait until they serve. Raise EstateError if they do not."""
        self._start_box(BEARERBOX, self.ports["kannel_smsbox"])
        self._start_box(SMSBOX, self.ports["sendsms"])
        wait_until(lambda: "smsbox:" in self.status(), "smsbox relié à bearerbox")

    def status(self) -> str:
        """Kannel's own status page, in plain text; empty when it does not answer."""
        query = urlencode({"password": self._password()})
        try:
            with urlopen(
                f"{self.ports.url('kannel_admin')}/status.txt?{query}", timeout=5
            ) as answer:
                return str(answer.read().decode("utf-8", "replace"))
        except OSError:
            return ""

    def alive(self) -> bool:
        """Whether both boxes run."""
        return bool(self._children) and all(child.alive() for child in self._children)

    def stop(self) -> None:
        """Stop both boxes, the one that takes messages first. The spool stays."""
        while self._children:
            self._children.pop().stop()

    def _start_box(self, program: str, port: int) -> None:
        name = Path(program).name
        console = self.folder / f"{name}.console.log"
        child = start_child(name, [program, self._configuration], console)
        self._children.append(child)
        child.wait_ready(lambda: not is_free(port))

    def _password(self) -> str:
        return self.password_file.read_text(encoding="ascii").strip()


class Received(NamedTuple):
    """One SMS as the handset showed it: Unix time, the handset's number, the text put together."""

    seen_at: float
    to: str
    text: str


_GOT = re.compile(r"Got message \d+: <(\S+) (\S+) (?:text (.*)|udh (\S+) (?:data|text) (.*))>$")


@dataclass
class _Parts:
    """The segments of one long message seen so far (3GPP TS 23.040, 9.2.3.24.1)."""

    total: int
    texts: dict[int, str] = field(default_factory=dict)


class Handset:
    """Every handset of the network: shows what arrives for any number, sends replies."""

    def __init__(self, folder: Path, ports: Ports) -> None:
        self.folder = folder
        self.ports = ports
        self._log = folder / "handset.log"
        self._child: Child | None = None
        self._messages: list[Received] = []
        self._parts: dict[tuple[str, int], _Parts] = {}
        self._stopped = threading.Event()
        self._follower: threading.Thread | None = None
        self._offset = 0
        folder.mkdir(parents=True, exist_ok=True)

    def start(self) -> None:
        """Switch the handsets on; what waited for them arrives. Raise EstateError on failure."""
        self._stopped.clear()
        self._child = self._fakesmsc("fake_smsc", "0", "0 0 text jamais", self._log)
        self._follower = threading.Thread(target=self._follow, name="handset", daemon=True)
        self._follower.start()

    def stop(self) -> None:
        """Switch the handsets off; the gateway keeps what comes for them."""
        if self._child is not None:
            self._child.stop()
            self._child = None
        self._stopped.set()
        if self._follower is not None:
            self._follower.join()
            self._follower = None

    def alive(self) -> bool:
        """Whether the handsets are on."""
        return self._child is not None and self._child.alive()

    def messages(self) -> list[Received]:
        """Every message shown since the first start, oldest first."""
        return list(self._messages)

    def reply(self, from_number: str, text: str) -> None:
        """Send `text` from that handset to the service. Raise EstateError if it does not leave."""
        if "\n" in text or not text.strip():
            raise EstateError("réponse vide ou sur plusieurs lignes")
        log = self.folder / "reply.log"
        log.unlink(missing_ok=True)
        message = f"{from_number} {SERVICE_NUMBER} text {text}"
        sender = self._fakesmsc("fake_smsc_replies", "1", message, log)
        try:
            wait_until(lambda: "sent message 1" in _read(log), "envoi de la réponse", 10, 0.02)
            # The bearerbox reads the bind ten times a second; closing at once may cut it off.
            time.sleep(0.3)
        finally:
            sender.stop()

    def _fakesmsc(self, port: str, count: str, message: str, log: Path) -> Child:
        started = log.stat().st_size if log.exists() else 0
        command = ["/usr/bin/stdbuf", "-oL", "-eL", FAKESMSC, "-H", LOOPBACK]
        command += ["-r", str(self.ports[port]), "-i", "0.05", "-m", count, message]
        child = start_child("fakesmsc", command, log)
        child.wait_ready(lambda: "Connecting to" in _read(log)[started:], 10)
        return child

    def _follow(self) -> None:
        """Read the log as it grows: the time of arrival is when its line appears."""
        pending = b""
        while True:
            last = self._stopped.is_set()
            with self._log.open("rb") as log:
                log.seek(self._offset)
                fresh = log.read()
            self._offset += len(fresh)
            pending += fresh
            *lines, pending = pending.split(b"\n")
            for line in lines:
                self._take(line.decode("utf-8", "replace"))
            if last:
                return
            self._stopped.wait(0.05)

    def _take(self, line: str) -> None:
        found = _GOT.search(line)
        if not found:
            return
        _sender, to, plain, header, encoded = found.groups()
        if plain is not None:
            self._messages.append(Received(time.time(), to, plain))
            return
        text = unquote_to_bytes(encoded.replace("+", " ")).decode("utf-8", "replace")
        reference, total, number = unquote_to_bytes(header)[-3:]
        parts = self._parts.setdefault((to, reference), _Parts(total))
        parts.texts[number] = text
        if len(parts.texts) == parts.total:
            whole = "".join(parts.texts[index] for index in sorted(parts.texts))
            self._messages.append(Received(time.time(), to, whole))
            del self._parts[to, reference]


def _read(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
