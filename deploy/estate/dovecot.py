"""The estate's Dovecot: only the SASL service behind Postfix's submission port."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from deploy.estate.child import Child, start_child

_CONFIGURATION = """\
base_dir = {folder}/run
log_path = {log}
protocols =
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_cache_size = 0
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/users
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home=/nonexistent
}}
service auth {{
  unix_listener {folder}/auth {{
    mode = 0660
    user = postfix
    group = postfix
  }}
}}
"""


class Dovecot:
    """Checks the passwords of `accounts` (address to password) on the socket ``folder/auth``."""

    def __init__(self, folder: Path, log: Path, accounts: Mapping[str, str]) -> None:
        self.folder = folder
        self.log = log
        self.accounts = dict(accounts)
        self.socket = folder / "auth"
        self._child: Child | None = None

    def start(self) -> None:
        """Write the configuration and start in the foreground. Raise EstateError on failure."""
        self.folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        self.socket.unlink(missing_ok=True)
        configuration = self.folder / "dovecot.conf"
        configuration.write_text(
            _CONFIGURATION.format(folder=self.folder, log=self.log), encoding="utf-8"
        )
        self._write_users()
        self._child = start_child(
            "Dovecot",
            ["dovecot", "-F", "-c", configuration],
            self.log.with_name("dovecot.out"),
        )
        self._child.wait_ready(self.socket.exists)

    def stop(self) -> None:
        """End it; nothing to do when it does not run."""
        if self._child is not None:
            self._child.stop()
            self._child = None

    def alive(self) -> bool:
        """Whether it runs."""
        return self._child is not None and self._child.alive()

    def _write_users(self) -> None:
        # Written aside and renamed: a login never meets half a file.
        users = self.folder / "users"
        fresh = self.folder / "users.new"
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o640), "w") as file:
            file.writelines(f"{name}:{{PLAIN}}{word}\n" for name, word in self.accounts.items())
        shutil.chown(fresh, group="dovecot")
        fresh.replace(users)
