"""The state of the former version, ``maillog.json``: taken over once, then removed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, ValidationError

from exporters.mailqueue.log.state import StateUnusable
from exporters.mailqueue.log.trail import Position

_VERSION = 1
_Entry = tuple[NonNegativeInt, str, str, NonNegativeInt, NonNegativeInt]


class FormerTally(BaseModel):
    """What the former version had counted. `windows`: (time, account, place, messages, recipients)
    by length; `awaited`: account by queue id of messages whose recipients were still to come.
    """

    model_config = ConfigDict(extra="forbid")

    lines: NonNegativeInt
    unparsed: NonNegativeInt
    refused: NonNegativeInt
    messages: dict[str, NonNegativeInt]
    recipients: dict[str, NonNegativeInt]
    awaited: dict[Annotated[str, Field(pattern=r"^[\x00-\xff]*$")], str]
    windows: dict[int, list[_Entry]]


class FormerState(BaseModel):
    """A position in the log at `path`, and the tally of all lines before it."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(ge=_VERSION, le=_VERSION)
    path: str
    position: Position
    tally: FormerTally


def former_file(folder: Path) -> Path:
    """Where the former version kept its state."""
    return folder / "maillog.json"


def load_former(folder: Path) -> FormerState | None:
    """The state of the former version, None if there is none.

    Raise OSError when it cannot be read, StateUnusable when it makes no sense.
    """
    try:
        content = former_file(folder).read_bytes()
    except FileNotFoundError:
        return None
    try:
        return FormerState.model_validate_json(content)
    except ValidationError:
        raise StateUnusable("contenu incompréhensible") from None
