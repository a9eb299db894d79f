"""Dumps compared with their checksums, each once, a little at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any

from exporters.backup.contents import Check
from exporters.backup.dumps.folder import DumpFile
from inventory.process import Clock

_PIECE = 4 << 20


class Checking:
    """Remembers which files are what their manifest says; a file that changed is read anew."""

    def __init__(
        self, folder: Path, seconds: float, clock: Clock, now: Callable[[], float] = monotonic
    ) -> None:
        self._folder, self._seconds = folder, seconds
        self._clock, self._now = clock, now
        self._sound: dict[tuple[DumpFile, str], bool] = {}
        self._at: datetime | None = None
        self.turns = 0
        """How often it had to stop: it grows for as long as there is something left to compare."""
        self._begun: tuple[DumpFile, Any, int] | None = None  # a large file, its digest, how far

    def go_on(self, files: Iterable[DumpFile], sums: Mapping[str, str]) -> None:
        """Read files not read yet, the newest first, for at most `seconds`."""
        wanted = [(file, sums[file.name]) for file in files if file.name in sums]
        self._sound = {one: self._sound[one] for one in wanted if one in self._sound}
        end = self._now() + self._seconds
        for one in sorted(wanted, key=lambda item: -item[0].written_ns):
            if one in self._sound:
                continue
            found = self._digest(one[0], end)
            if found is None:
                self.turns += 1
                return
            self._sound[one] = found == one[1]
            self._at = self._clock()

    def wrong(self) -> frozenset[DumpFile]:
        """Files that are not what their manifest says."""
        return frozenset(file for (file, _), sound in self._sound.items() if not sound)

    def check(self, files: Iterable[DumpFile]) -> Check | None:
        """How it stands; None: nothing was compared yet."""
        if self._at is None:
            return None
        whole = sum(file.size for file in files)
        read = sum(file.size for file, _ in self._sound)
        wrong = len(self.wrong())
        ratio = min(1.0, read / whole) if whole else 1.0
        return Check("full", self._at, succeeded=not wrong, errors=wrong, ratio=ratio)

    def _digest(self, file: DumpFile, end: float) -> str | None:
        """Its SHA-256; empty: it cannot be read; None: to be gone on with next time."""
        digest, done = hashlib.sha256(), 0
        if self._begun is not None and self._begun[0] == file:
            _, digest, done = self._begun
        self._begun = None
        try:
            with (self._folder / file.name).open("rb") as opened:
                opened.seek(done)
                while piece := opened.read(_PIECE):
                    digest.update(piece)
                    done += len(piece)
                    if self._now() > end:
                        self._begun = file, digest, done
                        return None
        except OSError:
            return ""
        return digest.hexdigest()
