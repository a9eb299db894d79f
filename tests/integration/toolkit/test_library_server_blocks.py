"""Why the exporter has a server of its own: what the library's does with a silent TLS client."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

import pytest
import trustme
from prometheus_client import CollectorRegistry, start_http_server


def test_one_stalled_tls_client_blocks_the_librarys_own_server(tmp_path: Path):
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(tmp_path / "key")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "crt")
    server, thread = start_http_server(
        0, "127.0.0.1", CollectorRegistry(), str(tmp_path / "crt"), str(tmp_path / "key")
    )
    client = ssl.create_default_context()
    authority.configure_trust(client)
    address = server.server_address[:2]
    try:
        with (
            socket.create_connection(address),
            socket.create_connection(address, timeout=1.5) as second,
            pytest.raises(TimeoutError),
        ):
            client.wrap_socket(second, server_hostname="127.0.0.1")
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)
