"""Bodies made to break the pager, posted with a good token to the real process, which then pages.

Nothing but 200, 400, 401, 413 or a 503 with its cause; no trace of a stack; memory bounded.
"""

from __future__ import annotations

import gzip
import json
import socket
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

FINE = {200, 400, 401, 413, 503}
MEGABYTE = 1024 * 1024


def body(web: Any, *alerts: dict[str, Any], **more: Any) -> bytes:
    return json.dumps({"version": "4", "alerts": list(alerts), **more}).encode()


def raw(web: Any, key: str, value: str) -> bytes:
    """A payload whose alert has `key`, written as it is: JSON that no library would write."""
    text = body(web, {**web.alert("raw"), key: "HERE"}).decode()
    return text.replace('"HERE"', value).encode("utf-8", "surrogatepass")


def hostile(web: Any) -> Iterator[tuple[str, bytes]]:
    """(what it is, the body)."""
    alert = web.alert
    yield "deep lists", b"[" * 100_000
    yield "deep objects", b'{"a":' * 100_000
    yield "deep annotation", raw(web, "annotations", '{"a":' * 50_000 + "1" + "}" * 50_000)
    yield "100,000 labels", body(web, alert(labels={f"l{i}": "v" for i in range(100_000)}))
    yield "label of 1 MB", body(web, alert("big", labels={"instance": "x" * MEGABYTE}))
    yield "name of 1 MB", body(web, alert("name", labels={"alertname": "é" * MEGABYTE}))
    yield "annotation of 4 MB", body(web, alert("note", summary="\u0000a\n" * MEGABYTE))
    yield "NUL", body(web, alert("nul\0", labels={"a\0b": "\0", "service": "\0messagerie\0"}))
    yield "controls", body(web, alert("ctl", labels={"instance": "\x1b[2J\x07\r\n\x7f\x85"}))
    yield "right to left", body(web, alert("rtl", labels={"service": "\u202eegassem\u2066\u200f"}))
    yield "surrogate", raw(web, "labels", r'{"alertname": "\ud800"}')
    yield "raw surrogate", raw(web, "labels", '{"alertname": "\ud800"}')
    for text in (
        "{{ 7*7 }}",
        "{0.__class__}",
        "{alertname:>50000000}",
        "%(x)s%n%99999999d",
        "${x}",
    ):
        yield "template", body(web, alert(text[:20], labels={"alertname": text, "service": text}))
    for value in ("NaN", "1e999", "9" * 5000, "null", "[]", "true", "-1"):
        yield f"labels {value[:5]}", raw(web, "labels", value)
        yield f"fingerprint {value[:5]}", raw(web, "fingerprint", value)
        yield f"startsAt {value[:5]}", raw(web, "startsAt", value)
        truncated = b'{"alerts": [], "truncatedAlerts": ' + value.encode() + b"}"
        yield f"truncatedAlerts {value[:5]}", truncated
    yield "doubles", raw(web, "labels", '{"alertname": "A", "alertname": "B"}')
    for year in (
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999-23:59",
        "0001-01-01T00:00:00+23:59",
    ):
        yield f"date {year}", body(web, {**alert(year[:10]), "startsAt": year, "endsAt": year})
    yield "invalid UTF-8", body(web, alert("utf")).replace(b"messagerie", b"\xff\xc0\xaf")
    yield "gzip", gzip.compress(body(web, alert("gz")))
    one = alert("same")
    yield "one alert 10,000 times", body(web, *[one] * 10_000)
    flapping = [alert("flap", status) for _ in range(1000) for status in ("firing", "resolved")]
    yield "one alert that changes 2,000 times", body(web, *flapping)
    yield "a fingerprint that is long", body(web, alert("f" * 100_000))
    yield "an integer of 2 MB", b'{"alerts": [], "truncatedAlerts": ' + b"9" * 2 * MEGABYTE + b"}"


@pytest.fixture
def web(estate: Any) -> Any:
    """The process alone."""
    estate.start()
    assert estate.post(estate.alert("first")).status_code == 200
    return estate


