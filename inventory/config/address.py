"""Listen addresses: ``host:port``, ``[::1]:port``, or ``:port`` for every interface."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

_WRITTEN = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]*)):([0-9]{1,5})")
_EVERY_INTERFACE = ("", "0.0.0.0", "::")


@dataclass(frozen=True)
class ListenAddress:
    """Where to listen. An empty host means every interface, IPv6 and IPv4; port 0 any free one.

    It is also the type of a key of a configuration file, written as text.
    """

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """Root URL of what listens there, as this machine reaches it."""
        return (
            f"http://127.0.0.1:{self.port}" if self.host in _EVERY_INTERFACE else f"http://{self}"
        )

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler, /
    ) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(_read)


EXAMPLE = ListenAddress("127.0.0.1", 17420)


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True


def parse_address(text: str) -> ListenAddress:
    """`text` as an address. Raise ValueError (French)."""
    found = _WRITTEN.fullmatch(text.strip())
    if found is None or int(found[3]) > 65535 or (found[1] and not _is_ipv6(found[1])):
        raise ValueError(
            f"« {text} » n'est pas une adresse d'écoute ; attendu : hôte:port,"
            f" par exemple {EXAMPLE}"
        )
    return ListenAddress(found[1] or found[2] or "", int(found[3]))


def _read(value: Any) -> ListenAddress:
    return value if isinstance(value, ListenAddress) else parse_address(str(value))
