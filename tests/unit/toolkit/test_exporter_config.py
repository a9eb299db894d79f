from importlib.resources import files
from pathlib import Path

import pytest

from exporters.toolkit.config import Choice, load_exporter_config
from inventory.config import ConfigurationError

INVENTORY = files("inventory") / "example.yml"
PLUGIN = "PLUGIN = CollectorPlugin('{0}', 'One.', Settings, build, enabled={1})"


@pytest.fixture
def catalogue(installed):
    return installed(
        {
            "vigie": {
                "basic": PLUGIN.format("basic", True),
                "rare": PLUGIN.format("rare", False),
                "crash": "1/0",
                "cloud": "import nowhere_at_all",
            },
            "third": {"zfs": PLUGIN.format("zfs", True)},
        },
        extras=("cloud",),
    )


@pytest.fixture
def load(tmp_path: Path, catalogue):
    def go(text: str, choice: Choice | None = None, inventory: object = INVENTORY):
        path = tmp_path / "exporter.yml"
        path.write_text(f"inventory: {inventory}\n{text}")
        return load_exporter_config(path, choice or Choice(), catalogue)

    return go


def faults(load, *arguments, **named) -> list[str]:
    with pytest.raises(ConfigurationError) as refused:
        load(*arguments, **named)
    return [str(fault).rpartition("/")[2] for fault in refused.value.faults]


def names(config) -> list[str]:
    return [enabled.plugin.name for enabled in config.collectors]


def flags(on=(), off=(), disable_defaults=False) -> Choice:
    return Choice(frozenset(on), frozenset(off), disable_defaults)


def test_only_built_in_defaults_run_when_nothing_is_said(load):
    config = load("")
    assert names(config) == ["basic"]
    assert [str(a) for a in config.listen_addresses] == ["127.0.0.1:17420"]
    assert config.inventory.syndicate.id == "syndicat"
    assert config.state_directory is None


def test_a_default_that_cannot_be_imported_is_broken_but_an_absent_extra_is_a_choice(load):
    assert list(load("").broken) == ["crash"]
    assert "ZeroDivisionError" in load("").broken["crash"]


@pytest.mark.parametrize("block", ["{}", "", "{size: 3}"])
def test_a_block_switches_a_collector_on(load, block):
    config = load(f"collectors:\n  zfs: {block}\n")
    assert names(config) == ["basic", "zfs"]
    assert config.collectors[1].settings.size == (3 if "3" in block else 1)


def test_flags_switch_on_and_off_over_file_and_defaults(load):
    text = "collectors:\n  zfs: {}\n"
    assert names(load(text, flags(on=["rare"], off=["zfs"]))) == ["basic", "rare"]
    assert names(load(text, flags(off=["basic"]))) == ["zfs"]
    assert names(load(text, flags(disable_defaults=True))) == ["zfs"]
    assert load(text, flags(disable_defaults=True)).broken == {}


def test_every_fault_of_every_block_and_of_the_inventory_comes_with_its_line(load, tmp_path):
    inventory = tmp_path / "towns.yml"
    inventory.write_text("syndicate: {id: S, name: S}\nservices: []\n")
    text = (
        "web:\n  listen_address: nowhere\n"
        "collectors:\n  zfs:\n    size: 0\n    names:\n      - a\n      - 3\n"
        "  rare: [1]\n  basic:\n    sise: 2\n  gone: {}\nextra: 1\n"
    )
    assert faults(load, text, inventory="towns.yml") == [
        (
            "exporter.yml:3: web.listen_address: « nowhere » n'est pas une adresse d'écoute"
            " ; attendu : hôte:port, par exemple 127.0.0.1:17420"
        ),
        "exporter.yml:6: collectors.zfs.size: « 0 » est trop petit ; attendu : plus que 0",
        (
            "exporter.yml:9: collectors.zfs.names[1]: ce n'est pas un texte"
            " ; attendu : un texte entre guillemets"
        ),
        (
            "exporter.yml:10: collectors.rare: ce n'est pas un bloc de clés"
            " ; attendu : un bloc clé: valeur"
        ),
        (
            "exporter.yml:12: collectors.basic.sise: clé inconnue"
            " ; attendu : l'une des clés : size, names"
        ),
        (
            "exporter.yml:13: collectors.gone: collecteur « gone » inconnu ; attendu :"
            " l'un des collecteurs installés : basic, cloud, crash, rare, zfs"
        ),
        (
            "exporter.yml:14: extra: clé inconnue"
            " ; attendu : l'une des clés : inventory, web, state_directory, limits, collectors"
        ),
        *faults_of_towns(),
    ]


