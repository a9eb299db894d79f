"""Sends are counted by what the notifier answered; everything else is the notifier's own."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry, Counter

from alertmanager.notifiers.contract import (
    Accepted,
    Outgoing,
    PermanentFailure,
    TemporaryFailure,
)
from alertmanager.webhook.counted import counted


class Gateway:
    delivery_deadline = 90
    answer: Exception | None = None

    def send(self, message: Outgoing) -> Accepted:
        if self.answer is not None:
            raise self.answer
        return Accepted(message.token)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (None, "accepted"),
        (TemporaryFailure("muette"), "temporary"),
        (PermanentFailure("non"), "permanent"),
        (KeyError("bug"), "broken"),
    ],
)
def test_a_send_is_counted_and_ends_as_the_notifier_ends_it(answer, outcome):
    registry = CollectorRegistry()
    sends = Counter("sends", "Sends.", ["provider", "outcome"], registry=registry)
    gateway = Gateway()
    gateway.answer = answer
    (wrapped,) = counted({"kannel": gateway}, sends).values()
    message = Outgoing("t", "+33600000000", "x")
    if answer is None:
        assert wrapped.send(message) == Accepted("t")
    else:
        with pytest.raises(type(answer)):
            wrapped.send(message)
    assert wrapped.delivery_deadline == 90
    for name in ("accepted", "temporary", "permanent", "broken"):
        labels = {"provider": "kannel", "outcome": name}
        assert registry.get_sample_value("sends_total", labels) == (name == outcome)
