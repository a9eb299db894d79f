import sys

import pytest

from exporters.toolkit.discovery import PluginError, discover, load

GOOD = "PLUGIN = CollectorPlugin('{0}', 'Good.', Settings, build)"


def good(name: str) -> str:
    return GOOD.format(name)


def test_listing_imports_nothing(installed):
    catalogue = installed({"third": {"zfs": "raise RuntimeError('imported')"}})
    assert catalogue.names == ("zfs",)
    assert not catalogue.candidates["zfs"].built_in
    assert "plug_third.zfs" not in sys.modules


def test_the_collectors_of_this_house_are_found_without_arguments():
    catalogue = discover()
    assert {"hypervisor", "mailqueue", "maillog", "restic", "borg", "host"} <= set(catalogue.names)
    assert catalogue.candidates["host"].built_in


def test_those_on_by_default_are_those_that_are_imported_unasked():
    catalogue = discover()
    loaded = {name: load(candidate) for name, candidate in catalogue.candidates.items()}
    assert {name for name, plugin in loaded.items() if plugin.enabled} == catalogue.defaults


def test_a_good_plugin_is_loaded(installed):
    catalogue = installed({"third": {"zfs": good("zfs")}})
    assert load(catalogue.candidates["zfs"]).name == "zfs"


def test_a_third_party_cannot_take_a_name_of_ours(installed):
    catalogue = installed({"vigie": {"host": good("host")}, "third": {"host": good("host")}})
    assert catalogue.candidates["host"].built_in
    assert catalogue.candidates["host"].entry_point.module == "plug_vigie.host"
    assert catalogue.set_aside == (
        "collecteur « host » de third écarté : nom d'un collecteur de Vigie",
    )


def test_a_name_claimed_by_two_third_parties_is_nobodys(installed):
    catalogue = installed({"one": {"zfs": good("zfs")}, "two": {"zfs": good("zfs")}})
    with pytest.raises(PluginError, match="plusieurs distributions : one, two"):
        load(catalogue.candidates["zfs"])


def test_a_malformed_name_is_set_aside(installed):
    catalogue = installed({"third": {"Z F S": good("zfs")}})
    assert catalogue.names == ()
    assert "nom mal formé" in catalogue.set_aside[0]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("1/0", "import impossible (ZeroDivisionError"),
        ("PLUGIN = 'zfs'", "non un CollectorPlugin"),
        ("PLUGIN = CollectorPlugin('zfs', '', Settings, build, contract=99)", "contrat 99"),
        ("PLUGIN = CollectorPlugin('xfs', '', Settings, build)", "se nomme « xfs »"),
        ("PLUGIN = CollectorPlugin('zfs', '', dict, build)", "pas un modèle pydantic"),
        ("PLUGIN = CollectorPlugin('zfs', '', Settings, None)", "build"),
        ("", "import impossible (AttributeError"),
    ],
)
def test_a_plugin_that_breaks_the_contract_is_refused_with_the_reason(installed, source, words):
    words = words.replace("non un CollectorPlugin", "pas un CollectorPlugin")
    with pytest.raises(PluginError) as refused:
        load(installed({"third": {"zfs": source}}).candidates["zfs"])
    assert words in str(refused.value)
    assert not refused.value.absent


def test_a_missing_package_of_ours_names_the_extra(installed):
    catalogue = installed({"vigie": {"cloud": "import nowhere_at_all"}}, extras=("cloud",))
    with pytest.raises(PluginError) as refused:
        load(catalogue.candidates["cloud"])
    assert str(refused.value) == (
        "module Python « nowhere_at_all » absent ; attendu : pip install 'vigie[cloud]'"
    )
    assert refused.value.absent


def test_a_missing_package_of_a_third_party_is_named(installed):
    catalogue = installed({"third": {"zfs": "import nowhere_at_all"}})
    with pytest.raises(PluginError, match="third en a besoin") as refused:
        load(catalogue.candidates["zfs"])
    assert not refused.value.absent


def test_a_plugin_without_its_own_code_is_an_incomplete_distribution(installed):
    catalogue = installed({"third": {"zfs": "import plug_third.gone"}})
    with pytest.raises(PluginError, match="réinstaller la distribution third"):
        load(catalogue.candidates["zfs"])
