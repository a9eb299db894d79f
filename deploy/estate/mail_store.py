"""Mailboxes of the estate: a private Dovecot with IMAP over TLS and LMTP, on loopback."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from deploy.estate.child import Child, start_child
from deploy.estate.ports import LOOPBACK, is_free

_CONFIGURATION = """\
base_dir = {folder}/run
log_path = {folder}/dovecot.log
protocols = imap lmtp
listen = {loopback}
ssl = required
ssl_cert = <{certificate}
ssl_key = <{key}
auth_mechanisms = plain
auth_cache_size = 0
auth_failure_delay = 0s
mail_location = maildir:{folder}/mail/%u
mail_plugins = quota
first_valid_uid = 1
plugin {{
  quota = maildir:Quota
  quota_rule = *:storage=100M
}}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/users
}}
userdb {{
  driver = passwd-file
  args = username_format=%u {folder}/users
  default_fields = uid=nobody gid=nogroup home={folder}/mail/%u
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp}
  }}
}}
"""


class MailStore:
    """The mailboxes of `accounts` (address to password); `full` ones have no room for a mail.

    `certificate` (with its chain) and `key` are PEM files. Needs root: Dovecot changes accounts.
    """

    def __init__(
        self,
        folder: Path,
        accounts: Mapping[str, str],
        certificate: Path,
        key: Path,
        *,
        imap: int,
        imaps: int,
        lmtp: int,
        full: frozenset[str] = frozenset(),
    ) -> None:
        self.folder = folder
        self.imap, self.imaps, self.lmtp = imap, imaps, lmtp
        self._accounts, self._full = dict(accounts), full
        self._certificate, self._key = certificate, key
        self._child: Child | None = None

    def start(self) -> None:
        """Write the configuration and start in the foreground. Raise EstateError on failure."""
        self.folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        mail = self.folder / "mail"
        mail.mkdir(mode=0o700, exist_ok=True)
        shutil.chown(mail, "nobody", "nogroup")
        configuration = self.folder / "dovecot.conf"
        configuration.write_text(
            _CONFIGURATION.format(
                folder=self.folder,
                loopback=LOOPBACK,
                certificate=self._certificate,
                key=self._key,
                imap=self.imap,
                imaps=self.imaps,
                lmtp=self.lmtp,
            ),
            encoding="utf-8",
        )
        users = self.folder / "users"
        users.write_text("".join(map(self._user, self._accounts)), encoding="utf-8")
        users.chmod(0o640)
        shutil.chown(users, group="dovecot")
        command: list[str | Path] = ["dovecot", "-F", "-c", configuration]
        self._child = start_child("Dovecot (boîtes)", command, self.folder / "dovecot.out")
        self._child.wait_ready(lambda: not is_free(self.imaps) and not is_free(self.lmtp))

    def stop(self) -> None:
        """End it; nothing to do when it does not run."""
        if self._child is not None:
            self._child.stop()
            self._child = None

    def messages(self, account: str) -> list[bytes]:
        """The mails in the inbox of an account, as files."""
        places = (self.folder / "mail" / account / place for place in ("new", "cur"))
        return [path.read_bytes() for place in places for path in sorted(place.glob("*"))]

    def _user(self, account: str) -> str:
        room = "userdb_quota_rule=*:bytes=10" if account in self._full else ""
        return f"{account}:{{PLAIN}}{self._accounts[account]}::::::{room}\n"
