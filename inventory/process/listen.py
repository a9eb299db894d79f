"""Sockets on which a process listens, and why one cannot be had."""

from __future__ import annotations

import errno
import socket

from inventory.config.address import ListenAddress
from inventory.config.reason import reason

BACKLOG = 128


class ListenError(Exception):
    """An address on which we cannot listen. The message is French and says why."""

    def __init__(self, address: ListenAddress, error: OSError | UnicodeError) -> None:
        super().__init__(f"Impossible d'écouter sur {address} : {_why(error, address)}.")


def _why(error: OSError | UnicodeError, address: ListenAddress) -> str:
    # UnicodeError: a name that DNS could not even carry, as one with two dots in a row.
    if isinstance(error, (socket.gaierror, UnicodeError)):
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
    except (OSError, UnicodeError) as error:
        if bound is not None:
            bound.close()
        raise ListenError(address, error) from None
    return bound


def listen(address: ListenAddress) -> socket.socket:
    """A socket that listens on `address`. Raise ListenError."""
    bound = bind(address)
    try:
        # Two programs may both bind an address that nobody listens on yet; the second fails here.
        bound.listen(BACKLOG)
    except OSError as error:
        bound.close()
        raise ListenError(address, error) from None
    return bound


def address_of(bound: socket.socket) -> ListenAddress:
    """The address of a socket: with the port it was given, when any free one was asked for."""
    return ListenAddress(*bound.getsockname()[:2])
