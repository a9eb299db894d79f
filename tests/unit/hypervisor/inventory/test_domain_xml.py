"""A domain's XML -> facts, whatever is in it."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.hypervisor.identity import Judgement
from exporters.hypervisor.libvirtd.domain_xml import DomainXmlError, read_domain
from exporters.hypervisor.metrics.facts import families, lines_of
from exporters.hypervisor.model import DiskFacts, Identity, NicFacts

XML_TEXT = st.text(
    st.characters(
        codec="utf-8", exclude_categories=["Cs", "Cc"], include_characters='\n\t"<>&\\{}'
    ),
    max_size=40,
)


def _domain(inside: str, name: str = "mx1") -> str:
    return f"<domain type='kvm'><name>{escape(name)}</name><uuid>u</uuid>{inside}</domain>"


def _facts(inside: str):
    return read_domain(_domain(inside)).facts


def _devices(inside: str):
    return _facts(f"<devices>{inside}</devices>")


@pytest.mark.parametrize(
    ("kind", "source", "told"),
    [
        ("file", "<source file='/srv/a.qcow2'/>", "/srv/a.qcow2"),
        ("block", "<source dev='/dev/vg/a'/>", "/dev/vg/a"),
        ("network", "<source protocol='rbd' name='pool/a'><host name='h'/></source>", "rbd:pool/a"),
        ("volume", "<source pool='default' volume='a.img'/>", "default/a.img"),
        ("dir", "<source dir='/srv/fat'/>", "/srv/fat"),
        ("vhostuser", "<source type='unix' path='/run/v.sock'/>", "/run/v.sock"),
        ("file", "", ""),
    ],
)
def test_a_disk_s_source_is_told_whatever_its_kind(kind, source, told):
    (disk,) = _devices(
        f"<disk type='{kind}' device='disk'><driver name='qemu' type='raw'/>{source}"
        "<target dev='vda' bus='virtio'/></disk>"
    ).disks
    assert disk == DiskFacts("vda", "disk", kind, told, "virtio", "raw")


def test_the_chain_of_images_is_counted_where_libvirt_knows_it():
    layer = "<backingStore type='file'><format type='qcow2'/><source file='b'/>{}</backingStore>"
    chain = layer.format(layer.format("<backingStore/>"))
    disks = "".join(
        f"<disk type='file'>{inside}</disk>" for inside in (chain, "<backingStore/>", "")
    )
    assert [disk.depth for disk in _devices(disks).disks] == [2, 0, None]


def test_limits_are_those_that_are_set():
    tune = "<total_bytes_sec>0</total_bytes_sec><read_iops_sec>100</read_iops_sec>"
    more = "<write_bytes_sec_max>x</write_bytes_sec_max><group_name>g</group_name>"
    (disk,) = _devices(f"<disk><iotune>{tune}{more}</iotune></disk>").disks
    assert disk.limits == {"read_iops_sec": 100}


def test_an_sr_iov_interface_has_no_target():
    nic = (
        "<interface type='hostdev'><mac address='52:54:00:00:00:01'/><source>"
        "<address type='pci' domain='0x0000' bus='0x03' slot='0x10' function='0x2'/></source>"
        "</interface>"
    )
    assert _devices(nic).nics == (NicFacts("", "52:54:00:00:00:01", "hostdev"),)


@pytest.mark.parametrize(
    ("unit", "number", "told"),
    [
        ("KiB", "16384", 2**24),
        ("MiB", "16", 2**24),
        ("b", "7", 7),
        ("KB", "1", 1000),
        ("GiB", "1", 2**30),
    ],
)
def test_memory_is_bytes(unit, number, told):
    assert _facts(f"<memory unit='{unit}'>{number}</memory>").memory_bytes == told


@pytest.mark.parametrize("text", ["", "-1", "1e3", "٣", "9" * 30])
def test_a_number_that_is_none_is_not_known(text):
    facts = _facts(f"<memory>{text}</memory><vcpu>{text}</vcpu>")
    assert (facts.memory_bytes, facts.vcpus) == (None, None)


def test_the_agent_is_known_only_where_its_channel_has_a_state():
    channel = (
        "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'{}/></channel>"
    )
    told = [
        _devices(channel.format(state)).agent_connected
        for state in (" state='connected'", " state='disconnected'", "")
    ]
    assert told == [True, False, None]
    assert _devices("").agent_connected is None


def test_metadata_of_our_namespace_is_read_and_no_other():
    ours = "<v:domain xmlns:v='urn:vigie:domain:1'>{}</v:domain>"
    other = "<o:domain xmlns:o='urn:other'><o:member>x</o:member></o:domain>"
    both = ours.format("<v:member> valmont </v:member><service>messagerie</service>")
    assert _facts(f"<metadata>{other}{both}</metadata>").written == {
        "member": "valmont",
        "service": "messagerie",
    }
    twice = ours.format("<member>a</member><member>b</member><member>c</member>")
    assert _facts(f"<metadata>{twice}</metadata>").written == {"member+": "c"}
    many = ours.format("".join(f"<k{n}>{'x' * 9999}</k{n}>" for n in range(99)))
    written = _facts(f"<metadata>{many}</metadata>").written
    assert len(written) == 8
    assert max(map(len, written.values())) == 512


@pytest.mark.parametrize(
    "xml",
    [
        "",
        "<domain>",
        "<network/>",
        "\0",
        "<!DOCTYPE domain><domain/>",
        "<!DOCTYPE domain [<!ENTITY a 'b'>]><domain><name>&a;</name></domain>",
        "<!DOCTYPE d SYSTEM 'file:///etc/passwd'><domain/>",
        "<domain>" + "x" * 4 * 1024**2 + "</domain>",
    ],
    ids=range(8),
)
def test_what_libvirt_never_writes_is_refused(xml):
    with pytest.raises(DomainXmlError):
        read_domain(xml)


def test_a_document_type_is_refused_before_its_entities_grow():
    laughs = "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12))
    with pytest.raises(DomainXmlError, match="document type"):
        read_domain(f"<!DOCTYPE d [<!ENTITY a0 'ha'>{laughs}]><domain><name>&a11;</name></domain>")


DISK = "<disk type='file' device='disk'><source file='{0}'/><target dev='vda'/></disk>"
NIC = (
    "<interface type='bridge'><mac address='52:54:00:00:00:0{0}'/><source bridge='br0'/>{1}"
    "</interface>"
)


@pytest.mark.parametrize(
    ("live", "stored", "differs"),
    [
        (DISK.format("a"), DISK.format("a"), False),
        (DISK.format("a"), DISK.format("b"), True),
        (DISK.format("a"), "", True),
        (NIC.format(1, "<target dev='vnet3'/>"), NIC.format(1, ""), False),
        (NIC.format(1, ""), NIC.format(2, ""), True),
        (NIC.format(1, "") + NIC.format(2, ""), NIC.format(2, "") + NIC.format(1, ""), False),
        (
            "<disk type='file' device='cdrom'><source file='i'/><target dev='sda'/></disk>",
            "<disk type='file' device='cdrom'><target dev='sda'/></disk>",
            False,
        ),
    ],
)
def test_drift_is_what_matters_and_not_what_a_start_gives(live, stored, differs):
    one = read_domain(_domain(f"<devices>{live}</devices>")).compared
    other = read_domain(_domain(f"<devices>{stored}</devices>")).compared
    assert (one != other) is differs


@pytest.mark.parametrize(
    ("live", "stored", "differs"),
    [
        ("<vcpu current='2'>4</vcpu>", "<vcpu>4</vcpu>", True),
        ("<vcpu current='4'>4</vcpu>", "<vcpu>4</vcpu>", False),
        ("<memory>1024</memory>", "<memory unit='MiB'>1</memory>", False),
        ("<memory>1024</memory>", "<memory>2048</memory>", True),
        ("<currentMemory>512</currentMemory>", "<currentMemory>1024</currentMemory>", False),
        ("<os><type machine='pc-7'/></os>", "<os><type machine='pc-8'/></os>", True),
    ],
)
def test_drift_of_processors_memory_and_machine(live, stored, differs):
    one, other = (read_domain(_domain(inside)).compared for inside in (live, stored))
    assert (one != other) is differs


@given(
    name=XML_TEXT.filter(lambda text: text.strip()),
    sources=st.lists(XML_TEXT, max_size=4),
    targets=st.lists(st.sampled_from(["", "vda", "vda#1", "block1", "net0", '"\n'])),
)
def test_whatever_the_names_no_two_series_are_the_same(name, sources, targets):
    disks = "".join(
        f"<disk><source file={quoteattr(source)}/><target dev={quoteattr(target)}/></disk>"
        for source, target in zip(sources * 9, targets, strict=False)
    )
    nics = "".join(
        f"<interface type='x'><target dev={quoteattr(target)}/></interface>" for target in targets
    )
    facts = read_domain(_domain(f"<devices>{disks}{nics}</devices>", name)).facts
    for family in families([lines_of("hv1", facts, Judgement(Identity()))]):
        assert family.text.count("\n") == family.series
        labels = [tuple(sorted(sample.labels.items())) for sample in family.samples]
        assert len(labels) == len(set(labels)) == family.series
        assert {sample.labels["domain"] for sample in family.samples} == {facts.name}


@given(st.text(max_size=200))
def test_text_that_is_no_domain_is_refused_and_nothing_else_happens(text):
    with pytest.raises(DomainXmlError):
        read_domain(text)
