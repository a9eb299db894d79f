"""Everything about one account on this mail host, looked at together."""

from __future__ import annotations

import math
from pathlib import Path

from deploy.containment.connections import Connection, open_connections
from deploy.containment.dovecot import Dovecot, read_dovecot
from deploy.containment.errors import ContainmentError
from deploy.containment.plan import ask_table
from deploy.containment.postfix import TABLE, Postfix, master_of, read_postfix, read_text
from deploy.containment.runner import run
from deploy.containment.spool import Queued, Spool
from deploy.containment.watch import Blocks, Watch
from exporters.mailqueue.log.stamp import StampReader

# Starts of processes are known to the clock tick, and compared with a second to spare.
_SLACK = 3.0


class Scene:
    """Postfix and Dovecot are asked once, the queue and the log at each look.

    Raise ContainmentError when something cannot be read.
    """

    def __init__(
        self,
        account: str,
        *,
        log: Blocks,
        log_name: str,
        stamps: StampReader,
        postfix_config: Path,
        dovecot_config: Path | None,
    ) -> None:
        self.account, self.log_name = account, log_name
        self.postfix: Postfix = read_postfix(postfix_config)
        self.dovecot: Dovecot | None = read_dovecot(dovecot_config)
        self.watch = Watch(log, account, stamps)
        self._spool = Spool(self.postfix.queue, account)
        self._config = postfix_config

    def read_again(self) -> None:
        """Ask Postfix afresh: its configuration was changed."""
        self.postfix = read_postfix(self._config)

    def table(self) -> str:
        """The text of Postfix's table of refused accounts."""
        return read_text(self.postfix.table)

    def answer(self) -> str:
        """What Postfix's table says of the account, as Postfix asks it: not by its text."""
        if not any(Path(self.postfix.config).glob(f"{TABLE}*")):
            return ""  # never made here: postmap would say so after a second of waiting
        try:
            return run(ask_table(self.account, self.postfix))
        except ContainmentError:
            return ""  # its database is not there yet, or was cut short: it is made anew

    def deny_text(self) -> str:
        """The text of Dovecot's file of refused names; empty when it has none."""
        return read_text(self.dovecot.deny) if self.dovecot and self.dovecot.deny else ""

    def messages(self) -> dict[str, Queued]:
        """What it has in the queue now."""
        return self._spool.messages()

    def connections(self, refused_since: float = math.inf) -> list[Connection]:
        """The sessions it has open now, or may have.

        `refused_since`: Unix time of Postfix's reload with the refusal. An smtpd that started
        later refuses by itself; from before, all are told that come from its addresses alone.
        """
        self.watch.read()
        serving, addresses = self.watch.serving(), self.watch.addresses()
        if not serving and not addresses:
            return []
        master = master_of(self.postfix.queue)
        return open_connections(serving, master, addresses, refused_since - _SLACK)

    def close(self) -> None:
        """Close the log."""
        self.watch.close()
