"""The estate's mail server: a private Postfix with authenticated submission, and its relays."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from deploy.estate import deliveries
from deploy.estate.child import Child, EstateError, start_child, wait_until
from deploy.estate.dovecot import Dovecot
from deploy.estate.ports import Ports, is_free
from deploy.estate.postfix_config import PostfixSettings, main_cf, master_cf, transport_map
from deploy.estate.relay import start_relay
from inventory.process import system_clock

QUEUES = ("incoming", "active", "deferred", "hold", "corrupt", "maildrop")
# A unix socket's path holds 107 bytes; ours end in "/spool/private/proxywrite" at worst.
_LONGEST_FOLDER = 75


class MailServer:
    """Postfix, Dovecot (SASL only), a fast relay, a slow one and one that refuses, in `folder`.

    `accounts` maps addresses to passwords. `active_limit` is Postfix's
    ``qmgr_message_active_limit``. Mail to `slow_domains` goes to a relay that
    answers each message after `slow_seconds`; all other mail to one that
    answers at once; mail to the addresses `canaries` to the exporter, by LMTP. Needs root:
    Postfix and Dovecot change accounts. The folder must be new or one left by an earlier run,
    and all may traverse its parents.
    """

    def __init__(
        self,
        folder: Path,
        ports: Ports,
        accounts: Mapping[str, str],
        *,
        active_limit: int,
        slow_domains: Sequence[str],
        slow_seconds: int,
        retry_seconds: int = 3600,
        canaries: Sequence[str] = (),
        mailboxes: tuple[str, int] | None = None,
        certificate: tuple[Path, Path] | None = None,
    ) -> None:
        self.folder = folder.resolve()
        self.ports = ports
        self._settings = PostfixSettings(
            self.folder,
            ports,
            active_limit,
            tuple(slow_domains),
            retry_seconds,
            canaries=tuple(canaries),
            mailboxes=mailboxes,
            certificate=certificate,
        )
        self.queue_directory = self._settings.spool
        self.config_directory = self._settings.config
        self.log = self._settings.log
        self.slow_seconds = slow_seconds
        dovecot_log = self.log.with_name("dovecot.log")
        self._dovecot = Dovecot(self.folder / "dovecot", dovecot_log, accounts)
        self._postfix: Child | None = None
        self._relays: list[Child] = []

    def start(self) -> None:
        """Bring everything up. Raise EstateError (in French) naming what failed; nothing stays."""
        self._prepare()
        try:
            self.start_fast_relay()
            relay_log = self.log.with_name("slow_relay.out")
            self._relays.append(
                start_relay(
                    "relais lent", self.ports["slow_relay"], relay_log, seconds=self.slow_seconds
                )
            )
            log = self.log.with_name("bouncing_relay.out")
            self._relays.append(
                start_relay("relais qui refuse", self.ports["bouncing_relay"], log, refuses=True)
            )
            self._dovecot.start()
            self._run("postfix", "-c", self.config_directory, "check")
            # The master itself, not "postfix start-fg": that leaves a shell between us.
            self._postfix = start_child(
                "Postfix",
                ["/usr/lib/postfix/sbin/master", "-c", self.config_directory, "-s"],
                self.log.with_name("postfix.out"),
            )
            self._postfix.wait_ready(lambda: not is_free(self.ports["submission"]))
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End all that start() started; the queue stays on disk."""
        if self._postfix is not None:
            # The master leads its process group: all its daemons end with it.
            self._postfix.stop()
            self._postfix = None
        self._dovecot.stop()
        while self._relays:
            self._relays.pop().stop()

    def alive(self) -> bool:
        """Whether Postfix, Dovecot and the relays run."""
        return (
            self._postfix is not None
            and self._postfix.alive()
            and self._dovecot.alive()
            and all(relay.alive() for relay in self._relays)
        )

    def start_fast_relay(self) -> None:
        """Start the fast relay (again)."""
        log = self.log.with_name("fast_relay.out")
        self._relays.insert(0, start_relay("relais rapide", self.ports["fast_relay"], log))

    def stop_fast_relay(self) -> None:
        """Stop the fast relay: mail for it is deferred from now on."""
        self._relays.pop(0).stop()

    def retry_deferred(self) -> None:
        """Ask for an immediate attempt at all deferred mail (``postqueue -f``)."""
        self._run("postqueue", "-c", self.config_directory, "-f")

    def rotate_log(self) -> None:
        """Rename the log away and start a new one, as ``postfix logrotate`` does."""
        self._run("postfix", "-c", self.config_directory, "logrotate")

    def queue_counts(self) -> dict[str, int]:
        """Messages in each queue now."""
        return {queue: sum(1 for _ in self._messages(queue)) for queue in QUEUES}

    def wait_empty(self, seconds: float) -> None:
        """Return once no message is left to send. Raise EstateError after `seconds`."""
        wait_until(lambda: not any(self.queue_counts().values()), "file de messages vide", seconds)

    def delivered(self) -> dict[str, float]:
        """Message-ID to the Unix time (to the second) its last recipient had it."""
        lines: list[str] = []
        # Postfix names rotated logs by their date and compresses them; the live one is last.
        for path in sorted(self.log.parent.glob(f"{self.log.name}.*.gz")):
            lines += gzip.decompress(path.read_bytes()).decode(errors="replace").splitlines()
        if self.log.exists():
            lines += self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return deliveries.delivered(lines, system_clock().astimezone().year)

    def _messages(self, *queues: str) -> Iterator[Path]:
        for queue in queues or QUEUES:
            for folder, _, names in os.walk(self.queue_directory / queue):
                yield from (Path(folder) / name for name in names)

    def _prepare(self) -> None:
        if len(str(self.folder)) > _LONGEST_FOLDER:
            raise EstateError(
                f"Postfix : chemin trop long ({self.folder}) ;"
                f" attendu : {_LONGEST_FOLDER} caractères au plus"
            )
        for name in ("", "etc", "spool", "data", "log"):
            (self.folder / name).mkdir(mode=0o755, parents=True, exist_ok=True)
        shutil.chown(self.folder / "data", "postfix")
        etc = self.config_directory
        (etc / "main.cf").write_text(main_cf(self._settings), encoding="utf-8")
        (etc / "master.cf").write_text(master_cf(self._settings), encoding="utf-8")
        (etc / "transport").write_text(transport_map(self._settings), encoding="utf-8")
        for name in ("dynamicmaps.cf", "postfix-files"):
            shutil.copy(Path("/etc/postfix") / name, etc / name)

    def _run(self, *command: str | Path) -> None:
        done = subprocess.run(command, capture_output=True, check=False, timeout=60)
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip()
            raise EstateError(f"{command[0]} a échoué : {said}")
