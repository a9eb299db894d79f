"""Metrics of the lanes, and how long what they found is served."""

from __future__ import annotations

from exporters.hypervisor.holdings import AgentAnswer, DomainSnapshots, FileSystem, Pool
from exporters.hypervisor.lane import LaneStatus
from exporters.hypervisor.metrics.agent import agent_families
from exporters.hypervisor.metrics.lanes import lane_families
from exporters.hypervisor.metrics.snapshots import snapshot_families
from exporters.hypervisor.metrics.storage import pool_families


def _samples(families):
    return {
        (sample.name, *(v for k, v in sorted(sample.labels.items()) if k != "hypervisor")): (
            sample.value
        )
        for family in families
        for sample in family.samples
    }


def test_a_lane_that_never_succeeded_has_no_age_and_no_duration():
    statuses = [
        LaneStatus("slow", False, None, None, 1.5, 2),
        LaneStatus("stats", True, 1e9, 0.25, 0.0, 0),
    ]
    families = lane_families('h"v', statuses)
    assert _samples(families) == {
        ("hypervisor_lane_up", "slow"): 0,
        ("hypervisor_lane_up", "stats"): 1,
        ("hypervisor_lane_last_success_timestamp_seconds", "stats"): 1e9,
        ("hypervisor_lane_duration_seconds", "stats"): 0.25,
        ("hypervisor_lane_busy_seconds", "slow"): 1.5,
        ("hypervisor_lane_busy_seconds", "stats"): 0,
        ("hypervisor_lane_failures_total", "slow"): 2,
        ("hypervisor_lane_failures_total", "stats"): 0,
    }
    assert families[0].samples[0].labels["hypervisor"] == 'h"v'
    assert lane_families("hv1", []) == ()


def test_a_missing_value_has_no_series():
    assert _samples(pool_families("hv1", [Pool("images", "dir", "inactive", False)])) == {
        ("hypervisor_pool_info", "dir", "images", ""): 1,
        ("hypervisor_pool_state", "images", "inactive"): 1,
        ("hypervisor_pool_autostart", "images"): 0,
    }


def test_no_snapshot_is_a_count_of_0_and_no_age():
    domains = [DomainSnapshots("web", ()), DomainSnapshots("mx", (5.0, 9.0), (7.0,))]
    assert _samples(snapshot_families("hv1", domains)) == {
        ("hypervisor_domain_snapshots", "web"): 0,
        ("hypervisor_domain_snapshots", "mx"): 2,
        ("hypervisor_domain_snapshot_oldest_timestamp_seconds", "mx"): 5,
        ("hypervisor_domain_snapshot_newest_timestamp_seconds", "mx"): 9,
        ("hypervisor_domain_checkpoints", "mx"): 1,
        ("hypervisor_domain_checkpoint_newest_timestamp_seconds", "mx"): 7,
    }


def test_a_silent_agent_has_no_file_systems_and_odd_names_are_escaped():
    answers = [
        AgentAnswer("web", True, (FileSystem('/a"\\b', "ext4", 10, None),), 3),
        AgentAnswer("mx", False),
    ]
    assert _samples(agent_families("hv1", answers)) == {
        ("hypervisor_domain_agent_responsive", "web"): 1,
        ("hypervisor_domain_agent_responsive", "mx"): 0,
        ("hypervisor_domain_filesystem_size_bytes", "web", "ext4", '/a"\\b'): 10,
        ("hypervisor_domain_filesystems_dropped", "web"): 3,
    }
