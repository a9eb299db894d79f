"""What the domains of a hypervisor refer to, so that volumes nobody needs can be told. Pure.

Every attribute and every text of the XML counts, not a list of the elements that may
name a file: disks and their backing chain, nvram, kernel, file-backed memory, host
devices, a snapshot's memory, whatever a later libvirt adds. A volume taken for used by a
chance likeness costs less than one deleted because we did not know an element.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET


@dataclass
class References:
    """Words of the XML and (pool, volume) pairs.

    `canonical` makes two spellings of a path one. `complete` is False once something could
    not be read: then nothing may be called an orphan.
    """

    canonical: Callable[[str], str] = os.path.normpath
    words: set[str] = field(default_factory=set)
    volumes: set[tuple[str, str]] = field(default_factory=set)
    complete: bool = True

    def add(self, root: ET.Element) -> None:
        """Everything these elements name."""
        for element in root.iter():
            for word in (*element.attrib.values(), (element.text or "").strip()):
                if word:
                    self.words.add(self.canonical(word) if word.startswith("/") else word)
            if "pool" in element.attrib and "volume" in element.attrib:
                self.volumes.add((element.attrib["pool"], element.attrib["volume"]))


def follow(references: References, chains: Iterable[tuple[str, str]]) -> None:
    """Add what the images in use are built upon: `chains` are (image, its backing image)."""
    backing = dict(chains)
    waiting = [path for path in backing if path in references.words]
    while waiting:
        below = backing.get(waiting.pop())
        if below is not None and below not in references.words:
            references.words.add(below)
            waiting.append(below)
