"""Listen addresses: ``host:port``, ``[::1]:port``, or ``:port`` for every interface."""

from __future__ import annotations

import errno
import socket
from dataclasses import dataclass

from inventory.config import reason


class ListenError(Exception):
    """An address on which we cannot listen. The message is French and says why."""


@dataclass(frozen=True)
class ListenAddress:
    """Where to listen. An empty host means every interface, IPv6 and IPv4."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


DEFAULT = ListenAddress("127.0.0.1", 17420)


def parse_address(text: str) -> ListenAddress:
    """`text` as an address. Raise ValueError (French)."""
    host, colon, port = text.strip().rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    bare_ipv6 = ":" in host and not bracketed
    if not colon or bare_ipv6 or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ValueError(
            f"« {text} » n'est pas une adresse d'écoute ; attendu : hôte:port, "
            f"par exemple {DEFAULT}"
        )
    return ListenAddress(host[1:-1] if bracketed else host, int(port))


def _reason(error: OSError, address: ListenAddress) -> str:
    if isinstance(error, socket.gaierror):
        return "nom d'hôte inconnu"
    if error.errno == errno.EADDRINUSE:
        return (
            f"le port {address.port} est déjà pris par un autre programme ; "
            "arrêtez-le ou choisissez un autre port (--web.listen-address)"
        )
    if error.errno == errno.EACCES:
        return "droits insuffisants ; un port au-dessus de 1023 n'en demande pas"
    if error.errno == errno.EADDRNOTAVAIL:
        return "cette adresse n'est pas celle de cette machine"
    return reason(error)


def bind(address: ListenAddress) -> socket.socket:
    """A socket bound to `address`, not listening yet. Raise ListenError."""
    bound: socket.socket | None = None
    try:
        if address.host:
            found = socket.getaddrinfo(
                address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )
            family, target = found[0][0], found[0][4]
        else:
            family = socket.AF_INET6 if socket.has_dualstack_ipv6() else socket.AF_INET
            target = ("", address.port)
        bound = socket.socket(family, socket.SOCK_STREAM)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            # Every interface means both families; a named IPv6 address means that one only.
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1 if address.host else 0)
        bound.bind(target)
    except OSError as error:
        if bound is not None:
            bound.close()
        raise ListenError(
            f"Impossible d'écouter sur {address} : {_reason(error, address)}."
        ) from None
    return bound
