"""A private Exim with authenticated submission, and the relay it sends on to."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from deploy.estate.child import Child, EstateError, start_child
from deploy.estate.exim_config import EximSettings, exim_conf
from deploy.estate.exim_package import USER
from deploy.estate.ports import is_free
from deploy.estate.relay import start_relay


class EximServer:
    """Exim in `settings.folder`, which all may traverse. `accounts` maps addresses to passwords.

    `program` is an exim4 (`exim_package.exim_program`). Needs root: Exim changes its user.
    Nothing runs its queue by itself: `run_queue` does.
    """

    def __init__(self, settings: EximSettings, program: Path, accounts: Mapping[str, str]) -> None:
        self.settings = settings
        self.ports = settings.ports
        self.spool = settings.folder / "spool"
        self.log = settings.folder / "log" / "mainlog"
        self._configuration = settings.folder / "exim.conf"
        self._program = settings.folder / "bin" / "exim4"
        self._original, self._accounts = program, accounts
        self._exim: Child | None = None
        self._relay: Child | None = None

    def start(self) -> None:
        """Bring both up. Raise EstateError (in French) naming what failed; nothing stays."""
        self._prepare()
        try:
            self.start_relay()
            self._exim = start_child(
                "Exim",
                [self._program, "-C", self._configuration, "-bdf"],
                self.log.with_name("exim.out"),
            )
            self._exim.wait_ready(lambda: not is_free(self.ports["submission"]))
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End both, deliveries under way included; the spool stays on disk."""
        if self._exim is not None:
            self._exim.stop()
            self._exim = None
        self.stop_relay()

    def start_relay(self, seconds: int = 0) -> None:
        """Start the relay (again); it answers each message after so many seconds."""
        output = self.log.with_name("relay.out")
        self._relay = start_relay("relais", self.ports["fast_relay"], output, seconds=seconds)

    def stop_relay(self) -> None:
        """Stop the relay: mail is deferred from now on."""
        if self._relay is not None:
            self._relay.stop()
            self._relay = None

    def run_queue(self) -> None:
        """Try all mail again now, frozen mail excepted (``exim -qf``); return when that is over."""
        self.exim("-qf")

    def queue(self) -> dict[str, bool]:
        """The ids of all messages (``exim -bp``), and whether each is frozen."""
        heads = [line.split() for line in self.exim("-bp").splitlines() if "<" in line[:40]]
        return {words[2]: words[-1] == "***" for words in heads if len(words) > 3}

    def count(self) -> int:
        """How many messages there are (``exim -bpc``)."""
        return int(self.exim("-bpc"))

    def exim(self, *arguments: str, text: str = "") -> str:
        """Run the program on this spool with `text` to read; what it prints. Raise EstateError."""
        done = subprocess.run(
            [self._program, "-C", self._configuration, *arguments],
            input=text.encode(),
            capture_output=True,
            check=False,
            timeout=60,
        )
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip()
            raise EstateError(f"exim {' '.join(arguments)} a échoué : {said}")
        return done.stdout.decode(errors="replace")

    def _prepare(self) -> None:
        folder = self.settings.folder
        for name in ("", "bin", "spool", "log"):
            (folder / name).mkdir(mode=0o755, parents=True, exist_ok=True)
        # Debian's package brings this one too: without it Exim has not been there.
        (self.spool / "input").mkdir(mode=0o750, exist_ok=True)
        for path in (self.spool, self.spool / "input", self.log.parent):
            shutil.chown(path, USER, USER)
        shutil.copy(self._original, self._program)
        self._program.chmod(0o755)
        self._configuration.write_text(exim_conf(self.settings), encoding="utf-8")
        passwords = folder / "passwords"
        passwords.touch(mode=0o640)
        shutil.chown(passwords, "root", USER)
        passwords.write_text(
            "".join(f"{name}: {password}\n" for name, password in self._accounts.items()),
            encoding="utf-8",
        )
