import errno
import socket

import pytest

from inventory.config import ListenAddress
from inventory.process import ListenError, address_of, bind, listen


def test_a_named_host_and_every_interface_can_be_bound():
    with bind(ListenAddress("127.0.0.1", 0)) as one, bind(ListenAddress("", 0)) as every:
        assert one.getsockname()[0] == "127.0.0.1"
        assert every.getsockname()[0] in ("::", "0.0.0.0")
    with bind(ListenAddress("::1", 0)) as six:
        assert six.family == socket.AF_INET6


def test_a_taken_port_is_said():
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(ListenError, match="déjà pris par un autre programme"),
    ):
        bind(ListenAddress("127.0.0.1", taken.getsockname()[1]))


def test_two_programs_that_start_together_do_not_both_listen():
    with bind(ListenAddress("127.0.0.1", 0)) as first:
        address = address_of(first)
        with bind(address) as second:  # nobody listens yet: the system lets both have it
            assert address_of(second) == address
            first.listen()
        with pytest.raises(ListenError, match=f"le port {address.port} est déjà pris"):
            listen(address)


def test_the_one_that_listens_second_is_told(monkeypatch):
    def refuse(self, backlog):
        raise OSError(errno.EADDRINUSE, "no")

    monkeypatch.setattr(socket.socket, "listen", refuse)
    with pytest.raises(ListenError, match="déjà pris par un autre programme"):
        listen(ListenAddress("127.0.0.1", 0))


def test_what_listens_can_be_reached_at_the_url_it_says():
    for host in ("127.0.0.1", ""):
        with listen(ListenAddress(host, 0)) as listener:
            port = address_of(listener).port
            assert address_of(listener).url == f"http://127.0.0.1:{port}"
            with socket.create_connection(("127.0.0.1", port), 5):
                pass


def test_an_address_of_another_machine_is_said():
    with pytest.raises(ListenError, match="n'est pas celle de cette machine"):
        bind(ListenAddress("192.0.2.1", 0))


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.EACCES, "droits insuffisants"), (errno.ENOBUFS, "no")],
)
def test_other_refusals_are_said(monkeypatch, number, words):
    def refuse(self, target):
        raise OSError(number, "no")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(ListenError, match=words):
        bind(ListenAddress("127.0.0.1", 80))


def test_a_host_that_no_resolver_could_be_asked_is_said():
    with pytest.raises(ListenError, match="nom d'hôte inconnu"):
        bind(ListenAddress("a..b", 80))


def test_a_host_that_does_not_resolve_is_said(monkeypatch):
    def refuse(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    with pytest.raises(ListenError, match=r"écouter sur nowhere\.test:80 : nom d'hôte inconnu"):
        bind(ListenAddress("nowhere.test", 80))
