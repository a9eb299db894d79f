"""When certificates end: read as openssl reads them, refused when they make no sense."""

from __future__ import annotations

import contextlib
import ssl
import subprocess
from datetime import UTC, datetime

import pytest
import trustme
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from exporters.hypervisor.libvirtd.certificates import LARGEST_FILE, Certificates, usual_files
from exporters.hypervisor.libvirtd.der import CertificateError, der_end, pem_ends

END = datetime(2031, 5, 1, 12, 30, 45, tzinfo=UTC)
AUTHORITY = trustme.CA()
PEM = AUTHORITY.issue_cert("hv1.exemple.test", not_after=END).cert_chain_pems[0].bytes().decode()


def test_the_end_is_the_one_the_certificate_says():
    assert pem_ends(PEM) == [END.timestamp()]


def test_every_certificate_of_a_file_counts_in_order():
    root = AUTHORITY.cert_pem.bytes().decode()
    known = x509.load_pem_x509_certificate(root.encode()).not_valid_after_utc.timestamp()
    assert pem_ends(f"Bag Attributes\n{PEM}text between\n{root}") == [END.timestamp(), known]


def test_an_end_after_2050_is_written_otherwise_and_read_alike(tmp_path):
    # openssl writes GeneralizedTime from 2050 on, as RFC 5280 asks.
    words = "req -x509 -newkey rsa:2048 -nodes -days 36500 -subj /CN=hv1 -keyout k -out c"
    subprocess.run(["openssl", *words.split()], cwd=tmp_path, check=True, capture_output=True)
    told = subprocess.run(
        ["openssl", "x509", "-in", "c", "-noout", "-enddate"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    expected = ssl.cert_time_to_seconds(told.removeprefix("notAfter="))
    assert pem_ends((tmp_path / "c").read_text()) == [expected]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no PEM certificate"),
        ("-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n", "no PEM certificate"),
        ("-----BEGIN CERTIFICATE-----\n@@@@@\n-----END CERTIFICATE-----", "cut short|not PEM"),
        ("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----", "cut short"),
    ],
)
def test_what_is_no_certificate_is_refused_with_a_reason(text, reason):
    with pytest.raises(CertificateError, match=reason):
        pem_ends(text)


@given(st.data())
def test_a_damaged_certificate_is_read_or_refused_and_nothing_else(data):
    der = bytearray(ssl.PEM_cert_to_DER_cert(PEM))
    for place in data.draw(st.lists(st.integers(0, len(der) - 1), max_size=4)):
        der[place] = data.draw(st.integers(0, 255))
    cut = bytes(der[: data.draw(st.integers(0, len(der)))])
    with contextlib.suppress(CertificateError):  # any other error fails the test
        assert isinstance(der_end(cut), float)


def test_a_file_that_cannot_be_read_is_told_once_and_stays_in_the_list(tmp_path, caplog):
    good, gone, junk = (tmp_path / name for name in ("good.pem", "gone.pem", "junk.pem"))
    good.write_text(PEM)
    junk.write_bytes(b"\xff\x00")
    certificates = Certificates("hv1", [good, gone, junk])
    for _ in range(3):
        files = certificates.read()
    assert [(file.not_after, bool(file.fault)) for file in files] == [
        ((END.timestamp(),), False),
        ((), True),
        ((), True),
    ]
    assert "No such file" in files[1].fault
    told = [record.getMessage() for record in caplog.records]
    assert told.count("certificat illisible") == 2


def test_a_file_of_which_a_part_is_missing_is_not_called_readable(tmp_path):
    windows, cut, long = (tmp_path / name for name in ("crlf.pem", "cut.pem", "long.pem"))
    windows.write_bytes(PEM.replace("\n", "\r\n").encode())
    cut.write_text(PEM + PEM[: len(PEM) // 2])
    long.write_text(PEM + "#" * LARGEST_FILE)
    files = Certificates("hv1", [windows, cut, long]).read()
    assert [bool(file.fault) for file in files] == [False, True, True]
    assert files[0].not_after == (END.timestamp(),)
    assert "without its end" in files[1].fault
    assert "more than" in files[2].fault


def test_the_usual_places_are_those_of_libvirt_and_qemu(tmp_path):
    for name in ("CA/cacert.pem", "libvirt/servercert.pem", "qemu/server-cert.pem", "qemu/x.pem"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(PEM)
    found = [str(path.relative_to(tmp_path)) for path in usual_files(tmp_path)]
    assert found == ["CA/cacert.pem", "libvirt/servercert.pem", "qemu/server-cert.pem"]
    assert all(not file.fault for file in Certificates("hv1", None, tmp_path).read())
