"""What of one part of a round could not be read, while the rest of that part could."""

from __future__ import annotations

from collections.abc import Container, Iterator
from contextlib import contextmanager
from typing import Any
from xml.etree import ElementTree as ET

import libvirt

FAILURES = (libvirt.libvirtError, ET.ParseError, ValueError, OSError)
"""What asking libvirt and understanding its answer may raise."""


class Faults:
    """One thing after the other is read `costing` at most itself."""

    def __init__(self) -> None:
        self._noted: list[str] = []

    def __bool__(self) -> bool:
        return bool(self._noted)

    @contextmanager
    def costing(self, connection: Any, name: str, gone: Container[int] = ()) -> Iterator[None]:
        """A failure within is noted under `name`; the libvirt codes `gone` are none.

        Raise libvirtError when the connection died: then nothing else can be read either.
        """
        try:
            yield
        except FAILURES as error:
            if isinstance(error, libvirt.libvirtError):
                if error.get_error_code() in gone:
                    return
                if not connection.isAlive():
                    raise
            self._noted.append(f"{name} : {str(error) or type(error).__name__}")

    def taken(self) -> str:
        """The first by name and how many more there are, "" for none; and begin anew."""
        noted, self._noted = sorted(self._noted), []
        if not noted:
            return ""
        return noted[0] + (f" (et {len(noted) - 1} de plus)" if len(noted) > 1 else "")
