"""A server that answers like a Proxmox VE node, over TLS, and misbehaves when told to.

What it says is in ``tests/golden/proxmox/node.json``, which names where its shapes were
recorded. No Proxmox VE runs here.
"""

from __future__ import annotations

import contextlib
import copy
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import trustme

from exporters.hypervisor.proxmox.host import ProxmoxHost, build
from exporters.hypervisor.settings import Settings
from exporters.toolkit.collector import Context
from inventory import Inventory
from inventory.process import system_clock

TOKEN_ID, SECRET = "supervision@pve!vigie", "3f8f6f4e-1111-4222-8333-0123456789ab"
SHAPES = Path(__file__).parents[2] / "golden" / "proxmox" / "node.json"
Behaviour = Callable[["Handler"], bool]
"""Answers instead of the node; False: the node answers after all."""


class ProxmoxApi:
    """`answers` is path -> data; `behaviours` path -> what it does instead ("" for any path)."""

    def __init__(self, folder: Path) -> None:
        self.answers: dict[str, Any] = json.loads(SHAPES.read_text(encoding="utf-8"))
        self.behaviours: dict[str, Behaviour] = {}
        self.calls: list[str] = []
        self.headers: list[str] = []
        self.released = threading.Event()
        authority = trustme.CA()
        self.ca_file = folder / "pve-root-ca.pem"
        authority.cert_pem.write_to_path(str(self.ca_file))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        self.server = Server(self, context)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.server.server_address[1]}"

    def stop(self) -> None:
        self.released.set()
        self.server.shutdown()
        self.server.cut()
        self.server.server_close()
        self.thread.join(5)

    def count(self, ending: str) -> int:
        return sum(call.endswith(ending) for call in self.calls)


class Server(ThreadingHTTPServer):
    """Waits for its threads at the end; `cut` makes the idle ones of kept connections end."""

    daemon_threads = False
    request_queue_size = 64

    def __init__(self, api: ProxmoxApi, context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.api, self._context = api, context
        self._connections: list[socket.socket] = []

    def get_request(self) -> tuple[socket.socket, Any]:
        plain, address = super().get_request()
        wrapped = self._context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
        self._connections.append(wrapped)
        return wrapped, address

    def cut(self) -> None:
        for connection in self._connections:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RDWR)

    def handle_error(self, *_: Any) -> None:
        """Quiet: half the tests break connections."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        api = self.server.api  # type: ignore[attr-defined]  # see Server
        path = urlsplit(self.path).path.removeprefix("/api2/json/")
        api.calls.append(self.path)
        token = self.headers.get("Authorization", "")
        api.headers.append(token)
        behaviour = api.behaviours.get(path, api.behaviours.get(""))
        if behaviour is not None and behaviour(self):
            return
        if token != f"PVEAPIToken={TOKEN_ID}={SECRET}":
            self.say(401, {"data": None})
        elif path not in api.answers:
            self.say(500, {"data": None, "message": f"{path} does not exist\n"})
        else:
            self.say(200, {"data": api.answers[path]})

    def say(self, status: int, answer: Any, **headers: str) -> None:
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def drip(self, seconds: float) -> None:
        """A good beginning of an answer, then a byte at a time."""
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.server.api.released.wait(0.05):  # type: ignore[attr-defined]  # see Server
            try:
                self.wfile.write(b" ")
            except OSError:
                return

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture
def api(tmp_path: Path) -> Iterator[ProxmoxApi]:
    server = ProxmoxApi(tmp_path)
    yield server
    server.stop()


@pytest.fixture
def settings(api: ProxmoxApi, tmp_path: Path) -> dict[str, Any]:
    token = tmp_path / "token"
    token.write_text(SECRET + "\n", encoding="utf-8")
    token.chmod(0o600)
    return {
        "url": api.url,
        "node": "pve1",
        "token_id": TOKEN_ID,
        "token_file": str(token),
        "ca_file": str(api.ca_file),
    }


@pytest.fixture
def host(
    settings: dict[str, Any], example_inventory: Inventory
) -> Iterator[Callable[..., ProxmoxHost]]:
    built: list[ProxmoxHost] = []

    def make(start: bool = True, **changes: Any) -> ProxmoxHost:
        block = copy.deepcopy(settings) | changes
        whole = Settings.model_validate({"hypervisors": [{"name": "pve1", "proxmox": block}]})
        context = Context(example_inventory, system_clock)
        one = build(whole.hypervisors[0], whole, context)
        built.append(one)
        if start:
            one.start()
        return one

    yield make
    for one in built:
        one.close()
