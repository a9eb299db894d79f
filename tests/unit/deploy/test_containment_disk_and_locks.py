"""A journal on a full disk, two people at the shared tables, and a table edited by hand."""

import resource
import shutil
import threading
import time
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from deploy.containment import plan, release
from deploy.containment.apply import execute
from deploy.containment.command import Command
from deploy.containment.errors import ContainmentError
from deploy.containment.journal import Journal
from deploy.containment.names import table_line
from deploy.containment.postfix import LISTS, Postfix
from deploy.containment.runner import run

ALICE, BRUNO = "alice@v.fr", "bruno@v.fr"


def _journal(tmp_path, account=ALICE):
    return Journal(tmp_path / "j", account, lambda: datetime(2026, 5, 1, 3, 12, tzinfo=UTC))


@pytest.fixture
def file_limit():
    """No file may grow beyond so many bytes: like a full disk, a write takes what fits."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit(size):
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))

    yield limit
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_record_that_a_full_disk_cuts_short_is_an_error_and_leaves_no_torn_end(
    tmp_path, file_limit
):
    journal = _journal(tmp_path)
    journal.write("refuse", "done")
    before = journal.path.read_bytes()
    file_limit(len(before) + 40)
    with pytest.raises(ContainmentError, match=r"« hold » n'a pu y être notée .* attendu") as error:
        journal.write("hold", "begin", ids=["A" * 60])
    file_limit(resource.getrlimit(resource.RLIMIT_FSIZE)[1])
    assert str(journal.path) in str(error.value)
    assert journal.path.read_bytes() == before
    journal.write("hold", "begin", ids=["B"])
    assert journal.history().ours == {"B"}


def test_a_step_that_cannot_be_written_down_is_not_begun(tmp_path, file_limit):
    journal = _journal(tmp_path)
    journal.write("refuse", "done")
    file_limit(journal.path.stat().st_size + 40)
    proof = tmp_path / "ran"
    with pytest.raises(ContainmentError, match="journal"):
        execute(journal, "hold", [Command(("touch", str(proof)))], str)
    assert not proof.exists()


def test_a_failure_that_cannot_be_written_down_is_said_with_both_causes(tmp_path, file_limit):
    journal = _journal(tmp_path)

    def check():
        file_limit(journal.path.stat().st_size + 40)
        return "elle ne le refuse pas"

    with pytest.raises(ContainmentError, match=r"(?s)ne le refuse pas.*journal"):
        execute(journal, "refuse", [], check)


def test_the_tables_are_one_person_s_at_a_time_whatever_the_account(tmp_path):
    mine, theirs = _journal(tmp_path), _journal(tmp_path, BRUNO)
    busy = pytest.raises(ContainmentError, match="tient les tables depuis 0 s ; attendu")
    with mine.alone(), theirs.alone(), mine.tables(), busy, theirs.tables(patience=0.1):
        pass
    with theirs.tables(patience=0):
        pass


@pytest.fixture
def scene(tmp_path, monkeypatch):
    """Alice's, refused by a real table of a Postfix that does not run."""
    if shutil.which("postmap") is None:
        pytest.skip("no Postfix here")
    (tmp_path / "main.cf").write_text("compatibility_level = 3.7\nmyhostname = mx1.ville.test\n")
    postfix = Postfix(str(tmp_path), "/q", "/d", "hash", (), dict.fromkeys(LISTS, ""))
    table = tmp_path / "vigie_contained"
    for command in plan.refuse(ALICE, postfix, "", ""):
        run(command)
    monkeypatch.setattr(plan, "reload", lambda _: Command(("true",)))
    return SimpleNamespace(
        account=ALICE,
        postfix=postfix,
        dovecot=None,
        table=table.read_text,
        answer=lambda: run(plan.ask_table(ALICE, postfix)),
        deny_text=str,
        messages=dict,
    )


def test_an_undo_waits_for_who_is_at_the_shared_table(scene, tmp_path):
    postfix, table = scene.postfix, tmp_path / "vigie_contained"
    undo = threading.Thread(
        target=release.Release(scene, _journal(tmp_path), lambda *_: None).undo, daemon=True
    )
    with _journal(tmp_path, BRUNO).tables():
        seen = table.read_text()
        undo.start()
        time.sleep(0.3)
        assert table.read_text() == seen
        for command in plan.refuse(BRUNO, postfix, seen, ""):
            run(command)
    undo.join(10)
    assert not undo.is_alive()
    assert table.read_text() == f"{table_line(BRUNO)}\n"
    assert run(plan.ask_table(BRUNO, postfix))


def test_an_undo_says_whose_lines_it_took(scene, tmp_path):
    table = tmp_path / "vigie_contained"
    table.write_text(f"Alice@v.fr REJECT vu avec le maire\n{table_line(BRUNO)}\n")
    run(Command(scene.postfix.tool("postmap", scene.postfix.map)))
    said = []
    release.Release(scene, _journal(tmp_path), lambda step, words: said.append(words)).undo()
    assert "mis là par quelqu'un d'autre : « Alice@v.fr REJECT vu avec le maire »" in said[0]
    assert scene.answer() == ""
    assert "vu avec le maire" in _journal(tmp_path).path.read_text()


def test_an_undo_never_says_yes_while_the_table_says_no(scene, tmp_path, monkeypatch):
    monkeypatch.setattr(plan, "allow", lambda *_: [])  # as if it knew no line to take
    journal, said = _journal(tmp_path), []
    with pytest.raises(ContainmentError, match=r"refuse toujours alice@v\.fr ; elle répond « "):
        release.Release(scene, journal, lambda *words: said.append(words)).undo()
    assert said == []
    assert [(r.step, r.event) for r in journal.records()] == [
        ("allow", "begin"),
        ("allow", "failed"),
    ]
