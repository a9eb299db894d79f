"""What a round of the lane of details found, and how it is put together. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from exporters.hypervisor.metrics.build import Families
from exporters.hypervisor.model import DomainFacts
from exporters.hypervisor.proxmox.configuration import GuestConfiguration, configuration_of
from exporters.hypervisor.proxmox.guests import Listed
from exporters.hypervisor.proxmox.states import OPERATIONS
from exporters.hypervisor.proxmox.values import text, whole
from exporters.toolkit.text_family import TextFamily

_JITTER_SECONDS = 3
"""Uptimes are whole seconds: a start that moves by less is the same start."""


@dataclass(frozen=True, slots=True)
class Detail:
    """By the API's own names (``qemu/100``); `facts` by uuid. `seen`: the guests there were."""

    rows: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    configurations: Mapping[str, GuestConfiguration] = field(default_factory=dict)
    facts: Mapping[str, DomainFacts] = field(default_factory=dict)
    families: tuple[TextFamily, ...] = ()
    seen: frozenset[str] = frozenset()


def configured(
    guest: Listed,
    config: Mapping[str, Any],
    detail: Mapping[str, Any] | None,
    *,
    now: float,
    started_before: float | None,
    taken: Collection[str],
) -> GuestConfiguration:
    """A guest's configuration with when it started.

    A uuid that is `taken` (a guest copied with its configuration file) becomes the API's name.
    """
    one = configuration_of(guest.kind, guest.vmid, guest.name, config, detail)
    uptime = whole(detail, "uptime") if detail is not None else None
    started = now - uptime if uptime else None
    if started is not None and started_before is not None:
        same = abs(started - started_before) < _JITTER_SECONDS
        started = started_before if same else started
    uuid = guest.key if one.facts.uuid in taken else one.facts.uuid
    return replace(one, facts=replace(one.facts, started_at=started, uuid=uuid))


def operations(families: Families, guest: Listed, detail: Mapping[str, Any] | None) -> None:
    """The operation that holds the guest's configuration locked, if any."""
    word = OPERATIONS.get(text(detail or {}, "lock") or text(guest.row, "lock"))
    if word is not None:
        families.gauge(
            "domain_job_active",
            "A job that runs on a domain (Proxmox VE lock); always 1.",
            1,
            {"domain": guest.name, "operation": word},
        )
