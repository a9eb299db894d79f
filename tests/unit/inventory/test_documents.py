"""Parts of a configuration file, and faults that keep their place in it."""

from pathlib import Path

import pytest

from inventory.config import ConfigurationError, Document, Gathering, read_yaml

TEXT = """\
inventory: there/inventory.yml
notifiers:
  kannel:
    url: nowhere
  mail:
people: [ada, bob, ada]
"""


@pytest.fixture
def document(tmp_path: Path) -> Document:
    path = tmp_path / "webhook.yml"
    path.write_text(TEXT)
    return read_yaml(path)


def test_a_block_keeps_the_lines_of_the_file_and_its_faults_the_path_from_the_top(document):
    block = document.block(("notifiers", "kannel"))
    assert block.data == {"url": "nowhere"}
    fault = block.fault(("url",), "faux").under(("notifiers", "kannel"))
    assert (fault.line, fault.path) == (4, "notifiers.kannel.url")
    whole = block.fault((), "faux").under(("notifiers", "kannel"))
    assert (whole.line, whole.path) == (3, "notifiers.kannel")
    assert block.fault((0,), "faux").under(("people",)).path == "people[0]"


def test_what_is_absent_or_of_another_shape_is_empty(document):
    assert document.block(("notifiers", "mail")).data == {}
    assert document.block(("nowhere", "at all")).data == {}
    assert document.keys(("notifiers",)) == ["kannel", "mail"]
    assert document.keys(("people",)) == document.items(("notifiers",)) == []
    assert document.at(("people", "ada")) is None


def test_a_file_that_is_named_starts_from_the_folder_of_the_one_that_names_it(document, tmp_path):
    assert document.file_named("inventory") == tmp_path / "there/inventory.yml"
    with pytest.raises(ConfigurationError) as silent:
        document.file_named("people")
    assert silent.value.faults == ()


def test_doubles_name_the_line_of_the_first(document):
    named = [(("people", place), name) for place, name in enumerate(document.items(("people",)))]
    (double,) = document.doubles("personne", named)
    assert double.path == "people[2]"
    assert double.problem == "personne « ada » en double, déjà ligne 6"


def test_one_fault_does_not_hide_the_others(document):
    def refuse():
        raise ConfigurationError([document.fault_of(("people",), ValueError("a ; attendu : b"))])

    gathering = Gathering()
    assert gathering.attempt(lambda: 3) == 3
    assert gathering.attempt(refuse) is gathering.attempt(refuse) is None
    assert [(f.problem, f.expected) for f in gathering.faults] == [("a", "b")] * 2
