"""The block ``collectors.hypervisor`` of the configuration."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from inventory.config import ConfigPath, Duration, Identifier, SecretFile, Url

# fmt: off
Group = Literal[
    "state", "cpu", "balloon", "vcpu", "interface", "block",
    "iothread", "dirtyrate", "memory", "perf",
]
# fmt: on
"""Groups of ``virConnectGetAllDomainStats``, by libvirt's own names. `state` is always asked."""

DEFAULT_GROUPS: tuple[Group, ...] = ("cpu", "balloon", "vcpu", "interface", "block")

_SIZE = re.compile(r"(\d+)\s*(KiB|MiB|GiB|TiB)?")
_UNITS = {"": 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3, "TiB": 1024**4}


def _uri(value: str) -> str:
    scheme, separator, _ = value.partition("://")
    if not separator and value.count(":") == 1:  # libvirt also takes "xen:/"
        separator = value[value.index(":") :]
    if not scheme or not separator.strip():
        raise ValueError(
            f"« {value} » n'est pas une URI libvirt ; attendu : par exemple qemu:///system"
        )
    return value


def _size(value: Any) -> int:
    found = _SIZE.fullmatch(str(value).strip())
    if isinstance(value, bool) or found is None:
        raise ValueError(
            f"« {value} » n'est pas une taille ; attendu : des octets, ou par exemple 512MiB, 2GiB"
        )
    return int(found[1]) * _UNITS[found[2] or ""]


def _each_once(values: tuple[Any, ...]) -> tuple[Any, ...]:
    for value, count in Counter(values).items():
        if count > 1:
            raise ValueError(f"« {value} » écrit {count} fois ; attendu : une seule fois")
    return values


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _over_tls(value: str) -> str:
    if not value.startswith("https://"):
        raise ValueError(
            f"« {value} » enverrait le jeton en clair ; attendu : une adresse https://"
        )
    return value


class ProxmoxEntry(_Entry):
    """A Proxmox VE node, reached by its HTTP API with an API token."""

    url: Annotated[Url, AfterValidator(_over_tls)] = Field(
        examples=["https://pve1.exemple.test:8006"]
    )
    node: Identifier = Field(description="nom du nœud Proxmox VE,", examples=["pve1"])
    token_id: str = Field(
        description="identifiant du jeton d'API,",
        pattern=r"^[^@!\s]+@[^@!\s]+![A-Za-z][A-Za-z0-9._-]+$",
        examples=["supervision@pve!vigie"],
    )
    token_file: SecretFile
    ca_file: ConfigPath | None = Field(None, examples=["/etc/vigie/pve-root-ca.pem"])


class HypervisorEntry(_Entry):
    """One hypervisor: the name its metrics carry, and how it is reached.

    `cluster` groups hypervisors that can take each other's guests. With `probe` it is only
    read by ``/probe?target=NAME``. `memory_reserved` (bytes) is what the host keeps for itself.
    `agent` has the guests' agents asked, which needs a read-write connection. `certificates`
    are the files whose expiry is watched; None means libvirt's usual places on a local host.
    """

    name: Identifier = Field(description="nom donné à l'hyperviseur,", examples=["hv1"])
    cluster: Identifier | Literal[""] = ""
    uri: Annotated[str, AfterValidator(_uri)] | None = Field(
        None, description="URI libvirt,", examples=["qemu:///system"]
    )
    proxmox: ProxmoxEntry | None = None
    username: str = Field("", max_length=128)
    password_file: SecretFile | None = None
    probe: bool = False
    memory_reserved: Annotated[int, BeforeValidator(_size)] = Field(0, examples=["2GiB"])
    agent: bool = False
    volumes_limit: int = Field(2000, ge=0, le=100_000)
    certificates: tuple[ConfigPath, ...] | None = None

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        where = f"hyperviseur « {self.name} »"
        if (self.uri is None) == (self.proxmox is None):
            found = "ni uri ni proxmox" if self.uri is None else "uri et proxmox à la fois"
            raise ValueError(f"{where} : {found} ; attendu : l'un des deux")
        if bool(self.username) != (self.password_file is not None):
            lone = ("username", "password_file") if self.username else ("password_file", "username")
            found = " sans ".join(lone)
            raise ValueError(f"{where} : {found} ; attendu : les deux, ou aucun")
        if self.proxmox is not None and self.username:
            raise ValueError(
                f"{where} : username n'a de sens qu'avec uri ; attendu : token_id et token_file"
            )
        if self.proxmox is not None and self.agent:
            raise ValueError(f"{where} : agent n'a de sens qu'avec uri ; attendu : sans agent")
        return self

    @property
    def place(self) -> str:
        """Where it is, without any secret."""
        return self.uri or (f"{self.proxmox.url} {self.proxmox.node}" if self.proxmox else "")


def _distinct(entries: tuple[HypervisorEntry, ...]) -> tuple[HypervisorEntry, ...]:
    for values in ([entry.name for entry in entries], [entry.place for entry in entries]):
        for value, count in Counter(values).items():
            if count > 1:
                raise ValueError(
                    f"hyperviseur « {value} » déclaré deux fois ; attendu : un nom et une adresse"
                    " pour chacun"
                )
    return entries


def _patient(value: timedelta) -> timedelta:
    if not timedelta(seconds=1) <= value <= timedelta(minutes=1):
        raise ValueError("stuck_after hors limites ; attendu : de 1s à 1m")
    return value


class Settings(_Entry):
    """The block ``collectors.hypervisor``; without it, the machine's own libvirtd.

    A guest is called stuck when its monitor has not answered for `stuck_after`, or for 40 %
    of a scrape's time where that is less.
    """

    groups: Annotated[tuple[Group, ...], AfterValidator(_each_once)] = Field(
        DEFAULT_GROUPS, description="groupes de mesures,", examples=[["cpu", "balloon", "block"]]
    )
    stuck_after: Annotated[Duration, AfterValidator(_patient)] = Field(
        timedelta(seconds=2), examples=["2s"]
    )
    hypervisors: Annotated[tuple[HypervisorEntry, ...], AfterValidator(_distinct)] = Field(
        (HypervisorEntry.model_validate({"name": "local", "uri": "qemu:///system"}),), min_length=1
    )

    def targets(self) -> Iterable[str]:
        """The hypervisors ``/probe`` may be asked for: all of them, and no other."""
        return [entry.name for entry in self.hypervisors]
