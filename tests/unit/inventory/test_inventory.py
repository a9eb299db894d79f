from importlib.resources import files
from pathlib import Path

import pytest

from inventory import load_inventory
from inventory.config import ConfigurationError

GOOD = """\
syndicate: {id: syndicat, name: Le syndicat, virtual_machines: [{name: mx1}]}
services:
  - {id: messagerie, name: Messagerie}
members:
  - id: valmont
    name: Valmont
    services: [messagerie]
    mail_domains: [ville-valmont.test]
    backup_jobs:
      - {id: valmont-donnees, tool: restic, repository: central, max_age: 26h}
"""


def faults_of(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "inventory.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_inventory(path)
    return [str(fault).removeprefix(f"{path}:") for fault in caught.value.faults]


def test_the_example_has_eight_towns_and_six_thousand_mail_users():
    inventory = load_inventory(Path(str(files("inventory") / "example.yml")))
    assert len(inventory.members) == 8
    assert sum(member.mail_users for member in inventory.members) == 6000
    assert all("messagerie" in member.services for member in inventory.members)


def test_owners_are_found_whatever_the_case_of_the_address(example_inventory):
    assert example_inventory.owner_of_address("M.Lefevre@Ville-Valmont.TEST") == "valmont"
    assert example_inventory.owner_of_address("x@ailleurs.test") is None
    assert example_inventory.owner_of_address("sans-arobase") is None
    assert example_inventory.machine("mx1")[0] == "syndicat"
    assert example_inventory.machine("inconnue") is None


def test_members_using_a_service_leaves_the_others_out(example_inventory):
    using = [member.id for member in example_inventory.members_using("hebergement")]
    assert "noirmont" not in using
    assert "villers" not in using
    assert len(using) == 6


def test_every_fault_is_reported_at_once_with_line_path_and_what_would_be_right(tmp_path):
    text = GOOD.replace("max_age: 26h", "max_age: bientôt").replace(
        "ville-valmont.test", "Ville Valmont"
    )
    text += "  - {id: valmont, name: Encore, services: [nulle], taille: 3}\n"
    assert faults_of(tmp_path, text) == [
        (
            "8: members[0].mail_domains[0]: « Ville Valmont » n'est pas un nom de domaine ;"
            " attendu : un nom DNS en minuscules, par exemple ville-exemple.test"
        ),
        (
            "10: members[0].backup_jobs[0].max_age: « bientôt » n'est pas une durée ; attendu :"
            " par exemple 90s, 5m, 26h, 7d"
        ),
        (
            "11: members[1].id: identifiant « valmont » en double, déjà ligne 5 ; attendu :"
            " une seule fois"
        ),
        (
            "11: members[1].services[0]: service « nulle » inconnu ; attendu :"
            " un service déclaré : messagerie"
        ),
        (
            "11: members[1].taille: clé inconnue ; attendu : l'une des clés : id, name,"
            " mail_domains, virtual_machines, backup_jobs, backup_hosts, services, mail_users"
        ),
    ]


def test_a_tool_that_no_collector_reads_is_told_with_those_that_are(tmp_path):
    (fault,) = faults_of(tmp_path, GOOD.replace("tool: restic", "tool: resitc"))
    assert "« resitc » n'est pas admis ; attendu : bacula, borg, dumps, pgbackrest, restic" in fault


def test_what_is_said_of_repositories_and_exemptions_is_said_once(tmp_path):
    twice = GOOD + (
        "backup_repositories:\n  - {id: r}\n  - {id: r}\n"
        "backup_exemptions:\n  - {host: h, reason: essai, until: 2027-06-30}\n"
        "  - {host: h, reason: essai, until: 2027-07-30}\n"
    )
    found = faults_of(tmp_path, twice)
    assert any("dépôt de sauvegarde « r »" in fault for fault in found), found
    assert any("exemption de sauvegarde « h »" in fault for fault in found), found


def test_two_towns_cannot_own_the_same_machine_or_mail_domain(tmp_path):
    text = GOOD + (
        "  - {id: brecourt, name: Brécourt, services: [messagerie],"
        " mail_domains: [ville-valmont.test], virtual_machines: [{name: mx1}]}\n"
    )
    first, second = faults_of(tmp_path, text)
    assert "domaine de messagerie « ville-valmont.test » en double, déjà ligne 8" in first
    assert "machine « mx1 » en double, déjà ligne 1" in second


def test_a_key_written_twice_is_a_fault_not_a_silent_loss(tmp_path):
    (fault,) = faults_of(tmp_path, GOOD + "services: []\n")
    assert fault.startswith("11: services: clé en double, déjà écrite ligne 2")


@pytest.mark.parametrize("text", ["", "- a\n", "texte", "syndicate: 3\nservices: 4\nmembers: 5\n"])
def test_a_file_of_another_shape_is_refused_without_a_traceback(tmp_path, text):
    assert faults_of(tmp_path, text)


def test_broken_yaml_says_the_line(tmp_path):
    (fault,) = faults_of(tmp_path, "syndicate:\n  id: a\n nom: [\n")
    assert fault.startswith(("3: (document): YAML invalide", "4: (document): YAML invalide"))


def test_a_missing_file_and_a_binary_one_are_faults_too(tmp_path):
    with pytest.raises(ConfigurationError, match="fichier illisible"):
        load_inventory(tmp_path / "absent.yml")
    path = tmp_path / "binaire.yml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match="UTF-8"):
        load_inventory(path)


def test_tags_that_would_build_objects_are_never_obeyed(tmp_path):
    faults = faults_of(tmp_path, GOOD + "extra: !!python/object/apply:os.system ['true']\n")
    assert any("extra" in fault for fault in faults)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (r"Val\nmont", "caractère invisible U+000A"),
        (r"Val\u202emont", "caractère invisible U+202E"),
        ("  ", "texte vide"),
    ],
)
def test_a_name_that_would_deceive_in_an_sms_or_on_a_page_is_refused(tmp_path, name, said):
    fault = faults_of(tmp_path, GOOD.replace("name: Valmont", f'name: "{name}"'))[0]
    assert said in fault
    assert "members[0].name" in fault
