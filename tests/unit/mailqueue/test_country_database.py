"""Country databases, written here by the specification of the format, in each of its sizes."""

from __future__ import annotations

import ipaddress
import os
import struct
from pathlib import Path

import pytest

from exporters.mailqueue.country_database import CountryDatabase

NETWORKS = {
    "192.0.2.0/24": {"country": {"iso_code": "FR", "names": {"fr": "France"}}},
    "198.51.100.0/25": {"registered_country": {"iso_code": "VN"}, "traits": [True, 1.5]},
    "203.0.113.7/32": {"country": "br"},
    "203.0.113.8/32": {"continent": {"code": "EU"}},
    "2001:db8:1::/48": {"country": {"iso_code": "DE"}},
}


def encode(value) -> bytes:
    """A value of the data section."""
    if isinstance(value, dict):
        body = b"".join(encode(key) + encode(one) for key, one in value.items())
        return bytes([7 << 5 | len(value)]) + body
    if isinstance(value, bool):
        return bytes([value, 14 - 7])
    if isinstance(value, list):
        return bytes([len(value), 11 - 7]) + b"".join(map(encode, value))
    if isinstance(value, int):
        raw = value.to_bytes(4, "big")
        return bytes([6 << 5 | 4]) + raw
    if isinstance(value, float):
        return bytes([3 << 5 | 8]) + struct.pack(">d", value)
    raw = value.encode()
    if len(raw) < 29:
        return bytes([2 << 5 | len(raw)]) + raw
    return bytes([2 << 5 | 29, len(raw) - 29]) + raw


def database(networks, bits=24, version=6) -> bytes:
    """A whole file."""
    nodes: list[list[int | tuple[int]]] = [[-1, -1]]
    data = encode("x" * 40)  # something before, so that no offset is 0
    for text, record in networks.items():
        network = ipaddress.ip_network(text)
        if network.version > version:
            continue
        width = 128 if version == 6 else 32
        value, length = int(network.network_address), network.prefixlen
        if network.version == 4 and version == 6:
            length += 96
        node = 0
        for depth in range(length - 1):
            bit = value >> (width - 1 - depth) & 1
            if nodes[node][bit] == -1:
                nodes.append([-1, -1])
                nodes[node][bit] = len(nodes) - 1
            node = nodes[node][bit]
        nodes[node][value >> (width - length) & 1] = (len(data),)
        data += encode(record)
    count = len(nodes)

    def number(record):
        if record == -1:
            return count
        return record if isinstance(record, int) else count + 16 + record[0]

    tree = b""
    for left, right in (map(number, node) for node in nodes):
        if bits == 28:
            middle = (left >> 24) << 4 | right >> 24
            tree += (left & 0xFFFFFF).to_bytes(3, "big") + bytes([middle])
            tree += (right & 0xFFFFFF).to_bytes(3, "big")
        else:
            tree += left.to_bytes(bits // 8, "big") + right.to_bytes(bits // 8, "big")
    about = {"node_count": count, "record_size": bits, "ip_version": version}
    return tree + b"\0" * 16 + data + b"\xab\xcd\xefMaxMind.com" + encode(about)


@pytest.mark.parametrize("bits", [24, 28, 32])
@pytest.mark.parametrize("version", [4, 6])
def test_the_country_of_an_address_is_found(tmp_path, bits, version):
    path = tmp_path / "country.mmdb"
    path.write_bytes(database(NETWORKS, bits, version))
    base = CountryDatabase(path)
    wanted = {
        b"192.0.2.200": "FR",
        b"::ffff:192.0.2.1": "FR",
        b"IPv6:2001:db8:1:2::3": "DE" if version == 6 else "",
        b"198.51.100.127": "VN",
        b"198.51.100.128": "",
        b"203.0.113.7": "BR",
        b"203.0.113.8": "",
        b"2001:db8:2::1": "",
        b"10.0.0.1": "",
        b"unknown": "",
    }
    assert {raw: base.country(raw) for raw in wanted} == wanted
    base.close()


def test_a_record_by_a_pointer_is_followed(tmp_path: Path):
    whole = database({"192.0.2.0/24": {"country": {"iso_code": "FR"}}}, version=4)
    record = encode({"country": {"iso_code": "FR"}})
    # The same length: a pointer to a record appended behind, then filling.
    at = whole.index(record)
    tree_and_separator = whole.index(encode("x" * 40))
    mark = whole.index(b"\xab\xcd\xefMaxMind.com")
    pointer = bytes([1 << 5 | (mark - tree_and_separator) >> 8, (mark - tree_and_separator) & 0xFF])
    path = tmp_path / "country.mmdb"
    path.write_bytes(
        whole[:at]
        + pointer.ljust(len(record), b"\0")
        + whole[at + len(record) : mark]
        + record
        + whole[mark:]
    )
    base = CountryDatabase(path)
    assert base.country(b"192.0.2.1") == "FR"
    base.close()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a database",
        b"\xab\xcd\xefMaxMind.com",
        b"\xab\xcd\xefMaxMind.com" + encode({"node_count": 7}),
        b"\xab\xcd\xefMaxMind.com"
        + encode({"node_count": 99_999, "record_size": 24, "ip_version": 6}),
        b"\0" * 900
        + b"\xab\xcd\xefMaxMind.com"
        + encode({"node_count": 5, "record_size": 25, "ip_version": 6}),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path, content):
    path = tmp_path / "country.mmdb"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"country\.mmdb"):
        CountryDatabase(path)


def test_a_spoilt_record_is_an_unknown_country(tmp_path):
    whole = database({"192.0.2.0/24": {"country": {"iso_code": "FR"}}}, version=4)
    path = tmp_path / "country.mmdb"
    path.write_bytes(whole.replace(b"\xe1Gcountry", b"\x20\x00country"))  # points at itself or so
    base = CountryDatabase(path)
    assert base.country(b"192.0.2.1") == ""
    base.close()


def test_one_that_is_cut_short_while_it_is_in_use_knows_no_country_and_ends_nothing(tmp_path):
    path = tmp_path / "country.mmdb"
    path.write_bytes(database(NETWORKS))
    countries = CountryDatabase(path)
    assert countries.country(b"192.0.2.1") == "FR"
    os.truncate(path, 0)  # as by cp onto it
    assert countries.country(b"198.51.100.1") == ""
    countries.close()
