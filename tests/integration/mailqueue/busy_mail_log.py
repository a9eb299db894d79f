"""A mail server that logs at speed and rotates its log, and knows exactly what it logged."""

from __future__ import annotations

import gzip
import os
import random
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

MEMBERS = {
    "ville-valmont.test": "valmont",
    "brecourt.test": "brecourt",
    "montfleury.test": "montfleury",
    "ailleurs.test": "",
}
ROTATED = 0.04
"""Part of the batches after which the log is rotated: fewer than a reader on a busy machine can
open between two of them, or it never gets to read."""
STAGES = ("before_queue_manager", "in_queue_manager", "connection", "transmission")
_OUTCOMES = {
    "sent": ("2.0.0", "250 2.0.0 Ok: queued as 4cVx", "", ""),
    "deferred": ("4.4.1", "connect to mx.ailleurs.test[198.51.100.1]:25: Connection timed out",
                 "connection", "4.4"),
    "bounced": ("5.1.1", "host mx said: 550 5.1.1 User unknown (in reply to RCPT TO command)",
                "unknown_user", "5.1"),
}  # fmt: skip
Key = tuple[str, ...]


class Traffic:
    """Lines as Postfix and Dovecot write them, and the counters they must lead to.

    `truth` maps (metric, label values in the order of their names) to the count.
    """

    def __init__(self, seed: int) -> None:
        self.truth: Counter[Key] = Counter()
        self._random = random.Random(seed)
        self._number = 0
        self._deferred: list[tuple[str, str, list[str]]] = []

    def lines(self) -> list[str]:
        """What follows the stamp and host of a few lines of one thing that happens."""
        draw = self._random.random()
        if draw < 0.15:
            lines = [self._refused()]
        elif draw < 0.25:
            lines = ["postfix/smtpd[7]: connect from unknown[203.0.113.9]"]
        elif draw < 0.45 and self._deferred:
            chosen = self._random.randrange(len(self._deferred))
            lines = self._tried(*self._deferred.pop(chosen))
        else:
            lines = self._submitted()
        self.truth["mailqueue_log_lines_total",] += len(lines)
        return lines

    def _account(self) -> str:
        domain = self._random.choice(list(MEMBERS))
        return f"nom{self._random.randrange(100)}@{domain}"

    def _refused(self) -> str:
        account = self._account()
        member = MEMBERS[account.partition("@")[2]]
        if self._random.random() < 0.5:
            self.truth["mailqueue_authentication_failures_total", member, "smtp"] += 1
            return (
                "postfix/submission/smtpd[7]: warning: x[203.0.113.9]: SASL LOGIN authentication"
                f" failed: authentication failure, sasl_username={account}"
            )
        self.truth["mailqueue_authentication_failures_total", member, "imap"] += 1
        return (
            "dovecot: imap-login: Disconnected (auth failed, 1 attempts in 2 secs):"
            f" user=<{account}>, method=PLAIN, rip=203.0.113.9, lip=192.0.2.1"
        )

    def _submitted(self) -> list[str]:
        account = self._account()
        member = MEMBERS[account.partition("@")[2]]
        self._number += 1
        queue_id = f"4cV{self._number:08X}"
        recipients = [self._account() for _ in range(self._random.randint(1, 4))]
        self.truth["mailqueue_submitted_messages_total", member] += 1
        self.truth["mailqueue_submitted_recipients_total", member] += len(recipients)
        client = f"poste[192.0.2.{self._number % 250}]"
        login = f"sasl_method=PLAIN, sasl_username={account}"
        return [
            f"postfix/submission/smtpd[7]: {queue_id}: client={client}, {login}",
            f"postfix/cleanup[8]: {queue_id}: message-id=<{self._number}@poste.test>",
            *self._tried(queue_id, account, recipients),
        ]

    def _tried(self, queue_id: str, account: str, recipients: list[str]) -> list[str]:
        """A first try or a retry: the queue manager's line is the same."""
        size = f"size=2042, nrcpt={len(recipients)} (queue active)"
        lines = [f"postfix/qmgr[2]: {queue_id}: from=<{account}>, {size}"]
        left = []
        for recipient in recipients:
            outcome = self._random.choices(list(_OUTCOMES), (6, 3, 1))[0]
            code, said, reason, short = _OUTCOMES[outcome]
            member = MEMBERS[recipient.partition("@")[2]]
            self.truth["mailqueue_delivery_attempts_total", member, outcome] += 1
            for stage in STAGES:
                self.truth["mailqueue_delivery_stage_seconds_count", stage] += 1
            if reason:
                self.truth["mailqueue_delivery_failures_total", reason, outcome] += 1
                self.truth["mailqueue_delivery_failure_codes_total", short] += 1
            lines.append(
                f"postfix/smtp[9]: {queue_id}: to=<{recipient}>,"
                " relay=mx.ailleurs.test[198.51.100.1]:25, delay=1.6, delays=0.1/0.2/0.3/1,"
                f" dsn={code}, status={outcome} ({said})"
            )
            if outcome == "deferred":
                left.append(recipient)
        if left:
            self._deferred.append((queue_id, account, left))
        else:
            self.truth["mailqueue_removed_messages_total",] += 1
            lines.append(f"postfix/qmgr[2]: {queue_id}: removed")
        return lines


