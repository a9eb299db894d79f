"""The steps of `vigie mail contain` with their commands, for this host as it is now."""

from __future__ import annotations

from collections.abc import Sequence

from deploy.cli.mail.contain_text import Part, count, vigie
from deploy.containment import plan
from deploy.containment.apply import quoted
from deploy.containment.command import Command
from deploy.containment.journal import Journal, Step
from deploy.containment.names import reference, table_line
from deploy.containment.release import still_held
from deploy.containment.scene import Scene


class Plans:
    """What is missing. `options`: those the user gave, for commands of ours that are shown."""

    def __init__(self, scene: Scene, journal: Journal, options: Sequence[str]) -> None:
        self._scene, self._journal, self._options = scene, journal, options
        self._name = scene.account
        self._kept = f"~/{reference(self._name)}.ids"

    def contain(self) -> list[Part]:
        """Refuse, end sessions, hold."""
        scene, name = self._scene, self._name
        table = scene.table()
        refuse = plan.refuse(name, scene.postfix, table, scene.answer())
        if refuse:
            refuse.append(plan.reload(scene.postfix))
        parts = [_part("refuse", refuse, _foreign(name, table))]
        if scene.dovecot:
            commands = plan.deny(name, scene.dovecot, scene.deny_text())
            if commands or not self._journal.history().done("log_ins"):
                commands += plan.kick(name, scene.dovecot)
            advice = "pas de passdb deny=yes, donc CHANGER AUSSI son mot de passe"
            parts.append(_part("log_ins", commands, "" if scene.dovecot.deny else advice))
        connections = scene.connections(self._journal.history().refused)
        ends = plan.end_sessions(connections)
        parts.append(_part("sessions", ends, count(len(ends), "ouverte", "ouvertes")))
        ids = plan.to_hold(scene.messages())
        listing = f"{self._listing('--ids')} | tee -a {self._kept}"
        hold = [plan.hold(scene.postfix, ids, listing)] if ids else []
        parts.append(_part("hold", hold, _messages(len(ids))))
        return parts

    def later(self) -> list[str]:
        """What frees the account again after the commands of `contain` typed by hand."""
        scene, name = self._scene, self._name
        commands = [
            *plan.allow(name, scene.postfix, table_line(name), ""),
            plan.reload(scene.postfix),
        ]
        if scene.dovecot:
            commands += plan.accept(name, scene.dovecot, name)
        ids = plan.to_hold(scene.messages())
        if ids:
            commands.append(plan.release(scene.postfix, ids, f"cat {self._kept}"))
        return [command.shell() for command in commands]

    def undo(self) -> list[Part]:
        """Accept again, release."""
        scene, name = self._scene, self._name
        table = scene.table()
        allow = plan.allow(name, scene.postfix, table, scene.answer())
        if allow:
            allow.append(plan.reload(scene.postfix))
        if scene.dovecot:
            allow += plan.accept(name, scene.dovecot, scene.deny_text())
        ids = still_held(scene, self._journal)
        listing = self._listing("--undo", "--ids")
        release = [plan.release(scene.postfix, ids, listing)] if ids else []
        return [
            _part("allow", allow, _foreign(name, table)),
            _part("release", release, _messages(len(ids))),
        ]

    def purge(self) -> list[Part]:
        """Delete what is held."""
        ids = still_held(self._scene, self._journal)
        listing = self._listing("--undo", "--ids")
        commands = [plan.purge(self._scene.postfix, ids, listing)] if ids else []
        return [_part("purge", commands, _messages(len(ids)))]

    def next_steps(self) -> dict[str, str]:
        """Our own commands that do it, tell whether it is over, and undo it."""
        words = {
            "apply": ("contain", "--apply"),
            "check": ("contained",),
            "undo": ("contain", "--undo", "--apply"),
        }
        return {
            name: vigie(*command, account=self._name, options=self._options)
            for name, command in words.items()
        }

    def _listing(self, *words: str) -> str:
        return vigie("contain", *words, account=self._name, options=self._options)


def _part(step: Step, commands: Sequence[Command], note: str = "") -> Part:
    return Part(step, tuple(command.shell() for command in commands), note)


def _foreign(name: str, table: str) -> str:
    """Says which lines a person put into the table for the account: they go."""
    lines = plan.foreign(name, table)
    return f"ôte aussi ce que quelqu'un y a mis, {quoted(lines)}" if lines else ""


def _messages(number: int) -> str:
    return count(number, "message", "messages")
