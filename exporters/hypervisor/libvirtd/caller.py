"""A thread with a libvirt connection of its own, which makes one call at a time.

Nobody waits inside a call: who asks gets a Call and waits on that for as long as it likes.
A call that hangs holds its caller, never the scrape. The connection is kept from call to
call; when it dies it is opened anew, as soon as the Door allows.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from queue import SimpleQueue
from threading import Condition, Thread
from time import monotonic
from typing import Any

import libvirt

from exporters.hypervisor.libvirtd.connection import Door

Work = Callable[["Link"], Any]


class Link:
    """An open connection and the domain objects that belong to it, by uuid."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.closed = False
        self._domains: dict[str, Any] = {}
        with contextlib.suppress(libvirt.libvirtError):  # none for drivers in process
            connection.registerCloseCallback(self._on_close, None)

    def domains(self, uuids: Iterable[str]) -> list[Any]:
        """The domains of these uuids that exist, as objects of this connection."""
        wanted = list(uuids)
        if any(uuid not in self._domains for uuid in wanted):
            found = self.connection.listAllDomains(0)
            self._domains = {domain.UUIDString(): domain for domain in found}
        known = self._domains
        return [known[uuid] for uuid in wanted if uuid in known]

    def usable(self) -> bool:
        """Whether calls may still be made. Asks nobody."""
        if self.closed:
            return False
        with contextlib.suppress(libvirt.libvirtError):
            return bool(self.connection.isAlive())
        return False

    def drop(self) -> None:
        """Let the connection go."""
        self._domains.clear()
        with contextlib.suppress(libvirt.libvirtError):
            # libvirt keeps a connection alive for as long as it has someone to tell.
            self.connection.unregisterCloseCallback()
        with contextlib.suppress(libvirt.libvirtError):
            self.connection.close()

    def _on_close(self, _connection: Any, _reason: int, _opaque: Any) -> None:
        self.closed = True


class Call:
    """One piece of work under way. `ended` is None until it returns.

    A `late` one is no longer waited for, hence not tried again should its connection die.
    """

    def __init__(self, work: Work, about: Any = None) -> None:
        self.work = work
        self.about = about
        self.began = monotonic()
        self.ended: float | None = None
        self.late = False
        self.answer: Any = None
        self.error: Exception | None = None


class Caller:
    """The thread. `call` is what it does now, None when it is free.

    `changed` is notified whenever one of the callers that share it becomes free.
    """

    def __init__(self, name: str, door: Door, changed: Condition) -> None:
        self._name, self._door, self.changed = name, door, changed
        self._link: Link | None = None
        self._orders: SimpleQueue[Call | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._retired = False
        self.call: Call | None = None

    def ask(self, work: Work, about: Any = None) -> Call:
        """Begin `work` in the thread. The caller must be free."""
        call = Call(work, about)
        with self.changed:
            if self.call is not None:
                raise RuntimeError("a caller makes one call at a time")
            self.call = call
        if self._thread is None:
            # A daemon: a call that never returns must not keep the process from ending.
            self._thread = Thread(target=self._run, name=self._name[:15], daemon=True)
            self._thread.start()
        self._orders.put(call)
        return call

    def wait(self, call: Call, seconds: float) -> bool:
        """Wait until `call` returned; whether it did."""
        with self.changed:
            return self.changed.wait_for(lambda: call.ended is not None, max(0.0, seconds))

    def retire(self) -> None:
        """End the thread once it is free, and its connection with it."""
        self._retired = True
        self._orders.put(None)

    def _run(self) -> None:
        while self._obey():
            pass
        if self._link is not None:
            self._link.drop()

    def _obey(self) -> bool:
        """Make one call; false when there are no more. Keeps nothing of it while it waits."""
        call = self._orders.get()
        if call is None:
            return False
        try:
            call.answer = self._answer(call)
        except Exception as error:  # noqa: BLE001 - handed to whoever waits
            call.error = error
        with self.changed:
            call.ended = monotonic()
            self.call = None
            self.changed.notify_all()
        return True

    def _answer(self, call: Call) -> Any:
        if self._link is not None:
            try:
                return call.work(self._link)
            except libvirt.libvirtError:
                if self._link.usable():
                    raise
                self._link.drop()
                self._link = None
                if self._retired or call.late:
                    raise
        # Not open yet, or dead since the last call: libvirtd may be back already.
        self._link = Link(self._door.open())
        return call.work(self._link)
