"""The key `spool` of ``webhook.yml``."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from inventory.config import ConfigPath

_UNITS = {"kB": 10**3, "MB": 10**6, "GB": 10**9}
_SIZE = re.compile(r"(\d+) ?(kB|MB|GB)")
_DEFAULT = 64 * 10**6


def _size(value: Any) -> int:
    found = _SIZE.fullmatch(str(value))
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    if found is None or int(found[1]) == 0:
        raise ValueError(f"« {value} » n'est pas une taille ; attendu : par exemple 64MB")
    return int(found[1]) * _UNITS[found[2]]


class SpoolSettings(BaseModel):
    """Where bodies are kept while the store cannot be written, and how many bytes of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    directory: ConfigPath = Field(
        description="le dossier de la réserve,", examples=["/var/lib/vigie/spool"]
    )
    max: Annotated[int, BeforeValidator(_size)] = Field(_DEFAULT, examples=["64MB"])
