import errno
import socket

import pytest

from exporters.toolkit.address import ListenAddress, ListenError, bind, parse_address


@pytest.mark.parametrize("text", ["127.0.0.1:17420", "[::1]:17420", ":17420", "localhost:0"])
def test_an_address_is_read_as_it_is_written(text):
    assert str(parse_address(text)) == text


@pytest.mark.parametrize(
    "text", ["17420", "::1:17420", "host:", "host:http", "h:65536", "h:-1", "h:²"]
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(ValueError, match="attendu : hôte:port"):
        parse_address(text)


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


def test_a_host_that_does_not_resolve_is_said(monkeypatch):
    def refuse(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    with pytest.raises(ListenError, match=r"écouter sur nowhere\.test:80 : nom d'hôte inconnu"):
        bind(ListenAddress("nowhere.test", 80))
