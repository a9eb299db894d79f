"""A guest that moves between two hypervisors, and jobs while they run."""

from __future__ import annotations

import threading

import libvirt
import pytest

P = "hypervisor_domain_"


def test_a_migration_is_counted_on_both_sides_and_shown_while_it_runs(
    two_hosts, move, follow, follow_jobs
):
    source, target = two_hosts
    left, arrived = follow(source.uri), follow(target.uri)
    jobs = follow_jobs(source.uri, 0.05)
    seen = set()

    def moving():
        for family in jobs.lane.families:
            seen.update((s.name, s.labels.get("operation", "")) for s in family.samples)
        return not thread.is_alive()

    thread = threading.Thread(target=move, args=(source, target))
    thread.start()
    jobs.until(moving, "la migration", 30)
    thread.join()
    arrived.until_counted("mx1", "migrated_in")
    left.until_counted("mx1", "migrated_out")
    others = ("started", "stopped", "crashed")
    assert [arrived.count("mx1", event) for event in others] == [0, 0, 0]
    # Gone from there: of it only what did happen is told.
    assert not any(left.count("mx1", event) for event in others)
    left.until(lambda: left.value(f"{P}persistent", "mx1") is None, "parti", 5)
    assert arrived.value(f"{P}persistent", "mx1") == 1
    assert arrived.value(f"{P}start_time_seconds", "mx1") == target.process("mx1").create_time()
    assert (f"{P}job_active", "migration_out") in seen
    assert {f"{P}job_memory_remaining_bytes", f"{P}job_iteration"} <= {name for name, _ in seen}
    jobs.until(lambda: not jobs.lane.families, "plus de travail", 5)


def test_an_arrival_that_fails_is_no_crash(two_hosts, move, follow):
    source, target = two_hosts
    told = follow(target.uri)

    def move_in_vain():
        with pytest.raises(libvirt.libvirtError):
            move(source, target)

    thread = threading.Thread(target=move_in_vain)
    thread.start()
    domain = source.machine("mx1")
    told.until(lambda: domain.jobInfo()[0] == libvirt.VIR_DOMAIN_JOB_UNBOUNDED, "le départ", 10)
    domain.abortJob()
    thread.join()
    told.until_counted("mx1", "arrival_failed")
    assert not told.count("mx1", "crashed")
    assert not told.count("mx1", "migrated_in")
    assert domain.isActive()


def test_a_backup_is_shown_for_as_long_as_it_lasts(qemu, follow_jobs):
    jobs = follow_jobs(qemu.uri)
    assert jobs.lane.families == ()
    domain = qemu.machine("valmont-web")
    socket = qemu.libvirtd.run / "backup"
    domain.backupBegin(
        f"<domainbackup mode='pull'><server transport='unix' socket='{socket}'/>"
        "<disks><disk name='vda' backup='no'/><disk name='vdb' type='file'>"
        f"<scratch file='{qemu.libvirtd.run}/scratch'/></disk></disks></domainbackup>",
        None,
    )
    try:
        active = f"{P}job_active"
        jobs.until(lambda: jobs.series(active) == {("valmont-web", "backup"): 1}, "la sauvegarde")
        elapsed = jobs.value(f"{P}job_elapsed_seconds", "valmont-web")
        assert elapsed is not None
        assert elapsed < 30
    finally:
        domain.abortJob()
    jobs.until(lambda: jobs.lane.families == (), "la fin", 5)
