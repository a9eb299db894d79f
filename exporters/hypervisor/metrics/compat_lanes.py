"""``--compat=libvirt_exporter``: what lanes rendered, under the names of other exporters.

Lanes render once a round; so is what is made of it, and kept as long as it stays the same.
"""

from __future__ import annotations

from collections.abc import Iterable

from exporters.hypervisor.metrics.compat_table import TRANSLATIONS, Translation
from exporters.toolkit.text_family import TextFamily, labelled, merged


class CompatLanes:
    """Theirs made of ours, for one hypervisor. `several`: see `CompatGuests`."""

    def __init__(self, several: bool) -> None:
        self._several = several
        self._kept: dict[str, tuple[TextFamily, tuple[TextFamily, ...]]] = {}

    def families(self, ours: Iterable[TextFamily]) -> list[TextFamily]:
        """What the other exporters would have said of these families; of most of them nothing."""
        kept: dict[str, tuple[TextFamily, tuple[TextFamily, ...]]] = {}
        found: list[TextFamily] = []
        for family in ours:
            wanted = _BY_NAME.get(family.name)
            if not wanted:
                continue
            before = self._kept.get(family.name)
            if before is None or before[0] is not family:
                before = (family, tuple(self._translated(family, wanted)))
            kept[family.name] = before
            found += before[1]
        self._kept = kept
        return merged(found)

    def _translated(self, family: TextFamily, wanted: list[Translation]) -> Iterable[TextFamily]:
        samples = family.samples
        for translation in wanted:
            lines = []
            for sample in samples:
                labels = sample.labels
                value = translation.value(sample.value, labels)
                if value is None or any(labels.get(key) != of for key, of in translation.where):
                    continue
                theirs = [(name, labels.get(ours, "")) for ours, name in translation.labels.items()]
                if self._several:
                    theirs.insert(0, ("hypervisor", labels.get("hypervisor", "")))
                lines.append(f"{labelled(f'libvirt_{translation.theirs}', theirs)}{value}\n")
            if lines:
                name = f"libvirt_{translation.theirs}"
                yield TextFamily(name, translation.help, "gauge", "".join(lines), len(lines))


_BY_NAME: dict[str, list[Translation]] = {}
for _translation in TRANSLATIONS:
    _BY_NAME.setdefault(_translation.ours, []).append(_translation)
