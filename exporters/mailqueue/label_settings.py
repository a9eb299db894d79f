"""Under which name accounts are exported: their own, or one that only the key's owner can tell."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from exporters.mailqueue.accounts import clear_label, keyed_label
from inventory.config import ConfigPath, read_secret
from inventory.config.errors import EXPECTED

_KEY_LENGTH = 16
_CREATE = "une clé à soi : (umask 077; openssl rand -base64 32 > {})"


def _key(path: Path) -> Path:
    try:
        length = len(read_secret(path).get_secret_value())
    except ValueError as error:
        problem, _, expected = str(error).partition(EXPECTED)
        right = expected if expected.startswith("chmod") else _CREATE.format(path)
        raise ValueError(f"{problem}{EXPECTED}{right}") from None
    if length < _KEY_LENGTH:
        raise ValueError(
            f"clé trop courte dans {path} ({length} caractères)"
            f"{EXPECTED}{_KEY_LENGTH} au moins, {_CREATE.format(path)}"
        )
    return path


class LabelSettings(BaseModel):
    """Part of the settings of every collector that exports accounts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account_labels: Literal["clear", "keyed"] = "clear"
    label_key_file: Annotated[ConfigPath, AfterValidator(_key)] | None = Field(
        None, description="la clé des noms de compte,", examples=["/etc/vigie/account-labels.key"]
    )

    @model_validator(mode="after")
    def _has_key(self) -> Self:
        if self.account_labels == "keyed" and self.label_key_file is None:
            raise ValueError(
                "account_labels: keyed sans label_key_file"
                f"{EXPECTED}{_CREATE.format('/etc/vigie/account-labels.key')}"
            )
        return self

    def labeller(self) -> Callable[[str], str]:
        """What makes the label `account` of an account. Raise ValueError if the key is gone."""
        if self.account_labels == "clear" or self.label_key_file is None:
            return clear_label
        return keyed_label(read_secret(self.label_key_file).get_secret_value().encode())
