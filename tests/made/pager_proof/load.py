"""Posts of one alert each at an even pace, from a process of their own: the load of a bad night.

python -m pager_proof.load HOST PORT TOKEN RATE        until standard input ends; then a summary
"""

from __future__ import annotations

import gc
import http.client
import json
import sys
import threading
import time

from pager_proof.lab import alert

_SENDERS = 32
_INCIDENTS = 50


def _body(number: int) -> str:
    one = alert(1_000_000 + number)
    # Stored, shown, and nobody's sleep.
    one["labels"] |= {"severity": "info", "alertname": f"Load{number % _INCIDENTS}"}
    return json.dumps({"version": "4", "groupKey": "{}", "alerts": [one]})


class Load:
    """Senders that take turns at the next instant of a fixed pace."""

    def __init__(self, host: str, port: int, token: str, rate: float) -> None:
        self._address, self._rate = (host, port), rate
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._next, self._lock = 0, threading.Lock()
        self._began = time.perf_counter()
        self.stopping = threading.Event()
        self.took: list[float] = []
        self.refused = 0

    def send(self) -> None:
        """One sender, over one connection, until it is to stop."""
        connection = http.client.HTTPConnection(*self._address, timeout=20)
        while not self.stopping.is_set():
            with self._lock:
                number = self._next
                self._next += 1
            due = self._began + number / self._rate
            time.sleep(max(0.0, due - time.perf_counter()))
            start = time.perf_counter()
            connection.request("POST", "/api/v1/alertmanager/default", _body(number), self._headers)
            answer = connection.getresponse()
            answer.read()
            self.took.append(time.perf_counter() - start)
            self.refused += answer.status != 200
        connection.close()


def main() -> None:
    """Post until standard input ends."""
    host, port, token, rate = sys.argv[1:5]
    load = Load(host, int(port), token, float(rate))
    gc.freeze()
    senders = [threading.Thread(target=load.send) for _ in range(_SENDERS)]
    began = time.perf_counter()
    for sender in senders:
        sender.start()
    sys.stdin.read()
    load.stopping.set()
    for sender in senders:
        sender.join()
    seconds = time.perf_counter() - began
    took = sorted(load.took)
    json.dump(
        {
            "per_second": len(took) / seconds,
            "refused": load.refused,
            "p50": took[len(took) // 2],
            "p99": took[int(len(took) * 0.99)],
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
