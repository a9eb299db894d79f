"""Does what `plan` says is missing, step by step, each written down before and checked after."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Container, Sequence
from typing import NoReturn

from deploy.containment import plan
from deploy.containment.command import Command
from deploy.containment.connections import Connection
from deploy.containment.errors import ContainmentError
from deploy.containment.journal import Journal, Step
from deploy.containment.runner import run
from deploy.containment.scene import Scene

Say = Callable[[Step, str], None]
"""Told after each step: which, and in a few words (French) what it came to."""
PATIENCE = 60.0
"""Seconds until an account that goes on all the same is an error."""
_CLOSING, _ENDING = 3.0, 5.0
"""Seconds a session has to end, closed and killed."""
_CALM_LOOKS = 3
_PAUSE = 0.5


def execute(
    journal: Journal,
    step: Step,
    commands: Sequence[Command],
    check: Callable[[], str],
    *,
    ids: Sequence[str] = (),
    gone: Container[str] = (),
) -> None:
    """One step. `check` says (French) what is still not so, empty when all is well, and may fill
    `gone`: those of `ids` that left the queue before the step reached them.

    Raise ContainmentError; the journal then says so too.
    """
    shown = [command.shell() for command in commands]
    journal.write(step, "begin", shown, ids)
    try:
        for command in commands:
            run(command)
        problem = check()
    except ContainmentError as error:
        _note_failure(journal, step, shown, ids, str(error))
    if problem:
        _note_failure(journal, step, shown, ids, problem)
    journal.write(step, "done", shown, [name for name in ids if name not in gone])


def _note_failure(
    journal: Journal, step: Step, shown: Sequence[str], ids: Sequence[str], problem: str
) -> NoReturn:
    try:
        journal.write(step, "failed", shown, ids, problem)
    except ContainmentError as lost:
        problem = f"{problem}\n{lost}"
    raise ContainmentError(problem)


class Containment:
    """Contains one account. Run again after a crash it does what is missing."""

    def __init__(
        self,
        scene: Scene,
        journal: Journal,
        say: Say,
        *,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.monotonic,
        patience: float = PATIENCE,
    ) -> None:
        self._scene, self._journal, self._say = scene, journal, say
        self._sleep, self._now, self._patience = sleep, now, patience
        self._name = scene.account
        self._refused = math.inf

    def run(self) -> None:
        """All steps, then looks until nothing of the account moves. Raise ContainmentError."""
        with self._journal.tables():
            self._refuse()
        self._refused = self._journal.history().refused
        with self._journal.tables():
            self._refuse_log_ins()
        self._sessions()
        self._hold()
        self._settle()

    def _refuse(self) -> None:
        scene = self._scene
        table = scene.table()
        commands = plan.refuse(self._name, scene.postfix, table, scene.answer())
        if not commands and self._journal.history().done("refuse"):
            self._say("refuse", "déjà fait")
            return
        commands.append(plan.reload(scene.postfix))
        execute(self._journal, "refuse", commands, self._check_refusal)
        self._say("refuse", "Postfix refuse ses envois" + replaced(self._name, table))

    def _check_refusal(self) -> str:
        self._scene.read_again()
        answer = self._scene.answer()
        if not plan.answers(self._name, answer):
            return f"{self._scene.postfix.table} ne refuse pas {self._name}{answered(answer)}"
        if not plan.guarded(self._scene.postfix):
            return f"master.cf : un service ne consulte pas {self._scene.postfix.table}"
        return ""

    def _refuse_log_ins(self) -> None:
        dovecot = self._scene.dovecot
        if dovecot is None:
            return
        commands = plan.deny(self._name, dovecot, self._scene.deny_text())
        if not commands and self._journal.history().done("log_ins"):
            self._say("log_ins", "déjà fait")
            return
        commands += plan.kick(self._name, dovecot)
        execute(self._journal, "log_ins", commands, self._check_log_ins)
        self._say(
            "log_ins",
            "Dovecot refuse son mot de passe"
            if dovecot.deny
            else "ses sessions sont fermées ; CHANGER AUSSI son mot de passe, qui marche encore",
        )

    def _check_log_ins(self) -> str:
        dovecot = self._scene.dovecot
        if dovecot and dovecot.deny and not plan.denied(self._name, self._scene.deny_text()):
            return f"{dovecot.deny} ne nomme pas {self._name}"
        return ""

    def _connections(self) -> list[Connection]:
        return self._scene.connections(self._refused)

    def _sessions(self) -> None:
        open_now = self._connections()
        if open_now:
            self._end(open_now)
        else:
            self._say("sessions", "aucune session SMTP ouverte")

    def _end(self, connections: Sequence[Connection]) -> None:
        ended = {connection.pid for connection in connections}
        execute(self._journal, "sessions", plan.end_sessions(connections), str)
        left = self._left_of(ended, _CLOSING)
        if not left:
            self._say("sessions", f"sessions SMTP fermées : {len(ended)}")
            return

        def check() -> str:
            there = self._left_of(ended, _ENDING)
            return f"sessions SMTP encore ouvertes : processus {_listed(there)}" if there else ""

        still = [connection for connection in connections if connection.pid in left]
        execute(self._journal, "sessions", plan.kill_sessions(still), check)
        self._say(
            "sessions",
            f"processus SMTP tués : {len(still)} ; les nouvelles connexions peuvent attendre"
            " une minute (service_throttle_time)",
        )

    def _left_of(self, pids: set[int], seconds: float) -> set[int]:
        """Those that still serve the account, after so many seconds at most."""
        end = self._now() + seconds
        while left := pids & {connection.pid for connection in self._connections()}:
            if self._now() > end:
                return left
            self._sleep(0.1)
        return set()

    def _hold(self) -> None:
        messages = self._scene.messages()
        ids = plan.to_hold(messages)
        if not ids:
            self._say("hold", "aucun message à retenir")
            return
        held = self._hold_these(ids, active=any(messages[i].queue == "active" for i in ids))
        self._say("hold", f"messages retenus : {held}")

    def _hold_these(self, ids: Sequence[str], *, active: bool) -> int:
        commands = [plan.hold(self._scene.postfix, ids)]
        if active:
            # The queue manager keeps their places until each delivery ends: others wait for them.
            commands.append(plan.reload(self._scene.postfix))
        left: set[str] = set()

        def check() -> str:
            now = self._scene.messages()
            loose = [name for name in ids if name in now and now[name].queue != "hold"]
            left.update(name for name in ids if name not in now)
            return f"messages toujours en file : {_listed(loose)}" if loose else ""

        execute(self._journal, "hold", commands, check, ids=ids, gone=left)
        return len(ids) - len(left)

    def _settle(self) -> None:
        """What slipped in meanwhile, until nothing does for a while."""
        end, calm, held = self._now() + self._patience, 0, 0
        while calm < _CALM_LOOKS:
            self._sleep(_PAUSE)
            new = self._scene.watch.read()
            open_now, messages = self._connections(), self._scene.messages()
            ids = plan.to_hold(messages)
            if open_now:
                self._end(open_now)
            if ids:
                active = any(messages[name].queue == "active" for name in ids)
                held += self._hold_these(ids, active=active)
            writing = any(not message.complete for message in messages.values())
            calm = 0 if new or open_now or ids or writing else calm + 1
            if self._now() > end:
                problem = f"il envoie encore après {self._patience:.0f} s"
                self._journal.write("over", "failed", said=problem)
                raise ContainmentError(problem)
        self._journal.write("over", "done")
        more = f" (retenus entre-temps : {held})" if held else ""
        self._say("over", f"plus rien ne part de ce compte{more}")


def replaced(name: str, table: str) -> str:
    """Which lines for the account, put into the table by a person, go (French); else nothing."""
    lines = plan.foreign(name, table)
    return f" ; ôté, mis là par quelqu'un d'autre : {quoted(lines)}" if lines else ""


def answered(answer: str) -> str:
    """What the table says instead of what it should (French)."""
    return f" ; elle répond « {answer.strip()} »" if answer.strip() else " ; elle n'en dit rien"


def quoted(lines: Sequence[str]) -> str:
    """Lines of a file, in French quotation marks."""
    return ", ".join(f"« {line} »" for line in lines)


def _listed(values: object) -> str:
    words = sorted(map(str, values))  # type: ignore[call-overload]
    return ", ".join(words[:5]) + (f" et {len(words) - 5} autres" if len(words) > 5 else "")
