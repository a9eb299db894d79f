"""TLS contexts made of files, and the names a client's certificate carries."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from pathlib import Path

from inventory.config import reason

_VERSIONS = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}


def _readable(path: Path) -> None:
    try:
        path.read_bytes()
    except OSError as error:
        raise ValueError(
            f"{path} illisible ({reason(error)}) ; attendu : un fichier PEM lisible"
        ) from None


def build_context(
    certificate: Path,
    key: Path,
    *,
    authority: Path | None = None,
    verify: ssl.VerifyMode = ssl.CERT_NONE,
    minimum: str = "TLS12",
    maximum: str = "TLS13",
) -> ssl.SSLContext:
    """A server context. Raise ValueError (French) when a file is missing, broken or mismatched."""
    for path in (certificate, key, authority):
        if path is not None:
            _readable(path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = _VERSIONS[minimum]
    context.maximum_version = _VERSIONS[maximum]
    try:
        # The password callback refuses instead of asking on the terminal of a daemon.
        context.load_cert_chain(certificate, key, password=lambda: "")
    except (ssl.SSLError, ValueError):
        raise ValueError(
            f"{certificate} et {key} ne vont pas ensemble ou ne sont pas du PEM ; "
            "attendu : un certificat et sa clé sans mot de passe"
        ) from None
    if authority is not None:
        try:
            context.load_verify_locations(authority)
        except ssl.SSLError:
            raise ValueError(
                f"{authority} ne contient aucune autorité ; attendu : des certificats PEM"
            ) from None
    context.verify_mode = verify
    return context


def carries_one_of(stream: ssl.SSLSocket, allowed: Iterable[str]) -> bool:
    """Whether the client's certificate has one of the names (DNS, mail, IP, URI)."""
    certificate = stream.getpeercert() or {}
    names = {str(entry[1]) for entry in certificate.get("subjectAltName", ())}
    return not names.isdisjoint(allowed)
