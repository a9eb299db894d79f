import base64
import time

import bcrypt
import pytest

from exporters.toolkit.auth import Authenticator, credentials


def header(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def hashed(password: bytes, cost: int = 4) -> str:
    return bcrypt.hashpw(password, bcrypt.gensalt(cost)).decode()


@pytest.fixture
def users() -> Authenticator:
    return Authenticator({"ops": hashed(b"chouette"), "été": hashed("é:ä".encode())})


def test_right_passwords_pass_and_wrong_ones_do_not(users):
    assert users.required
    assert users.allows(header("ops", "chouette"))
    assert users.allows(header("été", "é:ä"))
    assert not users.allows(header("ops", "é:ä"))
    assert not users.allows(header("nobody", "chouette"))
    assert not users.allows(header("ops", ""))


@pytest.mark.parametrize(
    "text", ["", "Bearer x", "Basic", "Basic ???", "Basic " + "YQ==", "Basic /w=="]
)
def test_what_is_no_basic_header_is_nobody(users, text):
    assert credentials(text) is None
    assert not users.allows(text)


def test_nobody_is_asked_when_there_are_no_users():
    assert not Authenticator({}).required


def test_hashes_of_htpasswd_are_understood():
    assert Authenticator({"ops": hashed(b"x").replace("$2b$", "$2y$")}).allows(header("ops", "x"))


def test_passwords_beyond_bcrypts_72_bytes_are_cut_as_elsewhere():
    long = "a" * 100
    assert Authenticator({"ops": hashed(long.encode()[:72])}).allows(header("ops", long))


def test_a_proved_password_costs_no_bcrypt_again(monkeypatch):
    users = Authenticator({"ops": hashed(b"chouette", 10)})
    began = time.perf_counter()
    assert users.allows(header("ops", "chouette"))
    once, began = time.perf_counter() - began, time.perf_counter()
    for _ in range(200):
        assert users.allows(header("ops", "chouette"))
    assert time.perf_counter() - began < 50 * once  # not 200 times
    assert not users.allows(header("ops", "chouett"))


def test_an_unknown_user_costs_as_much_as_a_known_one(monkeypatch):
    users = Authenticator({"ops": hashed(b"chouette", 6), "old": hashed(b"x", 4)})
    costs = []
    real = bcrypt.checkpw

    def checkpw(password, against):
        costs.append(against.split(b"$")[2])
        return real(password, against)

    monkeypatch.setattr(bcrypt, "checkpw", checkpw)
    users.allows(header("nobody", "x"))
    users.allows(header("ops", "x"))
    assert costs == [b"06", b"06"]


def test_the_memory_of_proved_passwords_is_bounded():
    users = Authenticator({f"u{i}": hashed(b"x") for i in range(120)})
    for i in range(120):
        assert users.allows(header(f"u{i}", "x"))
    assert len(users._known) == 100
