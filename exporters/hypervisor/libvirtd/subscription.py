"""The events of one connection, from its registration until it is lost."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Any

import libvirt

from exporters.hypervisor.libvirtd.events import OTHERS, Event, lifecycle, other


class Subscription:
    """Every event of `connection` goes to `tell`, and its end to `lost`, once.

    Both are called from libvirt's event loop, which serves all hypervisors: they must not
    wait nor call libvirt. `connected` is whether lifecycle events come; a driver that lacks
    another kind is read without it.
    """

    def __init__(
        self,
        connection: Any,
        tell: Callable[[Event], None],
        lost: Callable[[], None],
        now: Callable[[], float],
    ) -> None:
        self.connection = connection
        self._tell, self._now = tell, now
        self.alive = True
        self._lost = lost
        self._registered: list[int] = []
        self.connected = False

    def register(self) -> None:
        """Ask for the events. Raise libvirt.libvirtError when the connection is lost already."""
        with contextlib.suppress(libvirt.libvirtError):  # drivers in process never close
            self.connection.registerCloseCallback(self._closed, None)
        self.connected = self._register("LIFECYCLE", self._on_lifecycle)
        for kind in OTHERS:
            self._register(kind, self._on_other)

    def close(self) -> None:
        """Give the connection up, in the background: a frozen daemon must not hold us."""
        self.alive = False
        threading.Thread(target=self._close, name="libvirt-close", daemon=True).start()

    def _close(self) -> None:
        for number in self._registered:
            with contextlib.suppress(libvirt.libvirtError):
                self.connection.domainEventDeregisterAny(number)
        with contextlib.suppress(libvirt.libvirtError):
            self.connection.unregisterCloseCallback()
        with contextlib.suppress(libvirt.libvirtError):
            self.connection.close()

    def _register(self, kind: str, callback: Callable[..., None]) -> bool:
        number = getattr(libvirt, f"VIR_DOMAIN_EVENT_ID_{kind}", None)
        if number is None:
            return False
        try:
            handle = self.connection.domainEventRegisterAny(None, number, callback, kind)
        except libvirt.libvirtError:
            if not self.connection.isAlive():
                raise
            return False
        self._registered.append(handle)
        return True

    def _on_lifecycle(
        self, _connection: Any, domain: Any, kind: int, detail: int, _opaque: str
    ) -> None:
        if self.alive:  # else another connection tells it too
            uuid, name = domain.UUIDString(), domain.name()
            self._tell(lifecycle(uuid, name, self._now(), kind, detail))

    def _on_other(self, _connection: Any, domain: Any, *arguments: Any) -> None:
        if self.alive:
            *rest, kind = arguments
            uuid, name = domain.UUIDString(), domain.name()
            self._tell(other(kind, uuid, name, self._now(), tuple(rest)))

    def _closed(self, _connection: Any, _reason: int, _opaque: Any) -> None:
        if self.alive:
            self.alive = False
            self._lost()
