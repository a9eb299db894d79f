import socket
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.estate.child import EstateError, start_child, wait_until
from deploy.estate.folder import claim, forget
from deploy.estate.ports import Ports, free_base, is_free


def test_a_taken_port_is_named():
    base = free_base()
    with socket.socket() as other:
        other.bind(("127.0.0.1", base + 30))
        other.listen()
        assert Ports(base).taken() == {"webhook": base + 30}
        assert not is_free(base + 30)


def test_a_child_that_dies_at_once_says_why(tmp_path):
    command = [sys.executable, "-c", "print('pas de configuration'); raise SystemExit(3)"]
    child = start_child("essai", command, tmp_path / "log")
    with pytest.raises(EstateError, match=r"(?s)essai s'est arrêté.*pas de configuration"):
        child.wait_ready(lambda: False, 10)


def test_a_missing_program_is_a_clear_message(tmp_path):
    with pytest.raises(EstateError, match="programme absent"):
        start_child("essai", ["/nulle/part"], tmp_path / "log")


def test_stop_ends_a_child_that_ignores_sigterm_and_what_it_started(tmp_path):
    script = (
        "import os,signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "pid = os.fork()\n"
        "print(pid or 'fils', flush=True); time.sleep(60)"
    )
    child = start_child("essai", [sys.executable, "-u", "-c", script], tmp_path / "log")
    child.wait_ready(lambda: len(child.tail().split()) == 2)
    grandchild = int(next(word for word in child.tail().split() if word.isdigit()))
    child.stop(seconds=0.5)
    assert not child.alive()
    # The orphan may stay a zombie until init reaps it; a zombie runs nothing.
    stat = Path(f"/proc/{grandchild}/stat")
    wait_until(lambda: not stat.exists() or ") Z " in stat.read_text(), "petit-fils", 5)


def test_a_folder_with_somebody_elses_files_is_never_taken_nor_emptied(open_folder):
    (open_folder / "mail").mkdir()
    (open_folder / "mail" / "precieux").write_text("x")
    with pytest.raises(EstateError, match="n'est pas vide"):
        claim(open_folder)
    forget(open_folder, ("mail",))
    assert (open_folder / "mail" / "precieux").exists()


def test_a_claimed_folder_is_taken_again_and_forgets_only_what_is_named(open_folder):
    folder = claim(open_folder / "estate")
    (folder / "mail").mkdir()
    (folder / "backups").mkdir()
    assert claim(folder) == folder
    forget(folder, ("mail",))
    assert not (folder / "mail").exists()
    assert (folder / "backups").exists()


def test_a_link_or_a_closed_parent_is_refused(open_folder):
    (open_folder / "lien").symlink_to(open_folder)
    with pytest.raises(EstateError, match="quelqu'un d'autre"):
        claim(open_folder / "lien")
    closed = open_folder / "ferme"
    closed.mkdir(mode=0o700)
    with pytest.raises(EstateError, match="traversable"):
        claim(closed / "estate")


def test_two_processes_never_draw_the_same_ports():
    # Three blocks for three processes, below those that tests running beside this one draw from.
    script = (
        "from deploy.estate.ports import free_base\n"
        "print([free_base(18000, 18300) for _ in range(1)], flush=True); input()"
    )
    command = [sys.executable, "-c", script]
    children = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    drawn = [child.stdout.readline() for child in children]
    for child in children:
        child.communicate("\n")
    assert len(set(drawn)) == 3
