"""The bytes of a page, gathered part by part."""

from __future__ import annotations

from typing import Protocol

try:
    from isal import isal_zlib as deflate
except ImportError:  # not made for this processor: as small a page, at five times the CPU
    import zlib as deflate  # type: ignore[no-redef]

_GZIP = 31
"""zlib's number for a gzip header and trailer around the largest window."""


class Body(Protocol):
    """A page in the making."""

    def add(self, part: bytes) -> None:
        """Put a part at its end."""
        ...

    def whole(self) -> bytes:
        """All of it, once nothing more comes."""
        ...


class Plain:
    """As it is."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def add(self, part: bytes) -> None:
        """See Body."""
        self._parts.append(part)

    def whole(self) -> bytes:
        """See Body."""
        return b"".join(self._parts)


class Gzipped:
    """One gzip member (RFC 1952), never in memory uncompressed as a whole.

    At the lowest level that finds repetitions: such text shrinks to a tenth all the same.
    """

    def __init__(self) -> None:
        self._stream = deflate.compressobj(1, deflate.DEFLATED, _GZIP)
        self._parts: list[bytes] = []

    def add(self, part: bytes) -> None:
        """See Body."""
        if compressed := self._stream.compress(part):
            self._parts.append(compressed)

    def whole(self) -> bytes:
        """See Body."""
        self._parts.append(self._stream.flush())
        return b"".join(self._parts)
