import contextlib
import socket
import ssl
import threading
import time
from http import HTTPStatus

import pytest
import trustme

from exporters.toolkit import handler
from exporters.toolkit import server as server_module
from exporters.toolkit.connections import Connections
from exporters.toolkit.handler import Handler, HeadReader
from exporters.toolkit.routes import Request, Response
from exporters.toolkit.server import Server
from exporters.toolkit.webgate import WebGate
from inventory.config import ListenAddress
from inventory.process import bind


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    theirs.settimeout(5)
    yield ours, theirs
    ours.close()
    theirs.close()


def reader(stream, head=0.2, idle=0.2):
    return HeadReader(stream, head, idle)


def test_heads_are_cut_out_of_the_stream_one_by_one(pair):
    ours, theirs = pair
    theirs.sendall(b"GET / HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n")
    heads = reader(ours)
    assert heads.read() == b"GET / HTTP/1.1\r\n\r\n"
    assert heads.read() == b"GET /2 HTTP/1.1\r\n\r\n"
    theirs.close()
    assert heads.read() == b""


def test_a_silent_client_is_let_go(pair):
    with pytest.raises(TimeoutError):
        reader(pair[0]).read()


def test_a_client_that_drips_bytes_is_let_go_in_the_same_time(pair):
    ours, theirs = pair
    stop = threading.Event()

    def drip():
        while not stop.wait(0.03):
            try:
                theirs.send(b"x")
            except OSError:
                return

    thread = threading.Thread(target=drip)
    thread.start()
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        reader(ours, head=0.2, idle=60).read()
    assert time.monotonic() - began < 1
    stop.set()
    thread.join()


def test_a_kept_connection_may_idle_longer_than_a_head_may_take(pair):
    ours, theirs = pair
    heads = reader(ours, head=0.1, idle=5)
    theirs.sendall(b"1\r\n\r\n")
    heads.read()
    threading.Timer(0.3, theirs.sendall, [b"2\r\n\r\n"]).start()
    assert heads.read() == b"2\r\n\r\n"


def say(words: str) -> Response:
    return Response(HTTPStatus.OK, "text/plain", words.encode() + b"\n")


def echo(request: Request) -> Response:
    return say(request.target)


def fail(request: Request) -> Response:
    raise RuntimeError("password=hunter2")


def serve(ours, answer, connections=None) -> None:
    connections = connections or Connections()
    link = connections.admit(ours)
    with contextlib.suppress(OSError):
        Handler(link, ("test", 0), connections, answer, head_seconds=0.5, idle_seconds=0.5)
    connections.forget(link)
    link.shut()


def exchange(pair, sent: bytes, answer=echo) -> bytes:
    ours, theirs = pair
    theirs.sendall(sent)
    theirs.shutdown(socket.SHUT_WR)
    serve(ours, answer)
    received = b""
    while chunk := theirs.recv(65536):
        received += chunk
    return received


def test_several_requests_share_a_connection(pair):
    received = exchange(
        pair, b"GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\nConnection: close\r\n\r\n"
    )
    assert received.count(b"HTTP/1.1 200 OK") == 2
    assert received.endswith(b"/b\n")
    assert received.count(b"Connection: close") == 1


def test_a_body_is_never_taken_for_a_request(pair):
    received = exchange(
        pair, b"POST /a HTTP/1.1\r\nContent-Length: 30\r\n\r\nGET /b HTTP/1.1\r\n\r\n"
    )
    assert received.count(b"HTTP/1.1 ") == 1
    assert b"Connection: close" in received


@pytest.mark.parametrize(
    "line",
    [b"Content-Length : 30", b"Transfer-Encoding\t: chunked", b"nonsense\r\nContent-Length: 30"],
)
def test_a_head_with_a_line_that_is_no_field_is_refused(pair, line):
    received = exchange(pair, b"POST /a HTTP/1.1\r\n" + line + b"\r\n\r\nGET /b HTTP/1.1\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 400 ")
    assert received.count(b"HTTP/1.1 ") == 1
    assert b"Connection: close" in received


def test_a_head_has_a_size(pair):
    received = exchange(pair, b"GET / HTTP/1.1\r\nX: " + b"x" * 40000)
    assert received.startswith(b"HTTP/1.1 431 ")


def test_half_a_head_is_refused(pair):
    assert exchange(pair, b"GET / HTTP/1.1\r\n").startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize(
    "line", [b"nonsense", b"GET / HTTP/9.9", b"GET / HTTP/x", b"\x16\x03\x01\x02"]
)
def test_what_is_no_http_gets_a_problem_and_no_page(pair, line):
    received = exchange(pair, line + b"\r\n\r\n")
    assert b"application/problem+json" in received
    assert b"<html" not in received.lower()


