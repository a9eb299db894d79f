"""What happened to domains -> families, rendered once an event. Pure."""

from __future__ import annotations

from exporters.hypervisor.history import History
from exporters.hypervisor.libvirtd.events import STANDING
from exporters.toolkit.text_family import Kind, TextFamily, labelled

_CONNECTED = "hypervisor_events_connected"
_GAPS = "hypervisor_event_gaps"
_EVENTS = "hypervisor_domain_events"
_CHANGED = "hypervisor_domain_state_changed_timestamp_seconds"


def families(
    hypervisor: str, history: History, connected: bool, now: float
) -> tuple[TextFamily, ...]:
    """Counters of every domain, and whether they can be trusted."""
    here = ("hypervisor", hypervisor)
    counted, changed = [], []
    for domain in history.shown(now):
        whose = (here, ("domain", domain.name))
        # One that is no more will not begin to crash: of it only what did happen.
        zeros = dict.fromkeys(STANDING, 0) if domain.gone_at is None else {}
        for event, number in {**zeros, **domain.counts}.items():
            line = labelled(f"{_EVENTS}_total", (*whose, ("event", event)))
            counted.append(f"{line}{number}\n")
        if domain.changed_at is not None and domain.gone_at is None:
            changed.append(f"{labelled(_CHANGED, whose)}{domain.changed_at!r}\n")
    families = (
        _family(
            _CONNECTED,
            "Whether libvirt's events of this hypervisor reach the exporter.",
            [f"{labelled(_CONNECTED, [here])}{int(connected)}\n"],
        ),
        _family(
            _GAPS,
            "Times the connection that carries events was lost or the exporter restarted:"
            " what happened meanwhile is not counted.",
            [f"{labelled(f'{_GAPS}_total', [here])}{history.gaps}\n"],
            "counter",
        ),
        _family(_EVENTS, "Events of a domain (libvirt events).", counted, "counter"),
        _family(
            _CHANGED,
            "Unix time of the last change of a domain's state that was seen (libvirt events; after"
            " a gap, when it was found changed).",
            changed,
        ),
    )
    return tuple(family for family in families if family.series)


def _family(name: str, text: str, lines: list[str], kind: Kind = "gauge") -> TextFamily:
    return TextFamily(name, text, kind, "".join(lines), len(lines))
