"""`vigie mail contain` against a flood through sessions that stay open, on a real Postfix."""

from __future__ import annotations

import json
import os
import signal
import smtplib
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import pytest

from deploy.cli.__main__ import main
from deploy.containment.connections import Connection
from deploy.containment.journal import Journal
from deploy.estate.child import wait_until
from deploy.estate.mail import MailServer
from deploy.estate.submit import Session, submit

THIEF, OTHER = "alice@ville-valmont.test", "bruno@brecourt.test"


class Flood:
    """An account that sends through one session, again and again, until it is refused."""

    def __init__(
        self, mail: MailServer, password: str, address: str, domain: str = "lent.test"
    ) -> None:
        self._mail, self._password = mail, password
        self._address, self._domain = address, domain
        self.sent = 0
        self.end = ""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            with Session(
                self._mail.ports,
                THIEF,
                self._password,
                source_address=self._address,
                timeout=20,
            ) as session:
                while True:
                    name = f"{self.sent}.{id(self)}@flood.test"
                    session.send([f"victime{self.sent}@{self._domain}"], message_id=name, size=500)
                    self.sent += 1
                    time.sleep(0.02)
        except (smtplib.SMTPException, OSError) as error:
            self.end = str(error) or type(error).__name__

    @property
    def accepted(self) -> tuple[int, int]:
        """How many messages Postfix took: the answer to the last one may have been cut off."""
        return self.sent, self.sent + 1

    def wait(self, seconds: float = 10) -> None:
        self._thread.join(seconds)
        assert not self._thread.is_alive(), "the session is still open"


@pytest.fixture
def config(mail: MailServer, tmp_path: Path) -> Path:
    (tmp_path / "inventory.yml").write_text((files("inventory") / "example.yml").read_text())
    path = tmp_path / "exporter.yml"
    path.write_text(
        f"inventory: {tmp_path}/inventory.yml\ncollectors:\n"
        f"  mailqueue: {{queue_directory: {mail.queue_directory},"
        f" config_directory: {mail.config_directory}}}\n"
        f"  maillog: {{path: {mail.log}}}\n"
    )
    return path


@pytest.fixture
def vigie(
    mail: MailServer, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., tuple[int, str]]]:
    def call(action: str, *words: str) -> tuple[int, str]:
        capsys.readouterr()
        options = ["--config", str(config)]
        if action != "who":
            options += ["--journal", str(tmp_path / "j")]
            options += ["--dovecot", str(mail.folder / "dovecot" / "dovecot.conf")]
        status = main(["mail", action, *words, *options])
        out, err = capsys.readouterr()
        print(out, err)
        return status, out + err

    return call


def _send(mail: MailServer, account: str, passwords: dict[str, str], name: str) -> None:
    submit(mail.ports, account, passwords[account], ["x@dest.test"], message_id=f"{name}@test")


def test_a_flood_is_stopped_at_once_and_can_be_undone(mail, passwords, vigie, tmp_path):
    mail.stop_fast_relay()  # mail of the other account waits in the queue too
    _send(mail, OTHER, passwords, "before")
    floods = [Flood(mail, passwords[THIEF], f"127.0.{net}.9") for net in (3, 4, 5)]
    silent = Session(mail.ports, THIEF, passwords[THIEF], source_address="127.0.3.9")
    with Session(mail.ports, OTHER, passwords[OTHER]) as other:
        other.send(["x@dest.test"], message_id="open@test")
        wait_until(lambda: sum(flood.sent for flood in floods) > 60, "flood")
        assert vigie("contained", THIEF)[0] == 2
        status, text = vigie("contain", THIEF, "--apply", "--yes")
        assert status == 0, text
        for flood in floods:
            flood.wait()
        with pytest.raises((smtplib.SMTPException, OSError)):
            silent.send(["x@dest.test"], message_id="silent@test")
        assert vigie("contained", THIEF)[0] == 0
        other.send(["x@dest.test"], message_id="still-open@test")
    with pytest.raises(smtplib.SMTPRecipientsRefused, match="suspendu"):
        _send(mail, THIEF, passwords, "after")
    _send(mail, OTHER, passwords, "after-other")
    status, text = vigie("contained", THIEF, "--json")
    data = json.loads(text)
    assert (status, data["over"], data["refused"]) == (0, True, 1)
    assert "throttling" not in mail.log.read_text()  # nobody else was kept waiting
    assert data["trying"]
    assert data["held"] > 20
    assert mail.queue_counts()["hold"] == data["held"]
    assert mail.queue_counts()["deferred"] + mail.queue_counts()["active"] == 4
    # A second run finds nothing to do, and says so.
    status, text = vigie("contain", THIEF)
    assert text.count("rien à faire") == 4
    status, text = vigie("contain", THIEF, "--undo", "--apply", "--yes")
    assert status == 0, text
    assert mail.queue_counts()["hold"] == 0
    assert data["held"] + 4 == sum(mail.queue_counts().values())
    _send(mail, THIEF, passwords, "again")
    assert vigie("contained", THIEF)[0] == 2