def faults_of_towns() -> list[str]:
    return [
        "towns.yml:1: members: clé obligatoire absente",
        (
            "towns.yml:1: syndicate.id: « S » n'est pas un identifiant ; attendu : minuscules sans"
            " accent, chiffres, point, tiret ou soulignement, 64 caractères au plus"
        ),
        "towns.yml:2: services: liste trop courte ; attendu : au moins 1 élément(s)",
    ]


def test_names_on_the_command_line_are_checked_too(load):
    found = faults(load, "", flags(on=["gone"], off=["lost"]))
    assert [fault.partition(" inconnu")[0] for fault in found] == [
        "ligne de commande:1: --collector.gone: collecteur « gone »",
        "ligne de commande:1: --no-collector.lost: collecteur « lost »",
    ]


def test_a_broken_plugin_is_fatal_only_for_those_who_ask(load):
    assert "ZeroDivisionError" in faults(load, "collectors: {crash: {}}")[0]
    assert "pip install 'vigie[cloud]'" in faults(load, "", flags(on=["cloud"]))[0]


def test_a_required_setting_is_asked_of_a_collector_switched_on_by_a_flag(
    load, installed, tmp_path
):
    source = (
        "class Needy(BaseModel):\n    uri: str\n"
        "PLUGIN = CollectorPlugin('{0}', '', Needy, build, enabled=True)"
    )
    (tmp_path / "other").mkdir()
    catalogue = installed({"vigie2": {"needy": source.format("needy")}})
    path = tmp_path / "exporter.yml"
    path.write_text(f"inventory: {INVENTORY}\n")
    with pytest.raises(
        ConfigurationError, match=r"collectors\.needy\.uri: clé obligatoire absente"
    ):
        load_exporter_config(path, flags(on=["needy"]), catalogue)


def test_a_default_with_settings_it_cannot_do_without_is_broken(installed, tmp_path):
    source = (
        "class Needy(BaseModel):\n    uri: str\n"
        "PLUGIN = CollectorPlugin('needy', '', Needy, build, enabled=True)"
    )
    catalogue = installed({"vigie": {"needy": source}})
    path = tmp_path / "exporter.yml"
    path.write_text(f"inventory: {INVENTORY}\n")
    assert (
        "clé obligatoire absente" in load_exporter_config(path, Choice(), catalogue).broken["needy"]
    )


def test_a_validator_that_crashes_is_a_fault(installed, tmp_path):
    source = (
        "class Odd(BaseModel):\n"
        "    uri: str = ''\n"
        "    @field_validator('uri')\n"
        "    @classmethod\n"
        "    def check(cls, value):\n        return {}[value]\n"
        "PLUGIN = CollectorPlugin('odd', '', Odd, build)"
    )
    catalogue = installed({"third": {"odd": source}})
    path = tmp_path / "exporter.yml"
    path.write_text(f"inventory: {INVENTORY}\ncollectors: {{odd: {{uri: x}}}}\n")
    with pytest.raises(ConfigurationError, match="n'ont pu être contrôlés \\(KeyError"):
        load_exporter_config(path, Choice(), catalogue)


@pytest.mark.parametrize(
    ("check", "told"),
    [
        (
            "return [(('size',), 'trop', 'moins')]",
            ":4: collectors.odd.size: trop ; attendu : moins",
        ),
        ("return [((), 'absent', '')]", ":3: collectors.odd: absent"),
        ("return 1 / 0", ":3: collectors.odd: ses réglages n'ont pu être contrôlés (ZeroDivision"),
        ("return []", ""),
    ],
)
def test_what_a_plugin_says_does_not_fit_the_inventory_is_a_fault(installed, tmp_path, check, told):
    source = (
        f"def check(settings, inventory):\n    {check}\n"
        "PLUGIN = CollectorPlugin('odd', '', Settings, build, check=check)"
    )
    catalogue = installed({"third": {"odd": source}})
    path = tmp_path / "exporter.yml"
    path.write_text(f"inventory: {INVENTORY}\ncollectors:\n  odd:\n    size: 4\n")
    if told:
        with pytest.raises(ConfigurationError) as refused:
            load_exporter_config(path, Choice(), catalogue)
        assert told in str(refused.value)
    else:
        assert names(load_exporter_config(path, Choice(), catalogue)) == ["odd"]


def test_a_path_fault_of_a_whole_list_or_text_document_is_told(tmp_path, catalogue):
    path = tmp_path / "exporter.yml"
    path.write_text("- 1\n")
    with pytest.raises(ConfigurationError, match="ce n'est pas un bloc de clés"):
        load_exporter_config(path, Choice(), catalogue)


