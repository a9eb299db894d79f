"""The ports of the estate: one base, fixed offsets, loopback only."""

from __future__ import annotations

import fcntl
import os
import random
import socket
import tempfile
from collections import deque
from dataclasses import dataclass
from pathlib import Path

LOOPBACK = "127.0.0.1"
DEFAULT_BASE = 17400
OFFSETS = {
    "exporter": 20,
    "canary_lmtp": 24,
    "smtp": 25,
    "fast_relay": 26,
    "slow_relay": 27,
    "bouncing_relay": 28,
    "webhook": 30,
    "status": 31,
    "sentinel": 32,
    "postgresql": 33,
    "kannel_admin": 40,
    "kannel_smsbox": 41,
    "fake_smsc": 42,
    "sendsms": 43,
    "fake_smsc_replies": 44,
    "sentinel_kannel_admin": 50,
    "sentinel_kannel_smsbox": 51,
    "sentinel_fake_smsc": 52,
    "sentinel_sendsms": 53,
    "sentinel_fake_smsc_replies": 54,
    "submission": 87,
    "prometheus": 90,
    "alertmanager": 93,
}


def is_free(port: int) -> bool:
    """Whether a TCP server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


@dataclass(frozen=True)
class Ports:
    """Ports by the name of what listens: ``Ports(17400)["webhook"] == 17430``."""

    base: int = DEFAULT_BASE

    def __getitem__(self, name: str) -> int:
        return self.base + OFFSETS[name]

    def url(self, name: str) -> str:
        """The HTTP root of what listens there, without a trailing slash."""
        return f"http://{LOOPBACK}:{self[name]}"

    @property
    def sentinel_gateway(self) -> Ports:
        """The same names for the sentinel's own gateway and telephones."""
        return Ports(self.base + OFFSETS["sentinel_sendsms"] - OFFSETS["sendsms"])

    def taken(self) -> dict[str, int]:
        """The ports somebody else already listens on."""
        return {name: self[name] for name in OFFSETS if not is_free(self[name])}


_KEPT: deque[int] = deque(maxlen=20)
"""Descriptors of the locks on the bases handed out last: enough for what one process runs."""


def free_base(first: int = 20000, last: int = 32000) -> int:
    """A base whose ports are all free, below the ephemeral range. Raise OSError if none.

    It is kept from other processes that ask (tests run side by side) until
    this one ends or has asked for twenty more.
    """
    folder = Path(tempfile.gettempdir()) / f"vigie-ports-{os.geteuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    bases = list(range(first, last, 100))
    random.shuffle(bases)
    for base in bases:
        lock = os.open(folder / str(base), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            continue
        if Ports(base).taken():
            os.close(lock)
            continue
        if len(_KEPT) == _KEPT.maxlen:
            os.close(_KEPT.popleft())
        _KEPT.append(lock)
        return base
    raise OSError(f"no free block of 100 ports between {first} and {last}")
