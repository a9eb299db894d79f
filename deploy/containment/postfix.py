"""This Postfix: its folders, and how each service with passwords decides. Source: postconf(1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.containment.errors import ContainmentError
from deploy.containment.runner import ask
from inventory.config import reason

TABLE = "vigie_contained"
LISTS = (
    # Decided before the message has a queue id, so that a refused try leaves nothing in the log
    # that looks like a message...
    "smtpd_sender_restrictions",
    "smtpd_recipient_restrictions",
    # ...and after.
    "smtpd_data_restrictions",
    "smtpd_end_of_data_restrictions",
)
_FOLDERS = ("queue_directory", "daemon_directory", "default_database_type")


@dataclass(frozen=True, slots=True)
class Service:
    """An smtpd of master.cf with SASL. `lists`: those of LISTS it overrides (``-o``)."""

    name: str
    lists: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Postfix:
    """What the plan needs to know. `main`: LISTS as main.cf has them."""

    config: str
    queue: str
    daemons: str
    database: str
    services: tuple[Service, ...]
    main: Mapping[str, str]

    @property
    def table(self) -> str:
        """The file of the accounts refused."""
        return f"{self.config}/{TABLE}"

    @property
    def map(self) -> str:
        """The same as Postfix names it."""
        return f"{self.database}:{self.table}"

    @property
    def check(self) -> str:
        """What its restrictions begin with; postconf takes no white space in master.cf."""
        return f"check_sasl_access,{self.map}"

    def tool(self, name: str, *arguments: str) -> tuple[str, ...]:
        """A Postfix command for this very instance."""
        return (name, "-c", self.config, *arguments)


def sasl_services(
    commands: str, overrides: str, expanded: str, default: str
) -> tuple[Service, ...]:
    """Those that take passwords.

    From ``postconf -F '*/*/command'``, ``postconf -P`` (restriction lists stay as they are
    written), ``postconf -x -P`` (whether passwords are taken may be a ``$name``) and main.cf's
    smtpd_sasl_auth_enable, expanded too. Postfix takes ``Yes`` as ``yes``.
    """
    own, plain = _overridden(overrides), _overridden(expanded)
    found: list[Service] = []
    for line in commands.splitlines():
        path, _, command = line.partition("=")
        service = path.strip().removesuffix("/command")
        words = command.split()
        mine = own.get(service, {})
        asks = plain.get(service, {}).get("smtpd_sasl_auth_enable", default)
        if asks.lower() == "yes" and words and words[0] == "smtpd":
            found.append(
                Service(service, {name: joined(mine[name]) for name in LISTS if name in mine})
            )
    return tuple(found)


def _overridden(listing: str) -> dict[str, dict[str, str]]:
    """By service, from ``postconf -P``."""
    own: dict[str, dict[str, str]] = {}
    for line in listing.splitlines():
        path, _, value = line.partition("=")
        service, _, parameter = path.strip().rpartition("/")
        own.setdefault(service, {})[parameter] = value.strip()
    return own


def read_postfix(config: Path) -> Postfix:
    """Ask the instance whose configuration is in `config`. Raise ContainmentError."""
    folder = str(config)
    queue, daemons, database = ask(("postconf", "-c", folder, "-x", "-h", *_FOLDERS)).splitlines()
    default = ask(("postconf", "-c", folder, "-x", "-h", "smtpd_sasl_auth_enable")).strip()
    services = sasl_services(
        ask(("postconf", "-c", folder, "-F", "*/*/command")),
        ask(("postconf", "-c", folder, "-P")),
        ask(("postconf", "-c", folder, "-x", "-P")),
        default,
    )
    if not services:
        raise ContainmentError(
            f"{folder} : aucun service smtpd ne demande de mot de passe ;"
            " attendu : smtpd_sasl_auth_enable = yes dans main.cf ou master.cf"
        )
    lists = ask(("postconf", "-c", folder, "-h", *LISTS)).splitlines()
    main = {name: joined(value) for name, value in zip(LISTS, lists, strict=True)}
    return Postfix(folder, queue, daemons, database, services, main)


def joined(restrictions: str) -> str:
    """The same list without white space: Postfix takes a comma for one."""
    return re.sub(r"[\s,]+", ",", restrictions.strip())


def master_of(queue: str) -> int:
    """The process that starts all others, of the instance whose queues are in `queue`.

    Raise ContainmentError when it cannot be told.
    """
    path = Path(queue) / "pid" / "master.pid"
    try:
        return int(path.read_text(encoding="ascii"))
    except OSError as error:
        raise ContainmentError(f"{path} : {reason(error)} ; attendu : Postfix démarré") from None
    except ValueError:
        raise ContainmentError(f"{path} : ce n'est pas un numéro de processus") from None


def read_text(path: str) -> str:
    """A file of lines; empty when it is not there. Raise ContainmentError."""
    try:
        return Path(path).read_text(encoding="utf-8", errors="surrogateescape")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise ContainmentError(f"{path} : {reason(error)}") from None
