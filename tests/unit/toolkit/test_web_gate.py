import bcrypt
import pytest
import trustme

from exporters.toolkit import webgate
from exporters.toolkit.webgate import WebGate
from inventory.process.logs import capture

HASH = bcrypt.hashpw(b"x", bcrypt.gensalt(4)).decode()


@pytest.fixture
def clock():
    return [1000.0]


@pytest.fixture
def web(tmp_path):
    return tmp_path / "web.yml"


@pytest.fixture
def gate(web, clock, monkeypatch):
    def open_gate(text: str) -> WebGate:
        web.write_text(text)
        return WebGate(web, now=lambda: clock[0])

    return open_gate


@pytest.fixture
def logs():
    with capture() as captured:
        yield captured


def test_no_file_means_nothing_is_asked():
    found = WebGate().current()
    assert found.context is None
    assert not found.authenticator.required


def test_a_file_that_did_not_change_is_not_read_again(gate, monkeypatch):
    opened = gate("")
    monkeypatch.setattr(webgate, "load_web_config", None)
    assert opened.current() is opened.current()


def test_a_change_is_seen_and_the_same_users_keep_their_proofs(gate, web, logs):
    opened = gate(f"basic_auth_users: {{a: {HASH}}}\n")
    before = opened.current().authenticator
    web.write_text(f"basic_auth_users: {{a: {HASH}}}\nhttp_server_config: {{}}\n")
    assert opened.current().authenticator is before
    web.write_text(f"basic_auth_users: {{b: {HASH}}}\n")
    assert opened.current().authenticator is not before
    assert [log["event"] for log in logs] == ["configuration web relue"] * 2


def test_a_refused_file_is_logged_once_and_tried_again(gate, web, clock, logs, tmp_path):
    opened = gate("")
    good = opened.current()
    web.write_text("tls_server_config: {cert_file: new.crt, key_file: new.key}\n")
    for _ in range(3):
        assert opened.current() is good
        clock[0] += 60
    assert len(logs) == 1
    issued = trustme.CA().issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(tmp_path / "new.key")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "new.crt")
    assert opened.current().context is not None
    assert logs[-1]["event"] == "configuration web relue"


def test_a_file_that_vanished_keeps_the_last_good_one(gate, web, logs):
    opened = gate(f"basic_auth_users: {{a: {HASH}}}\n")
    web.unlink()
    assert opened.current().authenticator.required
    assert "illisible" in logs[0]["fault"]
