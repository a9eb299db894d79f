"""The estate's SMS gateway: what is posted reaches the handset, what is replied comes back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import requests

from deploy.estate.child import wait_until
from deploy.estate.ports import Ports
from deploy.estate.sms import Handset, SmsGateway


@contextmanager
def listener(port: int) -> Iterator[list[dict[str, str]]]:
    seen: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
            seen.append({key: values[0] for key, values in query.items()})
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield seen
    server.shutdown()
    server.server_close()
    thread.join()


def send(gateway: SmsGateway, text: str) -> requests.Response:
    return requests.post(
        gateway.send_url,
        data=text.encode(),
        headers={
            "X-Kannel-Username": gateway.username,
            "X-Kannel-Password": gateway.password_file.read_text().strip(),
            "X-Kannel-To": "+33612345678",
            "Content-Type": "text/plain; charset=UTF-8",
        },
        timeout=10,
    )


def test_long_texts_arrive_whole_and_replies_come_back_while_the_handset_stays_on(
    estate_folder: Path, ports: Ports
) -> None:
    long_text = (
        "Compte piraté, 100 % vrai + accents é à ù & crochets [x] € : " + "abcdefghi " * 14 + "fin"
    )
    gateway = SmsGateway(estate_folder / "k", ports, ports.url("webhook") + "/reply")
    handset = Handset(estate_folder / "h", ports)
    with listener(ports["webhook"]) as replies:
        try:
            gateway.start()
            assert send(gateway, "avant que le combiné soit allumé").status_code == 202
            handset.start()
            assert send(gateway, long_text).text == "0: Accepted for delivery"
            wait_until(lambda: len(handset.messages()) == 2, "deux SMS")
            handset.reply("+33612345678", "Ok 4821 été")
            handset.reply("33698765432", "non")
            wait_until(lambda: len(replies) == 2, "deux réponses")
            assert gateway.alive()
            assert handset.alive()
        finally:
            handset.stop()
            gateway.stop()
    assert {m.text for m in handset.messages()} == {"avant que le combiné soit allumé", long_text}
    assert {m.to for m in handset.messages()} == {"+33612345678"}
    assert [(r["from"], r["text"]) for r in replies] == [
        ("+33612345678", "Ok 4821 été"),
        ("33698765432", "non"),
    ]
    assert not gateway.alive()
    assert not ports.taken()
