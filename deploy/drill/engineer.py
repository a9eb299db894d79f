"""What the engineer on duty types at the mail host during a drill."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from deploy.estate.child import EstateError
from deploy.estate.estate import Estate

CONTAINED_WITHIN = 90.0
_STEP_SECONDS = 120.0


class Engineer:
    """Runs `vigie mail contain` and `contained`, of this very environment, on the estate."""

    def __init__(self, estate: Estate) -> None:
        self._options: list[str | Path] = [
            "--config",
            estate.settings.path("exporter.yml"),
            "--journal",
            estate.folder / "containment",
            "--dovecot",
            estate.mail.folder / "dovecot" / "dovecot.conf",
        ]

    def contain(self, account: str) -> None:
        """Refuse the account, end its sessions, hold its mail. Raise EstateError if that fails."""
        done = self._vigie("contain", account, "--apply", "--yes")
        if done.returncode:
            raise EstateError(f"vigie mail contain {account} : {done.stdout}{done.stderr}")

    def purge(self, account: str) -> None:
        """Delete the mail that is held. Raise EstateError if that fails."""
        done = self._vigie("contain", account, "--purge", "--yes", "--apply")
        if done.returncode:
            raise EstateError(f"vigie mail contain --purge {account} : {done.stdout}{done.stderr}")

    def contained(self, account: str) -> str:
        """Wait until it is over; what remains if that takes too long, else nothing."""
        end = time.monotonic() + CONTAINED_WITHIN
        while True:
            done = self._vigie("contained", account)
            if done.returncode == 0:
                return ""
            if time.monotonic() >= end:
                return (done.stdout + done.stderr).strip()
            time.sleep(1)

    def _vigie(
        self, action: str, account: str, *arguments: str
    ) -> subprocess.CompletedProcess[str]:
        vigie = Path(sys.executable).with_name("vigie")
        return subprocess.run(
            [vigie, "mail", action, account, *arguments, *self._options],
            capture_output=True,
            text=True,
            check=False,
            timeout=_STEP_SECONDS,
        )
