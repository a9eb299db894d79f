"""Installed distributions made of a few lines, and collectors made of a function."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib.metadata import distributions
from pathlib import Path

import pytest

from exporters.toolkit.discovery import Catalogue, discover


class Calls:
    """A collector whose work is a function."""

    def __init__(self, work, close=lambda: None):
        self._work = work
        self.close = close

    def collect(self, deadline):
        return self._work(deadline)


@pytest.fixture
def collector() -> type[Calls]:
    return Calls


HEAD = """
from pydantic import BaseModel, ConfigDict, Field, field_validator
from exporters.toolkit.collector import CollectorPlugin

class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")
    size: int = Field(1, gt=0)
    names: list[str] = []

class Nothing:
    def collect(self, deadline):
        return []
    def close(self):
        pass

def build(settings, context):
    return Nothing()
"""


@pytest.fixture
def installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Catalogue]]:
    """Install distributions ``{distribution: {name: source of PLUGIN}}``; the catalogue of them."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    before = set(sys.modules)

    def install(wanted: dict[str, dict[str, str]], extras: tuple[str, ...] = ()) -> Catalogue:
        for distribution, plugins in wanted.items():
            module_base = distribution.replace("-", "_")
            info = site / f"{module_base}-1.0.dist-info"
            info.mkdir()
            provides = "".join(f"Provides-Extra: {extra}\n" for extra in extras)
            (info / "METADATA").write_text(
                f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n{provides}"
            )
            lines = ["[vigie.collectors]"]
            for name, source in plugins.items():
                package = f"plug_{module_base}"
                (site / package).mkdir(exist_ok=True)
                (site / package / f"{name.replace(' ', '_')}.py").write_text(HEAD + source)
                lines.append(f"{name} = {package}.{name.replace(' ', '_')}:PLUGIN")
            (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
        entries = (
            entry
            for found in distributions(path=[str(site)])
            for entry in found.entry_points
            if entry.group == "vigie.collectors"
        )
        return discover(entries, frozenset(wanted.get("vigie", ())))

    yield install
    for name in set(sys.modules) - before:
        if name.startswith("plug_"):
            del sys.modules[name]