class Daemon:
    """Writes lines as a syslog daemon does, in pieces that may end anywhere, and rotates.

    `stamp`: ``rfc3339``, ``bsd`` or ``both``; `keep`: older files that stay.
    """

    def __init__(self, log: Path, seed: int, stamp: str, keep: int) -> None:
        self._log = log
        self._random = random.Random(seed)
        self._stamp = stamp
        self._keep = keep
        self._file = log.open("ab", buffering=0)
        self._half = b""
        self.rotations: Counter[str] = Counter()

    def write(self, lines: list[str]) -> None:
        """Append; the end of the last line may be held back until the next call."""
        data = self._half + b"".join(b"%b mx1 %b\n" % (self._now(), x.encode()) for x in lines)
        cut = self._random.randrange(1, len(data)) if self._random.random() < 0.3 else len(data)
        self._file.write(data[:cut])
        self._half = data[cut:]

    def rotate(self) -> None:
        """One of the ways logrotate and Postfix know, or a step of one."""
        names = ["rename", "rename, told late", "copy and truncate", "compress"]
        how = self._random.choice(names)
        self.rotations[how] += 1
        if how == "compress":
            self._compress()
        elif how == "copy and truncate":
            self.finish()  # a line cut in two by the truncation would be none
            shutil.copy(self._log, self._next())
            os.truncate(self._log, 0)
        else:
            self._log.rename(self._next())
            self._log.touch()
            if how == "rename":
                self.finish()
        for old in self._older()[: -self._keep]:
            old.unlink()

    def told(self) -> None:
        """The daemon is told to open its log anew, if it was not yet."""
        if not self._log.samefile(f"/proc/self/fd/{self._file.fileno()}"):
            self.finish()

    def finish(self) -> None:
        """End the line begun and open the log anew."""
        self._file.write(self._half)
        self._half = b""
        self._file.close()
        self._file = self._log.open("ab", buffering=0)

    def _now(self) -> bytes:
        now = datetime.now(UTC)
        form = self._random.choice(("bsd", "rfc3339")) if self._stamp == "both" else self._stamp
        return (f"{now:%b %e %H:%M:%S}" if form == "bsd" else now.isoformat()).encode()

    def _next(self) -> Path:
        return self._log.with_name(f"{self._log.name}-{time.time_ns()}")

    def _older(self) -> list[Path]:
        return sorted(self._log.parent.glob(f"{self._log.name}-*"))

    def _compress(self) -> None:
        """What ``gzip`` does: an archive that grows, takes the times, replaces the file."""
        plain = [path for path in self._older() if path.suffix != ".gz"]
        if not plain or plain[0].samefile(f"/proc/self/fd/{self._file.fileno()}"):
            return
        times = plain[0].stat()
        archive = plain[0].with_name(f"{plain[0].name}.gz")
        with plain[0].open("rb") as source, gzip.open(archive, "wb", 1) as packed:
            shutil.copyfileobj(source, packed, 4096)
        os.utime(archive, ns=(times.st_atime_ns, times.st_mtime_ns))
        plain[0].unlink()


def write_until_told(
    log: Path, seed: int, stamp: str, keep: int, orders: Iterator[bool]
) -> tuple[dict[Key, int], dict[str, int]]:
    """Write and rotate while `orders` says so; the truth, and the rotations made."""
    traffic, daemon, draw = Traffic(seed), Daemon(log, seed, stamp, keep), random.Random(seed)
    for _ in orders:
        batch: list[str] = []
        for _ in range(draw.randint(1, 60)):
            batch += traffic.lines()
        daemon.write(batch)
        if draw.random() < ROTATED:
            daemon.told()
            daemon.rotate()
        elif draw.random() < 0.2:
            daemon.told()
    daemon.told()
    daemon.finish()
    return dict(traffic.truth), dict(daemon.rotations)
