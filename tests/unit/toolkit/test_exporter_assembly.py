import threading
from dataclasses import replace
from pathlib import Path
from time import sleep

import pytest
from pydantic import BaseModel

from exporters.toolkit.assembly import announce, close, make_runners, prepare
from exporters.toolkit.collector import CollectorPlugin, Deadline
from exporters.toolkit.config import Enabled, ExporterConfig
from exporters.toolkit.discovery import discover
from exporters.toolkit.runner import Runner
from inventory.config import ConfigurationError, Fault
from inventory.process import system_clock
from inventory.process.logs import capture


class Settings(BaseModel):
    pass


@pytest.fixture
def config(example_inventory):
    candidate = discover().candidates["hypervisor"]

    def make(build, state=None):
        plugin = CollectorPlugin("hypervisor", "One.", Settings, build)
        enabled = Enabled(candidate, plugin, Settings())
        return ExporterConfig(Path("exporter.yml"), example_inventory, (), state, (enabled,), {})

    return make


def raising(error):
    def build(settings, context):
        raise error

    return build


def test_what_is_broken_and_root_are_announced(config, collector):
    made = config(lambda *_: collector(list))
    with capture() as logs:
        announce(made, 1000)
        assert logs == []
        announce(replace(made, broken={"gone": "import impossible"}), 0)
    assert [log["log_level"] for log in logs] == ["error", "warning"]
    assert logs[0]["error"] == "import impossible"


def test_each_collector_has_a_state_folder_of_its_own(config, collector, tmp_path):
    seen = []

    def build(settings, context):
        seen.append(context)
        return collector(lambda _: [])

    made = config(build, tmp_path / "state")
    runners = make_runners(made, system_clock)
    prepare(made, runners)
    assert seen[0].state_directory == tmp_path / "state" / "hypervisor"
    assert seen[0].state_directory.stat().st_mode & 0o777 == 0o700
    assert seen[0].clock is system_clock


def test_a_state_folder_that_cannot_be_made_is_a_fault(config, collector, tmp_path):
    (tmp_path / "state").touch()
    with pytest.raises(ConfigurationError, match="impossible à créer"):
        make_runners(config(lambda *_: collector(list), tmp_path / "state"), system_clock)


def test_a_package_missing_when_building_names_the_extra(config):
    made = config(raising(ModuleNotFoundError("No module", name="libvirt")))
    with pytest.raises(ConfigurationError) as refused:
        prepare(made, make_runners(made, system_clock))
    assert "pip install 'vigie[hypervisor]'" in str(refused.value)
    assert refused.value.faults[0].path == "collectors.hypervisor"


def test_a_fault_found_when_building_stops_the_start(config):
    fault = Fault("log.yml", 3, "x", "faux")
    made = config(raising(ConfigurationError([fault])))
    with pytest.raises(ConfigurationError) as refused:
        prepare(made, make_runners(made, system_clock))
    assert refused.value.faults == (fault,)


def test_a_source_that_is_down_is_only_logged(config):
    made = config(raising(OSError("connexion refusée")))
    with capture() as logs:
        prepare(made, make_runners(made, system_clock))
    assert "connexion refusée" in logs[0]["error"]


def test_a_collector_that_hangs_does_not_keep_another_from_saving_its_state(collector):
    release, saved = threading.Event(), []
    hung = Runner("hung", lambda: collector(lambda _: release.wait(10) and []))
    saver = Runner("saver", lambda: collector(lambda _: [], lambda: saved.append(sleep(0.1))))
    saver.prepare(Deadline.after(5)).done.wait(5)
    hung.begin(Deadline.after(0.01))
    with capture() as logs:
        close([hung, saver], seconds=0.5)
    assert saved == [None]
    assert [log["collector"] for log in logs] == ["hung"]
    release.set()


def test_a_build_that_hangs_is_not_waited_for_and_is_left_behind(config):
    release = threading.Event()
    made = config(lambda *_: release.wait(10))
    runners = make_runners(made, system_clock)
    prepare(made, runners, seconds=0.05)
    with capture() as logs:
        close(runners, seconds=0.05)
    assert logs[0]["event"] == "collecteur mal fermé"
    release.set()
