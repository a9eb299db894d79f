"""``POST /api/v1/rosters/diff``: what a rosters.yml that is not in use yet would change."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from alertmanager.rosters.diff_report import RosterDiff, roster_diff
from alertmanager.webhook.pager import Pager
from alertmanager.webhook.problems import ERRORS, Problem
from inventory.config import ConfigurationError, parse_yaml

MOST_CHARACTERS = 200_000
"""Of a file; a site of thirty people and five rosters takes 6,000."""


class ProposedFile(BaseModel):
    """A rosters.yml as text. `name` is what faults call it."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, Field(max_length=MOST_CHARACTERS)]
    name: Annotated[str, Field(pattern=r"^[^\x00-\x1f]{1,200}$")] = "rosters.yml"


def router(pager: Pager) -> APIRouter:
    """The comparison; it changes nothing."""
    routes = APIRouter(
        prefix="/api/v1/rosters",
        dependencies=[pager.tokens.only(pager.tokens.operator)],
        responses=ERRORS,
    )

    @routes.post("/diff", summary="What another rosters.yml would change over 400 days")
    def compared(proposed: ProposedFile) -> RosterDiff:
        try:
            file = pager.config.rosters_in(parse_yaml(proposed.text, proposed.name))
        except ConfigurationError as error:
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from None
        pager.live.refresh()
        return roster_diff(pager.live.book, pager.live.under_changes(file), pager.clock())

    return routes
