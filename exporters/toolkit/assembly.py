"""From a configuration to collectors that are built and watching."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from threading import Thread

from exporters.toolkit.collector import Collector, Context, Deadline
from exporters.toolkit.config import Enabled, ExporterConfig
from exporters.toolkit.discovery import missing_module
from exporters.toolkit.runner import Runner, describe
from inventory.config import ConfigurationError, Fault, reason
from inventory.process import Clock
from inventory.process.logs import get_logger

BUILD_SECONDS = 10.0
"""How long we wait for collectors to be built before we serve; a slow one goes on behind."""

_log = get_logger("vigie.exporter")


def announce(config: ExporterConfig, user: int) -> None:
    """Log what an operator should mend though it does not stop the process."""
    for name, why in config.broken.items():
        _log.error("collecteur inutilisable", collector=name, error=why)
    if user == 0:
        _log.warning("lancé par root ; un compte sans droits suffit")


def _state_of(config: ExporterConfig, name: str) -> Path | None:
    """The collector's own folder, made if need be. Raise ConfigurationError."""
    if config.state_directory is None:
        return None
    folder = config.state_directory / name
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        problem = f"dossier {folder} impossible à créer ({reason(error)})"
        expected = "un dossier où ce processus peut écrire"
        fault = Fault(str(config.file), 1, "state_directory", problem, expected)
        raise ConfigurationError([fault]) from None
    return folder


def _build(enabled: Enabled, context: Context) -> Collector:
    collector: Collector = enabled.plugin.build(enabled.settings, context)
    return collector


def make_runners(config: ExporterConfig, clock: Clock) -> list[Runner]:
    """A runner for each enabled collector, none built yet. Raise ConfigurationError."""
    runners = []
    for enabled in config.collectors:
        name = enabled.plugin.name
        compat = config.compat.intersection(enabled.plugin.compat)
        context = Context(config.inventory, clock, _state_of(config, name), compat)
        build = partial(_build, enabled, context)
        runners.append(Runner(name, build, targets=enabled.targets))
    return runners


def prepare(
    config: ExporterConfig, runners: Sequence[Runner], seconds: float = BUILD_SECONDS
) -> None:
    """Build every collector at once, so that it watches before the first scrape.

    A source that is down is logged and tried again at each scrape. Raise
    ConfigurationError for what no retry can mend: an absent package, a wrong setting.
    """
    deadline = Deadline.after(seconds)
    runs = [runner.prepare(deadline) for runner in runners]
    faults: list[Fault] = []
    for enabled, runner, run in zip(config.collectors, runners, runs, strict=True):
        run.done.wait(deadline.remaining())
        error = run.exception
        if isinstance(error, ModuleNotFoundError):
            missing = missing_module(enabled.candidate, error)
            problem = f"collecteur « {runner.name} » inutilisable : {missing.problem}"
            path = f"collectors.{runner.name}"
            faults.append(Fault(str(config.file), 1, path, problem, missing.expected))
        elif isinstance(error, ConfigurationError):
            faults += error.faults
        elif error is not None:
            _log.warning("collecteur pas encore prêt", collector=runner.name, error=describe(error))
    if faults:
        close(runners)
        raise ConfigurationError(faults)


def close(runners: Sequence[Runner], seconds: float = 5.0) -> None:
    """Close every collector at once; one that hangs is logged, left behind and delays no other."""
    deadline = Deadline.after(seconds)

    def shut(runner: Runner) -> None:
        problem = runner.close(deadline)
        if problem:
            _log.warning("collecteur mal fermé", collector=runner.name, error=problem)

    threads = [Thread(target=shut, args=(runner,), daemon=True) for runner in runners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
