"""Takes up what an earlier process saved, of this version or the former; else begins anew."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from exporters.mailqueue.log.former_state import FormerState, former_file, load_former
from exporters.mailqueue.log.pipeline import Pipeline
from exporters.mailqueue.log.saver import put_aside
from exporters.mailqueue.log.state import StateError, StateFile, StateUnusable
from exporters.toolkit.collector import CollectorError
from inventory.config import reason
from inventory.process.logs import get_logger

_log = get_logger("vigie.maillog")


class Resumed(NamedTuple):
    """Where to go on. `whole`: the file does not hold what the pipeline does."""

    pipeline: Pipeline
    origin: str
    """What the position is one of; empty without a position."""
    position: Mapping[str, Any] | None
    last: int | None
    """Time stamp of the last line before the position."""
    whole: bool


def resume(file: StateFile, folder: Path, begin: Callable[[], Pipeline]) -> Resumed:
    """The state in `folder`. A state that makes no sense is said and set aside.

    Raise CollectorError when it may make sense but cannot be read now: to go on without it
    would count lines twice.
    """
    try:
        file.claim()
        with file.read() as saved:
            if saved is not None:
                pipeline = begin()
                try:
                    pipeline.restore(saved)
                    where = saved.core["source"]
                    origin, position = str(where["origin"]), dict(where["position"])
                    last = None if where["last"] is None else int(where["last"])
                except (StateError, sqlite3.Error):
                    raise
                except Exception as error:  # noqa: BLE001 - whatever another program wrote there
                    raise StateUnusable(f"{type(error).__name__} : {error}") from None
                former_file(folder).unlink(missing_ok=True)  # taken over, and killed just then
                return Resumed(pipeline, origin, position, last, whole=False)
    except StateUnusable as error:
        put_aside(file, error)
    except (StateError, OSError) as error:
        file.release()
        why = reason(error) if isinstance(error, OSError) else str(error)
        raise CollectorError(f"état du journal illisible pour l'instant : {why}") from None
    return _from_former(folder, begin)


def _from_former(folder: Path, begin: Callable[[], Pipeline]) -> Resumed:
    pipeline = begin()
    former: FormerState | None = None
    try:
        former = load_former(folder)
    except (StateUnusable, OSError) as error:
        why = reason(error) if isinstance(error, OSError) else str(error)
        kept = former_file(folder).with_suffix(".json.unusable")
        with contextlib.suppress(OSError):
            former_file(folder).replace(kept)
        _log.warning("état du journal mis de côté", reason=why, file=str(kept))
    if former is None:
        return Resumed(pipeline, "", None, None, whole=True)
    pipeline.take_over(former.tally)
    return Resumed(pipeline, f"file:{former.path}", asdict(former.position), None, whole=True)
