"""`vigie mail contain` towards its terminal: who is asked, who reads, who presses Ctrl-C."""

import json
import os
import shutil
from contextlib import contextmanager
from importlib.resources import files

import pytest

from deploy.cli.__main__ import main
from deploy.cli.mail import contain

pytestmark = [
    pytest.mark.skipif(shutil.which("postconf") is None, reason="no Postfix here"),
    pytest.mark.skipif(os.geteuid() != 0, reason="--apply is for root"),
]
NAME = "alice@ville-valmont.test"


class Keyboard:
    """A terminal at which `typed` is typed; None: Ctrl-C."""

    def __init__(self, typed):
        self._typed = typed

    def isatty(self):
        return True

    def readline(self):
        if self._typed is None:
            raise KeyboardInterrupt
        return self._typed


@pytest.fixture
def options(tmp_path):
    for queue in ("incoming", "active", "deferred", "hold"):
        (tmp_path / "spool" / queue).mkdir(parents=True)
    etc = tmp_path / "etc"
    etc.mkdir()
    (etc / "main.cf").write_text(
        "compatibility_level = 3.7\nmyhostname = mx1.ville.test\nsmtpd_sasl_auth_enable = yes\n"
        f"queue_directory = {tmp_path}/spool\n"
    )
    (etc / "master.cf").write_text("submission inet n - n - - smtpd\n")
    (tmp_path / "mail.log").touch()
    (tmp_path / "inventory.yml").write_text((files("inventory") / "example.yml").read_text())
    config = tmp_path / "exporter.yml"
    config.write_text(
        f"inventory: {tmp_path}/inventory.yml\ncollectors:\n"
        f"  mailqueue: {{queue_directory: {tmp_path}/spool, config_directory: {etc}}}\n"
        f"  maillog: {{path: {tmp_path}/mail.log}}\n"
    )
    return [
        *("mail", "contain", NAME, "--force", "--config", str(config)),
        *("--journal", str(tmp_path / "j"), "--dovecot", str(tmp_path / "none.conf")),
    ]


@pytest.mark.parametrize("typed", ["non\n", None])
def test_a_program_s_answer_is_whole_when_nobody_confirms_and_who_is_asked_sees_the_plan(
    typed, options, capsys, monkeypatch, tmp_path
):
    monkeypatch.setattr("sys.stdin", Keyboard(typed))
    assert main([*options, "--apply", "--json"]) == 2
    out, err = capsys.readouterr()
    answer = json.loads(out)
    assert (answer["account"], answer["applied"]) == (NAME, False)
    assert answer["failure"] == "pas confirmé"
    plan, _, after = err.partition("Taper « oui »")
    assert "vigie_contained" in plan
    assert "Rien n'a été fait." in after
    assert not (tmp_path / "etc" / "vigie_contained").exists()


def test_ctrl_c_at_the_question_is_a_no(options, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", Keyboard(None))
    assert main([*options, "--apply"]) == 2
    assert "Rien n'a été fait." in capsys.readouterr().err


def test_ctrl_c_on_the_way_says_what_is_done_and_how_to_go_on(options, capsys, monkeypatch):
    def interrupted(self):
        self._say("refuse", "Postfix refuse ses envois")
        raise KeyboardInterrupt

    monkeypatch.setattr(contain.Containment, "run", interrupted)
    assert main([*options, "--apply", "--yes"]) == 130
    err = capsys.readouterr().err
    assert "ARRÊTÉ : interrompu" in err
    assert "Fait : Refuser ses envois (Postfix)." in err


def test_ctrl_c_before_anything_is_one_line(options, capsys, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(contain, "load_site", interrupted)
    assert main(options) == 130
    assert capsys.readouterr().err == "\nvigie : interrompu\n"


@contextmanager
def _pipe(monkeypatch):
    """Standard output is a pipe; its reading end. No fixture: pytest would put its own back."""
    reading, writing = os.pipe()
    with open(writing, "w", encoding="utf-8") as output:  # noqa: PTH123 - a descriptor
        monkeypatch.setattr("sys.stdout", output)
        yield reading


def test_a_reader_that_has_enough_ends_it_without_a_word(options, capsys, monkeypatch):
    with _pipe(monkeypatch) as reading:
        os.close(reading)
        assert main(options) == 141
    assert capsys.readouterr().err == ""


def test_the_account_is_stopped_even_if_nobody_reads_any_more(
    options, capsys, monkeypatch, tmp_path
):
    def run(self):
        os.close(reading)
        self._say("refuse", "Postfix refuse ses envois")
        self._say("over", "plus rien ne part de ce compte")
        (tmp_path / "whole").touch()

    monkeypatch.setattr(contain.Containment, "run", run)
    with _pipe(monkeypatch) as reading:
        assert main([*options, "--apply", "--yes"]) == 0
    assert (tmp_path / "whole").exists()
    assert capsys.readouterr().err == ""