def test_an_answer_that_fails_is_a_500_that_tells_nothing(pair):
    received = exchange(pair, b"GET / HTTP/1.1\r\n\r\n", fail)
    assert received.startswith(b"HTTP/1.1 500 ")
    assert b"hunter2" not in received


def test_head_has_the_length_and_no_body(pair):
    received = exchange(pair, b"HEAD /abc HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert b"Content-Length: 5" in received
    assert received.endswith(b"\r\n\r\n")


def test_a_client_that_drips_over_tls_is_let_go(pair, monkeypatch):
    monkeypatch.setattr(handler, "WRITE_SECONDS", 0.5)
    authority, server = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("here.test").configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    ours, theirs = pair

    def drip():
        with (
            contextlib.suppress(OSError),
            client.wrap_socket(theirs, server_hostname="here.test") as stream,
        ):
            stream.sendall(b"GET / HTTP/1.1\r\n\r\n")
            while stream.recv(16384):
                time.sleep(0.1)

    slow = threading.Thread(target=drip)
    slow.start()
    large = Response(HTTPStatus.OK, "text/plain", b"x" * 4_194_304)
    with server.wrap_socket(ours, server_side=True) as stream:
        began = time.monotonic()
        serve(stream, lambda _: large)
    assert time.monotonic() - began < 3
    slow.join(timeout=10)
    assert not slow.is_alive()


def test_too_many_connections_push_out_the_oldest_idle_one():
    connections = Connections(limit=2)
    pairs = [socket.socketpair() for _ in range(3)]
    links = [connections.admit(ours) for ours, _ in pairs[:2]]
    with connections.at_work(links[0]):
        connections.admit(pairs[2][0])
    assert len(connections) == 2
    pairs[1][1].settimeout(5)
    assert pairs[1][1].recv(1) == b""
    for ours, theirs in pairs:
        ours.close()
        theirs.close()


def test_when_all_are_at_work_the_newcomer_is_turned_away():
    connections = Connections(limit=1)
    pairs = [socket.socketpair() for _ in range(2)]
    with connections.at_work(connections.admit(pairs[0][0])):
        connections.admit(pairs[1][0])
        pairs[1][1].settimeout(5)
        assert pairs[1][1].recv(1) == b""
    for ours, theirs in pairs:
        ours.close()
        theirs.close()


def test_draining_waits_for_those_at_work_only_so_long(pair):
    connections = Connections()
    link = connections.admit(pair[0])
    with connections.at_work(link):
        assert not connections.drain(0.05)
    assert connections.drain(1)
    assert connections.draining
    serve(pair[0], fail, connections)  # a request after the drain is not read


@pytest.fixture
def served():
    sockets = [bind(ListenAddress("127.0.0.1", 0))]
    server = Server(sockets, WebGate(), lambda request: say("fine"))
    server.start()
    yield server, sockets[0].getsockname()
    if not server._stopping:
        server.stop(1)


def fetch(address) -> bytes:
    with socket.create_connection(address, timeout=5) as client:
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        return client.recv(1000)


def test_after_a_stop_nobody_is_accepted(served):
    server, address = served
    assert fetch(address).startswith(b"HTTP/1.1 200")
    assert server.stop(1)
    with pytest.raises(OSError):
        fetch(address)


def test_a_failing_accept_is_survived():
    class Moody(socket.socket):
        moods = 3

        def accept(self):
            if Moody.moods:
                Moody.moods -= 1
                raise OSError("too many open files")
            return super().accept()

    listener = Moody(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind(("127.0.0.1", 0))
    server = Server([listener], WebGate(), lambda request: say("fine"))
    server.start()
    assert fetch(listener.getsockname()).startswith(b"HTTP/1.1 200")
    server.stop(1)


def test_a_thread_that_cannot_start_drops_only_that_client(served, monkeypatch):
    _, address = served

    class Refusing(threading.Thread):
        refusals = 1

        def start(self):
            if Refusing.refusals:
                Refusing.refusals -= 1
                raise RuntimeError("can't start new thread")
            super().start()

    monkeypatch.setattr(server_module, "Thread", Refusing)
    with socket.create_connection(address, timeout=5) as client:
        assert client.recv(1) == b""
    assert fetch(address).startswith(b"HTTP/1.1 200")
