"""What systemd and a service tell each other: readiness, watchdog, sockets already listening.

Source: sd_notify(3), sd_watchdog_enabled(3), sd_listen_fds(3); no library is needed for it.

SocketError    what systemd handed over cannot be served (French)
"""

from __future__ import annotations

import os
import socket
from collections.abc import MutableMapping
from dataclasses import dataclass

from inventory.process.logs import get_logger

FIRST_DESCRIPTOR = 3
"""SD_LISTEN_FDS_START: where the inherited descriptors begin."""

_log = get_logger("vigie.exporter")


class SocketError(Exception):
    """Socket activation that gives no socket we can serve."""


class Notifier:
    """Tells systemd how the service does. Without systemd it says nothing, and never fails."""

    def __init__(self, address: str = "") -> None:
        self._address = f"\0{address[1:]}" if address.startswith("@") else address

    def tell(self, *assignments: str) -> None:
        """Send assignments such as ``READY=1`` or ``STATUS=…``, together."""
        if not self._address:
            return
        message = "\n".join(line.replace("\n", " ") for line in assignments).encode()
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as to:
                # A manager whose queue is full must not hold us up.
                to.settimeout(1.0)
                to.sendto(message, self._address)
        except OSError as error:
            _log.debug("systemd injoignable", reason=str(error))


@dataclass(frozen=True)
class Service:
    """What systemd put in the environment. `watchdog`: seconds it waits for a sign of life."""

    notifier: Notifier
    watchdog: float = 0.0


def service_of(environment: MutableMapping[str, str], process: int) -> Service:
    """Take the variables out of `environment`: they are not for the children of `process`."""
    address = environment.pop("NOTIFY_SOCKET", "")
    patience = environment.pop("WATCHDOG_USEC", "")
    whose = environment.pop("WATCHDOG_PID", "")
    ours = whose in ("", str(process))
    seconds = int(patience) / 1e6 if ours and patience.isdecimal() else 0.0
    # Another kind of address (vsock:) is for virtual machines, not for services.
    return Service(Notifier(address if address[:1] in ("/", "@") else ""), seconds)


def _adopted(descriptor: int, name: str) -> socket.socket:
    try:
        os.set_inheritable(descriptor, False)
        found = socket.socket(fileno=descriptor)
    except OSError:
        raise SocketError(f"le descripteur {descriptor} ({name}) n'est pas une prise") from None
    fault = _fault_of(found)
    if fault:
        found.close()
        raise SocketError(f"la prise {name} {fault}")
    return found


def _fault_of(found: socket.socket) -> str:
    internet = found.family in (socket.AF_INET, socket.AF_INET6)
    if not (internet and found.type == socket.SOCK_STREAM):
        return "n'est pas TCP ; attendu : ListenStream= avec un port"
    if not found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        return "n'écoute pas ; attendu : Accept=no"
    return ""


def inherited_sockets(
    environment: MutableMapping[str, str], process: int, first: int = FIRST_DESCRIPTOR
) -> list[socket.socket]:
    """The listening sockets systemd hands over to `process`. Raise SocketError."""
    whose = environment.pop("LISTEN_PID", "")
    count = environment.pop("LISTEN_FDS", "")
    names = dict(enumerate(environment.pop("LISTEN_FDNAMES", "").split(":")))
    if whose != str(process) or not count.isdecimal() or int(count) == 0:
        raise SocketError(
            "systemd n'a transmis aucune prise ; attendu : une unité .socket du même nom, "
            "ou pas d'option --web.systemd-socket"
        )
    # Without LISTEN_FDNAMES, as with an older systemd, none has a name.
    return [_adopted(first + index, names.get(index) or "sans nom") for index in range(int(count))]
