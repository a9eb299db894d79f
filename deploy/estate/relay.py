"""A mail relay that takes everything, at once or slowly, or nothing: Postfix's own smtp-sink."""

from __future__ import annotations

from pathlib import Path

from deploy.estate.child import Child, start_child
from deploy.estate.ports import LOOPBACK, is_free


def start_relay(
    name: str, port: int, log: Path, *, seconds: int = 0, refuses: bool = False
) -> Child:
    """Listen on a loopback `port`; answer each DATA after `seconds`. Mail is counted and dropped.

    `refuses`: every recipient is unknown here.

    Raise EstateError when it does not come up.
    """
    bounce = ["-f", "RCPT", "-B", "550 5.1.1 User unknown"] if refuses else []
    delay = ["-w", str(seconds)] if seconds else []  # it refuses a delay of 0
    child = start_child(
        name,
        # -u: as root smtp-sink insists on an account to drop to.
        ["smtp-sink", "-u", "nobody", *delay, *bounce, f"{LOOPBACK}:{port}", "200"],
        log,
    )
    # A connection would count as a session: the bound port is proof enough.
    child.wait_ready(lambda: not is_free(port))
    return child
