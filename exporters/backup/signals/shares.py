"""How much of what was there before a run replaced: the measure of an encryption in place.

Size alone misses it: of 300 texts encrypted where they lay the total grew by 0.03 %. What tells is
that nearly all files changed, that nearly all bytes were new, and that the new ones no longer
compress. New files beside the old ones are no sign, so growth is taken off first.
"""

from __future__ import annotations

from dataclasses import dataclass

from exporters.backup.memory.volumes import Night


@dataclass(frozen=True, slots=True)
class Shares:
    """`replaced`: of the files there before, those that changed; `rewritten`: of the bytes there
    before, those that were new; `squeezed`: what is left of the new ones once compressed, None
    where nothing was new or the tool does not tell.
    """

    replaced: float
    rewritten: float
    squeezed: float | None


def shares(before: Night, night: Night) -> Shares | None:
    """What `night` did to what `before` saved; None: the tool does not tell."""
    if before.files is None or before.size is None or before.files < 1 or before.size <= 0:
        return None
    if night.files is None or night.changed is None or night.size is None or night.added is None:
        return None
    changed = night.changed - max(0, night.files - before.files)
    added = night.added - max(0.0, night.size - before.size)
    squeezed = night.stored / night.added if night.stored is not None and night.added > 0 else None
    return Shares(max(0, changed) / before.files, max(0.0, added) / before.size, squeezed)
