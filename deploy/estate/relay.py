"""A mail relay that accepts everything, at once or slowly: Postfix's own smtp-sink."""

from __future__ import annotations

from pathlib import Path

from deploy.estate.child import Child, start_child
from deploy.estate.ports import LOOPBACK, is_free


def start_relay(name: str, port: int, log: Path, *, seconds: int = 0) -> Child:
    """Listen on a loopback `port`; answer each DATA after `seconds`. Mail is counted and dropped.

    Raise EstateError when it does not come up.
    """
    delay = ["-w", str(seconds)] if seconds else []  # it refuses a delay of 0
    child = start_child(
        name,
        # -u: as root smtp-sink insists on an account to drop to.
        ["smtp-sink", "-u", "nobody", *delay, f"{LOOPBACK}:{port}", "200"],
        log,
    )
    # A connection would count as a session: the bound port is proof enough.
    child.wait_ready(lambda: not is_free(port))
    return child
