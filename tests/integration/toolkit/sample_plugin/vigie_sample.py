"""Collectors that behave well, hang, raise or clash, as the tests need."""

import time
from importlib import import_module
from pathlib import Path

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from pydantic import BaseModel, ConfigDict

from exporters.toolkit.collector import CollectorError, CollectorPlugin
from exporters.toolkit.text_family import TextFamily


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    greeting: str = "bonjour"


class GateSettings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    folder: Path
    targets: list[str] = []


class Sample:
    def __init__(self, settings, context):
        self.settings = settings
        self.context = context

    def collect(self, deadline):
        family = GaugeMetricFamily(
            "sample_members", "Members of the inventory.", labels=["greeting"]
        )
        family.add_metric([self.settings.greeting], len(self.context.inventory.members))
        if "greeter" in self.context.compat:
            text = f'greeter_members{{greeting="{self.settings.greeting}"}} 8\n'
            yield TextFamily("greeter_members", "The same, as greeter says.", "gauge", text, 1)
        yield family
        yield CounterMetricFamily("sample_calls", "Calls so far.", value=1)

    def close(self):
        pass


class Gate:
    """Waits while ``folder/shut`` exists; writes a line a call to ``folder/calls``."""

    def __init__(self, settings, context):
        self.folder = settings.folder

    def collect(self, deadline):
        with (self.folder / "calls").open("a") as calls:
            calls.write("call\n")
        while (self.folder / "shut").exists():
            time.sleep(0.02)
        return [GaugeMetricFamily("sample_gate_open", "Whether the gate is open.", value=1)]

    def collect_target(self, target, deadline):
        while (self.folder / f"shut-{target}").exists():
            time.sleep(0.02)
        family = GaugeMetricFamily("sample_gate_far", "Whether it is open.", labels=["gate"])
        family.add_metric([target], 1)
        return [family]

    def close(self):
        (self.folder / "closed").touch()


class Slow(Gate):
    """Is built only once ``folder/shut`` is gone; says that it has begun by ``folder/building``."""

    def __init__(self, settings, context):
        super().__init__(settings, context)
        (self.folder / "building").touch()
        while (self.folder / "shut").exists():
            time.sleep(0.02)


class Raise(Sample):
    def collect(self, deadline):
        yield GaugeMetricFamily("sample_half", "Never seen: the rest fails.", value=1)
        raise CollectorError("la source ne répond pas")


class Clash(Sample):
    def collect(self, deadline):
        yield from super().collect(deadline)
        yield GaugeMetricFamily("process_max_fds", "Not mine.", value=-1)


def lazy(settings, context):
    # As a plugin does that imports its library only when it is wanted.
    return import_module("module_that_is_not_installed")


SAMPLE = CollectorPlugin("sample", "Greets.", Settings, Sample, compat=("greeter",))
GATE = CollectorPlugin(
    "sample_gate", "Waits.", GateSettings, Gate, targets=lambda settings: settings.targets
)
SLOW = CollectorPlugin("sample_slow", "Is built slowly.", GateSettings, Slow)
RAISE = CollectorPlugin("sample_raise", "Fails.", Settings, Raise)
CLASH = CollectorPlugin("sample_clash", "Clashes.", Settings, Clash)
LAZY = CollectorPlugin("sample_lazy", "Lacks a package.", Settings, lazy)
USURPER = CollectorPlugin("host", "Takes a name that is ours.", Settings, Sample, enabled=True)
