"""A folder of dumps as it lies on the disk."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from exporters.backup.dumps.manifest import ALL, ONE, is_manifest, parse_manifest
from exporters.backup.errors import Unreadable
from inventory.config import reason

_UNFINISHED = (".part", ".partial", ".tmp", ".new", ".filepart", "~")
_LARGEST_MANIFEST = 4 << 20


@dataclass(frozen=True, slots=True)
class DumpFile:
    """One file. `written` is when its last byte came."""

    name: str
    size: int
    written_ns: int

    @property
    def written(self) -> datetime:
        """In UTC."""
        return datetime.fromtimestamp(self.written_ns / 1e9, UTC)


def files_in(folder: Path) -> frozenset[DumpFile]:
    """Its regular files, manifests too; not what is hidden or still being written.

    Raise Unreadable.
    """
    found = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith(".") or entry.name.endswith(_UNFINISHED):
                    continue
                try:
                    known = entry.stat()
                except FileNotFoundError:
                    continue  # rotated away meanwhile
                if stat.S_ISREG(known.st_mode):
                    found.append(DumpFile(entry.name, known.st_size, known.st_mtime_ns))
    except (FileNotFoundError, NotADirectoryError):
        raise Unreadable("missing", f"aucun dossier {folder}") from None
    except OSError as error:
        raise Unreadable("unreachable", f"{folder} : {reason(error)}") from None
    return frozenset(found)


def checksums_in(folder: Path, files: frozenset[DumpFile]) -> dict[str, str]:
    """File name -> SHA-256, of every manifest among `files`. Raise Unreadable."""
    found: dict[str, str] = {}
    for file in sorted(files, key=lambda one: one.name):
        if not is_manifest(file.name):
            continue
        if file.size > _LARGEST_MANIFEST:
            raise Unreadable("parse", f"{file.name} : trop grand pour des sommes de contrôle")
        try:
            text = (folder / file.name).read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            continue
        except OSError as error:
            raise Unreadable("unreachable", f"{file.name} : {reason(error)}") from None
        sums = parse_manifest(text, file.name)
        if file.name != ALL and len(sums) == 1:  # whatever name it had where it was made
            sums = {file.name.removesuffix(ONE): next(iter(sums.values()))}
        found.update(sums)
    return found
