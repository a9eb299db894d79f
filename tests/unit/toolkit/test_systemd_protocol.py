"""sd_notify, the watchdog's variables and inherited sockets, without a systemd."""

import os
import socket
import threading

import pytest

from exporters.toolkit.connections import Connections
from exporters.toolkit.pulse import near
from exporters.toolkit.routes import Response
from exporters.toolkit.server import Server
from exporters.toolkit.systemd import (
    Notifier,
    Service,
    SocketError,
    inherited_sockets,
    service_of,
)
from exporters.toolkit.watchdog import Watchdog
from exporters.toolkit.webgate import WebGate
from inventory.config import ListenAddress
from inventory.process import bind
from inventory.process.logs import capture


@pytest.fixture(params=["path", "abstract"])
def manager(request, tmp_path):
    """What systemd would listen on: (its socket, NOTIFY_SOCKET)."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as inbox:
        inbox.settimeout(5)
        if request.param == "path":
            address = str(tmp_path / "notify")
            inbox.bind(address)
        else:
            address = f"@vigie-test-{os.getpid()}-{id(inbox)}"
            inbox.bind(f"\0{address[1:]}")
        yield inbox, address


def test_systemd_is_told_by_path_and_by_abstract_name(manager):
    inbox, address = manager
    environment = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "3000000", "HOME": "/"}
    service = service_of(environment, 12)
    assert environment == {"HOME": "/"}
    assert service.watchdog == 3.0
    service.notifier.tell("READY=1", "STATUS=À l'écoute\nici")
    assert inbox.recv(4096).decode() == "READY=1\nSTATUS=À l'écoute ici"


@pytest.mark.parametrize("address", ["", "/nowhere/notify", "vsock:2:1"])
def test_without_systemd_nothing_is_said_and_nothing_fails(address):
    service = service_of({"NOTIFY_SOCKET": address} if address else {}, 1)
    assert service.watchdog == 0
    service.notifier.tell("READY=1")


@pytest.mark.parametrize(
    ("variables", "seconds"),
    [
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": "7"}, 0.5),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": "8"}, 0.0),
        ({"WATCHDOG_USEC": "soon"}, 0.0),
    ],
)
def test_the_watchdog_is_only_for_the_process_it_names(variables, seconds):
    assert service_of(variables, 7).watchdog == seconds


def handed(*sockets):
    """Duplicates at consecutive descriptors, as systemd arranges; the first number."""
    first = 700
    for index, one in enumerate(sockets):
        os.dup2(one.fileno(), first + index)
    return first


def variables(count, process=7, names="web:more"):
    return {"LISTEN_PID": str(process), "LISTEN_FDS": str(count), "LISTEN_FDNAMES": names}


def test_listening_sockets_are_taken_over_and_children_do_not_get_them():
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("", 0)) as two:
        environment = variables(2)
        taken = inherited_sockets(environment, 7, handed(one, two))
        assert environment == {}
        assert [t.getsockname() for t in taken] == [one.getsockname(), two.getsockname()]
        assert not any(t.get_inheritable() for t in taken)
        for t in taken:
            t.close()


@pytest.mark.parametrize("environment", [{}, variables(1, process=8), variables(0), variables("x")])
def test_no_socket_for_this_process_is_a_sentence(environment):
    with pytest.raises(SocketError, match="n'a transmis aucune prise"):
        inherited_sockets(environment, 7)


def test_what_cannot_be_served_is_named(tmp_path):
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as local,
        socket.socket() as silent,
        (tmp_path / "file").open("w") as file,
    ):
        for one, words in (
            (local, "la prise web n'est pas TCP"),
            (silent, "la prise web n'écoute pas"),
            (file, r"le descripteur 700 \(web\) n'est pas une prise"),
        ):
            with pytest.raises(SocketError, match=words):
                inherited_sockets(variables(1), 7, handed(one))


def test_a_descriptor_that_is_not_there_and_a_socket_without_a_name_are_sentences():
    with pytest.raises(SocketError, match=r"le descripteur 900 \(sans nom\) n'est pas une prise"):
        inherited_sockets(variables(2, names=""), 7, 900)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as local:
        nameless = {"LISTEN_PID": "7", "LISTEN_FDS": "1"}
        with pytest.raises(SocketError, match="la prise sans nom n'est pas TCP"):
            inherited_sockets(nameless, 7, handed(local))


class Manager(Notifier):
    def __init__(self):
        self.told = []
        self.changed = threading.Semaphore(0)

    def tell(self, *assignments):
        self.told += assignments
        self.changed.release()


def test_signs_of_life_stop_when_the_server_does_not_answer():
    manager, alive = Manager(), threading.Event()
    asked = threading.Semaphore(0)
    alive.set()

    def answers(seconds):
        asked.release()
        return alive.is_set()

    watchdog = Watchdog(Service(manager, 0.1), answers)
    watchdog.start()
    with capture() as logs:
        for _ in range(2):
            assert manager.changed.acquire(timeout=5)
        alive.clear()
        assert asked.acquire(timeout=5)
        before = None
        while before is None or asked.acquire(timeout=0.2):
            before = len(manager.told) if before is None else before
            if len(logs) >= 2:
                break
    watchdog.stop()
    assert set(manager.told) == {"WATCHDOG=1"}
    assert len(manager.told) <= before + 1
    assert {log["log_level"] for log in logs} == {"error"}


def test_without_a_watchdog_nobody_is_asked():
    watchdog = Watchdog(Service(Notifier()), lambda _: pytest.fail("asked"))
    watchdog.start()
    watchdog.stop()


@pytest.fixture
def server(tmp_path):
    """A server whose clients need a password; (server, its first listener)."""
    made = []

    def go(host="127.0.0.1", health=None):
        listener = bind(ListenAddress(host, 0))
        made.append(
            Server(
                [listener],
                WebGate(),
                lambda _: Response(401, "text/plain", b""),
                Connections(),
                health=health or (lambda _: Response(200, "text/plain", b"")),
            )
        )
        made[-1].start()
        return made[-1], listener

    yield go
    for one in made:
        one.stop(5)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", ""])
def test_a_server_answers_its_own_calls_but_nobody_elses_without_a_password(server, host):
    running, listener = server(host)
    assert running.answers(5)
    address = (host or "127.0.0.1", listener.getsockname()[1])
    with socket.create_connection(address, timeout=5) as client:
        client.sendall(b"GET /-/healthy HTTP/1.1\r\n\r\n")
        assert client.recv(64).startswith(b"HTTP/1.1 401")


# That a thread dies is what the test is about.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_accept_loop_that_died_is_noticed(server, monkeypatch):
    running, _ = server()

    def die(self, stream):
        stream.close()
        raise SystemExit  # ends the accepting thread and nothing else

    monkeypatch.setattr(Connections, "admit", die)
    assert not running.answers(0.3)
    monkeypatch.undo()
    assert not running.answers(0.3)


class Bound:
    """A socket, as far as where it can be called depends on it."""

    def __init__(self, *name, only_ipv6=False):
        self.getsockname = lambda: name
        self.getsockopt = lambda level, option: only_ipv6


@pytest.mark.parametrize(
    ("listener", "address"),
    [
        (Bound("0.0.0.0", 1), ("127.0.0.1", 1)),
        (Bound("10.0.0.1", 1), ("10.0.0.1", 1)),
        (Bound("::", 1, 0, 0, only_ipv6=True), ("::1", 1, 0, 0)),
        # Where IPv6 is switched off, ::1 does not exist and :: still takes IPv4.
        (Bound("::", 1, 0, 0), ("::ffff:127.0.0.1", 1, 0, 0)),
        (Bound("fe80::1", 1, 0, 2, only_ipv6=True), ("fe80::1", 1, 0, 2)),
    ],
)
def test_a_server_is_called_where_it_can_be_reached(listener, address):
    assert near(listener) == address


def test_an_application_that_hangs_is_noticed(server):
    release = threading.Event()
    running, _ = server(health=lambda _: release.wait(5) and Response(200, "text/plain", b""))
    assert not running.answers(0.2)
    release.set()


def test_stopping_leaves_a_borrowed_socket_listening(server):
    running, listener = server()
    lent = listener.dup()
    running.stop(5)
    with lent, socket.create_connection(lent.getsockname(), timeout=5):
        lent.settimeout(5)
        lent.accept()[0].close()