def test_what_others_held_stays_held_and_what_we_held_can_be_deleted(mail, passwords, vigie):
    mail.stop_fast_relay()
    _send(mail, THIEF, passwords, "first")
    (theirs,) = _names(mail, "deferred", "active", "incoming")
    subprocess.run(["postsuper", "-c", mail.config_directory, "-h", theirs], check=True)
    _send(mail, THIEF, passwords, "second")
    assert vigie("contain", THIEF, "--apply", "--yes")[0] == 0
    status, text = vigie("contained", THIEF)
    assert status == 0
    assert "retenus par nous  1" in text
    assert "retenus par d'autres       1" in text
    (ours,) = set(_names(mail, "hold")) - {theirs}
    assert vigie("contain", THIEF, "--purge", "--ids")[1].split() == [ours]
    assert vigie("contain", THIEF, "--purge", "--apply", "--yes")[0] == 0
    assert _names(mail, "hold") == [theirs]
    assert vigie("contained", THIEF)[0] == 0
    assert vigie("contain", THIEF, "--undo", "--apply", "--yes")[0] == 0
    assert _names(mail, "hold") == [theirs]
    _send(mail, THIEF, passwords, "third")


def test_killed_at_any_step_a_second_run_finishes_it(mail, passwords, config, vigie, tmp_path):
    mail.stop_fast_relay()
    flood = Flood(mail, passwords[THIEF], "127.0.3.9", "dest.test")
    wait_until(lambda: flood.sent > 10, "flood")
    for step in ("refuse", "sessions", "hold"):
        # Everything of this step was done, and is not written down yet.
        child = os.fork()
        if not child:
            _contain_until_killed(step, config, tmp_path / "j")
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
        assert vigie("contained", THIEF)[0] == 1
    flood.wait()
    status, text = vigie("contain", THIEF, "--apply", "--yes")
    assert status == 0, text
    status, text = vigie("contained", THIEF, "--json")
    assert status == 0, text
    assert json.loads(text)["held"] in flood.accepted
    assert vigie("contain", THIEF, "--undo", "--apply", "--yes")[0] == 0
    assert mail.queue_counts()["hold"] == 0


def _contain_until_killed(step: str, config: Path, journal: Path) -> None:
    """In a process of its own: killed where it would write that the step is done."""
    write = Journal.write

    def killed(self: Journal, name: str, event: str, *rest: object, **more: object) -> None:
        if (name, event) == (step, "done"):
            os.kill(os.getpid(), signal.SIGKILL)
        write(self, name, event, *rest, **more)

    try:
        Journal.write = killed
        options = ["--config", str(config), "--journal", str(journal)]
        main(["mail", "contain", THIEF, "--apply", "--yes", *options])
    finally:
        os._exit(99)


def test_dovecot_refuses_it_too_where_it_has_a_file_for_that(mail, passwords, vigie):
    folder = mail.folder / "dovecot"
    denied = folder / "denied"
    denied.write_text("quelqu-un@ailleurs.test")
    denied.chmod(0o644)
    settings = folder / "dovecot.conf"
    settings.write_text(
        # Wrong passwords cost no waiting here.
        "auth_failure_delay = 0\n"
        "service anvil {\n  unix_listener anvil-auth-penalty {\n    mode = 0\n  }\n}\n"
        f"passdb {{\n  driver = passwd-file\n  deny = yes\n  args = {denied}\n}}\n"
        + settings.read_text()
    )
    subprocess.run(["doveadm", "-c", settings, "reload"], check=True)
    _send(mail, THIEF, passwords, "before")
    assert vigie("contain", THIEF, "--apply", "--yes")[0] == 0
    assert denied.read_text() == f"quelqu-un@ailleurs.test\n{THIEF}\n"
    _next_second()
    with pytest.raises(smtplib.SMTPAuthenticationError):
        _send(mail, THIEF, passwords, "after")
    _send(mail, OTHER, passwords, "other")
    assert vigie("contain", THIEF, "--undo", "--apply", "--yes")[0] == 0
    _next_second()
    _send(mail, THIEF, passwords, "again")


