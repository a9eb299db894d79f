"""TLS, client certificates and passwords on a real process."""

from __future__ import annotations

import base64
import socket
import ssl
import time
from pathlib import Path

import bcrypt
import pytest
import trustme

HASH = bcrypt.hashpw(b"chouette", bcrypt.gensalt(4)).decode()


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def write_pair(authority: trustme.CA, folder: Path) -> None:
    """A new certificate, put in place as a renewal does: written beside, then renamed."""
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(folder / "new.key")
    issued.cert_chain_pems[0].write_to_path(folder / "new.crt")
    (folder / "new.key").replace(folder / "server.key")
    (folder / "new.crt").replace(folder / "server.crt")


@pytest.fixture
def authority(tmp_path: Path) -> trustme.CA:
    ca = trustme.CA()
    ca.cert_pem.write_to_path(tmp_path / "ca.crt")
    write_pair(ca, tmp_path)
    return ca


@pytest.fixture
def client(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture
def web(tmp_path: Path):
    def write(text: str) -> Path:
        path = tmp_path / "web.yml"
        path.write_text(text)
        return path

    return write


TLS = "tls_server_config: {cert_file: server.crt, key_file: server.key%s}\n"


def serial(port: int, context: ssl.SSLContext) -> str:
    with (
        socket.create_connection(("127.0.0.1", port), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as stream,
    ):
        return stream.getpeercert()["serialNumber"]


def test_fifty_stalled_tls_clients_do_not_block_a_scrape(start, config, web, client):
    exporter = start(config("{sample: {}}"), "--web.config.file", web(TLS % ""))
    stalled = [socket.create_connection(("127.0.0.1", exporter.port)) for _ in range(50)]
    try:
        began = time.monotonic()
        answer = exporter.get(tls=client, timeout=4)
        assert time.monotonic() - began < 1
        assert answer.status == 200
        # The silent ones are let go after the handshake's time.
        stalled[0].settimeout(10)
        assert stalled[0].recv(1) == b""
    finally:
        for stream in stalled:
            stream.close()


def test_a_plain_client_of_a_tls_server_is_dropped_and_harms_nobody(start, config, web, client):
    exporter = start(config("{sample: {}}"), "--web.config.file", web(TLS % ""))
    with socket.create_connection(("127.0.0.1", exporter.port), timeout=5) as plain:
        plain.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"200 OK" not in plain.recv(1000)
    assert exporter.get(tls=client).status == 200


def test_a_client_certificate_is_demanded_and_its_name_checked(
    start, config, web, client, authority
):
    demanded = ", client_ca_file: ca.crt, client_auth_type: RequireAndVerifyClientCert"
    allowed = demanded + ", client_allowed_sans: [prometheus.test]"
    exporter = start(config("{sample: {}}"), "--web.config.file", web(TLS % allowed))
    with pytest.raises((ssl.SSLError, OSError)):
        exporter.get(tls=client)
    authority.issue_cert("somebody.test").configure_cert(client)
    with pytest.raises((ssl.SSLError, OSError)):
        exporter.get(tls=client)
    authority.issue_cert("prometheus.test").configure_cert(client)
    assert exporter.get(tls=client).status == 200
    stranger = ssl.create_default_context()
    authority.configure_trust(stranger)
    trustme.CA().issue_cert("prometheus.test").configure_cert(stranger)
    with pytest.raises((ssl.SSLError, OSError)):
        exporter.get(tls=stranger)


def test_a_password_is_asked_everywhere(start, config, web):
    exporter = start(
        config("{sample: {}}"),
        "--web.config.file",
        web(f"basic_auth_users:\n  prometheus: {HASH}\n"),
    )
    for path in ("/", "/metrics", "/-/healthy", "/nowhere"):
        refused = exporter.get(path)
        assert refused.status == 401
        assert refused.headers["www-authenticate"].startswith("Basic")
    assert exporter.get(headers=basic("prometheus", "hibou")).status == 401
    assert exporter.get(headers=basic("nobody", "chouette")).status == 401
    assert exporter.get(headers=basic("prometheus", "chouette")).status == 200
    assert "chouette" not in exporter.log.read_text()
    assert HASH not in exporter.log.read_text()


def test_a_renewed_certificate_and_new_users_are_taken_without_a_restart(
    start, config, web, client, authority, tmp_path
):
    path = web(TLS % "")
    exporter = start(config("{sample: {}}"), "--web.config.file", path)
    first = serial(exporter.port, client)
    write_pair(authority, tmp_path)
    second = serial(exporter.port, client)
    assert first != second
    assert exporter.get(tls=client).status == 200
    path.write_text(TLS % "" + f"basic_auth_users: {{prometheus: {HASH}}}\n")
    assert exporter.get(tls=client).status == 401
    assert exporter.get(tls=client, headers=basic("prometheus", "chouette")).status == 200


def test_a_broken_new_file_keeps_the_last_good_one(start, config, web, client, tmp_path):
    path = web(TLS % "")
    exporter = start(config("{sample: {}}"), "--web.config.file", path)
    first = serial(exporter.port, client)
    (tmp_path / "server.key").write_text("no key at all")
    assert serial(exporter.port, client) == first
    path.write_text("tls_server_config: {cert: x}\n")
    assert serial(exporter.port, client) == first
    log = exporter.wait_for_log("cert: clé inconnue")
    assert "configuration web refusée, la précédente reste" in log
    assert log.count("no key at all") == 0


def test_a_wrong_web_file_stops_the_start_with_every_fault(run, config, web):
    path = web(
        "tls_server_config: {cert_file: nowhere.crt, min_version: TLS10}\n"
        "basic_auth_users: {prometheus: chouette}\nrate: 1\n"
    )
    ended = run("--config", config("{nobody: {}}"), "--web.config.file", path)
    assert ended.returncode == 2
    for words in (
        "web.yml:1: tls_server_config.key_file: clé obligatoire absente",
        "web.yml:1: tls_server_config.min_version: « TLS10 » n'est pas admis",
        "web.yml:2: basic_auth_users.prometheus: ce n'est pas une empreinte bcrypt",
        "web.yml:3: rate: clé inconnue",
        "collecteur « nobody » inconnu",
    ):
        assert words in ended.stderr
    assert "chouette" not in ended.stderr
