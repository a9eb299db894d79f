"""Structured logs on standard error, as logfmt or JSON lines.

On the standard library alone: see docs/adr/0007.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Literal

LogFormat = Literal["logfmt", "json"]

_FIELDS = "vigie_fields"
"""The attribute of a record that holds what `Log` was given beside the event."""


class Log:
    """Writes events with fields: ``log.warning("disk_full", path="/srv", bytes=0)``."""

    __slots__ = ("_bound", "_logger")

    def __init__(self, logger: logging.Logger, bound: Mapping[str, object]) -> None:
        self._logger = logger
        self._bound = bound

    def bind(self, **fields: object) -> Log:
        """The same log with `fields` in front of those of every event."""
        return Log(self._logger, {**self._bound, **fields})

    def debug(self, event: str, **fields: object) -> None:
        """What only somebody who looks for a fault wants to read."""
        self._write(logging.DEBUG, event, fields)

    def info(self, event: str, **fields: object) -> None:
        """What happened in the normal course of things."""
        self._write(logging.INFO, event, fields)

    def warning(self, event: str, **fields: object) -> None:
        """What went wrong and mends itself, or costs little."""
        self._write(logging.WARNING, event, fields)

    def error(self, event: str, **fields: object) -> None:
        """What went wrong and needs somebody."""
        self._write(logging.ERROR, event, fields)

    def exception(self, event: str, **fields: object) -> None:
        """An error, with the exception being handled as the last field."""
        self._write(logging.ERROR, event, fields, exception=True)

    def _write(
        self, level: int, event: str, fields: dict[str, object], *, exception: bool = False
    ) -> None:
        if self._logger.isEnabledFor(level):
            extra = {_FIELDS: {**self._bound, **fields}}
            self._logger.log(level, event, exc_info=exception, extra=extra)


def get_logger(name: str) -> Log:
    """The log of one part of a process; all go where `configure_logs` sends them."""
    return Log(logging.getLogger(name), {})


def configure_logs(level: str = "info", form: LogFormat = "logfmt") -> None:
    """Send our logs and those of libraries to standard error at `level`, in one form."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines() if form == "json" else _Logfmt())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())


@contextmanager
def capture() -> Iterator[list[dict[str, Any]]]:
    """For tests: what our logs are told, at every level, instead of writing it.

    An entry has the fields as they were given, ``event``, ``log_level`` and, where
    an exception was written, its text as ``exception``.
    """
    taken = _Taken()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers[:] = [taken]
    root.setLevel(logging.DEBUG)
    try:
        yield taken.entries
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


class _Taken(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.entries: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        if hasattr(record, _FIELDS):
            entry = _fields(self.formatter or logging.Formatter(), record)
            entry["log_level"] = entry.pop("level")
            del entry["ts"]
            self.entries.append(entry)


def _fields(formatter: logging.Formatter, record: logging.LogRecord) -> dict[str, Any]:
    """What a line says of a record, whoever wrote it; no field hides its event or level."""
    fields: dict[str, Any] = {**getattr(record, _FIELDS, {}), "event": record.getMessage()}
    if record.stack_info:
        fields["stack_info"] = record.stack_info
    fields["level"] = record.levelname.lower()
    instant = datetime.fromtimestamp(record.created, UTC)
    fields["ts"] = instant.isoformat().replace("+00:00", "Z")
    if record.exc_info and record.exc_info[0]:
        fields["exception"] = formatter.formatException(record.exc_info)
    return fields


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(_fields(self, record), ensure_ascii=False, default=repr)


class _Logfmt(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields = _fields(self, record)
        first = {key: fields.pop(key) for key in ("ts", "level", "event")}
        return " ".join(f"{key}={_value(field)}" for key, field in (first | fields).items())


def _value(field: object) -> str:
    """A field as logfmt writes it: in quotes where a blank, an equals sign or a quote is in it."""
    if field is None:
        return ""
    text = str(field).lower() if isinstance(field, bool) else str(field)
    quoted = any(character in text for character in ' ="')
    if quoted:
        text = text.replace("\\", "\\\\")
    text = text.replace('"', '\\"').replace("\n", "\\n")
    return f'"{text}"' if quoted else text
