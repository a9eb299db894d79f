"""Spool files as Exim 4.96 writes them."""

from __future__ import annotations

from pathlib import Path

from exporters.mailqueue.exim.message_id import ALPHABET

NOW = 1_796_073_221


def base62(value: int, digits: int) -> str:
    text = ""
    for _ in range(digits):
        value, rest = divmod(value, 62)
        text = ALPHABET[rest] + text
    return text


def message_id(number: int, *, at: int = NOW, new: bool = False) -> str:
    process, fraction = (11, 4) if new else (6, 2)
    return f"{base62(at, 6)}-{base62(number, process)}-{base62(number % 62, fraction)}"


def header(
    identity: str,
    *,
    at: int = NOW,
    variables: tuple[str, ...] = (),
    delivered: tuple[str, ...] = ("XX",),
    recipients: tuple[str, ...] = ("a@dest.test",),
) -> str:
    """The text of a -H file; `variables` without their first hyphen."""
    return "\n".join(
        [
            f"{identity}-H",
            "Debian-exim 105 112",
            "<someone@out.test>",
            f"{at} 0",
            "-received_time_usec .250000",
            *(f"-{line}" for line in variables),
            *delivered,
            str(len(recipients)),
            *recipients,
            "",
            "019I Message-ID: <m1@x>",
            "",
        ]
    )


def by(account: str, address: str = "[192.0.2.7]:60728") -> tuple[str, ...]:
    """The lines of a message that this account submitted."""
    return (f"host_address {address}", "host_auth plain", f"-auth_id {account}")


def put(folder: Path, identity: str, text: str | None = None, body: int = 1000) -> Path:
    """Write the files of a message as Exim does: data first, the header renamed into place."""
    (folder / f"{identity}-D").write_bytes(b"x" * body)
    temporary = folder / f"hdr.{identity}"
    temporary.write_text(header(identity) if text is None else text, encoding="utf-8")
    return temporary.rename(folder / f"{identity}-H")
