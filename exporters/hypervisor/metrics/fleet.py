"""One hypervisor as a whole: does it answer, how many guests in which state, what they sum to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from exporters.hypervisor.model import DomainFacts, GuestStats, Identity
from exporters.hypervisor.reading import Reading
from exporters.hypervisor.states import STATES, is_active, state_word
from exporters.toolkit.text_family import Kind, TextFamily, labelled

FLEET: dict[str, tuple[Kind, str]] = {
    "hypervisor_up": ("gauge", "Whether the hypervisor answered in this scrape."),
    "hypervisor_scrape_partial": (
        "gauge",
        "Whether this scrape lacks statistics of a guest that is not named stuck.",
    ),
    "hypervisor_calls_outstanding": (
        "gauge",
        "Calls for statistics that have not returned, those to stuck guests included.",
    ),
    "hypervisor_domains": ("gauge", "Guests by state, every state named."),
    "hypervisor_domains_vanished": (
        "counter",
        "Guests that went between being listed and being read; not a fault.",
    ),
    "hypervisor_domains_without_member": (
        "gauge",
        "Guests that belong to nobody the inventory knows.",
    ),
    "hypervisor_assigned_vcpus": (
        "gauge",
        "Virtual processors of the guests that run, or also of all that start by themselves.",
    ),
    "hypervisor_assigned_memory_bytes": (
        "gauge",
        "Memory configured for the guests that run, or also for all that start by themselves.",
    ),
}


def fleet_families(
    hypervisor: str,
    reading: Reading,
    facts: Mapping[str, DomainFacts],
    identities: Mapping[str, Identity],
) -> Iterator[TextFamily]:
    """The families of FLEET; of a hypervisor that did not answer only what is known of us."""

    def family(name: str, values: Mapping[tuple[tuple[str, str], ...], int]) -> TextFamily:
        kind, text = FLEET[name]
        sample = f"{name}_total" if kind == "counter" else name
        here = ("hypervisor", hypervisor)
        lines = [f"{labelled(sample, (here, *more))}{n}\n" for more, n in values.items()]
        return TextFamily(name, text, kind, "".join(lines), len(lines))

    guests = reading.guests
    yield family("hypervisor_up", {(): int(guests is not None)})
    yield family("hypervisor_calls_outstanding", {(): reading.outstanding})
    yield family("hypervisor_domains_vanished", {(): reading.vanished})
    if guests is None:
        return
    yield family("hypervisor_scrape_partial", {(): int(reading.partial)})
    states = Counter(state_word(guest.raw.get("state.state", 0)) for guest in guests)
    words = dict.fromkeys(STATES.values(), 0) | states
    yield family("hypervisor_domains", {(("state", word),): n for word, n in words.items()})
    orphans = sum(not identities[guest.uuid].member for guest in guests)
    yield family("hypervisor_domains_without_member", {(): orphans})
    vcpus, memory = _assigned(guests, facts)
    if vcpus:
        yield family("hypervisor_assigned_vcpus", vcpus)
    if memory:
        yield family("hypervisor_assigned_memory_bytes", memory)


Sums = dict[tuple[tuple[str, str], ...], int]


def _assigned(guests: Sequence[GuestStats], facts: Mapping[str, DomainFacts]) -> tuple[Sums, Sums]:
    """The sums by scope. One that would leave a guest out is not told: half a sum is no sum."""
    running: list[_Size] = []
    waiting: list[_Size] = []
    for guest in guests:
        known = facts.get(guest.uuid)
        if is_active(guest.raw.get("state.state", 0)):
            running.append(_size(guest.raw.get("vcpu.current"), guest, known))
        elif known is None or known.autostart is None:
            waiting.append((None, None))
        elif known.autostart:
            waiting.append(_size(None, guest, known))
    totals = {"running": _total(running), "autostart": _total(running + waiting)}
    vcpus: Sums = {(("scope", scope),): n for scope, (n, _) in totals.items() if n is not None}
    memory: Sums = {(("scope", scope),): n for scope, (_, n) in totals.items() if n is not None}
    return vcpus, memory


_Size = tuple[int | None, int | None]
"""Virtual processors and bytes, None where not known."""


def _size(vcpus: int | None, guest: GuestStats, known: DomainFacts | None) -> _Size:
    """A guest that does not run (no present `vcpus`) is as large as configured."""
    get = guest.raw.get
    vcpus = vcpus or get("vcpu.maximum")
    memory = get("balloon.maximum")
    size = None if memory is None else memory * 1024
    if known is not None:
        vcpus = known.vcpus if vcpus is None else vcpus
        size = known.memory_bytes if size is None else size
    return vcpus, size


def _total(sizes: Sequence[_Size]) -> _Size:
    vcpus, memory = [one for one, _ in sizes], [one for _, one in sizes]
    return (
        None if None in vcpus else sum(n for n in vcpus if n is not None),
        None if None in memory else sum(n for n in memory if n is not None),
    )


def silent(hypervisor: str) -> list[TextFamily]:
    """All that can be said of a hypervisor whose reading did not end in time."""
    kind, text = FLEET["hypervisor_up"]
    line = labelled("hypervisor_up", (("hypervisor", hypervisor),)) + "0\n"
    return [TextFamily("hypervisor_up", text, kind, line, 1)]
