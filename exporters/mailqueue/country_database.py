"""Which country an address is in, by a MaxMind DB file (``.mmdb``), without the network.

The format: https://maxmind.github.io/MaxMind-DB/ (version 2). Only what a country needs.
"""

from __future__ import annotations

import os
import struct
from functools import lru_cache
from pathlib import Path
from typing import Any

from exporters.mailqueue.accounts import client_address
from inventory.config import reason

_MARK = b"\xab\xcd\xefMaxMind.com"
_SEPARATOR = 16
_POINTER, _TEXT, _DOUBLE, _BYTES, _MAP, _ARRAY, _BOOLEAN, _FLOAT = 1, 2, 3, 4, 7, 11, 14, 15
_DEPTH = 32
_ABOUT = 128 << 10
"""The description at the end of the file is no longer than this, in bytes."""
_WRONG = (AttributeError, IndexError, KeyError, OSError, TypeError, ValueError, struct.error)


class _Bytes:
    """A file as bytes, read where they are asked for. Not mapped into memory: one that is
    written over while it is in use would end the process (SIGBUS).
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb", buffering=0)

    def end_of_data(self) -> int:
        """Where the mark is before the description; -1 without one. Raise OSError."""
        length = os.fstat(self._file.fileno()).st_size
        begin = max(0, length - _ABOUT)
        found = os.pread(self._file.fileno(), _ABOUT, begin).rfind(_MARK)
        return begin + found if found >= 0 else -1

    def __getitem__(self, at: int) -> int:
        return self.part(at, 1)[0]

    def part(self, at: int, length: int) -> bytes:
        """So many bytes from there on. Raise IndexError when there are not as many."""
        raw = os.pread(self._file.fileno(), length, at)
        if len(raw) < length:
            raise IndexError
        return raw

    def close(self) -> None:
        self._file.close()


class CountryDatabase:
    """A database, held open. Raise ValueError (French) when the file is none we can read."""

    def __init__(self, path: Path) -> None:
        try:
            self._data = _Bytes(path)
            start = self._data.end_of_data()
        except OSError as error:
            raise ValueError(f"base de pays {path} illisible ({reason(error)})") from None
        try:
            about = self._value(start + len(_MARK), start + len(_MARK))[0] if start >= 0 else {}
            self._nodes, self._bits = int(about["node_count"]), int(about["record_size"])
            self._version = int(about["ip_version"])
            self._tree = self._nodes * self._bits // 4
            if self._bits not in (24, 28, 32) or not 0 < self._tree + _SEPARATOR <= start:
                raise ValueError
            self._ipv4 = 0
            for _ in range(96 if self._version == 6 else 0):
                self._ipv4 = self._next(self._ipv4, 0)
        except _WRONG:
            self._data.close()
            raise ValueError(
                f"{path} n'est pas une base de pays ; attendu : un fichier .mmdb (MaxMind DB)"
            ) from None
        self.country = lru_cache(maxsize=8192)(self._country)

    def close(self) -> None:
        """Close the file."""
        self._data.close()

    def _country(self, raw: bytes) -> str:
        """ISO code of the country of a logged client address; empty when it is not known."""
        address = client_address(raw)
        if address is None or (address.version == 6 and self._version == 4):
            return ""
        node = self._ipv4 if address.version == 4 else 0
        value = int(address)
        try:
            for bit in range(address.max_prefixlen - 1, -1, -1):
                if node >= self._nodes:
                    break
                node = self._next(node, value >> bit & 1)
            if node <= self._nodes:
                return ""
            data = self._tree + _SEPARATOR
            return _code(self._value(data + node - self._nodes - _SEPARATOR, data)[0])
        except _WRONG:
            return ""

    def _next(self, node: int, bit: int) -> int:
        if node >= self._nodes:
            return node
        at = node * self._bits // 4
        if self._bits == 28:
            whole = int.from_bytes(self._data.part(at, 7), "big")
            middle = whole >> 24 & 0xFF
            left, right = whole >> 32 | (middle >> 4) << 24, whole & 0xFFFFFF | (middle & 15) << 24
            return right if bit else left
        length = self._bits // 8
        at += bit * length
        return int.from_bytes(self._data.part(at, length), "big")

    def _value(self, at: int, base: int, depth: int = 0) -> tuple[Any, int]:
        """The value at `at`, and where the next one begins; pointers count from `base`."""
        if depth > _DEPTH:
            raise ValueError
        control = self._data[at]
        kind, size, at = control >> 5, control & 31, at + 1
        if kind == _POINTER:
            length = (control >> 3 & 3) + 1
            target = int.from_bytes(self._data.part(at, length), "big")
            if length < 4:
                target += ((control & 7) << 8 * length) + (0, 2048, 526_336)[length - 1]
            return self._value(base + target, base, depth + 1)[0], at + length
        if kind == 0:
            kind, at = self._data[at] + 7, at + 1
        if size >= 29:
            length = size - 28
            more = int.from_bytes(self._data.part(at, length), "big")
            size, at = (29, 285, 65_821)[length - 1] + more, at + length
        if kind in (_MAP, _ARRAY):
            return self._several(kind, size, at, base, depth)
        if kind == _BOOLEAN:
            return bool(size), at
        return _scalar(kind, self._data.part(at, size)), at + size

    def _several(self, kind: int, size: int, at: int, base: int, depth: int) -> tuple[Any, int]:
        values = []
        for _ in range(size * (2 if kind == _MAP else 1)):
            value, at = self._value(at, base, depth + 1)
            values.append(value)
        if kind == _MAP:
            return dict(zip(values[::2], values[1::2], strict=True)), at
        return values, at


def _scalar(kind: int, raw: bytes) -> Any:
    if kind == _TEXT:
        return raw.decode()
    if kind in (_DOUBLE, _FLOAT):
        return struct.unpack(">d" if kind == _DOUBLE else ">f", raw)[0]
    return raw if kind == _BYTES else int.from_bytes(raw, "big")


def _code(record: Any) -> str:
    """The country in a record, in the forms of the databases one can get."""
    for key in ("country", "registered_country", "country_code"):
        country = record.get(key)
        code = country.get("iso_code") if isinstance(country, dict) else country
        if isinstance(code, str) and len(code) == 2 and code.isascii() and code.isalpha():
            return code.upper()
    return ""
