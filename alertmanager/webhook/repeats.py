"""Requests of operators that are repeated: one with an Idempotency-Key acts once in a day."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import Header
from pydantic import BaseModel
from sqlalchemy import delete
from sqlalchemy.orm import Session

from alertmanager.store.tables import KeptAnswer
from alertmanager.webhook.problems import Problem

KEPT_FOR = timedelta(hours=24)
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern="^[!-~]{1,255}$",
        description="the same key and request within 24 hours get the same answer, and act once",
    ),
]


def once(
    session: Session,
    now: datetime,
    key: str | None,
    request: tuple[str, BaseModel | None],
    act: Callable[[], BaseModel],
) -> dict[str, object]:
    """What `act` answers, or answered to the same `request` (path, body) with that key.

    In the transaction that acts, so that neither goes without the other. Raise Problem 422 if
    the key came with another request.
    """
    if key is None:
        return act().model_dump(mode="json")
    path, body = request
    written = f"{path}\n{body.model_dump_json() if body else ''}"
    digest, asked = (hashlib.sha256(text.encode()).hexdigest() for text in (key, written))
    session.execute(delete(KeptAnswer).where(KeptAnswer.created_at <= now - KEPT_FOR))
    kept = session.get(KeptAnswer, digest)
    if kept is None:
        answer = act().model_dump(mode="json")
        session.add(KeptAnswer(key=digest, request=asked, created_at=now, answer=answer))
        return answer
    if kept.request != asked:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "cette Idempotency-Key a déjà servi pour une autre demande ; attendu : une neuve",
        )
    return dict(kept.answer)
