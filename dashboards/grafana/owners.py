"""Parts of queries: whose a guest is, on the chosen hosts; a row when there is nothing."""

from __future__ import annotations

HERE = 'and on (hypervisor) hypervisor_up{instance=~"$instance"}'
"""Keeps what belongs to a hypervisor of the chosen hosts; computed values have no instance."""

OWNED = '* on (hypervisor, domain) group_left (member) guest:member:info{member=~"$member"} ' + HERE
"""Adds the member of a guest, and keeps the chosen members' and hosts'."""


def or_none(expr: str, label: str, word: str) -> str:
    """`expr`, or where it has no series one row of value 0 that says so in `label`."""
    return f'({expr}\n)\nor on () label_replace(vector(0), "{label}", "{word}", "", "")'
