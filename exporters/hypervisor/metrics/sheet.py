"""The lines of one family, kept from scrape to scrape.

Each line has a place of its own for as long as its guest stays as it is. A scrape only
writes the lines that changed, and a family of which none did is the one of the last scrape.
"""

from __future__ import annotations

from exporters.toolkit.text_family import Kind, TextFamily


class Sheet:
    """One family. Not thread-safe."""

    __slots__ = ("_documentation", "_family", "_free", "_kind", "_lines", "_name", "sample")

    def __init__(self, name: str, kind: Kind, documentation: str) -> None:
        self._name, self._kind, self._documentation = name, kind, documentation
        self.sample = f"{name}_total" if kind == "counter" else name
        """The name its lines begin with."""
        self._lines: list[str] = []
        self._free: list[int] = []
        self._family: TextFamily | None = None

    def place(self) -> int:
        """A place that nobody has; it holds no line yet."""
        if self._free:
            return self._free.pop()
        self._lines.append("")
        return len(self._lines) - 1

    def put(self, place: int, line: str) -> None:
        """Write the line of a place, "" for none."""
        if self._lines[place] != line:
            self._lines[place] = line
            self._family = None

    def leave(self, place: int) -> None:
        """Give a place back, and its line with it."""
        self.put(place, "")
        self._free.append(place)

    def family(self) -> TextFamily | None:
        """All its lines; None when it has none."""
        if self._family is None:
            text = "".join(self._lines)
            # A line break inside a label is written as two characters.
            series = text.count("\n")
            self._family = TextFamily(self._name, self._documentation, self._kind, text, series)
        return self._family if self._family.series else None
