"""What `vigie mail contain` says, in French: short, for someone just woken up."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from deploy.containment.journal import Step

TITLES: Mapping[str, str] = MappingProxyType(
    {
        "refuse": "Refuser ses envois (Postfix)",
        "log_ins": "Refuser ses connexions (Dovecot)",
        "sessions": "Fermer ses sessions SMTP",
        "hold": "Retenir ses messages",
        "over": "Attendre que plus rien ne bouge",
        "allow": "Le laisser passer de nouveau",
        "release": "Relâcher les messages que nous retenons",
        "purge": "Supprimer les messages que nous retenons",
        "back": "Rendre le compte",
    }
)


@dataclass(frozen=True)
class Part:
    """One step of the plan. `note` says what it is about; no command: nothing is missing."""

    step: Step
    commands: tuple[str, ...]
    note: str = ""


def plan_text(parts: Sequence[Part]) -> str:
    """The steps with their commands, to read and to copy."""
    lines: list[str] = []
    for number, part in enumerate(parts, 1):
        note = f" : {part.note}" if part.note else ""
        lines.append(f"# {number}. {TITLES[part.step]}{note}")
        lines += part.commands or ["#    rien à faire"]
        lines.append("")
    return "\n".join(lines)


def then_text(steps: int, later: Sequence[str], following: Mapping[str, str]) -> str:
    """What comes after that many steps, and the commands that do all of it."""
    again = f"{steps - 1} et {steps}"
    return "\n".join(
        [
            f"# {steps + 1}. Refaire {again} tant qu'il en reste, puis : est-ce fini ?",
            following["check"],
            "",
            "# Plus tard : libérer le compte",
            *later,
            "",
            "# Ou bien tout cela d'un coup, vérifié et noté ; puis le libérer :",
            following["apply"],
            following["undo"],
        ]
    )


def vigie(*words: str, account: str, options: Sequence[str] = ()) -> str:
    """One of our own commands about `account`, for a shell."""
    return shlex.join(("vigie", "mail", *words, *options, *quoted(account)))


def quoted(account: str) -> tuple[str, ...]:
    """The account as an argument that is never an option."""
    return ("--", account) if account.startswith("-") else (account,)


def count(number: int, one: str, many: str) -> str:
    """``3 messages``."""
    return f"{number} {one if number == 1 else many}"
