"""libvirt's event loop, which keepalive needs: one daemon thread a process.

Without it a client of a frozen libvirtd waits for ever; with it the connection is
declared dead after a few unanswered probes, and every call on it fails at once.
"""

from __future__ import annotations

import contextlib
import threading

import libvirt

_lock = threading.Lock()
_thread: threading.Thread | None = None


def _run() -> None:
    while True:
        with contextlib.suppress(libvirt.libvirtError):
            libvirt.virEventRunDefaultImpl()


def start_event_loop() -> None:
    """Run the default event loop. Call it before the first connection; again does nothing."""
    global _thread  # noqa: PLW0603  # libvirt's loop is one a process too
    with _lock:
        if _thread is None:
            # libvirt also prints every error on standard error unless told otherwise.
            libvirt.registerErrorHandler(lambda *_: None, None)
            libvirt.virEventRegisterDefaultImpl()
            _thread = threading.Thread(target=_run, name="libvirt-events", daemon=True)
            _thread.start()
