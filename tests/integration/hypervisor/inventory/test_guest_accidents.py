"""Accidents of real guests, made by boot sectors and disks of ours: each is told by its event."""

from __future__ import annotations

import os
import subprocess

import libvirt
import pytest

from deploy.estate.child import wait_until
from deploy.estate.libvirtd import NOBODY

HALT = "fb f4 ebfd"  # sti; hlt; jmp to hlt
PANIC = "ba0505 b001 ee"  # mov dx,0x505; mov al,1; out dx,al: pvpanic
WATCHDOG = "ba4304 b00e ee"  # mov dx,0x443; mov al,14; out dx,al: ib700 barks after 2 s
WRITE = "31c0 8ec0 bb007c b80103 b90100 ba8100 cd13"  # one sector to the second disk
DOMAIN = """\
<domain type='qemu'>
  <name>{name}</name><memory unit='MiB'>16</memory><vcpu>1</vcpu>
  <os><type machine='pc'>hvm</type></os>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='raw'/><source file='{image}'/>
      <target dev='vda' bus='virtio'/><boot order='1'/>
    </disk>
    {devices}<memballoon model='none'/>
  </devices>
</domain>
"""


@pytest.fixture
def boot(qemu):
    """Starts a guest that runs these bytes and halts."""
    domains, connection = [], libvirt.open(qemu.uri)

    def start(name, code, devices=""):
        image = qemu.libvirtd.run / f"{name}.img"
        image.write_bytes(bytes.fromhex(code + HALT).ljust(510, b"\0") + b"\x55\xaa" + bytes(2**20))
        os.chown(image, NOBODY, NOBODY)
        domain = connection.defineXML(DOMAIN.format(name=name, image=image, devices=devices))
        domains.append(domain)
        domain.create()
        return domain

    yield start
    for domain in domains:
        if domain.isActive():
            domain.destroy()
        domain.undefine()
    connection.close()


def test_a_guest_that_panics_is_counted_as_panicked_and_as_crashed(qemu, follow, boot):
    told = follow(qemu.uri)
    boot("panique", PANIC, "<panic model='isa'/>")
    told.until_counted("panique", "panicked")
    told.until_counted("panique", "crashed")  # <on_crash> destroys it
    assert told.count("panique", "started") == 1
    assert told.count("panique", "stopped") == 0


def test_a_watchdog_that_barks_is_counted(qemu, follow, boot):
    told = follow(qemu.uri)
    boot("garde", WATCHDOG, "<watchdog model='ib700' action='pause'/>")
    told.until_counted("garde", "watchdog", seconds=20)
    told.until_counted("garde", "suspended")
    assert told.value("hypervisor_domain_state_changed_timestamp_seconds", "garde") is not None


@pytest.fixture(params=["disque", ""], ids=["with a name", "without a name"])
def full_disk(request, qemu, tmp_path):
    """An NBD disk whose every write fails for want of space.

    libvirt 9.0 loses the event of an I/O error on a disk without a name.
    """
    export = ["-x", request.param] if request.param else []
    name = f"name='{request.param}'" if request.param else ""
    raw, socket = tmp_path / "full.raw", qemu.libvirtd.run / "nbd"
    raw.write_bytes(bytes(2**20))
    image = f"driver=raw,file.driver=blkdebug,file.image.driver=file,file.image.filename={raw}"
    error = "file.inject-error.0.event=none,file.inject-error.0.iotype=write"
    errno = "file.inject-error.0.errno=28"
    process = subprocess.Popen(
        ["qemu-nbd", "-t", *export, "-k", socket, "--image-opts", f"{image},{error},{errno}"]
    )
    wait_until(socket.exists, "qemu-nbd", 10)
    socket.chmod(0o777)
    yield f"""
      <disk type='network' device='disk'><driver name='qemu' type='raw'/>
        <source protocol='nbd' {name}><host transport='unix' socket='{socket}'/></source>
        <target dev='vdb' bus='virtio'/><boot order='2'/>
      </disk>"""
    process.terminate()
    process.wait(10)


def test_a_guest_paused_by_a_full_disk_is_counted_and_its_disk_is_named(
    qemu, follow, follow_jobs, boot, full_disk
):
    told, jobs = follow(qemu.uri), follow_jobs(qemu.uri)
    domain = boot("plein", WRITE, full_disk)
    told.until_counted("plein", "io_error")
    told.until_counted("plein", "suspended")
    assert told.count("plein", "io_error") == 1
    assert domain.state() == [libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_IOERROR]
    jobs.until(lambda: jobs.series("hypervisor_domain_block_error"), "le disque en erreur")
    assert jobs.series("hypervisor_domain_block_error") == {("vdb", "plein", "no_space"): 1}
    disks = told.series("hypervisor_domain_block_info")
    (about,) = [key for key in disks if {"vdb", "plein"} < set(key)]
    assert {"network", "plein", "virtio", "raw"} < set(about)


def test_a_disk_in_error_is_not_asked_of_a_stuck_guest(qemu, follow_jobs, boot, full_disk):
    jobs = follow_jobs(qemu.uri)
    domain = boot("muet", WRITE, full_disk)
    wait_until(lambda: domain.state()[0] == libvirt.VIR_DOMAIN_PAUSED, "la pause", 10)
    jobs.until(lambda: jobs.series("hypervisor_domain_block_error"), "le disque en erreur")
    jobs.site.stuck.uuids = frozenset([domain.UUIDString()])
    qemu.process("muet").suspend()
    try:
        jobs.until(lambda: not jobs.series("hypervisor_domain_block_error"), "plus rien", 10)
        assert jobs.lane.status().busy_seconds < 1
    finally:
        qemu.process("muet").resume()
