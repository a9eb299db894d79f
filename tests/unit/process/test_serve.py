"""Serving until told to stop, in a process of its own: signals belong to the whole process."""

import signal
import subprocess
import sys
import textwrap

import pytest

SERVER = """
    import time
    from inventory.config import ListenAddress
    from inventory.process import listen, serve_until_stopped

    class Server:
        should_exit = False

        def run(self, sockets=None):
            {run}

    with listen(ListenAddress("127.0.0.1", 0)) as listener:
        print(serve_until_stopped(Server(), listener, {more}), flush=True)
"""
UNTIL_ASKED = """
            print("serves", sockets[0].getsockname()[0], flush=True)
            while not self.should_exit:
                time.sleep(0.01)
            print("drained", flush=True)
"""


HANG_UP = "on_hangup=lambda: print('read again', flush=True)"


def start(run: str, more: str = "") -> subprocess.Popen[str]:
    body = textwrap.indent(textwrap.dedent(run).strip(), " " * 8).strip()
    code = textwrap.dedent(SERVER).replace("{run}", body).replace("{more}", more)
    return subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_drains_when_asked_to_stop_and_a_hang_up_changes_nothing(number):
    process = start(UNTIL_ASKED)
    assert process.stdout.readline() == "serves 127.0.0.1\n"
    process.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.3)
    process.send_signal(number)
    assert process.communicate(timeout=10) == ("drained\nTrue\n", "")
    assert process.returncode == 0


def test_what_is_to_be_done_at_a_hang_up_is_done_while_the_server_serves():
    process = start(UNTIL_ASKED, HANG_UP)
    process.stdout.readline()
    for _ in range(2):
        process.send_signal(signal.SIGHUP)
        assert process.stdout.readline() == "read again\n"
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=10) == ("drained\nTrue\n", "")


def test_a_server_that_ends_by_itself_is_told_apart():
    out, errors = start("return").communicate(timeout=10)
    assert (out, errors) == ("False\n", "")
    out, errors = start('raise OSError("broken")').communicate(timeout=10)
    assert out == "False\n"
    assert "broken" in errors


def test_signals_in_a_storm_never_block_the_process():
    process = start(UNTIL_ASKED)
    process.stdout.readline()
    for _ in range(200):
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=10)[0] == "drained\nTrue\n"
