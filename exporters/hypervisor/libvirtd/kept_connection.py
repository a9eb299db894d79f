"""One connection of a lane, kept between its rounds and let go when it died."""

from __future__ import annotations

import contextlib
from typing import Any

import libvirt

from exporters.hypervisor.libvirtd.connection import Door, HypervisorUnreachable


class KeptConnection:
    """For one thread at a time. `read_only` False asks for everything the daemon allows."""

    def __init__(self, door: Door, *, read_only: bool = True) -> None:
        self._door, self._read_only = door, read_only
        self._connection: Any = None

    def get(self) -> Any:
        """The connection, opened again if it died. Raise HypervisorUnreachable."""
        if self._connection is not None and not self._alive():
            self.close()
        if self._connection is None:
            self._connection = self._door.open(read_only=self._read_only)
        return self._connection

    def check(self) -> None:
        """Raise HypervisorUnreachable when the connection died since `get`."""
        if self._connection is not None and not self._alive():
            self.close()
            raise HypervisorUnreachable("connection lost during the round")

    def close(self) -> None:
        """Let it go; `get` opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(libvirt.libvirtError):
                connection.close()

    def _alive(self) -> bool:
        try:
            return bool(self._connection.isAlive())
        except libvirt.libvirtError:
            return False
