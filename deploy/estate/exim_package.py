"""The exim4 program beside an installed Postfix, with which its package conflicts.

The package is downloaded through apt, which verifies it, and unpacked; nothing is installed.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
from pathlib import Path

from deploy.estate.child import EstateError

PACKAGE = "exim4-daemon-light"
USER = "Debian-exim"
"""Compiled into Debian's Exim, which does not run without it."""


def exim_program(cache: Path) -> Path:
    """The program, from `cache` or downloaded into it. Raise EstateError (French).

    It is not setuid: Exim started by root needs no such bit.
    """
    cache.mkdir(mode=0o755, parents=True, exist_ok=True)
    program = cache / "root" / "usr" / "sbin" / "exim4"
    lock = os.open(cache / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not program.exists():
            _unpack(_download(cache), cache)
        _make_user()
        _run(program, "-C", os.devnull, "-bV")
    finally:
        os.close(lock)
    return program


def _download(cache: Path) -> Path:
    for package in cache.glob("*.deb"):
        package.unlink()
    download = ("apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", PACKAGE)
    try:
        _run(*download, cwd=cache)
    except EstateError:
        _run("apt-get", "-q", "-o", "DPkg::Lock::Timeout=300", "update")
        _run(*download, cwd=cache)
    return next(cache.glob("*.deb"))


def _unpack(package: Path, cache: Path) -> None:
    fresh = cache / "fresh"
    _run("rm", "-rf", fresh, cache / "root")
    _run("dpkg-deb", "-x", package, fresh)
    (fresh / "usr" / "sbin" / "exim4").chmod(0o755)
    fresh.rename(cache / "root")


def _make_user() -> None:
    if subprocess.run(["id", USER], capture_output=True, check=False).returncode:
        _run("useradd", "--system", "--no-create-home", "--home-dir", "/nonexistent",
             "--shell", "/usr/sbin/nologin", "--user-group", USER)  # fmt: skip


def _run(*command: str | Path, cwd: Path | None = None) -> None:
    done = subprocess.run(command, capture_output=True, check=False, timeout=300, cwd=cwd)
    if done.returncode:
        said = (done.stderr + done.stdout).decode(errors="replace").strip()
        raise EstateError(f"Exim : {Path(command[0]).name} a échoué : {said}")
