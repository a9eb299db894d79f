"""The collector `mailqueue`: size, bytes and oldest message of each Postfix queue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily, Metric
from pydantic import BaseModel, ConfigDict, Field

from exporters.mailqueue.main_cf import UnresolvedParameter, parse_main_cf, resolve
from exporters.mailqueue.spool import QueueState, Spool
from exporters.toolkit.collector import CollectorError, CollectorPlugin, Context, Deadline
from inventory.config import reason
from inventory.config.fields import ConfigPath, Identifier
from inventory.process import Clock

_ACTIVE_LIMIT = "qmgr_message_active_limit"


class QueueSettings(BaseModel):
    """Where this Postfix keeps its queue and its configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    queue_directory: ConfigPath = Field(
        Path("/var/spool/postfix"), description="le dossier des files,"
    )
    config_directory: ConfigPath = Field(Path("/etc/postfix"), description="le dossier de main.cf,")
    instance_name: Identifier = "postfix"


def active_limit(config_directory: Path) -> int:
    """``qmgr_message_active_limit`` of a configuration folder. Raise CollectorError."""
    path = config_directory / "main.cf"
    try:
        values = parse_main_cf(path.read_text(encoding="utf-8", errors="replace"))
        text = resolve(values, _ACTIVE_LIMIT, "20000")
        return int(text)
    except OSError as error:
        raise CollectorError(f"{path} illisible : {reason(error)}") from None
    except UnresolvedParameter as error:
        raise CollectorError(f"{path} : « {error} » n'est pas un nombre écrit en clair") from None
    except ValueError:
        raise CollectorError(
            f"{path} : {_ACTIVE_LIMIT} = « {text} » ; attendu : un nombre"
        ) from None


def families(
    states: Mapping[str, QueueState], limit: int, instance: str, now: float
) -> Iterator[Metric]:
    """The families of one scan. An empty queue has 0 messages, 0 bytes and age 0."""
    up = GaugeMetricFamily(
        "mailqueue_up",
        "Whether the queue directory of this Postfix instance could be read.",
        labels=["instance_name"],
    )
    up.add_metric([instance], 1)
    messages = GaugeMetricFamily(
        "mailqueue_messages", "Messages in this Postfix queue, by its file names.", labels=["queue"]
    )
    size = GaugeMetricFamily(
        "mailqueue_bytes", "Size of the message files in this Postfix queue.", labels=["queue"]
    )
    oldest = GaugeMetricFamily(
        "mailqueue_oldest_age_seconds",
        "Time since the oldest message of this Postfix queue arrived, by its queue id"
        " or arrival record; 0 when the queue is empty.",
        labels=["queue"],
    )
    for queue, state in states.items():
        messages.add_metric([queue], state.messages)
        size.add_metric([queue], state.bytes)
        oldest.add_metric([queue], 0 if state.oldest is None else max(0.0, now - state.oldest))
    yield from (up, messages, size, oldest)
    yield GaugeMetricFamily(
        "mailqueue_active_limit_messages",
        "Most messages Postfix takes into its active queue (qmgr_message_active_limit in main.cf).",
        value=limit,
    )


class QueueCollector:
    """Scans the spool at each scrape."""

    def __init__(self, settings: QueueSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._spool = Spool(settings.queue_directory)

    def collect(self, deadline: Deadline) -> Iterator[Metric]:
        """The state of every queue. Raise CollectorError: no gauge rather than a false 0."""
        limit = active_limit(self._settings.config_directory)
        states = self._spool.scan(deadline)
        yield from families(states, limit, self._settings.instance_name, self._clock().timestamp())

    def close(self) -> None:
        """Nothing is held open between scrapes."""


def _build(settings: QueueSettings, context: Context) -> QueueCollector:
    return QueueCollector(settings, context.clock)


PLUGIN = CollectorPlugin(
    name="mailqueue",
    summary="Files d'attente de Postfix : messages, octets, âge du plus ancien",
    settings=QueueSettings,
    build=_build,
)
