"""When X.509 certificates end, read from PEM without a library.

The standard library turns PEM into DER but tells the end only of certificates of
authorities; a whole cryptography library on every hypervisor, for one field at a fixed
place, would weigh more than this walk. Nothing is verified here: TLS does that.

CertificateError    this text holds no certificate, or one that makes no sense
"""

from __future__ import annotations

import re
import ssl
from datetime import UTC, datetime

_PEM = re.compile(
    r"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----.+?"
    r"-----END (?:X509 |TRUSTED )?CERTIFICATE-----",
    re.DOTALL,
)
_BEGIN = re.compile(r"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----")
_SEQUENCE, _VERSION, _UTC_TIME, _GENERALIZED_TIME = 0x30, 0xA0, 0x17, 0x18


class CertificateError(ValueError):
    """Not a certificate we can read. The message says why."""


def pem_ends(text: str) -> list[float]:
    """notAfter (Unix seconds) of each certificate of a PEM text. Raise CertificateError."""
    found = _PEM.findall(text)
    if not found:
        raise CertificateError("no PEM certificate")
    if len(_BEGIN.findall(text)) != len(found):
        raise CertificateError("a PEM certificate without its end")
    return [der_end(_der(block)) for block in found]


def der_end(der: bytes) -> float:
    """notAfter of one certificate (RFC 5280, 4.1): Unix seconds. Raise CertificateError."""
    _, body, _ = _element(der, _SEQUENCE)
    _, rest, _ = _element(body, _SEQUENCE)
    if rest[:1] == bytes([_VERSION]):
        rest = _element(rest)[2]
    for _ in ("serialNumber", "signature", "issuer"):
        rest = _element(rest)[2]
    _, validity, _ = _element(rest, _SEQUENCE)
    tag, value, _ = _element(_element(validity)[2])
    return _instant(tag, value)


def _der(block: str) -> bytes:
    inside = re.sub(r"-----[^-]+-----", "", block)
    try:
        return ssl.PEM_cert_to_DER_cert(f"{ssl.PEM_HEADER}\n{inside.strip()}\n{ssl.PEM_FOOTER}")
    except ValueError as error:
        raise CertificateError(f"not PEM: {error}") from None


def _element(data: bytes, wanted: int | None = None) -> tuple[int, bytes, bytes]:
    """The first element: its tag, its content, what follows it (X.690, 8.1)."""
    if len(data) < 2:
        raise CertificateError("cut short")
    tag, length, start = data[0], data[1], 2
    if wanted is not None and tag != wanted:
        raise CertificateError(f"element {tag:#04x} where {wanted:#04x} belongs")
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(data[2:start], "big")
    if start + length > len(data) or start > 10:
        raise CertificateError("cut short")
    return tag, data[start : start + length], data[start + length :]


def _instant(tag: int, value: bytes) -> float:
    """Times of certificates are in UTC, with seconds (RFC 5280, 4.1.2.5)."""
    text = value.decode("ascii", "replace")
    if tag == _UTC_TIME and len(text) == 13:
        text = ("19" if text[:2] >= "50" else "20") + text
    elif tag != _GENERALIZED_TIME:
        raise CertificateError(f"element {tag:#04x} where a time belongs")
    if not re.fullmatch(r"[0-9]{14}Z", text):
        raise CertificateError(f"not a time: {text!r}")
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise CertificateError(f"not a time: {text!r}") from None