def _next_second() -> None:
    """Dovecot looks at most once a second whether such a file has changed."""
    second = int(time.time())
    wait_until(lambda: int(time.time()) > second + 1, "next second")


def test_the_commands_as_printed_do_it_in_a_shell(mail, passwords, vigie, tmp_path):
    mail.stop_fast_relay()
    flood = Flood(mail, passwords[THIEF], "127.0.3.9", "dest.test")
    wait_until(lambda: flood.sent > 10, "flood")
    plan = json.loads(vigie("contain", THIEF, "--json")[1])
    _shell(tmp_path, *(command for step in plan["steps"] for command in step["commands"]))
    flood.wait()
    again = json.loads(vigie("contain", THIEF, "--json")[1])
    # What came while the commands were typed.
    _shell(tmp_path, *again["steps"][3]["commands"])
    status, text = vigie("contained", THIEF, "--since", datetime.now(UTC).isoformat())
    assert status == 0, text
    assert mail.queue_counts()["hold"] in flood.accepted
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        _send(mail, THIEF, passwords, "after")
    _shell(tmp_path, *plan["later"])
    _send(mail, THIEF, passwords, "again")
    assert mail.queue_counts()["hold"] == 0


def _shell(home: Path, *commands: str) -> None:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "HOME": str(home), "PATH": path}
    script = "\n".join(("set -e", *commands))
    subprocess.run(["bash", "-c", script], check=True, env=environment, stdout=subprocess.DEVNULL)


def test_an_account_nobody_knows_is_refused_unless_forced(mail, vigie):
    status, text = vigie("contain", "nul@ville-valmont.test")
    assert status == 2
    assert "jamais vu" in text
    status, text = vigie("contain", "nul@ville-valmont.test", "--force")
    assert status == 0
    assert "postmap" in text


def test_who_names_it_with_its_networks_queue_and_sessions(mail, passwords, vigie, monkeypatch):
    mail.stop_fast_relay()
    floods = [Flood(mail, passwords[THIEF], f"127.0.{net}.9") for net in range(3, 9)]
    wait_until(lambda: sum(flood.sent for flood in floods) > 120, "flood")
    # What waits for the queue manager is judged with the first line of the next second.
    wait_until(lambda: json.loads(vigie("who", THIEF, "--json")[1])["score"] > 50, "a score")
    data = json.loads(vigie("who", THIEF, "--json")[1])
    assert {n["network"] for n in data["networks"]} >= {f"127.0.{net}.0/24" for net in range(3, 9)}
    assert data["queue"]["messages"] >= 120
    assert {s["client"] for s in data["sessions"]} == {f"127.0.{net}.9" for net in range(3, 9)}
    text = vigie("who", THIEF)[1]
    assert f"{THIEF} : " in text
    assert "Sessions SMTP   6 : " in text
    text = vigie("who")[1]
    assert THIEF in text
    assert f"; {THIEF} " in text  # most of the queue is its
    # Where the kernel closes no connection for us, the process is ended instead.
    monkeypatch.setattr(Connection, "closing", lambda _: ("true",))
    status, text = vigie("contain", THIEF, "--apply", "--yes")
    assert status == 0
    assert "processus SMTP tués : 6" in text
    for flood in floods:
        flood.wait()


def test_nothing_is_done_before_someone_types_yes(mail, passwords, vigie, monkeypatch):
    _send(mail, THIEF, passwords, "one")
    assert vigie("contain", THIEF, "--apply")[0] == 2  # no terminal here
    master, slave = os.openpty()
    with open(slave) as terminal, open(master, "w") as keyboard:  # noqa: PTH123 - descriptors
        monkeypatch.setattr("sys.stdin", terminal)
        for typed, done in (("non\n", False), ("Oui\n", True)):
            keyboard.write(typed)
            keyboard.flush()
            status, text = vigie("contain", THIEF, "--apply")
            assert status == (0 if done else 2)
            assert ("Rien n'a été fait" in text) is not done
            assert (mail.config_directory / "vigie_contained").exists() is done


def _names(mail: MailServer, *queues: str) -> list[str]:
    return [path.name for queue in queues for path in (mail.queue_directory / queue).rglob("*z*")]
