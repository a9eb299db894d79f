import pytest

from exporters.toolkit.listening import listen_on
from inventory.config import ListenAddress
from inventory.process import ListenError, bind


def test_an_address_written_twice_is_listened_on_once():
    with bind(ListenAddress("127.0.0.1", 0)) as free:
        address = ListenAddress(*free.getsockname())
    (only,) = listen_on([address, address])
    only.close()


def test_a_second_copy_is_told_before_the_first_one_serves():
    (ours,) = listen_on([ListenAddress("127.0.0.1", 0)])
    with ours, pytest.raises(ListenError, match="déjà pris"):
        listen_on([ListenAddress("127.0.0.1", 0), ListenAddress(*ours.getsockname())])