def memory(web: Any) -> int:
    """Resident bytes of the process."""
    status = Path(f"/proc/{web.child.process.pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


def still_pages(web: Any, name: str) -> None:
    """A new incident pages right after, in words that a handset can show."""
    answer = web.post(web.alert(f"after {name}", labels={"alertname": f"Apres {name}"}), timeout=30)
    assert answer.status_code == 200, name


def test_no_body_breaks_it_and_no_message_has_a_control_character(web: Any) -> None:
    before = memory(web)
    unfit = []
    for name, data in hostile(web):
        headers = {"Content-Encoding": "gzip"} if name == "gzip" else {}
        answer = web_post(web, data, **headers)
        if answer.status_code not in FINE or "Traceback" in answer.text:
            unfit.append((name, answer.status_code))
        if answer.status_code == 503 and not answer.json()["detail"]:
            unfit.append((name, "503 without a cause"))
        assert answer.status_code != 503, (name, answer.text)
    assert unfit == []
    still_pages(web, "tout")
    assert memory(web) < before + 600 * MEGABYTE
    log = web.child.log.read_text()
    assert "Traceback" not in log, log[log.index("Traceback") :][:3000]
    assert len(log) < 4 * MEGABYTE
    for incident in web.incidents():
        for message in incident["messages"]:
            bad = [c for c in message["text"] if unicodedata.category(c) in ("Cc", "Cf", "Cs")]
            assert not bad, message["text"]
            assert len(message["text"]) <= 320


def web_post(web: Any, data: bytes, **headers: str) -> requests.Response:
    token = web.settings.secret("alertmanager.token")
    return requests.post(
        web.url("alertmanager/default"),
        data=data,
        headers={"Authorization": f"Bearer {token}", **headers},
        timeout=60,
    )


def test_endless_bodies_are_refused_in_little_memory_with_and_without_a_token(web: Any) -> None:
    before = memory(web)

    def endless() -> Iterator[bytes]:
        for _ in range(64):
            yield b"x" * MEGABYTE

    for path in ("alertmanager/default", "incidents/x/acknowledge", "kannel/report", "nulle-part"):
        for token in ("wrong", web.settings.secret("alertmanager.token")):
            try:
                status = requests.post(
                    web.url(path),
                    data=endless(),
                    headers={"Authorization": f"Bearer {token}"},
                    timeout=30,
                ).status_code
            except requests.ConnectionError:
                status = 413  # it closed while we were still sending
            assert status in (401, 403, 404, 405, 413), path
    assert memory(web) < before + 64 * MEGABYTE
    still_pages(web, "endless")
    assert "Traceback" not in web.child.log.read_text()


def test_two_hundred_slow_clients_do_not_keep_an_alert_out(web: Any) -> None:
    token = web.settings.secret("alertmanager.token").encode()
    head = (
        b"POST /api/v1/alertmanager/default HTTP/1.1\r\nHost: x\r\n"
        b"Content-Length: 1000\r\nAuthorization: Bearer " + token + b"\r\n\r\n{"
    )
    clients = []
    try:
        for number in range(200):
            client = socket.create_connection(("127.0.0.1", web.ports["webhook"]), timeout=5)
            client.sendall(head if number % 2 else b"POST / HTTP/1.1\r\nX: ")
            clients.append(client)
        still_pages(web, "lents")
        # A head that does not end is cut off, without an answer.
        clients[0].settimeout(30)
        assert clients[0].recv(1) == b""
    except ConnectionResetError:
        pass
    finally:
        for client in clients:
            client.close()
    still_pages(web, "partis")
    assert "client_too_slow" in web.child.log.read_text()


def test_a_head_that_is_too_large_is_refused(web: Any) -> None:
    try:
        status = requests.get(
            web.url("duty"), headers={"X": "x" * MEGABYTE}, timeout=10
        ).status_code
    except requests.RequestException:
        status = 400  # it closed while we were still sending
    assert status == 400
    still_pages(web, "en-tête")
