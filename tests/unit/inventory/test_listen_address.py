import pytest
from pydantic import BaseModel, ValidationError

from inventory.config import ListenAddress
from inventory.config.address import parse_address


class Web(BaseModel):
    listen_address: ListenAddress = ListenAddress("127.0.0.1", 17420)


@pytest.mark.parametrize("text", ["127.0.0.1:17420", "[::1]:17420", ":17420", "localhost:0"])
def test_an_address_is_read_as_it_is_written(text):
    assert str(parse_address(text)) == text


@pytest.mark.parametrize(
    "text",
    ["17420", "::1:17420", "[::g]:1", "host:", "host:http", "a b:1", "h:65536", "h:-1", "h:²"],
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(ValueError, match="attendu : hôte:port"):
        parse_address(text)


def test_a_key_of_a_file_is_an_address():
    assert Web().listen_address == ListenAddress("127.0.0.1", 17420)
    assert Web.model_validate({"listen_address": ":80"}).listen_address == ListenAddress("", 80)
    for wrong in (17420, None, ["127.0.0.1:80"], {"host": "h", "port": 80}):
        with pytest.raises(ValidationError, match="attendu : hôte:port"):
            Web.model_validate({"listen_address": wrong})


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("192.0.2.7:80", "http://192.0.2.7:80"),
        ("[::1]:80", "http://[::1]:80"),
        (":80", "http://127.0.0.1:80"),
        ("0.0.0.0:80", "http://127.0.0.1:80"),
        ("[::]:80", "http://127.0.0.1:80"),
    ],
)
def test_the_url_of_an_address_is_one_that_can_be_asked(text, url):
    assert parse_address(text).url == url
