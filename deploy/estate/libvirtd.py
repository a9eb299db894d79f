"""A libvirtd of our own: chosen drivers, no privilege, one socket, a folder under /tmp.

As root libvirtd would write under /etc and /run/libvirt; as *nobody* it keeps to its
folder, so that several run side by side, beside the host's own. The folder is short:
a Unix socket's path must stay under the 108 bytes the kernel allows.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from deploy.estate.child import Child, EstateError, start_child

NOBODY = 65534
_DRIVERS = "/usr/lib/*/libvirt/connection-driver"
_CONFIGURATION = """\
unix_sock_dir = "{run}"
unix_sock_rw_perms = "0700"
auth_unix_rw = "none"
max_clients = 200
"""


class PrivateLibvirtd:
    """One daemon and its folder, from `prepare` to `stop`.

    `drivers` are the only loadable drivers it gets (qemu, storage, network…), beside those
    that are built in.
    `capabilities` (``net_admin``) are kept when root starts it: a guest's tap needs them.
    """

    def __init__(
        self, name: str, log: Path, drivers: Sequence[str] = (), capabilities: Sequence[str] = ()
    ) -> None:
        self._name, self._log = name, log
        self._drivers, self._capabilities = tuple(drivers), capabilities
        self._run: Path | None = None
        self.child: Child | None = None

    @property
    def run(self) -> Path:
        """Its folder. Raise EstateError before `prepare` and after `stop`."""
        if self._run is None:
            raise EstateError(f"{self._name} : pas démarré")
        return self._run

    @property
    def settings(self) -> Path:
        """Where its drivers keep their configuration and their files."""
        return self.run / "xdg" / "libvirt"

    @property
    def socket(self) -> Path:
        """The socket it answers on."""
        return self.run / "libvirt-sock"

    def prepare(self) -> None:
        """Make the folder. What is put there before `launch` will belong to the daemon."""
        self._run = Path(tempfile.mkdtemp(prefix="vigie-hv-", dir="/tmp"))
        self.settings.mkdir(parents=True)
        loaded = self._run / "drivers"
        loaded.mkdir()
        text = _CONFIGURATION.format(run=self._run)
        (self._run / "libvirtd.conf").write_text(text, encoding="utf-8")
        for driver in self._drivers:
            name = f"libvirt_driver_{driver}.so"
            installed = next(Path("/").glob(f"{_DRIVERS[1:]}/{name}"), None)
            if installed is None:
                package = "libvirt-daemon-driver-qemu" if driver == "qemu" else "libvirt-daemon"
                raise EstateError(f"{name} absent ; attendu : apt install {package}")
            (loaded / name).symlink_to(installed)

    def launch(self) -> None:
        """Start the daemon, or start it again after its death, and wait for its socket."""
        program = shutil.which("libvirtd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        if program is None:
            raise EstateError("libvirtd absent ; attendu : apt install libvirt-daemon")
        self.socket.unlink(missing_ok=True)
        command: list[str | Path] = [program, "-f", self.run / "libvirtd.conf"]
        command += ["-p", self.run / "pid"]
        if os.geteuid() == 0:
            command = [*self._as_nobody(), *command]
        folders = ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR")
        self.child = start_child(
            self._name,
            command,
            self._log,
            env={
                "HOME": str(self.run),
                "LIBVIRT_DRIVER_DIR": str(self.run / "drivers"),
                **dict.fromkeys(folders, str(self.run / "xdg")),
            },
            cwd=self.run,
        )
        self.child.wait_ready(self.socket.exists)

    def stop(self) -> None:
        """End the daemon and remove its folder."""
        if self.child is not None:
            self.child.stop()
            self.child = None
        if self._run is not None:
            shutil.rmtree(self._run, ignore_errors=True)
            self._run = None

    def _as_nobody(self) -> list[str | Path]:
        for path in (self.run, *self.run.rglob("*")):
            with contextlib.suppress(FileNotFoundError):  # guests that outlived it come and go
                os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
        command: list[str | Path] = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}"]
        command.append("--clear-groups")
        if self._capabilities:
            kept = ",".join(["-all", *(f"+{name}" for name in self._capabilities)])
            command += [f"--inh-caps={kept}", f"--ambient-caps={kept}"]
        return command
