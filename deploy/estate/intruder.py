"""End the sessions an account has open: a blocked password alone does not close them."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path

import psutil

from deploy.estate.child import EstateError, wait_until


def end_sessions(log: Path, master: int, account: str) -> int:
    """Stop the smtpd processes that last served `account`; how many were stopped.

    Only children of the Postfix master with pid `master` are touched. A session
    of the account that never sent a message is not found: its process has
    logged nothing yet. Looks twice, for Postfix writes its log a moment later.
    """
    stopped = _end_once(log, master, account)
    time.sleep(0.3)
    return stopped + _end_once(log, master, account)


def _end_once(log: Path, master: int, account: str) -> int:
    line = re.compile(
        rb"smtpd\[(?P<pid>\d+)\]: [0-9A-Za-z]+: client=.*, sasl_username=(?P<account>\S+)"
    )
    serving: dict[int, bytes] = {}
    for found in line.finditer(log.read_bytes()):
        serving[int(found["pid"])] = found["account"]
    ours = {child.pid for child in psutil.Process(master).children()}
    stopped = {pid for pid, name in serving.items() if name == account.encode() and pid in ours}
    for pid in stopped:
        try:
            os.kill(pid, signal.SIGTERM)
        except ProcessLookupError:
            continue
    try:
        wait_until(lambda: not any(psutil.pid_exists(pid) for pid in stopped), "", 5.0)
    except EstateError:
        raise EstateError(f"sessions de {account} : encore ouvertes") from None
    return len(stopped)
