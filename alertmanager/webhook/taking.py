"""Takes posts in: several in one transaction, and one that fails never spoils the others."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from alertmanager.incidents.desk import Desk
from alertmanager.incidents.intake import receive_all
from alertmanager.incidents.malformed import note_malformed
from alertmanager.incidents.received import Batch
from alertmanager.store.database import Store, StoreRefused, StoreUnavailable
from alertmanager.store.journal import write_line
from alertmanager.store.tables import Heartbeat, Receipt
from alertmanager.webhook.asking import Missing
from alertmanager.webhook.file import IntegrationSettings
from alertmanager.webhook.posts import Post
from alertmanager.webhook.telemetry import Telemetry
from inventory.process import Clock
from inventory.process.logs import get_logger

OTHER = "autre"  # the label of whatever the configuration does not name
_FRESH = timedelta(seconds=30)
"""A body that waited longer in the spool may tell of what is over since."""

log = get_logger("vigie.webhook")


@dataclass(frozen=True)
class Taker:
    """`asked`: the integrations whose Alertmanager can be asked.

    `ask`: only Alertmanager can tell what fires; it is given the groups that were cut off, if any.
    """

    store: Store
    clock: Clock
    desk: Desk
    integrations: Mapping[str, IntegrationSettings]
    telemetry: Telemetry
    asked: Collection[str]
    ask: Callable[[Sequence[Missing]], None]

    def take(self, posts: Sequence[Post]) -> list[Exception | None]:
        """Commit them; for each what went wrong with it alone. Raise StoreUnavailable: none is."""
        try:
            outcomes, doubted = self._commit(posts)
        except Exception as error:
            if isinstance(error, StoreUnavailable) and not isinstance(error, StoreRefused):
                raise
            if len(posts) == 1:
                log.exception("post_failed", integration=posts[0].integration)
                return [error]
            # One of them cannot be taken, whatever the reason: it must not hold the others back.
            return [self.take([post])[0] for post in posts]
        missing = [found for post, _ in outcomes if (found := _missing(post)) is not None]
        if missing or doubted:
            self.ask(missing)
        for post, outcome in outcomes:
            self._tell(post, outcome)
        return [None] * len(posts)

    def _commit(self, posts: Sequence[Post]) -> tuple[list[tuple[Post, str]], int]:
        now = self.clock()
        with self.store.write() as session:
            new = [post for post in posts if not (post.spooled and _taken_before(session, post))]
            outcomes, doubted = self._take(session, new, now)
            _store(session, new, outcomes)
        return list(zip(new, outcomes, strict=True)), doubted

    def _take(
        self, session: Session, posts: Sequence[Post], now: datetime
    ) -> tuple[list[str], int]:
        outcomes = ["malformed"] * len(posts)
        batches: dict[int, Batch] = {}
        for place, post in enumerate(posts):
            known = self.integrations.get(post.integration)
            if post.payload is None:
                continue
            if known is not None and known.kind == "heartbeat":
                session.merge(Heartbeat(integration=post.integration, last_at=now))
                outcomes[place] = "heartbeat"
                continue
            if known is None:
                write_line(
                    session, now, "receipt.unknown_integration", integration=post.integration
                )
            batches[place] = Batch(
                post.integration,
                [alert.received(now) for alert in post.payload.alerts],
                doubted=post.spooled and now - post.received_at > _FRESH,
            )
        taken = receive_all(session, self.desk, list(batches.values()), now, self.asked)
        for place, changed in zip(batches, taken.changed, strict=True):
            outcomes[place] = "accepted" if changed else "duplicate"
        for place, post in enumerate(posts):
            if post.problem:
                # Answered 2xx all the same if the rest was taken: without that, Alertmanager
                # never tells the end of what it thinks nobody was told of.
                note_malformed(session, self.desk, post.integration, post.problem, now)
                outcomes[place] = "malformed"
        return outcomes, taken.doubted

    def _tell(self, post: Post, outcome: str) -> None:
        label = post.integration if post.integration in self.integrations else OTHER
        self.telemetry.receipts.labels(label, outcome).inc()
        if post.problem:
            log.error("payload_unreadable", integration=post.integration, reason=post.problem)
        truncated = post.payload.truncated_alerts if post.payload is not None else 0
        if truncated:
            self.telemetry.truncated.inc(truncated)
            log.warning("alerts_truncated", integration=label, count=truncated)
        log.info("payload_taken", integration=post.integration, outcome=outcome)


def _missing(post: Post) -> Missing | None:
    if post.payload is None or not post.payload.truncated_alerts:
        return None
    labels = post.payload.group_labels
    plain = labels.items() if isinstance(labels, dict) else ()
    group = {str(name): str(value) for name, value in plain}
    return Missing(post.integration, str(post.payload.receiver), group)


def _taken_before(session: Session, post: Post) -> bool:
    """Whether the process died between the commit of a spooled body and the end of its file."""
    found = select(Receipt.id).where(
        Receipt.received_at == post.received_at,
        Receipt.integration == post.integration,
        Receipt.sha256 == post.sha256,
    )
    return session.scalar(found.limit(1)) is not None


def _store(session: Session, posts: Sequence[Post], outcomes: Sequence[str]) -> None:
    rows = [
        {
            "received_at": post.received_at,
            "integration": post.integration,
            "source": post.source,
            "sha256": post.sha256,
            "size": len(post.body),
            "body": post.body,
            "outcome": outcome,
        }
        for post, outcome in zip(posts, outcomes, strict=True)
        if outcome != "heartbeat"
    ]
    if rows:
        session.execute(insert(Receipt.__table__), rows)  # type: ignore[arg-type]
