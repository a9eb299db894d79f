"""The allow-list of those who may send much: newsletters. Each entry ends one day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PositiveInt

from exporters.mailqueue.accounts import INVALID, account_label


def _account(text: str) -> str:
    label = account_label(text.encode("utf-8", "replace"))
    if label == INVALID:
        raise ValueError("ce n'est pas un compte ; attendu : lettre@ville.fr")
    return label


class BulkSender(BaseModel):
    """One account that may send `ceiling` recipients in 24 h, to the end of `expires`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account: Annotated[str, AfterValidator(_account)]
    ceiling: PositiveInt
    expires: date
    reason: Annotated[str, Field(min_length=1)]


class BulkSenders:
    """Who may send how much on which day."""

    def __init__(self, entries: Iterable[BulkSender] = ()) -> None:
        self._entries = {entry.account: entry for entry in entries}

    def allows(self, account: str, recipients_day: int, day: date) -> bool:
        """Whether so many recipients in 24 h are this account's business on `day`."""
        entry = self._entries.get(account)
        return entry is not None and day <= entry.expires and recipients_day <= entry.ceiling


class BulkSendersFile(BaseModel):
    """The file of the allow-list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bulk_senders: list[BulkSender]
