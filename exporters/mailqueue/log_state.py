"""What the log collector remembers across restarts: one JSON file, replaced whole."""

from __future__ import annotations

from pathlib import Path

import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from exporters.mailqueue.log_trail import Position
from exporters.mailqueue.tally import Saved

_VERSION = 1
_log = structlog.get_logger("vigie.maillog")


class LogState(BaseModel):
    """A position in the log and the tally of all lines before it: always of one instant."""

    model_config = ConfigDict(extra="forbid")

    version: int = _VERSION
    path: str
    position: Position
    tally: Saved


class StateFile:
    """``maillog.json`` in the collector's folder."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "maillog.json"

    def load(self, log_path: Path) -> LogState | None:
        """What an earlier process saved about this log; None (and a warning) if unusable."""
        try:
            state = LogState.model_validate_json(self.path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            why = "contenu incompréhensible" if isinstance(error, ValidationError) else str(error)
            _log.warning("état du journal ignoré", file=str(self.path), reason=why)
            return None
        if state.version != _VERSION or state.path != str(log_path):
            return None
        return state

    def save(self, state: LogState) -> None:
        """Replace the file. Raise OSError."""
        fresh = self.path.with_suffix(".new")
        fresh.write_text(state.model_dump_json(), encoding="utf-8")
        fresh.replace(self.path)
