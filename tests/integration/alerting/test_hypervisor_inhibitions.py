"""The shipped inhibitions between the alerts of a hypervisor, in a real Alertmanager."""

from __future__ import annotations

import pytest

PAGE = {"severity": "critical", "service": "hebergement", "impact": "outage", "scope": "member"}
WEB = {"domain": "valmont-web", "hypervisor": "kvm1", "member": "valmont"}
DOWN = {"alertname": "HypervisorDomainDown", "domain": "valmont-web", "member": "valmont", **PAGE}
IO_ERROR = {"alertname": "HypervisorDomainIoError", **WEB, **PAGE}
POOL = {"hypervisor": "kvm1", "pool": "rapide", **PAGE, "scope": "service"}
LANE = {**PAGE, "alertname": "HypervisorLaneFailing", "lane": "slow", "service": "supervision"}
CRASHED = {**PAGE, "alertname": "HypervisorDomainCrashed", **WEB}
LOOP = {**CRASHED, "alertname": "HypervisorDomainCrashLooping"}
HOST = {"hypervisor": "kvm1", "instance": "kvm1:17420"}

CASES = {
    "a guest paused on an I/O error is not also down": (
        IO_ERROR, DOWN, {**DOWN, "domain": "valmont-metier"},
    ),
    "a stuck guest is not also down": (
        {"alertname": "HypervisorDomainStuck", **WEB, **PAGE},
        DOWN, {**DOWN, "domain": "valmont-metier"},
    ),
    "a guest that runs twice is not also crashing": (
        {**DOWN, "alertname": "HypervisorDomainRunningTwice"},
        LOOP, {**LOOP, "domain": "valmont-metier"},
    ),
    "a guest that crashes in a loop is not told crash by crash": (
        LOOP, CRASHED, {**CRASHED, "hypervisor": "kvm2"},
    ),
    "a full pool explains the guests it pauses, on its host": (
        {"alertname": "HypervisorPoolFull", **POOL}, IO_ERROR, {**IO_ERROR, "hypervisor": "kvm2"},
    ),
    "a full pool is not also filling": (
        {"alertname": "HypervisorPoolFull", **POOL},
        {**POOL, "alertname": "HypervisorPoolFilling"},
        {**POOL, "alertname": "HypervisorPoolFilling", "pool": "lent"},
    ),
    "a silent libvirt explains its lanes": (
        {**PAGE, "alertname": "HypervisorUnreachable", "service": "supervision", **HOST},
        {**LANE, **HOST}, {**LANE, **HOST, "hypervisor": "kvm2"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("cause", "symptom", "other"), CASES.values(), ids=CASES)
def test_the_cause_silences_its_symptom_and_nothing_else(cause, symptom, other, silences) -> None:
    silences(cause, symptom, other)
