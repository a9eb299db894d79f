"""The statement as JSON: the model, field by field, under a version number."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from alertmanager.statement.model import Statement

SCHEMA = "vigie.statement/1"
"""Grows by new keys only; a key that changes its meaning makes it 2."""


def statement_json(statement: Statement) -> bytes:
    """UTF-8, indented; amounts are strings (``"159.20"``), instants UTC with a Z."""
    data = {"schema": SCHEMA, **_plain(statement)}
    return (json.dumps(data, ensure_ascii=False, indent=2) + "\n").encode()


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value
