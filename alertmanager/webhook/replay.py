"""What the emergency spool is for: bodies kept while the store fails, taken in when it is back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge

from alertmanager.webhook.posts import Post
from alertmanager.webhook.spool import Spool, SpoolDamaged, SpoolError, SpoolFull
from inventory.process.logs import get_logger

_MOST_FILES = 50
_MOST_BYTES = 4 * 1024 * 1024
"""Of one transaction."""

log = get_logger("vigie.webhook")


class Replay:
    """Keeps posts, and takes them in again in order. `beats`: integrations not worth keeping."""

    def __init__(self, spool: Spool, registry: CollectorRegistry, beats: Collection[str]) -> None:
        self._spool, self._beats = spool, frozenset(beats)
        self._latest: dict[tuple[str, str], str] = {}
        self._waiting = Gauge(
            "vigie_webhook_spool_bodies",
            "Bodies kept on disk until the store can be written again.",
            registry=registry,
        )
        self._bytes = Gauge(
            "vigie_webhook_spool_bytes",
            "Size of the bodies that wait in the emergency spool.",
            registry=registry,
        )
        self._outcomes = Counter(
            "vigie_webhook_spooled",
            "Bodies that met a store that could not be written, by what became of them:"
            " kept, full (no room), failed (disk), replayed, aside (damaged or refused).",
            ["outcome"],
            registry=registry,
        )
        for outcome in ("kept", "full", "failed", "replayed", "aside"):
            self._outcomes.labels(outcome)
        self._count()

    @property
    def waiting(self) -> bool:
        """Whether there is anything to take in."""
        return len(self._spool) > 0

    def keep(self, posts: Sequence[Post]) -> None:
        """Have them on disk. One that cannot be kept is said, and will be posted again."""
        kept = 0
        for post in posts:
            if post.integration in self._beats or self._kept_already(post):
                continue
            try:
                self._spool.add(post)
            except SpoolError as error:
                self._refused(error)
                continue
            self._latest[_group(post)] = post.sha256
            kept += 1
        if kept:
            try:
                self._spool.sync()
            except SpoolError as error:
                self._refused(error)
            self._outcomes.labels("kept").inc(kept)
            log.warning("bodies_spooled", count=kept, waiting=len(self._spool))
        self._count()

    def run(self, take: Callable[[Sequence[Post]], list[Exception | None]]) -> None:
        """Take in all that waits, oldest first. Raise StoreUnavailable: the rest still waits."""
        if not self.waiting:
            return
        try:
            while self._some(take):
                pass
        except SpoolError as error:
            log.warning("spool_failed", reason=str(error))
        finally:
            self._count()

    def close(self) -> None:
        """Release the folder."""
        self._spool.close()

    def _some(self, take: Callable[[Sequence[Post]], list[Exception | None]]) -> bool:
        paths: list[Path] = []
        posts: list[Post] = []
        size = 0
        for path in self._spool.waiting[:_MOST_FILES]:
            if size >= _MOST_BYTES:
                break
            try:
                posts.append(self._spool.read(path))
            except SpoolDamaged as error:
                self._set_aside(path, str(error))
                continue
            paths.append(path)
            size += len(posts[-1].body)
        if not posts:
            return self.waiting
        results = take(posts)
        taken = []
        for path, result in zip(paths, results, strict=True):
            if result is None:
                taken.append(path)
            else:
                self._set_aside(path, f"refusé : {type(result).__name__}")
        self._spool.remove(taken)
        self._outcomes.labels("replayed").inc(len(taken))
        log.warning("spool_replayed", count=len(taken), waiting=len(self._spool))
        if not self.waiting:
            self._latest.clear()
        return self.waiting

    def _set_aside(self, path: Path, reason: str) -> None:
        aside = self._spool.set_aside(path)
        self._outcomes.labels("aside").inc()
        log.error("spooled_body_set_aside", path=str(aside), reason=reason)

    def _refused(self, error: SpoolError) -> None:
        outcome = "full" if isinstance(error, SpoolFull) else "failed"
        self._outcomes.labels(outcome).inc()
        log.error("spool_refused", outcome=outcome, reason=str(error))

    def _kept_already(self, post: Post) -> bool:
        """Whether the last word of that group is in the spool: Alertmanager tries every second."""
        return self._latest.get(_group(post)) == post.sha256

    def _count(self) -> None:
        self._waiting.set(len(self._spool))
        self._bytes.set(self._spool.bytes)


def _group(post: Post) -> tuple[str, str]:
    key = str(post.payload.group_key) if post.payload is not None else ""
    return post.integration, key or post.sha256
