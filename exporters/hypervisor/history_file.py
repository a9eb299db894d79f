"""A `History` kept in a file of the collector's state folder, so that a restart loses nothing."""

from __future__ import annotations

import contextlib
import os
from json import dumps
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from exporters.hypervisor.history import MOST_DOMAINS, DomainHistory, History
from exporters.hypervisor.libvirtd.events import EVENTS
from inventory.process.logs import get_logger

_log = get_logger("vigie.hypervisor")
_Count = Annotated[int, Field(ge=0, le=2**53)]
_Instant = Annotated[float, Field(ge=0, allow_inf_nan=False)]
_COMPACT = (",", ":")


class _Domain(BaseModel):
    model_config = ConfigDict(extra="ignore")

    name: str
    counts: dict[str, _Count] = {}
    changed_at: _Instant | None = None
    state: int | None = None
    run: int | None = None
    gone_at: _Instant | None = None


class _File(BaseModel):
    model_config = ConfigDict(extra="ignore")

    version: Annotated[int, Field(ge=1, le=1)]
    gaps: _Count
    domains: Annotated[dict[str, _Domain], Field(max_length=MOST_DOMAINS)]


class HistoryFile:
    """``events-<hypervisor>.json``. A file that cannot be read is set aside, never fatal."""

    def __init__(self, folder: Path, hypervisor: str) -> None:
        self.path = folder / f"events-{hypervisor}.json"
        self._complaint = ""

    def load(self) -> History | None:
        """What an earlier process kept; None when there is nothing (of use)."""
        try:
            read = _File.model_validate_json(self.path.read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError as error:
            aside = self.path.with_suffix(".corrupt")
            with contextlib.suppress(OSError):
                self.path.replace(aside)
            fault = error.errors(include_input=False)[0]["msg"]
            _log.warning("historique illisible, mis de côté", file=str(aside), error=fault)
            return None
        except OSError as error:
            _log.warning("historique illisible", file=str(self.path), error=error.strerror)
            return None
        domains = {}
        for uuid, kept in read.domains.items():
            one = DomainHistory(**kept.model_dump())
            one.counts = {event: n for event, n in one.counts.items() if event in EVENTS}
            domains[uuid] = one
        return History(domains, read.gaps)

    def save(self, text: str) -> bool:
        """Replace the file whole. False when the system refuses; that is logged once."""
        beside = self.path.with_suffix(".new")
        try:
            with beside.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self.path)
        except OSError as error:
            if self._complaint != str(error):
                _log.warning("historique non écrit", file=str(self.path), error=error.strerror)
            self._complaint = str(error)
            return False
        self._complaint = ""
        return True


def as_text(history: History) -> str:
    """The content of the file. By `json`: a model a domain is twenty times its text."""
    domains = (
        f"{dumps(uuid)}:{dumps(_kept(one), separators=_COMPACT)}"
        for uuid, one in history.domains.items()
    )
    return f'{{"version":1,"gaps":{history.gaps},"domains":{{{",".join(domains)}}}}}'


def _kept(one: DomainHistory) -> dict[str, object]:
    return {name: getattr(one, name) for name in _Domain.model_fields}
