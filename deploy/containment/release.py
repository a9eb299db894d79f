"""Lets a contained account send again, and frees or deletes the very messages that we held."""

from __future__ import annotations

from pathlib import Path

from deploy.containment import plan
from deploy.containment.apply import Say, answered, execute, replaced
from deploy.containment.errors import ContainmentError
from deploy.containment.journal import Journal
from deploy.containment.runner import run
from deploy.containment.scene import Scene


def still_held(scene: Scene, journal: Journal) -> list[str]:
    """Messages we put on hold that are there still: not what others held before us."""
    ours = journal.history().ours
    messages = scene.messages()
    return sorted(name for name in ours if name in messages and messages[name].queue == "hold")


class Release:
    """Undoes a containment, or deletes what it held. Run again it does what is missing."""

    def __init__(self, scene: Scene, journal: Journal, say: Say) -> None:
        self._scene, self._journal, self._say = scene, journal, say
        self._name = scene.account

    def undo(self) -> None:
        """The account may send again, and its mail leaves. Raise ContainmentError."""
        with self._journal.tables():
            self._allow()
        ids = still_held(self._scene, self._journal)
        if ids:
            command = plan.release(self._scene.postfix, ids)
            execute(self._journal, "release", [command], lambda: self._still_on_hold(ids), ids=ids)
        self._say("release", f"messages relâchés : {len(ids)}")
        self._journal.write("back", "done")
        self._say("back", "le compte peut de nouveau envoyer")

    def purge(self) -> None:
        """Delete what we held; the account stays refused. Raise ContainmentError."""
        ids = still_held(self._scene, self._journal)
        if ids:
            command = plan.purge(self._scene.postfix, ids)
            execute(self._journal, "purge", [command], lambda: self._still_on_hold(ids), ids=ids)
        self._say("purge", f"messages supprimés : {len(ids)}")

    def _allow(self) -> None:
        scene = self._scene
        table = scene.table()
        commands = plan.allow(self._name, scene.postfix, table, scene.answer())
        if commands:
            commands.append(plan.reload(scene.postfix))
        if scene.dovecot:
            commands += plan.accept(self._name, scene.dovecot, scene.deny_text())
        # Looked at even when nothing is to be done: the tables may have been changed by hand.
        execute(self._journal, "allow", commands, self._check_allowed)
        said = "Postfix et Dovecot le laissent passer" if commands else "déjà fait"
        self._say("allow", said + replaced(self._name, table))

    def _check_allowed(self) -> str:
        scene = self._scene
        answer = scene.answer()
        if Path(scene.postfix.table).exists():
            answer = run(plan.ask_table(self._name, scene.postfix))  # an error is no "yes"
        if answer.strip():
            return (
                f"{scene.postfix.table} refuse toujours {self._name}{answered(answer)} ;"
                " attendu : aucune ligne pour ce compte, puis postmap"
            )
        if plan.denied(self._name, self._scene.deny_text()):
            return f"Dovecot refuse toujours {self._name}"
        return ""

    def _still_on_hold(self, ids: list[str]) -> str:
        there = self._scene.messages()
        left = [name for name in ids if name in there and there[name].queue == "hold"]
        return f"messages toujours retenus : {len(left)}" if left else ""


def undoable(journal: Journal) -> None:
    """Raise ContainmentError when nothing was ever done to the account."""
    if journal.history().empty:
        raise ContainmentError(
            f"rien à défaire : aucun confinement dans {journal.path.parent} pour ce compte"
        )
