"""Where a libvirt URI leads, as far as it tells by itself."""

from __future__ import annotations

from urllib.parse import urlsplit

_FAKE = ("test",)


def is_this_machine(uri: str) -> bool:
    """Whether /proc and /sys here are those of the hypervisor.

    So they are when the URI names no host and goes over no network. The test driver's
    hypervisor is nowhere.
    """
    parts = urlsplit(uri)
    driver, _, transport = parts.scheme.partition("+")
    return not parts.hostname and transport in ("", "unix") and driver not in _FAKE
