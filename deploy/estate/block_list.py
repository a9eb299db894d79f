"""A DNS block list server of the estate: rbldnsd, on loopback, over UDP."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.estate.child import Child, start_child
from deploy.estate.ports import LOOPBACK

Dataset = tuple[str, str]
"""The type of a data set (``ip4set``, ``ip6trie``, ``acl``) and its text."""


class BlockListServer:
    """Serves `zones` (zone to its data sets) on UDP `port`. `folder` is made, and readable by all.

    Needs root: rbldnsd refuses to be it, and takes the account ``rbldns``.
    """

    def __init__(self, folder: Path, port: int, zones: Mapping[str, Sequence[Dataset]]) -> None:
        self.folder, self.port, self._zones = folder, port, dict(zones)
        self._child: Child | None = None

    def start(self) -> None:
        """Write the zones and start. Raise EstateError with its log on failure."""
        self.folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        named = []
        for zone, datasets in self._zones.items():
            for kind, text in datasets:
                path = self.folder / f"{zone}.{kind}"
                path.write_text(text, encoding="utf-8")
                path.chmod(0o644)
                named.append(f"{zone}:{kind}:{path.name}")
        program = shutil.which("rbldnsd", path="/usr/sbin:/usr/bin") or "rbldnsd"
        where = f"{LOOPBACK}/{self.port}"
        command: list[str | Path] = [program, "-n", "-b", where, "-w", self.folder, *named]
        self._child = start_child("rbldnsd", command, self.folder / "rbldnsd.log")
        self._child.wait_ready(self._listens)

    def stop(self) -> None:
        """End it; nothing to do when it does not run."""
        if self._child is not None:
            self._child.stop()
            self._child = None

    def _listens(self) -> bool:
        with socket.socket(type=socket.SOCK_DGRAM) as probe:
            try:
                probe.bind((LOOPBACK, self.port))
            except OSError:
                return True
        return False
