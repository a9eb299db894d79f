"""A process that has loaded the pager once and forks real pagers, each to die where it is told.

    python -m pager_proof.nursery webhook.yml        one order a line, as JSON; the answer: a pid

A pager is `alertmanager.webhook.process` as it runs at a site: store, loops, HTTP server.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine.default import DefaultDialect

from alertmanager.webhook import process
from alertmanager.webhook.file import StoreSettings
from alertmanager.webhook.settings import WebhookConfig, load_webhook_config
from inventory.process import Listening, configure_logs, listen
from pager_proof.control import Control

_DIE_WITH_PARENT = 1  # prctl(2): PR_SET_PDEATHSIG
_lock = threading.Lock()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    signal.pause()


def _on_function(point: str, when: str, nth: int, control: Control) -> None:
    """Kill at the nth call of ``module:function`` or ``module:Class.method``, wherever it is used.

    Raise LookupError when it no longer exists: the series must be put right.
    """
    name, _, path = point.partition(":")
    *parents, last = path.split(".")
    try:
        owner: Any = importlib.import_module(name)
        for parent in parents:
            owner = getattr(owner, parent)
        real: Callable[..., Any] = getattr(owner, last)
    except (ImportError, AttributeError) as error:
        raise LookupError(f"the point {point} no longer exists: {error}") from None
    calls = 0

    def deadly(*arguments: Any, **keywords: Any) -> Any:
        nonlocal calls
        mine = False
        if control.armed:
            with _lock:
                calls += 1
                mine = calls == nth
        if mine and when == "before":
            _die()
        result = real(*arguments, **keywords)
        if mine:
            _die()
        return result

    setattr(owner, last, deadly)
    if not parents:
        _everywhere(real, deadly)


def _everywhere(real: object, instead: object) -> None:
    """Replace a function under every name by which modules of the pager imported it."""
    for name, module in list(sys.modules.items()):
        if name.startswith("alertmanager."):
            for alias, value in list(vars(module).items()):
                if value is real:
                    setattr(module, alias, instead)


def _writes(connection: Any) -> bool:
    return bool(connection.get_execution_options().get("vigie_mode") != "read")


def _on_statements(when: str, nth: int, control: Control) -> None:
    """Count the statements of transactions that write; kill before or after the nth."""

    def before(connection: Any, *_: Any) -> None:
        if control.armed and _writes(connection):
            with _lock:
                number = control.count(statement=True)
            connection.info["vigie_number"] = number
            if when == "before" and number == nth:
                _die()

    def after(connection: Any, *_: Any) -> None:
        if when == "after" and connection.info.pop("vigie_number", 0) == nth > 0:
            _die()

    event.listen(Engine, "before_cursor_execute", before)
    event.listen(Engine, "after_cursor_execute", after)


def _on_commits(when: str, nth: int, control: Control) -> None:
    real = DefaultDialect.do_commit

    def do_commit(self: Any, connection: Any) -> None:
        number = 0
        if control.armed:
            with _lock:
                number = control.count(statement=False)
        if when == "before" and number == nth > 0:
            _die()
        real(self, connection)
        if when == "after" and number == nth > 0:
            _die()

    DefaultDialect.do_commit = do_commit  # type: ignore[method-assign]


def _store(config: WebhookConfig, url: str) -> WebhookConfig:
    path = url.removeprefix("sqlite:///")
    store = StoreSettings(url=url) if path == url else StoreSettings(path=Path(path))
    return replace(config, file=config.file.model_copy(update={"store": store}))


def _be_a_pager(config: WebhookConfig, order: dict[str, Any]) -> int:
    ctypes.CDLL(None, use_errno=True).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    output = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for number in (1, 2):
        os.dup2(output, number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    configure_logs("info", "logfmt")
    control = Control(Path(order["control"]))
    began, origin = time.time(), datetime.fromisoformat(order["origin"])
    began -= order["elapsed"]

    def clock() -> datetime:
        return origin + timedelta(seconds=time.time() - began + control.jump)

    point, when, nth = order["point"], order["when"], order["nth"]
    if order["counting"] or point == "statement":
        _on_statements(when, nth if point == "statement" else 0, control)
    if order["counting"] or point == "commit":
        _on_commits(when, nth if point == "commit" else 0, control)
    if ":" in point:
        _on_function(point, when, nth, control)
    config = _store(config, order["store"])
    address = config.file.web.listen_address
    with listen(address) as bound:
        return process._run(config, Listening(bound, address), clock)


def main() -> None:
    """Fork one pager an order until standard input ends; then all of them die too."""
    config = load_webhook_config(Path(sys.argv[1]))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # who waits for them watches their pidfd
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            status = 70
            try:
                status = _be_a_pager(config, json.loads(line))
            except BaseException:  # noqa: BLE001  (whatever it is, the child must end here)
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(status)
        print(pid, flush=True)


if __name__ == "__main__":
    main()