def test_collectors_that_are_no_block_and_a_missing_inventory_are_told(tmp_path, catalogue):
    path = tmp_path / "exporter.yml"
    path.write_text("collectors: [basic]\nweb: {listen_address: []}\n")
    with pytest.raises(ConfigurationError) as refused:
        load_exporter_config(path, Choice(), catalogue)
    assert [fault.path for fault in refused.value.faults] == [
        "collectors",
        "inventory",
        "web.listen_address",
    ]


def test_a_state_directory_behind_a_closed_folder_is_no_accident(load, tmp_path, monkeypatch):
    closed, exists = tmp_path / "closed", Path.exists

    def refused(path):
        if closed in path.parents:
            raise PermissionError(13, "Permission denied", str(path))
        return exists(path)

    closed.mkdir()
    # Root, who may run the tests, is let through everywhere.
    monkeypatch.setattr(Path, "exists", refused)
    assert load("state_directory: closed/a/b\n").state_directory == closed / "a/b"


@pytest.mark.parametrize("key", ["inventory", "state_directory"])
def test_a_path_with_a_null_byte_is_a_fault(tmp_path, catalogue, key):
    keys = {"inventory": str(INVENTORY), key: r"a\0b"}
    (tmp_path / "exporter.yml").write_text("".join(f'{k}: "{v}"\n' for k, v in keys.items()))
    with pytest.raises(ConfigurationError, match="chemin avec un octet nul"):
        load_exporter_config(tmp_path / "exporter.yml", Choice(), catalogue)


def test_a_state_directory_that_is_a_file_is_a_fault(load, tmp_path):
    (tmp_path / "state").touch()
    assert "n'est pas un dossier" in faults(load, "state_directory: state\n")[0]
    assert "n'est pas un dossier" in faults(load, "state_directory: state/exporter\n")[0]
    (tmp_path / "folder").mkdir()
    assert load("state_directory: folder\n").state_directory == tmp_path / "folder"


def test_several_addresses_are_read(load):
    config = load('web: {listen_address: ["[::1]:9", ":17420"]}\n')
    assert [str(a) for a in config.listen_addresses] == ["[::1]:9", ":17420"]


TARGETS = PLUGIN.replace(
    "enabled={1}", "targets=lambda s: s.names, compat=('other_exporter', 'third_exporter')"
)


@pytest.fixture
def load_targets(installed, tmp_path):
    catalogue = installed({"vigie": {"pve": TARGETS.format("pve"), "odd": ODD.format("odd")}})

    def go(text: str, *compat: str):
        path = tmp_path / "exporter.yml"
        path.write_text(f"inventory: {INVENTORY}\n{text}")
        return load_exporter_config(path, Choice(compat=frozenset(compat)), catalogue)

    return go


ODD = PLUGIN.replace("enabled={1}", "targets=lambda s: 1 / 0")


def test_targets_come_from_the_settings_once_each(load_targets):
    config = load_targets("collectors: {pve: {names: [b, a, b]}}\n", "other_exporter")
    assert config.collectors[0].targets == ("b", "a")
    assert config.compat == {"other_exporter"}


def test_targets_that_cannot_be_told_are_a_fault(load_targets):
    (fault,) = faults(load_targets, "collectors:\n  odd: {}\n")
    assert fault.startswith("exporter.yml:3: collectors.odd: ses réglages n'ont pu être contrôlés")


def test_an_exporter_no_running_collector_can_imitate_is_a_fault_with_those_it_can(load_targets):
    wanted = "ligne de commande:1: --compat=node: exportateur « node » inconnu des collecteurs"
    (fault,) = faults(load_targets, "collectors: {pve: {}}\n", "node", "other_exporter")
    assert fault == f"{wanted} en marche ; attendu : l'un de : other_exporter, third_exporter"
    (fault,) = faults(load_targets, "", "node")
    assert fault == f"{wanted} en marche ; attendu : aucun n'en imite un autre"


def test_limits_are_read_and_an_unknown_collector_is_a_fault(load):
    limits = load("limits: {series: 50, collectors: {zfs: 7}}\n").limits
    assert (limits.of("zfs"), limits.of("basic"), load("").limits.of("zfs")) == (7, 50, 100_000)
    found = faults(load, "limits:\n  series: 0\n  collectors: {zsf: 7, zfs: -1}\n")
    assert [fault.partition(" ;")[0] for fault in found] == [
        "exporter.yml:3: limits.series: « 0 » est trop petit",
        "exporter.yml:4: limits.collectors.zfs: « -1 » est trop petit",
    ]
    for wrong in ("true", "'5'", "1.5"):
        (fault,) = faults(load, f"limits: {{series: {wrong}}}\n")
        assert "limits.series: ce n'est pas un nombre entier" in fault
    (fault,) = faults(load, "limits: {collectors: {zsf: 7}}\n")
    assert "limits.collectors.zsf: collecteur « zsf » inconnu ; attendu : l'un des" in fault
