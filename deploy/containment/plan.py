"""What is missing until an account is contained, or free again, as commands. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping

from deploy.containment.command import Command, append, without
from deploy.containment.connections import Connection
from deploy.containment.dovecot import Dovecot
from deploy.containment.names import table_line
from deploy.containment.postfix import LISTS, Postfix, Service
from deploy.containment.spool import Queued
from deploy.containment.table import lines_about

# doveadm: nobody of that name is logged in, or the service is not there (SASL only).
_KICK_STATUS = frozenset((0, 67, 68, 75))


def refuse(name: str, postfix: Postfix, table: str, answer: str) -> list[Command]:
    """Make every service refuse what `name` submits.

    `table` is the text of Postfix's table of refused accounts, `answer` what ``postmap -q``
    says of the name now.
    """
    commands: list[Command] = []
    line = table_line(name)
    there = lines_about(name, table)
    if there != (line,):
        # postmap keeps the first line of a key: another one would decide in place of ours.
        if there:
            commands += without(postfix.table, there)
        unended = _unended(table) and not there  # grep ends what it leaves
        commands.append(append(postfix.table, ("",) * unended + (line,)))
    if commands or not answers(name, answer):
        commands.append(Command(postfix.tool("postmap", postfix.map)))
    commands += [
        Command(postfix.tool("postconf", "-P", f"{service.name}/{chosen}={value}"))
        for service, chosen, value in _restrictions(postfix)
    ]
    return commands


def reload(postfix: Postfix) -> Command:
    """Every process reads its configuration and tables afresh once its client has left."""
    return Command(postfix.tool("postfix", "reload"))


def ask_table(name: str, postfix: Postfix) -> Command:
    """What Postfix's table says of the name; 1: nothing."""
    return Command(
        postfix.tool("postmap", "-q", "-", postfix.map), (name,), accepted=frozenset((0, 1))
    )


def answers(name: str, answer: str) -> bool:
    """Whether ``postmap -q`` says what our line says."""
    return answer.rstrip("\n").partition("\t")[2] == table_line(name).partition(" ")[2]


def guarded(postfix: Postfix) -> bool:
    """Whether every service with passwords asks the table."""
    return not _restrictions(postfix)


def deny(name: str, dovecot: Dovecot, text: str) -> list[Command]:
    """Make Dovecot refuse the password, where it has a file for that; `text` is in it now."""
    if not dovecot.deny or denied(name, text):
        return []
    return [append(dovecot.deny, ("",) * _unended(text) + (name,))]


def denied(name: str, text: str) -> bool:
    """Whether Dovecot's file refuses the name."""
    return any(line.partition(":")[0].strip().lower() == name for line in text.splitlines())


def kick(name: str, dovecot: Dovecot) -> list[Command]:
    """End its IMAP and POP sessions, and forget that its password was right."""
    return [
        Command(dovecot.tool("auth", "cache", "flush", "--", name), accepted=_KICK_STATUS),
        Command(dovecot.tool("kick", "--", name), accepted=_KICK_STATUS),
    ]


def end_sessions(connections: Iterable[Connection]) -> list[Command]:
    """Close its connections, one by one."""
    return [Command(connection.closing()) for connection in connections]


def kill_sessions(connections: Iterable[Connection]) -> list[Command]:
    """End the processes instead, where the kernel closes no connection for us."""
    return [Command(("kill", str(connection.pid))) for connection in connections]


def to_hold(messages: Mapping[str, Queued]) -> list[str]:
    """The messages not on hold yet; one still being written can only be held later."""
    return sorted(
        name for name, message in messages.items() if message.queue != "hold" and message.complete
    )


def hold(postfix: Postfix, ids: Iterable[str], listing: str = "") -> Command:
    """Put these messages on hold. `listing`: a command that prints them, shown in their place."""
    return _by_id(postfix, ("-h", "-"), ids, listing)


def release(postfix: Postfix, ids: Iterable[str], listing: str = "") -> Command:
    """Let these held messages go."""
    return _by_id(postfix, ("-H", "-"), ids, listing)


def purge(postfix: Postfix, ids: Iterable[str], listing: str = "") -> Command:
    """Delete these held messages for good."""
    return _by_id(postfix, ("-d", "-", "hold"), ids, listing)


def allow(name: str, postfix: Postfix, table: str, answer: str) -> list[Command]:
    """Take the account out of Postfix's table, whoever wrote its line there.

    The restriction stays, ready for next time. Made anew also when the text no longer names the
    account and `answer`, what ``postmap -q`` says, still does.
    """
    lines = lines_about(name, table)
    if not lines and not answer.strip():
        return []
    commands = list(without(postfix.table, lines)) if lines else []
    if not table:
        commands.append(Command(("touch", postfix.table)))  # gone, its database not
    return [*commands, Command(postfix.tool("postmap", postfix.map))]


def foreign(name: str, table: str) -> list[str]:
    """What the table says of the account that is not ours but a person's, fit to be printed."""
    ours = table_line(name)
    return [
        "".join(letter if letter.isprintable() else "?" for letter in line)
        for line in lines_about(name, table)
        if line != ours
    ]


def accept(name: str, dovecot: Dovecot, text: str) -> list[Command]:
    """Take the account out of Dovecot's file."""
    lines = tuple(line for line in text.splitlines() if denied(name, line))
    if not dovecot.deny or not lines:
        return []
    flush = Command(dovecot.tool("auth", "cache", "flush", "--", name), accepted=_KICK_STATUS)
    return [*without(dovecot.deny, lines), flush]


def _restrictions(postfix: Postfix) -> list[tuple[Service, str, str]]:
    """For each service that does not ask the table yet: the list to extend, and its new value."""
    missing: list[tuple[Service, str, str]] = []
    for service in postfix.services:
        lists = {**postfix.main, **service.lists}
        if any(value.startswith(postfix.check) for value in lists.values()):
            continue
        # A text in braces may hold white space, which is gone from what we know of it.
        fit = [name for name in LISTS if "{" not in lists[name]] or list(LISTS)
        # Its own list, or an empty one: main.cf's would be copied, and drift from it.
        chosen = next((n for n in fit if n in service.lists or not postfix.main[n]), fit[0])
        missing.append((service, chosen, ",".join(filter(None, (postfix.check, lists[chosen])))))
    return missing


def _by_id(postfix: Postfix, options: tuple[str, ...], ids: Iterable[str], listing: str) -> Command:
    lines = tuple(ids)
    argv = postfix.tool("postsuper", *options)
    return Command(argv, lines, shown=f"{listing} | {shlex.join(argv)}" if listing else "")


def _unended(text: str) -> bool:
    """Whether a text lacks its last line break: what is added would run into its last line."""
    return bool(text) and not text.endswith("\n")
