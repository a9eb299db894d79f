"""The connection behind a session of the log: which process, which four numbers."""

from __future__ import annotations

import ipaddress
import math
from dataclasses import dataclass

import psutil

from deploy.containment.sessions import Serving

_NEVER = 1 << 40
_CLOCK_SLACK = 2.0
"""Seconds between a process's start as the kernel says it and its first line in the log."""


@dataclass(frozen=True, slots=True)
class Connection:
    """A session that is really open. `local`, `peer`: address and port, None when not visible."""

    pid: int
    client: str
    local: tuple[str, int] | None
    peer: tuple[str, int] | None

    def closing(self) -> tuple[str, ...]:
        """The command that closes this connection and nothing else.

        smtpd then ends by itself. Killed, it can make Postfix start no other for
        ``service_throttle_time`` (a minute): nobody could submit mail.
        """
        if self.local is None or self.peer is None:
            return ("kill", str(self.pid))
        return (
            "ss", "-K", "-t", "state", "established",
            "src", _end(self.local), "dst", _end(self.peer),
        )  # fmt: skip


def _end(end: tuple[str, int]) -> str:
    address = ipaddress.ip_address(end[0])
    return f"[{address}]:{end[1]}" if address.version == 6 else f"{address}:{end[1]}"


def open_connections(
    serving: list[Serving], master: int, addresses: set[str], before: float = math.inf
) -> list[Connection]:
    """Those of `serving` that are an smtpd of this `master`, started before the log spoke of it.

    Also, for they may have the password and nothing to send yet: all from `addresses` in an
    smtpd that started `before` that Unix time, with the configuration there was then.
    """
    real = [one for one in serving if _is_smtpd(one, master)]
    if not real and not addresses:
        return []
    sockets = psutil.net_connections("tcp")
    listening = {s.laddr.port for s in sockets if s.status == psutil.CONN_LISTEN and s.laddr}
    ends = {
        int(s.pid): ((s.laddr.ip, s.laddr.port), (s.raddr.ip, s.raddr.port))
        for s in sockets
        # One it accepted: those it opened itself, to a filter, have a port nobody listens on.
        if s.status == psutil.CONN_ESTABLISHED and s.laddr and s.raddr and s.pid
        if s.laddr.port in listening
    }
    known = {one.pid for one in real}
    for pid, (_, peer) in ends.items():
        silent = Serving(pid, peer[0], int(before) if before < math.inf else _NEVER)
        if pid not in known and peer[0] in addresses and _is_smtpd(silent, master):
            real.append(silent)
    visible = {s.pid for s in sockets}
    found: list[Connection] = []
    for one in real:
        if one.pid in ends:
            found.append(Connection(one.pid, one.client, *ends[one.pid]))
        elif one.pid not in visible and not _may_see(one.pid):
            found.append(Connection(one.pid, one.client, None, None))
    return found


def _is_smtpd(one: Serving, master: int) -> bool:
    try:
        process = psutil.Process(one.pid)
        return (
            process.ppid() == master
            and process.name() == "smtpd"
            and process.create_time() <= one.since + 1 + _CLOCK_SLACK
        )
    except psutil.NoSuchProcess:
        return False


def _may_see(pid: int) -> bool:
    """Whether this process's open files are ours to see; one without the connection is over."""
    try:
        psutil.Process(pid).num_fds()
    except psutil.AccessDenied:
        return False
    except psutil.NoSuchProcess:
        return True
    return True
