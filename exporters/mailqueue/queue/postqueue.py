"""Reading the queue through ``postqueue -j``, which needs no right of ours (it is setgid)."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryFile
from threading import Timer

from exporters.mailqueue.queue.listing import Listed, gathered, listed_message
from exporters.mailqueue.queue.snapshot import ReadFailed, Snapshot
from inventory.config import reason

_DEFAULT = Path("/etc/postfix")
_SHOWN = 200


def messages(lines: Iterable[bytes]) -> Iterator[Listed]:
    """The messages of its answer, one JSON object a line. Raise ReadFailed."""
    for line in lines:
        try:
            entry = json.loads(line)
            fields = {
                "queue_name": str(entry["queue_name"]),
                "time": str(entry["arrival_time"]),
                "size": str(entry["message_size"]),
            }
        except (ValueError, KeyError, TypeError):
            raise ReadFailed(
                "postqueue -j : ligne illisible ; attendu : un objet JSON de Postfix 3.1 ou plus"
            ) from None
        yield listed_message(fields)


class Postqueue:
    """Runs the command. `timeout` bounds the whole of it (seconds)."""

    method = "postqueue"

    def __init__(self, config: Path, timeout: float = 120.0, command: str = "postqueue") -> None:
        # Without root, -c is refused unless /etc/postfix/main.cf allows that folder.
        where = [] if config == _DEFAULT else ["-c", str(config)]
        self._command = [command, *where, "-j"]
        self._timeout = timeout

    def read(self) -> Iterator[Snapshot]:
        """The queues now. Raise ReadFailed."""
        with TemporaryFile() as complaints:
            try:
                child = subprocess.Popen(
                    self._command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=complaints,
                )
            except OSError as error:
                raise ReadFailed(f"{self._command[0]} : {reason(error)}") from None
            found = self._answer(child)
            if child.returncode:
                complaints.seek(0)
                said = complaints.read().decode(errors="replace").strip()[-_SHOWN:]
                raise ReadFailed(
                    f"{' '.join(self._command)} a échoué (code {child.returncode}) : {said}"
                )
        yield found

    def _answer(self, child: subprocess.Popen[bytes]) -> Snapshot:
        """Everything it says; it is ended when it takes too long or talks nonsense."""
        end = Timer(self._timeout, child.kill)
        end.start()
        try:
            with child:
                try:
                    return gathered(self.method, messages(child.stdout or ()))
                except ReadFailed:
                    child.kill()
                    raise
        finally:
            end.cancel()
