"""What a configuration file says, and where: blocks, names, and the faults found in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from inventory.config.errors import EXPECTED, ConfigurationError, Fault, Path, show_path


@dataclass
class Document:
    """A YAML document as plain data, and the line on which each path starts (first line = 1)."""

    file: str
    data: Any
    lines: dict[Path, int] = field(default_factory=dict)

    def line(self, path: Path) -> int:
        """The line of `path`, or of the nearest enclosing key when `path` itself is absent."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def fault(self, path: Path, problem: str, expected: str = "") -> Fault:
        """A fault at `path` of this document."""
        return Fault(self.file, self.line(path), show_path(path), problem, expected)

    def fault_of(self, path: Path, error: Exception) -> Fault:
        """A fault at `path` made of a sentence that may say what would be right."""
        problem, _, expected = str(error).partition(EXPECTED)
        return self.fault(path, problem, expected)

    def doubles(self, what: str, named: Iterable[tuple[Path, str]]) -> Iterator[Fault]:
        """A fault for each of the names, with their paths, that was there already."""
        first: dict[str, Path] = {}
        for path, name in named:
            if name in first:
                problem = f"{what} « {name} » en double, déjà ligne {self.line(first[name])}"
                yield self.fault(path, problem, "une seule fois")
            first.setdefault(name, path)

    def at(self, path: Path) -> Any:
        """What is written at `path`; None when nothing is, or the file is not made so."""
        data = self.data
        for step in path:
            data = data.get(step) if isinstance(data, dict) else None
        return data

    def block(self, path: Path) -> Document:
        """The block at `path` as a document of its own that keeps the file's lines."""
        depth = len(path)
        lines = {p[depth:]: line for p, line in self.lines.items() if p[:depth] == path}
        lines.setdefault((), self.line(path))
        written = self.at(path)
        return Document(self.file, {} if written is None else written, lines)

    def keys(self, path: Path) -> list[str]:
        """The keys of the block at `path`; none when there is no block."""
        written = self.at(path)
        return list(written) if isinstance(written, dict) else []

    def items(self, path: Path) -> list[Any]:
        """The items of the list at `path`; none when there is no list."""
        written = self.at(path)
        return written if isinstance(written, list) else []

    def file_named(self, key: str) -> FilePath:
        """The path written under `key`, even when the document has other faults.

        Raise ConfigurationError without faults of its own: those of the document say it.
        """
        written = self.at((key,))
        if not isinstance(written, str):
            raise ConfigurationError([])
        return FilePath(self.file).resolve().parent / written
